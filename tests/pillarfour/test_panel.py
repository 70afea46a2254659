"""The panel: what was known on a day, by stage, nationality and group."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pillarfour.errors import ConfigurationError
from pillarfour.model import SeriesKey
from pillarfour.panel import Corridor, Known, Stage, View, build
from pillarfour.recipe import Measure, Recipe, Table

DAY = date(2021, 8, 15)


@dataclass(frozen=True)
class Published:
    """One release of the fake store: a table's rows and what they cover."""

    id: str
    on: date
    table: str
    measure: str
    covers: tuple[str, ...]
    rows: tuple[Mapping[str, object], ...] = ()


@dataclass
class FakeStore:
    """Later release wins, period by period, as in the store; it counts its readings."""

    releases: Sequence[Published]
    read: list[str] = field(default_factory=list)

    def _chosen(self, day: date) -> dict[tuple[str, str, str], Published]:
        known = sorted((release for release in self.releases if release.on <= day), key=lambda release: release.on)
        return {(release.table, release.measure, period): release for release in known for period in release.covers}

    def coverage(self, source: str, day: date) -> dict[tuple[str, str, str], str]:
        """Say which release supplies each cell."""
        return {cell: release.id for cell, release in self._chosen(day).items() if release.id.startswith(source)}

    def known_on(
        self, source: str, day: date, *, columns: Sequence[str] | None = None, where: Mapping[str, Sequence[str]] | None = None
    ) -> pa.Table:
        """Give the chosen releases' rows."""
        self.read.append(source)
        rows = [
            {"region": "southwest", **row, "table": cell[0], "measure": cell[1]}
            for cell, release in self._chosen(day).items()
            for row in release.rows
            if row["reference_period"] == cell[2] and release.id.startswith(source)
        ]
        kept = [row for row in rows if all(row[name] in values for name, values in (where or {}).items())]
        types = {name: pa.int64() if name == "value" else pa.dictionary(pa.int32(), pa.string()) for name in columns or ()}
        return pa.Table.from_pylist(kept, schema=pa.schema(list(types.items())))


def recipe(absent: str, *, listed: tuple[str, ...] = (), unit: str = "persons", tables: Sequence[str] = ("country",)) -> Recipe:
    """Give the facts a panel reads; the rest of a recipe is not needed."""
    facts = Table(title="", absent_nationality=absent, listed=listed)
    measures = {name: Measure(unit=unit, counts="") for name in ("crossings", "later")}
    return SimpleNamespace(tables=dict.fromkeys(tables, facts), measures={**measures, "odd": Measure(unit="events", counts="")})


def row(period: str, nationality: str | None, value: int, **dimensions: str) -> dict[str, object]:
    return {"reference_period": period, "nationality": nationality, "value": value, **dimensions}


def darien(*releases: Published, absent: str = "not_published", listed: tuple[str, ...] = (), day: date = DAY) -> Known:
    """Build the panel of one stage with one table and the Haitian group."""
    corridor = Corridor(
        stages=(Stage(name="darien", views=(View(source="snm", table="country", measure="crossings"),)),),
        groups={"haitian": ("HTI", "BRA", "CHL")},
    )
    return build(FakeStore(releases), corridor=corridor, recipes={"snm": recipe(absent, listed=listed)}, day=day)


def published(
    *rows: Mapping[str, object], covers: tuple[str, ...] = ("2021-06",), on: date = date(2021, 7, 12), number: int = 1
) -> Published:
    return Published(id=f"snm/{on}-{number}", on=on, table="country", measure="crossings", covers=covers, rows=rows)


def figure(known: Known, subject: str, period: str, *, stage: str = "darien") -> float:
    panel = known.panel
    values = np.asarray(panel.values)
    return float(values[panel.series.index(SeriesKey(stage=stage, subject=subject)), panel.periods.get_loc(period)])


def test_a_group_is_the_sum_of_its_members():
    """Haitian families are counted as Haitians, Brazilians and Chileans together."""
    known = darien(published(row("2021-06", "HTI", 5), row("2021-06", "BRA", 2), row("2021-06", "CHL", 1), row("2021-06", "CUB", 9)))

    assert figure(known, "haitian", "2021-06") == 8
    assert figure(known, "total", "2021-06") == 17


def test_rows_of_one_nationality_add_up():
    """Sectors, ages and authorities of one period are summed."""
    known = darien(published(row("2021-06", "HTI", 5, area="a"), row("2021-06", "HTI", 2, area="b")))

    assert figure(known, "HTI", "2021-06") == 7


@pytest.mark.parametrize(
    ("absent", "listed", "other", "expected"),
    [
        ("zero", (), 3, 0),
        ("not_published", (), 3, math.nan),
        ("not_published", (), 0, 0),  # nobody is inside other
        ("zero_if_listed", ("CUB",), 3, 0),
        ("zero_if_listed", ("HTI",), 3, math.nan),
    ],
)
def test_absence_means_what_the_table_says(absent, listed, other, expected):
    """A nationality without a row is zero or unknown by its table's rule, and zero where other is zero."""
    known = darien(
        published(row("2021-05", "CUB", 4), row("2021-06", "HTI", 5), row("2021-06", "OOO", other), covers=("2021-05", "2021-06")),
        absent=absent,
        listed=listed,
    )

    assert figure(known, "CUB", "2021-06") == pytest.approx(expected, nan_ok=True)


def test_a_total_without_parts_is_no_nationality():
    """A period given as a total alone counts for the total, and says nothing of any nationality or group."""
    known = darien(published(row("2021-05", "HTI", 4), row("2021-06", "TOTAL", 50), covers=("2021-05", "2021-06")), absent="zero")

    assert figure(known, "total", "2021-06") == 50
    assert math.isnan(figure(known, "HTI", "2021-06"))
    assert math.isnan(figure(known, "haitian", "2021-06"))
    assert SeriesKey(stage="darien", subject="TOTAL") not in known.panel.series


def test_a_total_of_zero_is_zero_for_everyone():
    """Where nobody crossed, no nationality did, however the table is laid out."""
    known = darien(published(row("2021-05", "HTI", 4), row("2021-06", "TOTAL", 0), covers=("2021-05", "2021-06")))

    assert figure(known, "HTI", "2021-06") == 0
    assert figure(known, "haitian", "2021-06") == 0


def test_a_covered_period_without_rows_is_zero_where_absence_is():
    """Some tables print no zeros at all."""
    rows = (row("2021-05", "HTI", 4),)

    assert figure(darien(published(*rows, covers=("2021-05", "2021-06")), absent="zero"), "total", "2021-06") == 0
    assert figure(darien(published(*rows, covers=("2021-05", "2021-06")), absent="zero_if_listed", listed=("HTI",)), "HTI", "2021-06") == 0
    assert math.isnan(figure(darien(published(*rows, covers=("2021-05", "2021-06"))), "total", "2021-06"))


def test_a_name_that_is_not_known_counts_for_the_total_alone():
    """A release accepted with an unmatched name may hide any nationality in it."""
    known = darien(published(row("2021-05", "CUB", 4), row("2021-06", None, 5), covers=("2021-05", "2021-06")), absent="zero")

    assert figure(known, "total", "2021-06") == 5
    assert math.isnan(figure(known, "CUB", "2021-06"))


def test_a_period_that_is_not_covered_is_missing_not_zero():
    """A month that nobody published stays open between months that are."""
    known = darien(
        published(row("2021-04", "HTI", 1), covers=("2021-04",), on=date(2021, 5, 12)),
        published(row("2021-06", "HTI", 3), covers=("2021-06",), number=2),
        absent="zero",
    )

    assert list(known.panel.periods.astype(str)) == ["2021-04", "2021-05", "2021-06"]
    assert math.isnan(figure(known, "total", "2021-05"))


def test_each_period_comes_from_the_first_view_that_covers_it():
    """A new definition takes over where it begins; the old one supplies what lies before."""
    releases = (
        Published(
            "segob/a",
            date(2021, 2, 19),
            "country",
            "crossings",
            ("2020-12", "2021-01"),
            (row("2020-12", "HTI", 1), row("2021-01", "HTI", 2)),
        ),
        Published("segob/b", date(2021, 3, 19), "country", "later", ("2021-01",), (row("2021-01", "HTI", 7),)),
    )
    views = tuple(View(source="segob", table="country", measure=measure) for measure in ("later", "crossings"))
    known = build(
        FakeStore(releases), corridor=Corridor(stages=(Stage(name="mexico", views=views),)), recipes={"segob": recipe("zero")}, day=DAY
    )

    assert [figure(known, "HTI", period, stage="mexico") for period in ("2020-12", "2021-01")] == [1, 7]
    assert known.releases == {("mexico", "2020-12"): ("segob/a",), ("mexico", "2021-01"): ("segob/b",)}


def test_views_of_the_same_events_are_never_added():
    """Two tables of the same release show the same people; rows of other regions belong to other stages."""
    rows = (row("2021-06", "HTI", 3), row("2021-06", "HTI", 90, region="northern"))
    store = FakeStore([Published(f"cbp/{table}", date(2021, 7, 20), table, "crossings", ("2021-06",), rows) for table in ("area", "state")])
    views = {
        region: tuple(View(source="cbp", table=table, measure="crossings", where={"region": region}) for table in ("area", "state"))
        for region in ("southwest", "northern")
    }
    corridor = Corridor(stages=tuple(Stage(name=f"us_{region}", views=each) for region, each in views.items()))
    known = build(store, corridor=corridor, recipes={"cbp": recipe("zero", tables=("area", "state"))}, day=DAY)

    assert figure(known, "HTI", "2021-06", stage="us_southwest") == 3
    assert figure(known, "HTI", "2021-06", stage="us_northern") == 90
    assert store.read == ["cbp"]


def test_a_day_before_the_first_release_knows_nothing():
    """The panel is one month of nothing, so that every detector says no_data rather than fail."""
    known = darien(published(row("2021-06", "HTI", 5)), day=date(2021, 7, 11))

    assert [str(key) for key in known.panel.series] == ["darien/total", "darien/haitian"]
    assert known.panel.periods.astype(str).tolist() == ["2021-06"]
    assert np.isnan(known.panel.values).all()


def test_the_rows_asked_for_are_the_rows_given():
    """A nationality that no table has named yet is a row all the same: unknown, or zero, but not left out."""
    corridor = Corridor(stages=(Stage(name="darien", views=(View(source="snm", table="country", measure="crossings"),)),))
    keys = (SeriesKey(stage="darien", subject="SYR"), SeriesKey(stage="darien", subject="total"))
    store = FakeStore([published(row("2021-06", "HTI", 5))])
    known = build(store, corridor=corridor, recipes={"snm": recipe("zero")}, day=DAY, series=keys)

    assert known.panel.series == keys
    np.testing.assert_array_equal(known.panel.values, [[0], [5]])


def test_stages_that_count_differently_say_so():
    """Persons and events stand side by side only under their names."""
    stages = (
        Stage(name="darien", views=(View(source="snm", table="country", measure="crossings"),)),
        Stage(name="mexico", views=(View(source="snm", table="country", measure="odd"),)),
    )
    known = build(FakeStore([]), corridor=Corridor(stages=stages), recipes={"snm": recipe("zero")}, day=DAY)

    assert known.panel.unit == "darien persons, mexico events"


@pytest.mark.parametrize(
    ("view", "message"),
    [
        (View(source="inm", table="country", measure="crossings"), "stage darien: no source is called 'inm'; there are snm"),
        (View(source="snm", table="state", measure="crossings"), "stage darien: snm has no table 'state'; there are country"),
        (
            View(source="snm", table="country", measure="entries"),
            "stage darien: snm has no measure 'entries'; there are crossings, later, odd",
        ),
        (View(source="snm", table="country", measure="odd"), "persons and events are never spliced"),
    ],
)
def test_a_wrong_view_is_named(view, message):
    """What a stage says is held to its sources' facts before anything is read."""
    views = (View(source="snm", table="country", measure="crossings"), view)

    with pytest.raises(ConfigurationError, match=message):
        build(FakeStore([]), corridor=Corridor(stages=(Stage(name="darien", views=views),)), recipes={"snm": recipe("zero")}, day=DAY)


def us_northern(*releases: Published, tables: tuple[str, ...] = ("area",)) -> Known:
    """Build the panel of the northern border from tables of several regions."""
    views = tuple(View(source="cbp", table=table, measure="crossings", where={"region": "northern"}) for table in tables)
    corridor = Corridor(stages=(Stage(name="us_northern", views=views),))
    return build(FakeStore(releases), corridor=corridor, recipes={"cbp": recipe("zero", tables=tables)}, day=DAY)


def by_region(*rows: Mapping[str, object], table: str = "area", covers: tuple[str, ...] = ("2021-05", "2021-06")) -> Published:
    return Published(id=f"cbp/{table}", on=date(2021, 7, 20), table=table, measure="crossings", covers=covers, rows=rows)


def test_a_release_that_says_nothing_of_a_region_leaves_it_without_a_figure():
    """A document of the southwest border read as nobody at the northern one would be a collapse that never was."""
    known = us_northern(by_region(row("2021-05", "HTI", 3), row("2021-06", "HTI", 4)))

    assert np.isnan(known.panel.values).all()
    assert known.releases == {}


def test_a_region_that_a_release_speaks_of_is_zero_where_it_counted_nobody():
    """It gave the region in another month, so a month without a row is a month without anybody."""
    known = us_northern(by_region(row("2021-05", "HTI", 3), row("2021-06", "HTI", 4), row("2021-05", "HTI", 7, region="northern")))

    assert figure(known, "total", "2021-05", stage="us_northern") == 7
    assert figure(known, "total", "2021-06", stage="us_northern") == 0


def test_a_release_without_a_row_is_zero_everywhere():
    """A document that covers a month in which nobody came speaks of every region."""
    known = us_northern(by_region())

    assert figure(known, "total", "2021-06", stage="us_northern") == 0


def test_the_next_view_supplies_what_the_first_says_nothing_of():
    """A table of the southwest border alone does not stand before one of all borders."""
    first, second = by_region(row("2021-06", "HTI", 4)), by_region(row("2021-06", "HTI", 9, region="northern"), table="state")
    known = us_northern(first, second, tables=("area", "state"))

    assert figure(known, "total", "2021-06", stage="us_northern") == 9
    assert known.releases["us_northern", "2021-06"] == ("cbp/state",)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (SeriesKey(stage="darian", subject="HTI"), "no stage is called 'darian'; there are darien"),
        (SeriesKey(stage="darien", subject="haitians"), "'haitians' is no nationality"),
    ],
)
def test_a_wrong_series_is_named(key, message):
    """A series that no stage or group makes is an error, not a row of nothing."""
    corridor = Corridor(stages=(Stage(name="darien", views=(View(source="snm", table="country", measure="crossings"),)),))

    with pytest.raises(ConfigurationError, match=message):
        build(FakeStore([]), corridor=corridor, recipes={"snm": recipe("zero")}, day=DAY, series=[key])


PERIODS = [str(period) for period in pd.period_range("2021-01", "2021-06", freq="M")]


@st.composite
def releases(draw):
    """Draw a publication history: overlapping tables, revisions, vanished rows."""
    drawn = []
    for number in range(draw(st.integers(0, 6))):
        covers = tuple(sorted(draw(st.sets(st.sampled_from(PERIODS), min_size=1))))
        rows = [
            row(period, nationality, draw(st.integers(0, 10**9)))
            for period in covers
            for nationality in sorted(draw(st.sets(st.sampled_from(["HTI", "BRA", "CUB", "OOO", "TOTAL"]))))
        ]
        drawn.append(published(*rows, covers=covers, on=date(2021, 7, 1) + timedelta(days=draw(st.integers(0, 60))), number=number))
    return drawn


@settings(max_examples=40, deadline=None)
@given(history=releases(), absent=st.sampled_from(["zero", "not_published", "zero_if_listed"]))
def test_nothing_published_later_changes_the_panel(history, absent):
    """A panel of a past day is the same today, whatever has come out since."""
    now = darien(*history, absent=absent, listed=("HTI",))
    then = darien(*(release for release in history if release.on <= DAY), absent=absent, listed=("HTI",))

    assert now.panel.series == then.panel.series
    assert now.releases == then.releases
    np.testing.assert_array_equal(now.panel.values, then.panel.values)


@settings(max_examples=40, deadline=None)
@given(history=releases(), absent=st.sampled_from(["zero", "not_published", "zero_if_listed"]))
def test_nationalities_published_apart_never_exceed_the_total(history, absent):
    """Figures out are figures in: what is given apart, with other, adds up to no more than the total."""
    panel = darien(*history, absent=absent, listed=("HTI",)).panel
    named = [number for number, key in enumerate(panel.series) if key.subject not in {"total", "haitian"}]
    total = panel.series.index(SeriesKey(stage="darien", subject="total"))
    values = np.nan_to_num(panel.values)

    assert (values[named].sum(axis=0) <= values[total]).all()
