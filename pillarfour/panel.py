"""As-of observations to a matrix of series by months: stages, nationalities, groups, totals."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pillarfour.detection import Panel
from pillarfour.errors import ConfigurationError
from pillarfour.model import OTHER, TOTAL, SeriesKey
from pillarfour.recipe import Recipe, Table

ALL = "total"
"""The subject of a stage's total."""

NATIONALITY = re.compile("[A-Z]{3}")

Cell = tuple[str, str, str]
"""A table, a measure, a reference period."""

Row = Mapping[str | None, int]
"""What one period's rows say, by nationality; None where a name is not known."""


class Store(Protocol):
    """What a panel needs of the store."""

    def known_on(
        self,
        source: str,
        day: date,
        *,
        columns: Sequence[str] | None = None,
        where: Mapping[str, Sequence[str]] | None = None,
    ) -> pa.Table:
        """Give the rows known on a day, by ``OBSERVATION``."""
        ...

    def coverage(self, source: str, day: date) -> Mapping[Cell, str]:
        """Say which release supplies each cell known on a day, those without a row included."""
        ...


@dataclass(frozen=True, kw_only=True)
class View:
    """One published table of a stage; ``where`` picks its rows by dimension.

    A release that has rows, but in none of its periods one of these, does not speak about them: a document of the southwest border says
    nothing of the northern one. Its periods are not covered.
    """

    source: str
    table: str
    measure: str
    where: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A place where somebody counts. ``views`` stand in the order of preference: the first that covers a period supplies all of it."""

    name: str
    views: tuple[View, ...]


@dataclass(frozen=True, kw_only=True)
class Corridor:
    """What to look at: stages, and nationalities that move as one, by the group's name."""

    stages: tuple[Stage, ...]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Known:
    """A panel as it was known on a day, and where it comes from.

    Parameters
    ----------
    releases
        The release that supplies a stage's period, such as ``("darien", "2021-06")``; nothing where the period is not covered.
    """

    known_on: date
    panel: Panel
    releases: Mapping[tuple[str, str], tuple[str, ...]] = field(repr=False)


def build(
    store: Store, *, corridor: Corridor, recipes: Mapping[str, Recipe], day: date, series: Iterable[SeriesKey] | None = None
) -> Known:
    """Build the panel of what was known on a day; each source is read once.

    Parameters
    ----------
    recipes
        Each source's facts, by its name: units, and what it means that a nationality has no row.
    series
        The rows wanted; by default each stage's total, every nationality its tables have named, and every group.

    Returns
    -------
    Known
        One column a month, from the first to the last that any stage covers. A figure that is not published, or not published apart,
        is NaN. A nationality without a row is zero where its table lists everyone, where the total is zero, and where its table ends
        in *other* and other is zero. A group is the sum of its members that are published apart, NaN only where none is.

    Raises
    ------
    ConfigurationError
        If a stage or group is not known, a view names no table or measure of its source, or one stage mixes units.
    """
    for stage in corridor.stages:
        _check(stage, recipes)
    rows, covered = _read(store, corridor, day)
    seen = {stage.name: _Stage.splice(stage, rows, covered, recipes) for stage in corridor.stages}
    keys = tuple(_all_series(seen, corridor) if series is None else series)
    months = sorted({period for stage in seen.values() for period in stage.figures})
    newest = pd.Period(day, freq="M") - 1
    periods = pd.period_range(months[0] if months else newest, months[-1] if months else newest, freq="M")
    values = np.full((len(keys), len(periods)), np.nan)
    column = {str(period): at for at, period in enumerate(periods)}
    for row, key in enumerate(keys):
        members = _members(key, seen, corridor)
        for period in seen[key.stage].figures:
            values[row, column[period]] = seen[key.stage].figure(members, period)
    releases = {(name, period): (release,) for name, stage in seen.items() for period, release in stage.releases.items()}
    return Known(known_on=day, panel=Panel(values=values, series=keys, periods=periods, unit=_unit(corridor, recipes)), releases=releases)


@dataclass(frozen=True, kw_only=True)
class _Stage:
    """A stage's periods, each with its rows, how its table means absence, and its release."""

    figures: Mapping[str, Row]
    tables: Mapping[str, Table]
    releases: Mapping[str, str]

    @classmethod
    def splice(
        cls, stage: Stage, rows: Mapping[str, pa.Table], covered: Mapping[str, Mapping[Cell, str]], recipes: Mapping[str, Recipe]
    ) -> "_Stage":
        """Take each period from the first view that covers it."""
        figures: dict[str, Row] = {}
        tables: dict[str, Table] = {}
        releases: dict[str, str] = {}
        for view in stage.views:
            cells = {cell[2]: release for cell, release in covered[view.source].items() if cell[:2] == (view.table, view.measure)}
            of_table = _rows(rows[view.source], {"table": view.table, "measure": view.measure})
            picked = _rows(of_table, view.where)
            silent = _releases(of_table, cells) - _releases(picked, cells)
            new = {period: release for period, release in cells.items() if period not in figures and release not in silent}
            sums = _sum(picked) if new else {}
            figures |= {period: sums.get(period, {}) for period in new}
            tables |= dict.fromkeys(new, recipes[view.source].tables[view.table])
            releases |= new
        return cls(figures=figures, tables=tables, releases=releases)

    def figure(self, members: Sequence[str], period: str) -> float:
        """Sum the members that are published apart; NaN where none is."""
        each = [_figure(member, self.figures[period], self.tables[period]) for member in members]
        apart = [figure for figure in each if figure is not None]
        return float(sum(apart)) if apart else np.nan

    def nationalities(self) -> list[str]:
        """Name every nationality that any period's rows name."""
        return sorted({name for row in self.figures.values() for name in row if name is not None} - {TOTAL})


def _figure(subject: str, row: Row, table: Table) -> int | None:
    """Give one period's figure of a nationality or of all; None where it is not published apart."""
    if not row and table.absent_nationality == "not_published":
        return None
    total = sum(row.values())
    if subject == ALL or total == 0:
        return total
    if subject in row:
        return row[subject]
    if TOTAL in row or None in row:
        return None
    return 0 if _lists(subject, table) or row.get(OTHER) == 0 else None


def _lists(subject: str, table: Table) -> bool:
    """Whether a nationality without a row counts zero by the table's own rule."""
    return table.absent_nationality == "zero" or (table.absent_nationality == "zero_if_listed" and subject in table.listed)


def _read(store: Store, corridor: Corridor, day: date) -> tuple[dict[str, pa.Table], dict[str, Mapping[Cell, str]]]:
    """Read the rows and the coverage of each source, once."""
    views: dict[str, list[View]] = {}
    for stage in corridor.stages:
        for view in stage.views:
            views.setdefault(view.source, []).append(view)
    rows, covered = {}, {}
    for source, used in views.items():
        dimensions = sorted({name for view in used for name in view.where} - {"nationality"})
        columns = ["table", "measure", "reference_period", "nationality", *dimensions, "value"]
        wanted = {"table": sorted({view.table for view in used}), "measure": sorted({view.measure for view in used})}
        covered[source] = store.coverage(source, day)
        rows[source] = store.known_on(source, day, columns=columns, where=wanted)
    return rows, covered


def _rows(rows: pa.Table, picked: Mapping[str, str]) -> pa.Table:
    for name, value in picked.items():
        rows = rows.filter(pc.equal(rows[name], value))
    return rows


def _releases(rows: pa.Table, cells: Mapping[str, str]) -> set[str]:
    """Name the releases that supply any of the rows."""
    return {cells[period] for period in pc.unique(rows["reference_period"]).to_pylist() if period in cells}


def _sum(rows: pa.Table) -> dict[str, dict[str | None, int]]:
    """Sum rows by period and nationality."""
    sums = rows.group_by(["reference_period", "nationality"]).aggregate([("value", "sum")])
    by_period: dict[str, dict[str | None, int]] = {}
    for period, nationality, value in zip(
        *(sums[name].to_pylist() for name in ("reference_period", "nationality", "value_sum")), strict=True
    ):
        by_period.setdefault(period, {})[nationality] = value
    return by_period


def _all_series(seen: Mapping[str, _Stage], corridor: Corridor) -> Iterable[SeriesKey]:
    for name, stage in seen.items():
        for subject in (ALL, *stage.nationalities(), *corridor.groups):
            yield SeriesKey(stage=name, subject=subject)


def _unit(corridor: Corridor, recipes: Mapping[str, Recipe]) -> str:
    """Say what is counted: one word where all stages count the same, else each stage's."""
    units = {stage.name: recipes[stage.views[0].source].measures[stage.views[0].measure].unit for stage in corridor.stages}
    return next(iter(units.values())) if len({*units.values()}) == 1 else ", ".join(f"{name} {unit}" for name, unit in units.items())


def _members(key: SeriesKey, seen: Mapping[str, _Stage], corridor: Corridor) -> tuple[str, ...]:
    """Say whose figures a series adds up."""
    if key.stage not in seen:
        raise ConfigurationError(f"panel: {key}: no stage is called {key.stage!r}; there are {', '.join(seen)}")
    if key.subject != ALL and key.subject not in corridor.groups and not NATIONALITY.fullmatch(key.subject):
        raise ConfigurationError(
            f"panel: {key}: {key.subject!r} is no nationality (ISO 3166-1 alpha-3) and no group; there are {', '.join(corridor.groups)}"
        )
    return corridor.groups.get(key.subject, (key.subject,))


def _check(stage: Stage, recipes: Mapping[str, Recipe]) -> None:
    units = {}
    for view in stage.views:
        if view.source not in recipes:
            raise ConfigurationError(f"stage {stage.name}: no source is called {view.source!r}; there are {', '.join(recipes)}")
        recipe = recipes[view.source]
        for kind, name, known in (("table", view.table, recipe.tables), ("measure", view.measure, recipe.measures)):
            if name not in known:
                raise ConfigurationError(f"stage {stage.name}: {view.source} has no {kind} {name!r}; there are {', '.join(known)}")
        units[view.measure] = recipe.measures[view.measure].unit
    if len(set(units.values())) > 1:
        counted = ", ".join(f"{measure} in {unit}" for measure, unit in units.items())
        raise ConfigurationError(f"stage {stage.name}: its views count {counted}; make it two stages, persons and events are never spliced")
