"""Declared corrections, on a table of four cells."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarfour import corrections
from pillarfour.errors import ValidationError
from pillarfour.model import PARSED, Parsed
from pillarfour.recipe import Correction

ROWS = [
    {"reference_period": "2021-01", "nationality": "HTI", "authority": "Title 42", "value": 300},
    {"reference_period": "2021-01", "nationality": "CUB", "authority": "Title 42", "value": 200},
    {"reference_period": "2021-02", "nationality": "HTI", "authority": "Title 8", "value": 7},
    {"reference_period": "2021-03", "nationality": None, "authority": "Title 8", "value": 9},
]
COLUMNS = ("measure", "reference_period", "nationality", "authority", "value", "locator")


def _parsed() -> Parsed:
    rows = [row | {"measure": "encounters", "locator": f"line {line}"} for line, row in enumerate(ROWS, start=2)]
    return Parsed(
        table="area",
        observations=pa.Table.from_pylist(rows, schema=pa.schema([PARSED.field(name) for name in COLUMNS])),
        covers={"encounters": ("2021-01", "2021-02", "2021-03")},
    )


def _correct(document: str = "area-2021.csv", **changed) -> Parsed:
    facts = {"id": "mend", "reason": "it is wrong", "reference": "a letter", "document": "area-*.csv", "where": {"authority": "Title 42"}}
    correction = Correction(**(facts | {"expect_rows": 2, "expect_total": 500} | changed))
    return corrections.apply(_parsed(), document=document, corrections=[correction])


def _values(parsed: Parsed, column: str = "value") -> list:
    return parsed.observations[column].to_pylist()


def test_override_sets_the_column():
    """Only in the rows named."""
    mended = _correct(action="override", set={"authority": "Title 8"})

    assert _values(mended, "authority") == ["Title 8"] * 4
    assert _values(mended) == _values(_parsed())
    assert mended.observations.schema == _parsed().observations.schema
    assert mended.problems == ()


def test_override_sets_a_figure():
    """A count may be what is wrong."""
    where = {"reference_period": "2021-02", "nationality": "HTI", "value": "7"}

    assert _values(_correct(action="override", where=where, set={"value": "8"}, expect_rows=1, expect_total=7)) == [300, 200, 8, 9]


def test_rows_moved_to_another_month_take_what_is_covered_along():
    """The month that they were printed under by mistake is missing then, not zero, and theirs is published."""
    moved = _correct(action="override", set={"reference_period": "2021-04"})

    assert _values(moved, "reference_period") == ["2021-04", "2021-04", "2021-02", "2021-03"]
    assert moved.covers == {"encounters": ("2021-02", "2021-03", "2021-04")}


def test_scale_multiplies_the_count():
    """As where figures were published a hundred times too large."""
    assert _values(_correct(action="scale", factor=0.01)) == [3, 2, 7, 9]


def test_drop_takes_rows_away_and_their_period_with_them():
    """A period without a row left is missing, not zero."""
    dropped = _correct(action="drop")

    assert _values(dropped) == [7, 9]
    assert dropped.covers == {"encounters": ("2021-02", "2021-03")}


def test_drop_keeps_a_period_that_has_rows_left():
    """The month is still told."""
    dropped = _correct(action="drop", where={"nationality": "CUB"}, expect_rows=1, expect_total=200)

    assert _values(dropped) == [300, 7, 9]
    assert dropped.covers == _parsed().covers


def test_flag_holds_the_release_with_its_reason():
    """The figures stay as published."""
    flagged = _correct(action="flag")

    assert flagged.observations == _parsed().observations
    (problem,) = flagged.problems
    assert str(problem) == "area-2021.csv: correction mend: it is wrong; decide whether these figures may be used"


@pytest.mark.parametrize("action", ["drop", "override", "scale", "flag"])
@pytest.mark.parametrize(("rows", "total"), [(1, 500), (2, 499), (0, 0)])
def test_a_correction_fails_once_the_error_is_gone(action, rows, total):
    """Neither more nor fewer rows, nor another sum: nothing is changed and the release is held."""
    tried = _correct(action=action, set={"authority": "Title 8"}, expect_rows=rows, expect_total=total)

    assert tried.observations == _parsed().observations
    assert tried.covers == _parsed().covers
    (problem,) = tried.problems
    assert f"expects {rows} rows, {total} in all, and finds 2, 500; it was not applied" in str(problem)


@pytest.mark.parametrize(("document", "applies"), [("area-2021.csv", True), ("AREA-2021.CSV", True), ("state-2021.csv", False)])
def test_only_documents_named_are_corrected(document, applies):
    """Whatever the case of the name."""
    assert (_values(_correct(document, action="scale", factor=2))[0] == 600) is applies


def test_corrections_follow_each_other():
    """The second sees what the first has left."""
    first = Correction(
        id="a",
        reason="r",
        reference="r",
        document="*",
        action="scale",
        where={"nationality": "CUB"},
        factor=2,
        expect_rows=1,
        expect_total=200,
    )
    second = first.model_copy(update={"id": "b", "expect_total": 400})

    assert _values(corrections.apply(_parsed(), document="x", corrections=[first, second])) == [300, 800, 7, 9]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"action": "drop", "where": {"sector": "DRT"}}, "correction mend: table area has no column 'sector'; use one of measure"),
        ({"action": "override", "set": {"sector": "DRT"}}, "correction mend: table area has no column 'sector'"),
        ({"action": "drop", "where": {}}, "correction mend: names no rows; state its where"),
        ({"action": "override", "set": {"value": "many"}}, "correction mend: value 'many' is not a whole number"),
        ({"action": "scale", "factor": 0.007}, "correction mend: times 0.007 leaves a fraction"),
        ({"action": "override", "set": {"nationality": "HTI"}}, "correction mend: makes two rows of one cell"),
    ],
)
def test_a_correction_that_cannot_be_is_an_error(changed, message):
    """It is the recipe that is wrong, not the document."""
    with pytest.raises(ValidationError, match=message):
        _correct(**changed)


@given(factor=st.sampled_from([0.1, 0.01, 2, 10, 100]))
def test_scaling_back_gives_the_published_figures(factor):
    """Scaling is exact: it loses no one."""
    scaled = _correct(action="scale", factor=factor)
    total = sum(_values(scaled)[:2])
    back = Correction(
        id="back", reason="r", reference="r", document="*", action="scale", where={"authority": "Title 42"},
        factor=1 / factor, expect_rows=2, expect_total=total,
    )  # fmt: skip

    assert _values(corrections.apply(scaled, document="x", corrections=[back])) == _values(_parsed())
