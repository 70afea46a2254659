"""How often a trigger would fire by chance, as far as its detectors state it."""

from pillarfour.triggers.conditions import CompositionLeaf, DetectorLeaf, NewHighLeaf, Test
from pillarfour.triggers.schema import Trigger

PERIODS_PER_YEAR = 12


def stated(trigger: Trigger, *, rates: dict[str, float]) -> float | None:
    """Bound the false alarms a year of one series in control, from the rates that detectors state; None where nothing bounds them.

    Parameters
    ----------
    rates
        The false alarms a year of each detector instance, both directions together; a mix has no direction.

    Notes
    -----
    ``any`` adds up, ``all`` takes its rarest part, ``at_least n`` adds up and divides by n (Markov), and a new high of k periods comes
    12 / (k + 1) times a year among exchangeable months. Parts without a rate (levels, growth, shares) bound nothing. What must hold for
    longer comes no oftener.
    """
    found = [_rate(rule, rates) for rule in trigger.levels.values()]
    return None if None in found else max(rate for rate in found if rate is not None)


def _rate(test: Test, rates: dict[str, float]) -> float | None:
    leaf = test.leaf
    if isinstance(leaf, DetectorLeaf):
        return rates[leaf.use] / 2 if leaf.score >= 1 else None
    if isinstance(leaf, CompositionLeaf):
        return rates[leaf.use] if leaf.score >= 1 else None
    if isinstance(leaf, NewHighLeaf):
        return PERIODS_PER_YEAR / (leaf.over_periods + 1)
    parts = [_rate(part, rates) for part in test.parts]
    known = [rate for rate in parts if rate is not None]
    if test.kind == "all":
        return min(known, default=None)
    if test.kind in {"any", "at_least"} and len(known) == len(parts):
        return sum(known) / (test.at_least.n if test.at_least is not None else 1)
    return None
