"""``pillarfour detect``: figures of one's own."""

import csv
import io

import pytest
from typer.testing import CliRunner

from flows.cli import app

COLUMNS = ["series", "period", "value", "expected", "lower", "upper", "score", "p_value", "alarm", "direction", "status"]


@pytest.fixture
def run(checkout, monkeypatch):
    """Run the command in the checkout."""
    monkeypatch.chdir(checkout)

    def invoke(*words: str, **more):
        return CliRunner().invoke(app, ["detect", *words], **more)

    return invoke


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_scores_go_to_a_file(run, tmp_path):
    """Every series and period once, with the columns that were promised."""
    output = tmp_path / "scores.csv"
    words = ("--method", "farrington", "--set", "alpha=0.01", "--set", "baseline_years=5", "--judge", "all")
    done = run(*words, "--input", "docs/examples/mexico.csv", "--output", str(output))
    found = rows(output.read_text(encoding="utf-8"))

    assert (done.exit_code, done.output) == (0, "")
    assert list(found[0]) == COLUMNS
    assert len(found) == 4 * 82
    assert {row["status"] for row in found} == {"ok", "insufficient_history", "no_data"}
    assert found[-1]["value"] == "27152"


def test_standard_input_and_output_are_the_default(run):
    """The newest period of each series, through a pipe."""
    lines = "".join(f"x,{year}-{month:02},{50 + month}\n" for year in (2019, 2020) for month in range(1, 13))
    done = run("--method", "ears", input=f"series,period,value\n{lines}x,2021-01,999\n")

    assert done.exit_code == 0
    assert [(row["period"], row["alarm"], row["direction"]) for row in rows(done.stdout)] == [("2021-01", "True", "1")]


def test_weeks_come_out_as_they_went_in(run):
    """2021-W23, not the days that it spans."""
    lines = "".join(f"x,2021-W{week:02},{50 + week % 5}\n" for week in range(1, 31))
    done = run("--method", "ears", input=f"series,period,value\n{lines}")

    assert rows(done.stdout)[0]["period"] == "2021-W30"


def test_breaks_are_named_and_told(run):
    """A parameter names breaks of the register; the summary says what was applied."""
    words = ("--method", "cusum", "--set", "restart_after=mexico-definition-2021,chnv-parole", "--summary")
    done = run(*words, "--input", "docs/examples/mexico.csv")

    assert done.exit_code == 0
    assert "Break mexico-definition-2021" in done.stderr
    assert "Break chnv-parole" in done.stderr
    assert len(rows(done.stdout)) == 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--method", "farington"), 'did you mean "farrington"?'),
        (("--method", "cusum", "--set", "ratios=2"), 'did you mean "ratio"?'),
        (("--method", "cusum", "--set", "ratio"), "write NAME=VALUE"),
        (("--method", "cusum", "--set", "ratio=2", "--set", "ratio=3"), "give it once"),
        (("--method", "cusum", "--judge", "last"), "is not one of"),
    ],
)
def test_a_wrong_call_is_one(run, words, said):
    """With exit code 2, and the nearest name."""
    done = run(*words, "--input", "docs/examples/mexico.csv", env={"COLUMNS": "300", "TERMINAL_WIDTH": "300"})

    assert done.exit_code == 2
    assert said in done.stderr


def test_a_wrong_file_is_an_error_with_its_line(run, tmp_path):
    """And nothing is written."""
    bad = tmp_path / "bad.csv"
    bad.write_text("series,period,value\na,2021-06,-3\n")
    done = run("--method", "ears", "--input", str(bad), "--output", str(tmp_path / "scores.csv"))

    assert "line 2: a 2021-06: '-3' is negative" in str(done.exception)
    assert not (tmp_path / "scores.csv").exists()
