"""Two files of triggers on the same past: which alerts each gives, and what they cost."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from scipy import stats

from pillarfour.alerts.model import LEVELS, AlertKey, Level, Transition, rank
from pillarfour.evaluation.replay import Decided
from pillarfour.evaluation.told import Said, Told, in_order
from pillarfour.triggers.schema import Triggers

DAYS_PER_YEAR = 365.25


@dataclass(frozen=True, kw_only=True)
class Episode:
    """One alert from its beginning to its end: the night on which each level was first told, and how it ended."""

    key: AlertKey
    levels: Mapping[Level, date]
    ended: date | None = None
    how: str | None = None

    @property
    def began(self) -> date:
        """The night of its first level."""
        return min(self.levels.values())

    @property
    def highest(self) -> Level:
        """The highest level told."""
        return max(self.levels, key=rank)

    def overlaps(self, other: "Episode") -> bool:
        """Whether both stood on one night."""
        return self.began <= (other.ended or date.max) and other.began <= (self.ended or date.max)

    def __str__(self) -> str:
        """Read as ``watch 2021-05-12, warning 2021-07-12, resolved 2022-03-12``."""
        told = [f"{level} {self.levels[level]}" for level in LEVELS if level in self.levels]
        return ", ".join([*told, f"{self.how} {self.ended}" if self.ended else "stands"])


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How often a trigger begins an alert: a year in all, with an exact Poisson interval, and a year of one series."""

    trigger: str
    alerts: int
    years: float
    series: int
    budget: float | None

    @property
    def per_year(self) -> float:
        """Alerts a year."""
        return self.alerts / self.years

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the rate, were alerts independent of each other."""
        lower = stats.chi2.ppf(0.025, 2 * self.alerts) / 2 if self.alerts else 0.0
        return float(lower) / self.years, float(stats.chi2.ppf(0.975, 2 * self.alerts + 2)) / 2 / self.years

    @property
    def per_series_year(self) -> float:
        """Alerts a year of one series."""
        return self.per_year / max(self.series, 1)


@dataclass(frozen=True, kw_only=True)
class History:
    """What one file of triggers would have said."""

    episodes: tuple[Episode, ...]
    rates: tuple[Rate, ...]

    @classmethod
    def of(cls, triggers: Triggers, said: Sequence[Said], *, start: date, end: date) -> "History":
        """Sum up what triggers said from one day to another."""
        found = tuple(sorted(spans(in_order(line for each in said for line in each.told)), key=lambda each: (each.began, each.key)))
        years = max((end - start).days, 1) / DAYS_PER_YEAR
        rates = tuple(
            Rate(
                trigger=each.trigger,
                alerts=sum(episode.key.trigger == each.trigger for episode in found),
                years=years,
                series=each.series,
                budget=triggers.trigger(each.trigger).false_alarms_per_year,
            )
            for each in said
        )
        return cls(episodes=found, rates=rates)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What the second file would have said otherwise than the first."""

    first: History
    second: History
    new: tuple[Episode, ...]
    gone: tuple[Episode, ...]
    changed: tuple[tuple[Episode, Episode], ...]

    def lines(self) -> Iterator[str]:
        """Say it as one would in a review: what came, what went, what changed; then each trigger's rate."""
        yield from (f"+ {each.key}  {each}" for each in self.new)
        yield from (f"- {each.key}  {each}" for each in self.gone)
        for before, after in self.changed:
            yield f"~ {before.key}  {before}"
            yield f"  {' ' * len(str(before.key))}→ {after}"
        if not (self.new or self.gone or self.changed):
            yield "No alert would have been another."
        yield from self._rates()

    def _rates(self) -> Iterator[str]:
        before = {rate.trigger: rate for rate in self.first.rates}
        after = {rate.trigger: rate for rate in self.second.rates}
        names = [*before, *(name for name in after if name not in before)]
        width = max(map(len, names), default=0)
        yield ""
        yield "Alerts a year [95 %], true ones among them: an upper bound of the false alarms. Per series and year beside the budget."
        for name in names:
            one, other = before.get(name), after.get(name)
            if one == other and one is not None:
                yield f"  {name:<{width}}  {_said(one)}"
            else:
                yield f"* {name:<{width}}  {_said(one) if one else 'not there'} → {_said(other) if other else 'not there'}"


def compare(first: History, second: History) -> Comparison:
    """Pair the alerts of two histories: one with the other's of the same series that stood at the same time."""
    left = list(second.episodes)
    gone: list[Episode] = []
    changed: list[tuple[Episode, Episode]] = []
    for episode in first.episodes:
        match = next((other for other in left if other.key == episode.key and other.overlaps(episode)), None)
        if match is None:
            gone.append(episode)
            continue
        left.remove(match)
        if match != episode:
            changed.append((episode, match))
    return Comparison(first=first, second=second, new=tuple(left), gone=tuple(gone), changed=tuple(changed))


def episodes(decided: Sequence[Decided]) -> Iterator[Episode]:
    """Cut a replay into alerts."""
    yield from spans(change for night in decided for change in night.transitions)


def spans(changes: Iterable[Told | Transition]) -> Iterator[Episode]:
    """Cut changes, in the order of their nights, into alerts: each from the night on which it begins to the night on which it ends."""
    standing: dict[AlertKey, Episode] = {}
    for change in changes:
        begun = standing.get(change.key)
        if change.after == "active" and change.level is not None:
            levels = dict(begun.levels) if begun is not None else {}
            standing[change.key] = Episode(key=change.key, levels={change.level: change.known_on, **levels})
        elif begun is not None:
            yield Episode(key=begun.key, levels=begun.levels, ended=change.known_on, how=change.after)
            del standing[change.key]
    yield from standing.values()


def _said(rate: Rate) -> str:
    lower, upper = rate.interval
    budget = f" of {rate.budget:g}" if rate.budget is not None else ""
    return f"{rate.alerts}: {rate.per_year:.1f} [{lower:.1f}, {upper:.1f}]; {rate.per_series_year:.2f}{budget}"
