"""What docs/method.md says."""

import re

import pytest

from detectors import DETECTORS, METHODS, MIX_DETECTORS
from detectors.lead_lag import LeadLag
from detectors.nowcast import Nowcast

OF_PAIRS = {each.name: each for each in (LeadLag, Nowcast)}
"""Those that look at two series."""


@pytest.fixture(scope="module")
def method(checkout):
    """Read the document."""
    return (checkout / "docs" / "method.md").read_text(encoding="utf-8")


def test_every_detector_is_described(method):
    """Each detector of the registry has its section, with what it sees, misses and assumes, its calibration and its reference."""
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", method, flags=re.MULTILINE | re.DOTALL))

    assert set(sections) == {*DETECTORS, *MIX_DETECTORS, *OF_PAIRS}
    for text in sections.values():
        assert all(f"**{word}" in text for word in ("Formula", "Sees", "Misses", "Assumes", "Unit", "Calibration", "Reference"))


def test_every_detector_has_its_picture(method, checkout):
    """In its section, of a real series, and drawn: the file is there and is a picture."""
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", method, flags=re.MULTILINE | re.DOTALL))

    for name in METHODS:
        assert f"](images/method-{name}.png)" in sections[name], name
        assert (checkout / "docs" / "images" / f"method-{name}.png").read_bytes().startswith(b"\x89PNG"), name


def test_lines_are_short_enough_to_read_in_an_editor(method):
    """Tables and links apart."""
    assert [line for line in method.splitlines() if len(line) > 160 and not line.startswith("|")] == []


def test_every_parameter_is_named(method):
    """No parameter is left to the code to explain."""
    parameters = {name for detector in [*METHODS.values(), *OF_PAIRS.values()] for name in detector.parameters_type.model_fields}

    named = {word for span in re.findall(r"`([^`\n]+)`", method) for word in re.findall(r"\w+", span)}

    assert parameters <= named


def test_the_example_runs_and_alarms(method, capsys):
    """The example is run as it stands, and June 2021 alarms."""
    (example,) = re.findall(r"^```python\n(.*?)^```", method, flags=re.MULTILINE | re.DOTALL)
    exec(compile(example, "docs/method.md", "exec"), {})  # noqa: S102 - our own document
    said = capsys.readouterr().out

    assert said.splitlines()[-1].split() == ["2021-06", "6527.0", "444.3", "2029.5", "1.5", "True"]
