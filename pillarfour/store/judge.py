"""What holds a release: a pure answer from the releases, the decisions and the source's facts, whatever the order they came in.

Releases are judged in the order of their publication, each against what was usable before it, so nothing later ever weighs on a verdict.
Rebuilt ones, which give later figures under earlier dates, are judged among themselves: they never hold an original.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pillarfour.model import Problem
from pillarfour.recipe import Recipe
from pillarfour.store.calendar import PublisherYear, last_day
from pillarfour.store.decisions import Decision
from pillarfour.store.entry import USABLE, Cell, Entry, Verdict

EARLY, LOST, VANISHED, MOVED, DISAGREE = "published early", "period lost", "rows vanished", "total moved", "views disagree"
"""The rules, as waivers name them."""

SHOWN = 3
"""How many vanished rows a message names."""

Finding = tuple[Cell, str]
"""Where a rule is broken, and how."""

Known = Mapping[Cell, Entry]
"""Which release supplies each cell."""

Vanished = Callable[[Entry, Entry, Cell], list[str]]
"""Names the rows of a cell that an earlier release counts and a later one, given first, does not have."""


def judge(entries: Iterable[Entry], *, recipe: Recipe, decisions: Mapping[str, Decision], vanished: Vanished) -> dict[str, Verdict]:
    """Give a verdict on every release of a source, by its id, in the order of publication."""
    usable = {rebuilt: _Usable() for rebuilt in (False, True)}
    verdicts = {}
    for entry in sorted(entries, key=lambda entry: entry.order):
        before = usable[entry.rebuilt]
        bench = _Bench(entry=entry, known=before.known, newest=before.newest, recipe=recipe, vanished=vanished)
        verdict = verdicts[entry.id] = _decide(tuple(sorted({*bench.own(), *bench.found()})), decisions.get(entry.document_sha256))
        if verdict.status in USABLE:
            before.known |= dict.fromkeys(entry.cells, entry)
            before.newest |= {(entry.table, measure): entry for measure in entry.summaries}
    return verdicts


def _decide(problems: tuple[Problem, ...], decision: Decision | None) -> Verdict:
    if decision is not None and (problems or decision.choice == "rejected"):
        return Verdict(decision.choice, problems)
    return Verdict("held" if problems else "used", problems)


@dataclass
class _Usable:
    """What the usable releases so far supply, and the newest of each table and measure."""

    known: dict[Cell, Entry] = field(default_factory=dict)
    newest: dict[tuple[str, str], Entry] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Bench:
    """One release before its judge: what was usable when it came, and the source's facts."""

    entry: Entry
    known: Known
    newest: Mapping[tuple[str, str], Entry]
    recipe: Recipe
    vanished: Vanished

    def own(self) -> Iterator[Problem]:
        """Give what the document itself shows, less what is waived."""
        for problem in self.entry.problems:
            if not any(period in problem.place for period in self._waived(problem.rule)):
                yield problem

    def found(self) -> Iterator[Problem]:
        """Give what its date, the earlier releases and the other views show, less what is waived."""
        for rule, check in (
            (EARLY, self._early),
            (LOST, self._lost),
            (VANISHED, self._rows),
            (MOVED, self._totals),
            (DISAGREE, self._views),
        ):
            waived = self._waived(rule)
            for cell, message in check():
                if cell[2] not in waived:
                    yield self._problem(rule, cell, message)

    def _waived(self, rule: str) -> set[str]:
        waivers = (waiver for waiver in self.recipe.waivers if waiver.rule == rule and waiver.table == self.entry.table)
        return {waiver.reference_period for waiver in waivers if self.entry.published_on <= waiver.until}

    def _problem(self, rule: str, cell: Cell, message: str) -> Problem:
        place = f"{self.entry.document}, {' '.join(cell)}"
        identity = self.entry.id
        remedy = (
            f"if the publisher means it, `pillarfour releases accept {identity} --reason ...`, "
            f"else `pillarfour releases reject {identity} --reason ...`"
        )
        return Problem(rule=rule, place=place, message=message, remedy=remedy)

    def _early(self) -> Iterator[Finding]:
        """Find a last period that was not over on the day of publication: its count is no whole one, or the day is wrong."""
        day, basis = self.entry.dating.published_on, self.entry.dating.published_basis
        for measure in self.entry.summaries:
            last = self.entry.last(measure)
            if day <= last_day(last):
                wrong = f"delete {self.entry.file} and ingest the document again, with the right day as --published-on"
                yield (
                    (self.entry.table, measure, last),
                    f"published on {day} ({basis}), before {last} was over; if that day is wrong, {wrong}",
                )

    def _lost(self) -> Iterator[Finding]:
        """Find known periods that the release leaves out of the years it speaks about."""
        for measure in self.entry.summaries:
            missing = sorted(cell for cell in self.known if cell[:2] == (self.entry.table, measure) and cell not in self.entry.contents)
            for cell in missing:
                if self._speaks_about(measure, cell[2]):
                    earlier = self.known[cell]
                    yield cell, f"{cell[2]} is missing; {earlier.id} gave it with a total of {earlier.contents[cell].total:,}"

    def _speaks_about(self, measure: str, period: str) -> bool:
        """Say whether a period lies in the release's window: whole publisher's years, and as many as its predecessor had."""
        periods = self.entry.summaries[measure].periods
        if not self.recipe.measures[measure].cumulative:
            return periods[0] < period < periods[-1]
        year = self._year
        first, last = year.of(periods[0]), year.of(periods[-1])
        previous = self.newest.get((self.entry.table, measure))
        if previous is not None:
            moved_on = max(last - year.of(previous.last(measure)), 0)
            first = min(first, year.of(previous.summaries[measure].periods[0]) + moved_on)
        return first <= year.of(period) <= last

    def _rows(self) -> Iterator[Finding]:
        """Find rows of closed periods that are gone."""
        if self.recipe.tolerance.rows_may_vanish:
            return
        for cell, earlier in self._shared():
            if self._closed(cell, earlier) and earlier.contents[cell].keys != self.entry.contents[cell].keys:
                gone = self.vanished(self.entry, earlier, cell)
                if gone:
                    shown = "; ".join(gone[:SHOWN]) + (f"; and {len(gone) - SHOWN:,} more" if len(gone) > SHOWN else "")
                    yield cell, f"{len(gone):,} of the rows that {earlier.id} counts are gone: {shown}"

    def _totals(self) -> Iterator[Finding]:
        """Find totals that moved by more than the source's tolerance."""
        tolerance = self.recipe.tolerance
        for cell, earlier in self._shared():
            before, now = earlier.contents[cell].total, self.entry.contents[cell].total
            year, share = ("a closed", tolerance.closed) if self._closed(cell, earlier) else ("an open", tolerance.open)
            if abs(now - before) > max(share * before, tolerance.floor):
                percent = f" ({(now - before) / before:+.2%})" if before else ""
                yield cell, f"the total was {before:,} in {earlier.id} and is {now:,} here{percent}; {year} year may move by {share:.1%}"

    def _views(self) -> Iterator[Finding]:
        """Find regions on which another table, showing the same events, says something else."""
        views, entry = self.recipe.views, self.entry
        if views is None or entry.table not in views.tables:
            return
        for cell in entry.cells:
            for table in views.tables:
                peer_cell = (table, *cell[1:])
                peer = self.known.get(peer_cell)
                if table == entry.table or peer is None or not self._comparable(cell, peer):
                    continue
                here, there = entry.contents[cell].regions, peer.contents[peer_cell].regions
                for region in sorted(entry.regions & peer.regions):
                    if here.get(region, 0) != there.get(region, 0):
                        figures = f"{here.get(region, 0):,} here and {there.get(region, 0):,} in table {table} ({peer.id})"
                        yield cell, f"{region}: {figures}, which shows the same events"

    def _comparable(self, cell: Cell, peer: Entry) -> bool:
        """Say whether two tables must agree: both frozen, or both of the same month's publication."""
        measure = cell[1]
        return self.entry.last(measure) == peer.last(measure) or (self._closed(cell, self.entry) and self._closed(cell, peer))

    def _shared(self) -> Iterator[tuple[Cell, Entry]]:
        return ((cell, self.known[cell]) for cell in self.entry.cells if cell in self.known)

    def _closed(self, cell: Cell, release: Entry) -> bool:
        """Say whether a period's year had ended when a release came out."""
        return self._year.has_ended(self._year.of(cell[2]), with_last=release.last(cell[1]))

    @property
    def _year(self) -> PublisherYear:
        return PublisherYear(self.recipe.tolerance.year_ends)
