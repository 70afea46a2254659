"""What we read: one module and one YAML a series, one stem, one line here."""

from pillarfour.recipe import Source

from . import mexico_segob, panama_darien, us_cbp

SOURCES: tuple[Source, ...] = (
    panama_darien,
    mexico_segob,
    us_cbp,
)
