"""What each method finds at the same rate of false alarms as R's farringtonFlexible, on outbreaks that are known; for docs/method.md.

False alarms are counted on the same series without the outbreak that is judged; an outbreak is found if any of its periods alarms upward.
A method with a chance for every judgement is cut at that chance. A chart that restarts after its alarms is run anew at each of ``RATES``,
and what lies between two of its rates is interpolated.

``python bench/accuracy.py [--full] [--series N] [--with-r] [--keep FOLDER]``: half an hour on two cores; ``--full`` takes all scenarios
and more series, some hours, nearly all of them R's, whose answers ``--keep`` keeps for the next time.
"""

# ruff: noqa: E402 - the path below comes first

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path[0] = str(Path(__file__).resolve().parents[1])  # a file beside this one has a package's name

import numpy as np
import numpy.typing as npt

from bench import farrington_in_r
from bench.entries import Entry, monthly, nine_years, short, weekly
from bench.farrington_in_r import ALPHA, Alarms, Asked
from bench.outbreaks import FEW, GROUPS, MONTHS, SCENARIOS, VARIANTS, WEEKS, Calendar, Flags, Floats, Simulated, simulate

RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 2.0)
"""False alarms a year, both directions together, at which charts are run."""
EXACT = 2 * ALPHA
"""Chance of a false alarm a judgement, both directions together, where half of it is R's."""
SHORT_MONTHS = 24
"""On record before the first judged month, in the table of short records."""
DRAWS = 200
"""Of the bootstrap over series."""
BEYOND_ERROR = 2
"""Standard errors of a difference that is told from none."""


@dataclass(frozen=True, kw_only=True)
class Strength:
    """How far above what is expected each judged period lies, in an order that a threshold can cut, shape (n_series, n_judged)."""

    quiet: Floats
    current: Floats
    """In the periods of the outbreak; -1 elsewhere."""

    def of(self, rows: npt.NDArray[np.intp]) -> "Strength":
        """Take some series."""
        return Strength(quiet=self.quiet[rows], current=self.current[rows])


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a method says of some series: its alarms at its own threshold, and its strengths, at every rate if it is a chart."""

    name: str
    rows: npt.NDArray[np.intp]
    alarms: Alarms
    strengths: tuple[Strength, ...]


def answer(entry: Entry, simulated: Simulated) -> Answer:
    """Ask a method at the rate that is R's, and a chart at every other one too, where what does not alarm has no strength."""
    rows = simulated.first(entry.series)
    taken, judged = simulated.of(rows), slice(-simulated.calendar.judged, None)
    exact = EXACT * simulated.calendar.a_year
    alarms, found = {}, []
    for rate in sorted({exact, *(RATES if entry.chart else ())}):
        told, strong = [], []
        for values in (taken.quiet, taken.current):
            scores = entry.made(rate).detect(taken.calendar.panel(values), judge="all")
            with np.errstate(divide="ignore"):
                order = np.where(np.isfinite(scores.p_value), -np.log(scores.p_value), scores.score)[:, judged]
            above, alarm = scores.direction[:, judged] > 0, scores.alarm[:, judged]
            told.append(alarm & above)
            strong.append(np.where((alarm if entry.chart else np.isfinite(order)) & above, order, -1.0))
        found.append(Strength(quiet=strong[0], current=np.where(taken.during, strong[1], -1.0)))
        alarms[rate] = Alarms(quiet=told[0], current=told[1] & taken.during)
    return Answer(name=entry.name, rows=rows, alarms=alarms[exact], strengths=tuple(found))


def found_at(false_alarms: float, asked: Sequence[Strength]) -> float:
    """Give the share of outbreaks found with so many false alarms: where the rarest rate is cut higher, or between two rates."""
    rarest = asked[0]
    cuts = np.unique(rarest.quiet[rarest.quiet >= 0])[::-1]
    ordered = np.sort(rarest.quiet[rarest.quiet >= 0])
    strongest = np.sort(rarest.current.max(axis=1))
    beyond = [(strongest > (cuts[0] if cuts.size else 0)).sum()]
    false = [0, *(len(ordered) - np.searchsorted(ordered, cuts))]
    caught = [*beyond, *(len(strongest) - np.searchsorted(strongest, cuts))]
    for more in asked[1:]:
        false.append(int((more.quiet >= 0).sum()))
        caught.append(int((more.current.max(axis=1) >= 0).sum()))
    return float(np.interp(false_alarms, np.maximum.accumulate(false), np.maximum.accumulate(caught))) / len(strongest)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Share of a scenario's outbreaks found less another's, with its standard error."""

    found: float
    other: float
    error: float

    @property
    def more(self) -> float:
        """How much more is found."""
        return self.found - self.other


def compare(asked: Sequence[Strength], in_r: Alarms) -> Difference:
    """Hold a method against R at as many false alarms; the standard error of the difference is by bootstrap over series."""

    def shares(rows: npt.NDArray[np.intp]) -> tuple[float, float]:
        by_r = float(in_r.current[rows].any(axis=1).mean())
        return found_at(float(in_r.quiet[rows].sum()), [each.of(rows) for each in asked]), by_r

    n_series = len(in_r.quiet)
    rng = np.random.default_rng(1)
    drawn = np.array([shares(rng.integers(n_series, size=n_series)) for _ in range(DRAWS)])
    ours, by_r = shares(np.arange(n_series))
    return Difference(found=ours, other=by_r, error=float((drawn[:, 0] - drawn[:, 1]).std()))


def against_r(simulated: Simulated, in_r: Alarms, answers: Iterable[Answer]) -> Iterator[str]:
    """Give each method's share found at R's false alarms: all together, by scenario counted, and by level of counts."""
    told = "method | series | finds | R finds | more | scenarios with more | as many | fewer"
    beyond = f"more, beyond {BEYOND_ERROR} s.e. | fewer, beyond {BEYOND_ERROR} s.e. | worst"
    groups = " | ".join(f"θ = {theta}, φ = {phi}" for theta, *_, phi in GROUPS)
    yield f"| {told} | {beyond} | {groups} |"
    yield "|---" * (11 + len(GROUPS)) + "|"
    for one in answers:
        scenario, each = simulated.scenario[one.rows], {}
        for number in np.unique(scenario):
            own = np.flatnonzero(scenario == number)
            rows = one.rows[own]
            each[int(number)] = compare(
                [part.of(own) for part in one.strengths], Alarms(quiet=in_r.quiet[rows], current=in_r.current[rows])
            )
        yield f"| {one.name} | {len(one.rows)} | {_line(each)} |"
    yield ""


def _line(each: Mapping[int, Difference]) -> str:
    differences = np.array([one.more for one in each.values()])
    errors = np.array([one.error for one in each.values()])
    whole = f"{differences.mean():+.3f} ± {np.sqrt(np.square(errors).sum()) / len(errors):.3f}"
    counts = [(differences > 0).sum(), (differences == 0).sum(), (differences < 0).sum()]
    beyond = [(differences > BEYOND_ERROR * errors).sum(), (differences < -BEYOND_ERROR * errors).sum()]
    worst = min(each, key=lambda number: each[number].more)
    group = np.array([(number - 1) // len(VARIANTS) for number in each])
    cells = [f"{differences[group == at].mean():+.2f}" if (group == at).any() else "" for at in range(len(GROUPS))]
    found, by_r = np.mean([one.found for one in each.values()]), np.mean([one.other for one in each.values()])
    told = f"{each[worst].more:+.2f} ± {each[worst].error:.2f} ({worst})"
    return " | ".join([f"{found:.3f}", f"{by_r:.3f}", whole, *map(str, counts), *map(str, beyond), told, *cells])


def by_itself(simulated: Simulated, in_r: Alarms | None, answers: Iterable[Answer]) -> Iterator[str]:
    """Give each method's rates upward at its own threshold, of 1 % upward where it is exact, and what it finds at 1 %."""
    yield f"| method | series | false alarms upward, %, {ALPHA:.0%} stated | outbreaks found | found at {ALPHA:.0%} of false alarms |"
    yield "|---|---|---|---|---|"
    if in_r is not None:
        yield f"{_rates('R', in_r)} |"
    for one in answers:
        scenario = simulated.scenario[one.rows]
        at_one = np.mean([_found_in(one.strengths, scenario == number) for number in np.unique(scenario)])
        yield f"{_rates(one.name, one.alarms)} {at_one:.3f} |"
    yield ""


def _rates(name: str, alarms: Alarms) -> str:
    false, caught = alarms.quiet.mean(axis=1), alarms.current.any(axis=1)
    return (
        f"| {name} | {len(caught)} | {100 * false.mean():.2f} ± {100 * false.std() / np.sqrt(len(false)):.2f} "
        f"| {caught.mean():.3f} ± {caught.std() / np.sqrt(len(caught)):.3f} |"
    )


def _found_in(asked: Sequence[Strength], rows: Flags) -> float:
    own = [part.of(np.flatnonzero(rows)) for part in asked]
    return found_at(ALPHA * own[0].quiet.size, own)


def cut_short(simulated: Simulated) -> Simulated:
    """Have the records begin two years before the first judged month."""
    begin = MONTHS.periods - MONTHS.judged - SHORT_MONTHS
    calendar = Calendar(
        frequency="M", a_year=12, periods=MONTHS.periods - begin, judged=MONTHS.judged, past=MONTHS.past, begins_before=MONTHS.begins_before
    )
    parts = {name: getattr(simulated, name)[:, begin:] for name in ("quiet", "current", "outbreak")}
    return Simulated(calendar=calendar, scenario=simulated.scenario, **parts)


def report(*, full: bool, n_series: int, kept: Path | None) -> Iterator[str]:
    """Give every table, as it is measured."""
    scenarios = SCENARIOS if full else FEW
    months, weeks = simulate(scenarios, n_series, MONTHS), simulate(scenarios, max(n_series // 5, 1), WEEKS)
    half = months.of(months.first(max(n_series // 2, 1)))
    asked = [
        (months, "months, 10 levels, 5 years", Asked(levels=10, years=5, half_window=2, excluded=6), monthly),
        (half, "months, 10 levels, 9 years", Asked(levels=10, years=9, half_window=2, excluded=6), nine_years),
        (weeks, "weeks, 10 levels, 5 years", Asked(levels=10, years=5, half_window=3, excluded=26), weekly),
    ]
    for simulated, name, question, entries in asked:
        in_r = farrington_in_r.ask(simulated, question, kept=kept)
        answers = [answer(entry, simulated) for entry in entries()]
        if in_r is None:
            yield f"R is not installed ({name}): --with-r installs Debian's; without it there is no rate to compare at"
        else:
            yield f"At the false alarms of R's farringtonFlexible, {name}, alpha {ALPHA}: {in_r.quiet.mean():.2%} upward"
            yield from against_r(simulated, in_r, answers)
        yield f"Each at its own threshold, {name}"
        yield from by_itself(simulated, in_r, answers)
    cut = cut_short(months)
    yield f"Each at its own threshold, months, {SHORT_MONTHS} on record before the first judged one"
    yield from by_itself(cut, None, (answer(entry, cut) for entry in short()))


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--full", action="store_true", help="all 42 scenarios, 200 series each by months")
    options.add_argument("--series", type=int, help="how many series a scenario by months; a fifth as many by weeks")
    options.add_argument("--with-r", action="store_true", help="install Debian's r-cran-surveillance where it is not there")
    options.add_argument("--keep", type=Path, metavar="FOLDER", help="where R's answers are kept")
    given = options.parse_args()
    if given.with_r:
        farrington_in_r.install()
    for line in report(full=given.full, n_series=given.series or (200 if given.full else 100), kept=given.keep):
        print(line, flush=True)


if __name__ == "__main__":
    main()
