"""Cases of triggers: their notation, their faults, and what they report."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from pydantic_core import PydanticCustomError

from detectors import METHODS
from flows.detect import foretell
from pillarfour.errors import TriggerError
from pillarfour.triggers import case_file, junit, reading
from pillarfour.triggers.case_file import Expected, figures_of
from pillarfour.triggers.cases import Bench, uncovered
from sources import SOURCES

RECIPES = {source.RECIPE.name: source.RECIPE for source in SOURCES}

GOOD = """\
trigger: darien-surge
cases:
  - case: a rise
    starts: 2019-01
    figures: {darien/total: 900 1100 1000x10 950 1050 1000x10 15000}
    nights:
      - {on: 2021-02-11, expect: []}
      - on: 2021-02-12
        expect: [{alert: darien/total, level: warning, because: "15,000 persons in 2021-01"}]
        rendered: >-
          WARNING: All nationalities, Darién: 15,000 persons in January 2021, 15 × what was expected.
          Alert since 12 February 2021; before, none.
"""


@pytest.fixture(scope="module")
def bench(checkout: Path) -> Bench:
    triggers = reading.load(checkout / "triggers.yaml", detectors=METHODS, recipes=RECIPES)
    return Bench(triggers=triggers, instances=reading.instances(triggers, detectors=METHODS), recipes=RECIPES, foretell=foretell)


@pytest.fixture
def run(tmp_path, bench):
    """Run the example with one thing changed."""

    def run(before="", after=""):
        assert before in GOOD
        (tmp_path / "darien-surge.yaml").write_text(GOOD.replace(before, after, 1), encoding="utf-8")
        return list(bench.run(tmp_path))

    return run


def test_the_notation_is_counts_times_and_gaps():
    """100 three times, one not published, zero."""

    assert figures_of("100x3 _ 0 7") == (100, 100, 100, None, 0, 7)
    assert figures_of("_x2") == (None, None)
    assert figures_of(5) == (5,)


@pytest.mark.parametrize("word", ["x3", "-1", "1,000", "100*3", "100x", "100x0", "1x99999", "٣"])
def test_a_word_that_is_no_figure_is_named(word):
    """Nothing is guessed."""

    with pytest.raises(PydanticCustomError, match="is no figure"):
        figures_of(f"100 {word}")


def test_a_case_passes_where_everything_is_as_expected(run):
    """State, level, reason, and the sentence that readers get."""

    assert [ran.faults for ran in run()] == [()]


WRONG = {
    "an alert that must not stand": (
        '[{alert: darien/total, level: warning, because: "15,000 persons in 2021-01"}]',
        "[]",
        "must not stand",
    ),
    "an alert that does not": (
        "- {on: 2021-02-11, expect: []}",
        "- {on: 2021-02-11, expect: [{alert: darien/total}]}",
        "must be active, but is quiet",
    ),
    "another level": ("level: warning", "level: emergency", "must be at emergency, but is at warning"),
    "another reason": ("15,000 persons", "14,999 persons", "is not in its reason"),
    "another sentence": ("15 × what", "16 × what", "rendered as"),
    "a release withheld": (
        "    nights:\n",
        "    withheld: [{source: panama_darien, from: 2021-02-01, to: 2021-03-01}]\n    nights:\n",
        "must be active",
    ),
    "a release that says otherwise": (
        "    nights:\n",
        "    says: [{on: 2021-02-12, series: darien/total, figures: {2021-01: 1000}}]\n    nights:\n",
        "must be active",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_case_fails_with_the_night_and_what_was_found(case, run):
    """A case that cannot fail would be worth nothing."""
    before, after, said = WRONG[case]
    (ran,) = run(before, after)

    assert len(ran.faults) >= 1
    assert said in ran.faults[0]
    assert ran.faults[0].startswith("2021-02-1")


NO_FIGURE = '"thousand" is no figure; write 300, 300x2 for two of them, _ for not published'
LOCATED = {
    "trigger: darien-surge": (
        "trigger: darien-serge",
        'darien-surge.yaml:1:10: trigger: unknown trigger "darien-serge"; did you mean "darien-surge"?',
    ),
    "figures: {darien/total": (
        "figures: {darian/total",
        'darien-surge.yaml:5:29: cases.0.figures.darian/total: unknown stage "darian"; did you mean "darien"?',
    ),
    "[{alert: darien/total": (
        "[{alert: darien/HTI",
        "darien-surge.yaml:9:26: cases.0.nights.1.expect.0.alert: the trigger does not watch darien/HTI; expect one of its own series",
    ),
    "15000}": (
        "15 thousand}",
        f"darien-surge.yaml:5:29: cases.0.figures.darien/total: {NO_FIGURE}",
    ),
    "expect: []": ("expcet: []", 'darien-surge.yaml:7:9: cases.0.nights.0: "expect" is missing; add it'),
    "on: 2021-02-11": ("on: 2021-02-13", "darien-surge.yaml:3:5: cases.0: the nights are out of order; put them by their dates, each once"),
}


@pytest.mark.parametrize("before", LOCATED)
def test_a_wrong_case_says_what_where_and_what_to_do(before, run):
    """As strict as the triggers themselves."""
    after, said = LOCATED[before]

    with pytest.raises(TriggerError) as caught:
        run(before, after)
    assert said in str(caught.value).splitlines()


def test_an_active_trigger_without_cases_is_a_gap(run, bench):
    """One that fires does not stand for one that stays silent."""
    gaps = uncovered(bench.triggers, run())

    assert "trigger darien-surge: no case in which it stays silent; write one in tests/triggers/darien-surge.yaml" in gaps
    assert not [gap for gap in gaps if "darien-surge: no case in which it fires" in gap]
    assert len(gaps) == 2 * sum(trigger.status == "active" for trigger in bench.triggers.triggers) - 1


def test_a_case_that_only_sees_the_end_of_an_alert_is_not_silent(run):
    """What has ended did fire."""
    (ran,) = run()
    ended = ran.case.model_copy(
        update={
            "nights": tuple(
                night.model_copy(update={"expect": (Expected(alert="darien/total", state="resolved"),)}) for night in ran.case.nights
            )
        }
    )

    assert (ended.fires, ended.silent) == (False, False)


def test_junit_names_each_case_and_its_faults(run, tmp_path):
    """Continuous integration shows what failed."""
    path = tmp_path / "reports" / "triggers.xml"
    junit.write(path, run("level: warning", "level: emergency"), uncovered=[])
    suite = ET.parse(path).getroot()[0]  # noqa: S314 - written a line above

    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert "must be at emergency" in suite[0][0].get("message")


def test_the_cases_of_the_project_are_read(checkout: Path, bench):
    """Each file is that of the trigger it is named after."""
    files = sorted((checkout / "tests" / "triggers").glob("*.yaml"))

    assert files
    assert [case_file.load(path, triggers=bench.triggers).trigger for path in files] == [path.stem for path in files]
