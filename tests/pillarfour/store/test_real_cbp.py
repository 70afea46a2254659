"""The real releases of U.S. Customs and Border Protection: ten documents, real vintages."""

import random
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from pillarfour.model import Document
from pillarfour.store import Store

pytestmark = pytest.mark.shared

RETRIEVED = datetime(2026, 1, 1, tzinfo=UTC)
LATER = date(2030, 1, 1)
CALENDAR = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


@pytest.fixture(scope="module")
def cbp(shared):
    """Parse the ten documents once."""
    from sources import us_cbp  # noqa: PLC0415 - only where the documents are

    documents = []
    for path in sorted((shared / "data" / "cbp").glob("*.csv")):
        document = Document(name=path.name, content=path.read_bytes(), retrieved_at=RETRIEVED)
        documents.append((document, us_cbp.parse(document)))
    assert len(documents) == 10
    return SimpleNamespace(documents=documents, recipe=us_cbp.RECIPE)


@pytest.fixture(scope="module")
def store(cbp, tmp_path_factory):
    """Ingest them in the order of their names."""
    return fill(tmp_path_factory.mktemp("cbp"), cbp, cbp.documents)


def fill(root, cbp, documents):
    store = Store(Path(root), {"us_cbp": cbp.recipe})
    for document, parsed in documents:
        store.raw.keep(document)
        store.commit("us_cbp", document, parsed)
    return store


def test_none_is_held(store):
    """Their closed years are frozen, their open year moves by less than the tolerance, and the three views agree."""
    assert [(release.id, release.problems) for release in store.releases() if release.status != "used"] == []
    assert len(store.releases()) == 10


@pytest.mark.parametrize("seed", [1, 2])
def test_any_order_gives_the_same_store(cbp, store, tmp_path, read_tree, seed):
    """Byte for byte, index and data package included."""
    shuffled = random.Random(seed).sample(cbp.documents, 10)  # noqa: S311 - an order, no secret

    assert read_tree(fill(tmp_path, cbp, shuffled).root) == read_tree(store.root)


@pytest.mark.parametrize(
    ("known_on", "encounters"),
    [
        ("2023-11-19", None),
        ("2023-11-25", 240_988),
        ("2023-12-25", 240_986),
        ("2024-01-25", 240_981),
        ("2024-02-25", 240_942),
        ("2024-03-25", 240_932),
        ("2024-10-25", 240_927),
    ],
)
def test_october_2023_as_it_was_known(store, known_on, encounters):
    """Each monthly release corrects the southwest encounters of October 2023, by state, a little."""
    october = {"region": ["southwest"], "reference_period": ["2023-10"]}

    values = store.known_on("us_cbp", date.fromisoformat(known_on), table="state", columns=["value"], where=october)["value"].to_pylist()

    assert (sum(values) if values else None) == encounters


def test_southwest_totals_equal_each_releases_own(cbp, store):
    """What is known on the day of each release is, month by month, what pandas sums up in that release's own file."""
    days = {release.document_sha256: release.published_on for release in store.releases()}
    checked = 0
    for document, parsed in cbp.documents:
        known = store.known_on("us_cbp", days[document.sha256], table=parsed.table, where={"region": ["southwest"]})
        ours = known.to_pandas().groupby("reference_period", observed=True)["value"].sum()
        theirs = published_southwest(document)

        assert ours[theirs.index].to_dict() == theirs.to_dict()
        checked += len(theirs)
    assert checked == 434


def published_southwest(document):
    frame = pd.read_csv(pd.io.common.BytesIO(document.content))
    if "Land Border Region" in frame:
        frame = frame[frame["Land Border Region"] == "Southwest Land Border"]
    month = frame["Month (abbv)"].map({name: number for number, name in enumerate(CALENDAR, start=1)})
    year = frame["Fiscal Year"].astype(str).str[:4].astype(int) - (month > 9)
    return frame.groupby(year.astype(str) + "-" + month.map("{:02}".format))["Encounter Count"].sum()


def test_fiscal_years_sum_up_to_the_published_totals(store):
    """Southwest encounters of the fiscal years 2021 to 2024, by state, with four files overlapping each month."""
    frame = store.known_on("us_cbp", LATER, table="state", where={"region": ["southwest"]}).to_pandas()
    months = pd.PeriodIndex(frame["reference_period"].astype(str), freq="M")
    by_year = frame["value"].groupby(months.year + (months.month > 9)).sum()

    assert by_year[[2021, 2022, 2023, 2024]].tolist() == [1_734_686, 2_378_944, 2_475_669, 2_135_005]


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("nationwide-encounters-fy20-fy23-state.csv", "views disagree"),
        ("nationwide-encounters-fy21-fy24-oct-state.csv", "total moved"),
    ],
)
def test_one_count_more_in_a_frozen_month_is_found(cbp, store, tmp_path, name, rule):
    """A single encounter more in May 2022 is held by the earlier release or by the other views, and what was known stays."""
    from sources import us_cbp  # noqa: PLC0415

    tampered = []
    for document, parsed in cbp.documents:
        if document.name == name:
            line = next(
                line for line in document.content.splitlines() if line.startswith(b"2022,") and b",MAY,Southwest Land Border,TX," in line
            )
            more = line.rsplit(b",", 1)[0] + b",%d" % (int(line.rsplit(b",", 1)[1]) + 1)
            changed = Document(name=name, content=document.content.replace(line, more, 1), retrieved_at=RETRIEVED)
            tampered.append((changed, us_cbp.parse(changed)))
        elif document.name in {"nationwide-encounters-fy20-fy23-aor.csv", "sbo-encounters-fy19-fy22.csv"} or "fy20" in document.name:
            tampered.append((document, parsed))

    other = fill(tmp_path, cbp, tampered)

    broken = {release.document: {problem.rule for problem in release.problems} for release in other.releases() if release.status == "held"}
    assert list(broken) == [name]
    assert rule in broken[name]
    may = {"region": ["southwest"], "reference_period": ["2022-05"]}
    known = [set(_totals(each.known_on("us_cbp", LATER, where=may)).values()) for each in (other, store)]
    assert known[0] == known[1]


def _totals(rows):
    return rows.to_pandas().groupby("table", observed=True)["value"].sum().to_dict()
