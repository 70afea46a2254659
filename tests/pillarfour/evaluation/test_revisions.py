"""How publishers revise: by real documents, by figures on record, and by figures made up to be counted by hand."""

import csv
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pyarrow as pa
import pytest

from pillarfour.errors import ConfigurationError
from pillarfour.evaluation import revisions
from pillarfour.evaluation.revisions import Figure
from pillarfour.model import PARSED, Document, Parsed
from pillarfour.store import Store

OCTOBER_2023 = (240_988, 240_986, 240_981, 240_942, 240_932)


def figure(*values: int, last: int, first_age: int = 1, series: str = "crossings TOTAL") -> Figure:
    readings = tuple((first_age + age, value) for age, value in enumerate(values))
    return Figure(source="panama_darien", series=series, reference_period="2021-01", readings=readings, last=last)


@pytest.mark.parametrize(
    ("values", "last", "age"),
    [
        ((1000, 1000), 1000, 1),  # stood at once
        ((990, 1000), 1000, 1),  # one in a hundred is near enough
        ((980, 995), 1000, 2),  # came near in its second month
        ((1000, 950, 1001), 1000, 3),  # went away again, and came back
        ((900, 950), 1000, None),  # nobody knew before the last came
        ((0,), 0, 1),  # nobody crossed, and that stood
        ((1,), 0, None),  # one in a hundred of nobody is nobody
    ],
)
def test_a_figure_stands_once_it_stays_near_the_last(values, last, age):
    """Near is within one in a hundred, and to stay is to be so in every later reading."""
    assert figure(*values, last=last).settled_at == age


def test_sizes_and_signs_are_counted_by_age():
    """Two young figures, of which one rose by a tenth of what it became, and one already old that fell."""
    (found,) = revisions.report([figure(90, 100, last=100), figure(50, last=50), figure(210, last=200, first_age=20)], basis="record")

    assert [(age.months, age.up, age.down, age.same) for age in found.ages] == [(1, 1, 0, 1), (2, 0, 0, 1), (13, 0, 1, 0)]
    assert (found.ages[0].median_share, found.ages[0].largest_share, found.ages[0].largest) == (0.05, 0.1, "crossings TOTAL 2021-01")
    assert found.ages[2].largest_share == 0.05
    assert (found.settled, found.settled_median) == ({1: 1, 2: 1}, 1)


def test_half_that_nobody_saw_settle_is_no_age():
    """Two of three figures stood only with the last reading: there is no month to name."""
    (found,) = revisions.report([figure(50, last=100), figure(60, last=100), figure(100, last=100)], basis="record")

    assert (found.settled, found.settled_median) == ({1: 1, None: 2}, None)


@pytest.fixture
def store(tmp_path):
    from sources import panama_darien  # noqa: PLC0415 - facts of a source, for a store of it

    return Store(tmp_path, {"panama_darien": panama_darien.RECIPE})


def publish(store, day, figures, *, rebuilt=False):
    """Publish figures of nationalities by month."""
    rows = [(period, who, value) for period, counts in figures.items() for who, value in counts.items()]
    columns = {
        "measure": ["crossings"] * len(rows),
        "reference_period": [row[0] for row in rows],
        "nationality": [row[1] for row in rows],
        "value": [row[2] for row in rows],
        "locator": ["row"] * len(rows),
    }
    table = pa.table({name: pa.array(values).cast(PARSED.field(name).type) for name, values in columns.items()})
    document = Document(
        name=f"{day}.pdf",
        content=f"{day}{figures}{rebuilt}".encode(),
        retrieved_at=datetime(2026, 1, 1, tzinfo=UTC),
        published_on=day,
        published_basis="observed",
        rebuilt=rebuilt,
    )
    release = store.commit("panama_darien", document, Parsed(table="country", observations=table, covers={"crossings": tuple(figures)}))
    return store.accept(release.id, reason="a test", by="test") if release.status == "held" else release


def test_releases_of_a_store_are_read_in_their_order(store):
    """A figure that rose, a nationality that was deleted, which is not zero, and a rebuilt document that says nothing."""
    first = publish(store, date(2021, 2, 12), {"2021-01": {"HTI": 90, "CUB": 7}})
    publish(store, date(2021, 2, 20), {"2021-01": {"HTI": 5}}, rebuilt=True)
    second = publish(store, date(2021, 4, 12), {"2021-01": {"HTI": 100}, "2021-02": {"HTI": 3}})
    figures, deletions = revisions.of_store(store, "panama_darien")
    found = {each.series: each for each in figures}

    assert {name: (each.readings, each.last, each.last_age) for name, each in found.items()} == {
        "country crossings HTI": (((1, 90),), 100, 3),
        "country crossings TOTAL": (((1, 97),), 100, 3),
    }
    assert [(each.earlier, each.later, each.rows, each.counted) for each in deletions] == [(first.id, second.id, 1, 7)]
    assert [each.series for each in revisions.totals(figures)] == ["country crossings TOTAL"]


def test_a_store_of_rebuilt_documents_revises_nothing(store):
    """They are written from the last known figures."""
    for day, value in ((date(2021, 2, 12), 90), (date(2021, 3, 12), 100)):
        publish(store, day, {"2021-01": {"HTI": value}}, rebuilt=True)

    assert revisions.of_store(store, "panama_darien") == ([], [])


def test_the_record_reads_as_published():
    """October 2023 at the southwest border moved five times by tens of events; the Darién's July 2021 is on it too."""
    found = {(each.source, each.series, each.reference_period): each for each in revisions.of_record()}
    october = found["us_cbp", "encounters southwest TOTAL", "2023-10"]
    july = found["panama_darien", "crossings HTI", "2021-07"]

    assert (tuple(value for _, value in october.readings), october.last) == (OCTOBER_2023, 240_927)
    assert [age for age, _ in october.readings] == [1, 2, 3, 4, 5]
    assert (july.readings, july.last) == (((1, 14_511),), 13_141)
    assert {source for source, _, _ in found} == {"panama_darien", "mexico_segob", "us_cbp"}


@pytest.mark.parametrize("fault", ["columns", "two last values"])
def test_a_broken_record_is_refused(tmp_path, fault):
    """With the file, and what is wrong in it."""
    path = tmp_path / "revisions.csv"
    head = ",".join(revisions.COLUMNS)
    row = "panama_darien,crossings TOTAL,2021-01,1,2021-05,{},https://example.org"
    path.write_text(f"{head}\n{row.format(2)}\n{row.format(3)}\n" if fault == "two last values" else "a,b\n1,2\n", encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"revisions\.csv: .*(last values \[2, 3\]|columns are not)"):
        revisions.of_record(path)


@pytest.mark.shared
def test_the_record_is_what_was_found(shared):
    """Each figure of Panama and Mexico stands so in the collected reports."""
    stands = set()
    for source, name in (("panama_darien", "panama_darien_revisions.csv"), ("mexico_segob", "mexico_segob_revisions.csv")):
        with (shared / "data" / "figures" / name).open(encoding="utf-8", newline="") as text:
            rows = csv.DictReader(text)
            stands |= {(source, row["period"], row["nationality"], row["reported"], row["as_of"], row["later_value"]) for row in rows}
    with revisions.RECORD.open(encoding="utf-8", newline="") as text:
        record = [
            (row["source"], row["reference_period"], row["series"].split()[-1], row["reported"], row["reported_on"], row["later"])
            for row in csv.DictReader(text)
            if row["source"] != "us_cbp"
        ]

    assert len(record) > 40
    assert [row for row in record if row not in stands] == []


@pytest.fixture(scope="module")
def cbp(shared, tmp_path_factory):
    """Read CBP's five successive releases of fiscal 2024 and its last one."""
    from sources import us_cbp  # noqa: PLC0415 - only where the documents are

    store = Store(tmp_path_factory.mktemp("cbp"), {"us_cbp": us_cbp.RECIPE})
    for path in sorted((shared / "data" / "cbp").glob("nationwide-encounters-fy21-fy24*-state.csv")):
        document = Document(name=path.name, content=path.read_bytes(), retrieved_at=datetime(2026, 1, 1, tzinfo=UTC))
        store.commit("us_cbp", document, us_cbp.parse(document))
    return SimpleNamespace(store=store, read=revisions.of_store(store, "us_cbp"))


@pytest.mark.shared
def test_real_releases_move_by_little_and_mostly_down(cbp):
    """Five months of fiscal 2024 fall by less than one in a thousand; closed years stay; some rows of a few events vanish."""
    figures, deletions = cbp.read
    totals = {each.reference_period: each for each in revisions.totals(figures)}
    (found,) = revisions.report(totals.values(), deletions, basis="releases")

    assert [value for _, value in totals["2023-10"].readings] == [309_221, 309_137, 309_114, 309_065, 309_050]
    assert totals["2023-10"].last == 309_024
    assert {period for period, each in totals.items() if {value for _, value in each.readings} != {each.last}} == {
        *("2023-10", "2023-11", "2023-12", "2024-01", "2024-02")
    }
    assert (found.ages[0].down, found.ages[0].up) == (5, 0)
    assert found.ages[0].largest_share < 0.001
    assert found.settled_median == 1
    assert sum(each.rows for each in found.deletions) == 48


@pytest.mark.shared
def test_the_record_of_cbp_is_what_its_documents_say(cbp):
    """Every total on record is that of the release that came out in that month."""
    read = {(each.series.removeprefix("state "), each.reference_period): each for each in cbp.read[0]}
    record = [each for each in revisions.of_record() if each.source == "us_cbp" and "southwest" not in each.series]

    assert len(record) == 5
    for each in record:
        own = read[each.series, each.reference_period]
        assert (each.readings, each.last) == (own.readings, own.last)
