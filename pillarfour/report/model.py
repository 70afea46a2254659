"""What a weekly or a quarterly report says, as plain facts in no language."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from pillarfour.alerts.acts import Act
from pillarfour.alerts.model import AlertKey, Change, Kind, Level
from pillarfour.delivery.night import Topic, Words
from pillarfour.model import Basis
from pillarfour.report.charts import Chart
from pillarfour.report.period import Period


@dataclass(frozen=True, kw_only=True)
class Line:
    """Whose figures: the total, a group or a nationality; one figure a month of the stage, None where none is published apart."""

    subject: str
    title: Words
    values: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class LawBreak:
    """A structural break that is in force: a change of law, definition or border."""

    title: str
    since: date


@dataclass(frozen=True, kw_only=True)
class StageFigures:
    """One stage of the corridor, as known on the report's date.

    Parameters
    ----------
    unit, counts
        ``persons`` or ``events``, and what is counted, as the source's recipe says it.
    periods
        The months of every line, oldest first, ending with the newest that is published; none where nothing is.
    lines
        The total, then the watched groups and nationalities, then the largest of the newest month.
    open_from
        The first month that the publisher may still revise as a matter of course: its year has not ended, or it is the newest.
    published_on, published_basis
        Of the release that supplies the newest month.
    """

    stage: str
    title: Words
    source: str
    unit: str
    counts: str
    periods: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    open_from: str | None = None
    published_on: date | None = None
    published_basis: Basis | None = None
    breaks: tuple[LawBreak, ...] = ()
    chart: Chart | None = None

    @property
    def newest(self) -> str | None:
        """The newest month that is published."""
        return self.periods[-1] if self.periods else None


@dataclass(frozen=True, kw_only=True)
class Life:
    """One alert from its beginning to where it stands on the report's date.

    Parameters
    ----------
    level
        As it stands, or stood before it ended.
    reference_period, value, expected
        Of the newest event before its end.
    published_on
        Of the release with the figure that began it; None for an outage, and where it is not kept.
    how
        ``resolved`` or ``retracted``; None where it stands.
    changes
        The announced figures that a retraction found revised.
    """

    key: AlertKey
    topic: Topic
    kind: Kind
    began: date
    level: Level
    highest: Level
    began_with: str | None
    reference_period: str | None
    value: float | None
    expected: float | None
    unit: str
    source: str | None = None
    published_on: date | None = None
    ended: date | None = None
    how: str | None = None
    changes: tuple[Change, ...] = ()
    acknowledged: Act | None = None


@dataclass(frozen=True, kw_only=True)
class Delay:
    """How long the figures behind some alerts of one source took, in days: the median and the worst."""

    source: str
    title: str
    alerts: int
    to_publication: tuple[float, int]
    to_alert: tuple[float, int]


@dataclass(frozen=True, kw_only=True)
class HeldRelease:
    """A release that is kept and not used, with what is wrong in the words of the check."""

    id: str
    document: str
    problem: str


@dataclass(frozen=True, kw_only=True)
class Intake:
    """What one source published in the period, and how far it reaches.

    Parameters
    ----------
    published
        How many releases came out in the period.
    held
        Those that wait for an analyst, of whatever date.
    due, overdue_days
        When the month after the newest is usually out, and how many days ago that was; 0 where it is still to come.
    """

    source: str
    title: str
    attribution: str
    published: int
    held: tuple[HeldRelease, ...] = ()
    newest_period: str | None = None
    published_on: date | None = None
    due: date | None = None
    overdue_days: int = 0
    rebuilt: bool = False


@dataclass(frozen=True, kw_only=True)
class Score:
    """What became of the alerts that began in the period before.

    Parameters
    ----------
    alerts
        Those of a movement; what is overdue or revised has no next stage.
    confirmed
        While it stood, the next stage on the way began an alert of the same people and direction, which was not retracted.
    resolved, open
        Those that ended, and those that stand, unconfirmed.
    last_stage
        Those that stand at the last stage, after which nobody counts.
    """

    period: Period
    alerts: int
    confirmed: int
    retracted: int
    resolved: int
    open: int
    last_stage: int


@dataclass(frozen=True, kw_only=True)
class Tried:
    """Past events of one sort: how many the triggers told of, and how many days before the onset in the middle; negative after it."""

    events: str
    told: int
    of: int
    lead_days: float | None


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """What the kept scorecard of the triggers says, or why it says nothing here.

    Parameters
    ----------
    state
        ``kept``; ``missing``; ``unreadable``; ``other_rules``, where it was made with other triggers; ``later``, where it rests on
        figures that came out after the report's date.
    first, last
        The nights that it covers.
    alerts, false
        Of those nights, and those among them that no event explains.
    """

    state: Literal["kept", "missing", "unreadable", "other_rules", "later"]
    first: date | None = None
    last: date | None = None
    tried: tuple[Tried, ...] = ()
    alerts: int = 0
    false: int = 0


@dataclass(frozen=True, kw_only=True)
class Report:
    """A week or a quarter, as known on one date.

    Parameters
    ----------
    alerts
        Every alert that stood on a day of the period, by level and date.
    delays, delays_year
        Of the alerts that began in the period, and in the twelve months up to its end.
    exercise
        The exercise's name, where it is one.
    """

    period: Period
    known_on: date
    stages: tuple[StageFigures, ...]
    alerts: tuple[Life, ...]
    delays: tuple[Delay, ...]
    delays_year: tuple[Delay, ...]
    intake: tuple[Intake, ...]
    score: Score
    scorecard: Scorecard
    exercise: str = ""

    def begun(self) -> tuple[Life, ...]:
        """Give the alerts that began in the period."""
        return tuple(life for life in self.alerts if life.began >= self.period.first)

    def stood(self) -> tuple[Life, ...]:
        """Give those that had begun before it, and stood at its end."""
        return tuple(life for life in self.alerts if life.began < self.period.first and not self._over(life))

    def over(self) -> tuple[Life, ...]:
        """Give those that ended in it."""
        return tuple(life for life in self.alerts if self._over(life))

    def _over(self, life: Life) -> bool:
        return life.ended is not None and life.ended <= self.period.last


def as_json(report: Report) -> str:
    """Write the report's facts as JSON; a missing figure is null."""
    from pydantic import TypeAdapter  # noqa: PLC0415 - building the schema costs more than most commands take

    return TypeAdapter(Report).dump_json(report, indent=1).decode()
