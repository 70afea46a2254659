"""What a replay tells, a line a change: plain values, the same on every machine, kept and read again without loss."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from math import isfinite
from typing import Any

from pydantic import TypeAdapter

from pillarfour.alerts.model import AlertKey, Evidence, Figure, Kind, Level, State, Transition
from pillarfour.evaluation.replay import Decided
from pillarfour.triggers.schema import Triggers

DIGITS = 9
"""Significant digits of a detector's figure: fewer than machines differ in."""


@dataclass(frozen=True, kw_only=True, order=True)
class Score:
    """What a detector said of one figure; in the unit of the series, ``score`` in units of its threshold."""

    detector: str
    series: str
    reference_period: str
    status: str
    score: float | None
    p_value: float | None
    expected: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True, kw_only=True)
class Revised:
    """A figure that the change rests on, as it was announced and as it was known then."""

    before: Figure
    after: Figure


@dataclass(frozen=True, kw_only=True)
class Told:
    """One change of one alert.

    Parameters
    ----------
    decided_on
        The night, which is the day by whose publications it was known.
    nationalities
        The subject's, by ISO 3166-1 alpha-3: itself, or the members of a group; none of a total or of a source.
    scores
        What the detectors that its trigger asks said of the newest figure.
    values
        The published figures that it rests on.
    releases
        What the rules read.
    """

    decided_on: date
    trigger: str
    kind: Kind
    stage: str
    subject: str
    nationalities: tuple[str, ...]
    before: State
    after: State
    level_before: Level | None
    level: Level | None
    reference_period: str | None
    value: float | None
    expected: float | None
    unit: str
    reason: str
    unannounced_because: str | None
    scores: tuple[Score, ...]
    values: tuple[Figure, ...]
    revised: tuple[Revised, ...]
    releases: tuple[str, ...]
    rule_sha256: str

    @property
    def key(self) -> AlertKey:
        """The alert."""
        return AlertKey(trigger=self.trigger, stage=self.stage, subject=self.subject)

    @property
    def known_on(self) -> date:
        """The night, by the name that transitions have for it."""
        return self.decided_on

    def as_json(self) -> dict[str, Any]:
        """Give it as a line of JSON has it, ``kind`` by its public name *class*."""
        return {("class" if name == "kind" else name): value for name, value in asdict(self).items()} | {
            "decided_on": self.decided_on.isoformat()
        }


@dataclass(frozen=True, kw_only=True)
class Said:
    """What one trigger said over a range of nights.

    Parameters
    ----------
    series
        How many series it was asked of on any of them.
    told
        Its changes, in the order of their nights, stages and subjects.
    """

    trigger: str
    series: int
    told: tuple[Told, ...]


SAID: TypeAdapter[Said] = TypeAdapter(Said)


def said(triggers: Triggers, decided: Sequence[Decided]) -> list[Said]:
    """Say what each watched trigger of a replay said, in the order of the file."""
    groups = {name: group.nationalities for name, group in triggers.groups.items()}
    asked = {condition.key for night in decided for condition in night.conditions}
    lines = in_order(tell(change, groups=groups) for night in decided for change in night.transitions)
    return [
        Said(
            trigger=trigger.id,
            series=sum(key.trigger == trigger.id for key in asked),
            told=tuple(line for line in lines if line.trigger == trigger.id),
        )
        for trigger in triggers.triggers
        if trigger.watched
    ]


def in_order(lines: Iterable[Told]) -> list[Told]:
    """Put the changes of many triggers in the order of their nights, triggers, stages and subjects; each has one a night at most."""
    return sorted(lines, key=lambda line: (line.decided_on, line.key))


def tell(change: Transition, *, groups: Mapping[str, tuple[str, ...]]) -> Told:
    """Say a transition in plain values."""
    condition, key = change.condition, change.key
    roots = [*condition.evidence.values(), *([condition.clear_evidence] if condition.clear_evidence else [])]
    named = (key.subject,) if len(key.subject) == 3 and key.subject.isupper() else ()  # noqa: PLR2004 - ISO 3166-1 alpha-3
    return Told(
        decided_on=change.known_on,
        trigger=key.trigger,
        kind=change.kind,
        stage=key.stage,
        subject=key.subject,
        nationalities=tuple(sorted(groups.get(key.subject, named))),
        before=change.before,
        after=change.after,
        level_before=change.level_before,
        level=change.level,
        reference_period=change.reference_period,
        value=_rounded(condition.value),
        expected=_rounded(condition.expected),
        unit=condition.unit,
        reason=change.reason,
        unannounced_because=change.unannounced_because,
        scores=tuple(sorted({score for root in roots for score in _scores(root, change.reference_period)}, key=_place)),
        values=change.figures,
        revised=tuple(Revised(before=each.before, after=each.after) for each in change.changes),
        releases=condition.releases,
        rule_sha256=change.rule_sha256,
    )


def _scores(evidence: Evidence, period: str | None) -> Iterator[Score]:
    figures = evidence.figures
    if evidence.test == "detector" and figures.get("reference_period") == period and "status" in figures:
        yield Score(
            detector=figures["detector"],
            series=figures["series"],
            reference_period=str(period),
            status=figures["status"],
            score=_rounded(figures["score"]),
            p_value=_rounded(figures["p_value"]),
            expected=_rounded(figures["expected"]),
            lower=_rounded(figures["lower"]),
            upper=_rounded(figures["upper"]),
        )
    for part in evidence.parts:
        yield from _scores(part, period)


def _place(score: Score) -> tuple[str, str]:
    return score.detector, score.series


def _rounded(figure: float | None) -> float | None:
    return None if figure is None or not isfinite(figure) else float(f"{figure:.{DIGITS}g}")
