"""What can go wrong, one type a stage. Every message names what, where and what to do."""


class PillarfourError(Exception):
    """The root: whatever the project itself raises."""


class ConfigurationError(PillarfourError):
    """A setting, a fact file or a recipe is wrong."""


class FetchError(PillarfourError):
    """A publisher could not be read, or sent something that is not a document."""


class ParseError(PillarfourError):
    """A document is not laid out as any layout its source declares."""


class ValidationError(PillarfourError):
    """A correction, a waiver or a decision does not fit the release it names."""


class StoreError(PillarfourError):
    """The store cannot be read or written."""


class DetectorError(PillarfourError):
    """A panel or a parameter that a detector cannot take."""


class TriggerError(PillarfourError):
    """The file of triggers is wrong; the message lists every error with its line and column."""


class LedgerError(PillarfourError):
    """The ledger of alerts cannot be read or written."""


class DeliveryError(PillarfourError):
    """A message could not be written or sent; it stays in the outbox."""
