"""What an analyst is warned of."""

import pytest

from pillarfour.triggers.check import check


@pytest.fixture
def warn(tmp_path, registries, good):
    """Check the example with one thing changed."""

    def warn(before, after):
        assert before in good
        path = tmp_path / "triggers.yaml"
        path.write_text(good.replace(before, after, 1).replace("status: active", "status: test"), encoding="utf-8")
        return check(path, **registries)

    return warn


def test_the_example_leaves_the_doubts_that_it_has(warn):
    """Its only detector needs three years."""
    checked = warn("version: 1", "version: 1")

    assert checked.errors == ()
    assert [line.partition(": ")[2] for line in checked.warnings] == [
        "trigger darien-surge, level watch: rests on farrington (36 periods) alone; add a detector for short histories",
        "trigger darien-surge, level warning: rests on farrington (36 periods) alone; add a detector for short histories",
    ]


DOUBTS = {
    "no floor": (
        "score: 1.0, floor: 100}",
        "score: 1.0}",
        "triggers.yaml:48:19: trigger darien-surge, level watch: no floor; a handful could meet this: give one, or a level beside it",
    ),
    "a higher level that asks for a lower score": (
        "score: 2.0",
        "score: 0.5",
        "triggers.yaml:50:9: trigger darien-surge, level warning: score 0.5 is under the 1 of watch; a higher level asks for more",
    ),
    "a title that is not translated": (
        "es: Aumento en el Darién",
        "es: Surge in the Darién",
        "triggers.yaml:38:12: trigger darien-surge, title: the Spanish title is the English one; translate it",
    ),
    "a delay that is usual": (
        "days: 15",
        "days: 7",
        "triggers.yaml:86:43: trigger darien-stale, level watch: panama is at times 7 days later than usual; give more than that",
    ),
    "a level that the response leaves out": (
        "      watch: {within_hours: 72, en: look, es: mirar}\n",
        "",
        "triggers.yaml:46:9: trigger darien-surge, level watch: the response surge says nothing of watch; add what the signatories do",
    ),
    "a recipient whom no trigger tells": (
        "recipients:\n",
        "recipients:\n  nobody: {title: {en: x, es: y}}\n",
        "triggers.yaml:35:11: recipient nobody: no trigger uses it; take it out, or use it",
    ),
    "a detector that no trigger uses": (
        "detectors:\n",
        "detectors:\n  short: {method: cusum, reason: short histories}\n",
        "triggers.yaml:23:10: detector short: no trigger uses it; take it out, or use it",
    ),
}


@pytest.mark.parametrize("case", DOUBTS)
def test_a_doubt_has_its_place_and_a_remedy(case, warn):
    """A warning refuses nothing and says what to look at."""
    before, after, doubt = DOUBTS[case]
    checked = warn(before, after)

    assert doubt in checked.warnings
    assert checked.triggers is not None


def test_a_level_beside_the_detector_is_its_floor(warn):
    """The warning level's detector has no floor of its own and needs none."""

    assert not [line for line in warn("version: 1", "version: 1").warnings if "no floor" in line]


def test_a_wrong_file_gives_errors_and_no_triggers(warn):
    """Errors come a line each."""
    checked = warn("[HTI, BRA, CHL]", "[HTI, NO, XX]")

    assert checked.triggers is None
    assert len(checked.errors) == 2
