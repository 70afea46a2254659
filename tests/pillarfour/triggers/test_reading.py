"""Wrong files of triggers: each fault with its place, the trigger it is in, and what to do."""

from pathlib import Path

import pytest

from pillarfour import strict_yaml
from pillarfour.errors import TriggerError
from pillarfour.triggers import reading

WRONG = {
    case["case"]: case for case in strict_yaml.plain(strict_yaml.read(Path(__file__).with_name("wrong_files.yaml"), error=TriggerError))
}


def test_the_example_is_right(load_text, good):
    """What the wrong files are made of is itself read without a word."""

    assert [trigger.id for trigger in load_text(good).triggers] == ["darien-surge", "corridor", "darien-stale"]


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_says_what_where_and_what_to_do(case, load_text, good):
    """Every fault has its line, its column, its trigger and a remedy."""
    wrong = WRONG[case]
    assert wrong["for"] in good

    with pytest.raises(TriggerError) as caught:
        load_text(good.replace(wrong["for"], wrong["write"], 1))
    assert str(caught.value).splitlines() == wrong["said"]


def test_there_are_at_least_forty_wrong_files():
    """The table was read."""

    assert len(WRONG) >= 40


def test_all_faults_come_at_once_in_the_order_of_the_file(load_text, good):
    """An analyst mends a file in one round."""
    text = good.replace("[HTI, BRA, CHL]", "[HTI, NO, CHL]").replace(
        "use: farrington, direction: up, score: 2.0", "use: farington, direction: up"
    )
    text = text.replace("days: 15", "days: 0").replace("kind: outage", "kind: outrage")

    with pytest.raises(TriggerError) as caught:
        load_text(text)
    lines = [int(line.split(":")[1]) for line in str(caught.value).splitlines()]
    assert lines == sorted(lines)
    assert len(lines) == 4


@pytest.mark.parametrize(
    "text", ["", "[]", "just words", "triggers: 3", "triggers: [3]", "detectors: [x]\nstages: {a: 1}", "triggers: [{id: [1]}]"]
)
def test_a_file_of_another_shape_is_refused_in_words(text, load_text):
    """Nothing that can be typed into the file leads to a traceback."""

    with pytest.raises(TriggerError, match=r"triggers\.yaml:1:"):
        load_text(text)


def test_an_absent_file_is_named(tmp_path: Path, registries):
    """The message says where the file was looked for."""

    with pytest.raises(TriggerError, match=r"absent\.yaml: cannot be read"):
        reading.load(tmp_path / "absent.yaml", **registries)


def test_a_detector_instance_has_the_parameters_of_the_file(load_text, good, registries):
    """What the file does not say is the method's default."""
    triggers = load_text(good.replace("{alpha: 0.1}", "{alpha: 0.2}"))

    assert reading.instances(triggers, detectors=registries["detectors"])["farrington"].parameters.alpha == 0.2
