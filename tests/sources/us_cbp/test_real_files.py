"""CBP's own files: every one is read without a problem, and says what is known of it."""

import pandas as pd
import pytest

from sources import us_cbp

pytestmark = pytest.mark.shared

AREA = "nationwide-encounters-fy20-fy23-aor.csv"
STATE_2023 = "nationwide-encounters-fy20-fy23-state.csv"
STATE_2024 = "nationwide-encounters-fy21-fy24-state.csv"
SOUTHWEST_2022 = "sbo-encounters-fy19-fy22.csv"
SOUTHWEST_2025 = "sbo-encounters-fy22-fy25-aug.csv"

FILES = {
    AREA: ("area", 53_859, "2019-10", "2023-09"),
    STATE_2023: ("state", 42_532, "2019-10", "2023-09"),
    "nationwide-encounters-fy21-fy24-oct-state.csv": ("state", 35_630, "2020-10", "2023-10"),
    "nationwide-encounters-fy21-fy24-nov-state.csv": ("state", 36_642, "2020-10", "2023-11"),
    "nationwide-encounters-fy21-fy24-dec-state.csv": ("state", 37_664, "2020-10", "2023-12"),
    "nationwide-encounters-fy21-fy24-jan-state.csv": ("state", 38_666, "2020-10", "2024-01"),
    "nationwide-encounters-fy21-fy24-feb-state.csv": ("state", 39_670, "2020-10", "2024-02"),
    STATE_2024: ("state", 46_995, "2020-10", "2024-09"),
    SOUTHWEST_2022: ("southwest", 2_264, "2018-10", "2022-09"),
    SOUTHWEST_2025: ("southwest", 1_936, "2021-10", "2025-08"),
}


def _frame(parsed) -> pd.DataFrame:
    frame = parsed.observations.to_pandas()
    return frame.astype({name: str for name in frame.columns if name != "value"})


def _sums(parsed, *, by: list[str]) -> pd.Series:
    sums = _frame(parsed).groupby(by)["value"].sum()
    return sums[sums > 0]


def test_every_file_at_hand_is_listed(shared):
    """A file added to the folder is read by these tests too."""
    assert {path.name for path in (shared / "data" / "cbp").glob("*.csv")} == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_real_file_is_read_whole(real, name):
    """Its table, rows and months, and nothing that does not add up."""
    parsed = real(name)
    (months,) = parsed.covers.values()

    assert (parsed.table, parsed.observations.num_rows, months[0], months[-1]) == FILES[name]
    assert parsed.problems == ()
    assert all(column.null_count == 0 for column in parsed.observations.columns)


def test_the_figures_are_the_files_own(real, shared):
    """Sums by raw column equal those of the plain CSV."""
    plain = pd.read_csv(shared / "data" / "cbp" / AREA, keep_default_na=False)

    assert sorted(_sums(real(AREA), by=["area", "nationality"])) == sorted(
        count for count in plain.groupby(["AOR (Abbv)", "Citizenship"])["Encounter Count"].sum() if count > 0
    )


def test_southwest_haitians_of_2021(real):
    """Month by month, as published."""
    sums = _sums(real(AREA), by=["region", "nationality", "reference_period"]).loc["southwest", "HTI"]

    assert sums["2021-01":"2021-12"].tolist() == [1718, 827, 3084, 1250, 2817, 5904, 5521, 7569, 17638, 908, 1022, 7144]


@pytest.mark.parametrize(
    ("name", "first", "total"),
    [
        (AREA, 2021, 1_734_686),
        (AREA, 2022, 2_378_944),
        (AREA, 2023, 2_475_669),
        (STATE_2024, 2024, 2_135_005),
        (SOUTHWEST_2022, 2019, 977_509),
        (SOUTHWEST_2025, 2024, 2_135_005),
    ],
)
def test_southwest_fiscal_years(real, name, first, total):
    """October to September, as the agency states them."""
    months = _sums(real(name), by=["region", "reference_period"]).loc["southwest"]

    assert months[f"{first - 1}-10" : f"{first}-09"].sum() == total


@pytest.mark.parametrize(("month", "total"), [("oct", 240_988), ("nov", 240_986), ("dec", 240_981), ("jan", 240_942), ("feb", 240_932)])
def test_october_2023_as_each_release_gave_it(real, month, total):
    """The open year moves with each file."""
    sums = _sums(real(f"nationwide-encounters-fy21-fy24-{month}-state.csv"), by=["region", "reference_period"])

    assert sums["southwest", "2023-10"] == total


@pytest.mark.parametrize(
    ("one", "other", "shared_cells"),
    [
        (AREA, STATE_2023, 144),
        (AREA, STATE_2024, 108),
        (AREA, SOUTHWEST_2022, 36),
        (AREA, SOUTHWEST_2025, 24),
        (STATE_2024, SOUTHWEST_2025, 36),
        (SOUTHWEST_2022, SOUTHWEST_2025, 12),
    ],
)
def test_the_tables_are_views_of_the_same_encounters(real, one, other, shared_cells):
    """On closed months that two files share, each region's totals are equal."""
    sums = pd.concat([_sums(real(name), by=["region", "reference_period"]) for name in (one, other)], axis=1, join="inner")

    assert len(sums) == shared_cells
    assert (sums.iloc[:, 0] == sums.iloc[:, 1]).all()


def test_area_and_state_agree_cell_by_cell(real):
    """By month, region, nationality, demographic and authority."""
    by = ["reference_period", "region", "nationality", "demographic", "authority"]

    assert _sums(real(AREA), by=by).equals(_sums(real(STATE_2023), by=by))


def test_mislabelled_expulsions_are_mended(real):
    """Fiscal 2022: 1,054,084 Title 42 encounters of the Border Patrol are expulsions, as the later file says."""
    by = ["component", "authority", "encounter_type", "reference_period"]
    mended, later = (_sums(real(name), by=by).loc["U.S. Border Patrol", "Title 42"] for name in (SOUTHWEST_2022, SOUTHWEST_2025))

    assert set(mended.index.get_level_values(0)) == {"Expulsions"}
    assert mended["Expulsions"]["2021-10":].sum() == 1_054_084
    assert mended["Expulsions"]["2021-10":].equals(later["Expulsions"][:"2022-09"])


def test_a_mislabelled_file_under_another_name_is_held(shared, document):
    """The correction names the publisher's file; without it the rows themselves do not pass."""
    parsed = us_cbp.parse(document((shared / "data" / "cbp" / SOUTHWEST_2022).read_bytes(), "download.csv"))

    (problem,) = parsed.problems
    assert "(rows: 127, encounters: 1,054,084)" in str(problem)


def test_the_correction_ends_when_the_error_does(shared, document):
    """Once CBP mends the file, the release is held and the message says that the correction no longer fits."""
    mended = (shared / "data" / "cbp" / SOUTHWEST_2022).read_bytes().replace(b"Title 42,Apprehensions", b"Title 42,Expulsions")
    (problem,) = us_cbp.parse(document(mended, "sbo-encounters-fy19-fy22_0.csv")).problems

    assert "expects 127 rows, 1,054,084 in all, and finds 0, 0; it was not applied" in str(problem)


@pytest.mark.parametrize("pattern", ["*.xlsx", "*.pdf"])
def test_other_offices_documents_are_not_this_source(shared, document, pattern):
    """The workbooks of the statistics office and the PDFs are refused by what they are."""
    found = sorted((shared / "data" / "cbp").glob(pattern))
    assert found
    for path in found:
        with pytest.raises(us_cbp.ParseError, match="is a workbook or a PDF"):
            us_cbp.parse(document(path.read_bytes(), path.name))
