"""What a detector says of one figure, or of one mix of nationalities."""

from dataclasses import dataclass

MIX = "mix"
"""The subject of a stage's mix in the scores of a detector."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One figure as one detector sees it."""

    status: str
    score: float
    expected: float
    lower: float
    upper: float
    p_value: float
    false_alarms_per_year: float


@dataclass(frozen=True, kw_only=True)
class JudgedMix:
    """The mix of a stage in one period as one detector sees it.

    Parameters
    ----------
    divergence, highest
        How far it lies from its history, and the furthest of that history [bits].
    leading, change
        The nationality that moved the mix most, and by how much its share did.
    unseen
        The nationalities that came for the first time.
    """

    status: str
    score: float
    divergence: float
    highest: float
    p_value: float
    leading: str
    change: float
    unseen: tuple[str, ...]
    false_alarms_per_year: float
