"""Tests of a night's findings as facts."""

from datetime import date
from pathlib import Path

import pytest

from detectors import METHODS
from flows.detect import RECIPES
from flows.tell import Teller
from pillarfour.alerts.model import AlertKey, Condition, Transition
from pillarfour.triggers import reading

KEY = AlertKey(trigger="darien-surge", stage="darien", subject="total")


@pytest.fixture(scope="module")
def teller(checkout: Path) -> Teller:
    triggers = reading.load(checkout / "triggers.yaml", detectors=METHODS, recipes=RECIPES)
    return Teller(settings=None, store=None, triggers=triggers, known=None, releases={}, register=None)


def transition(*, level_before: str | None, level: str | None) -> Transition:
    condition = Condition(
        key=KEY,
        kind="surge",
        level=level,
        clear=False,
        reference_period="2021-07",
        value=18813.0,
        expected=539.0,
        unit="persons",
        evidence={},
        rule_sha256="5f0c" * 16,
    )
    return Transition(
        key=KEY,
        known_on=date(2021, 8, 15),
        before="active" if level_before else "quiet",
        after="active" if level else "resolved",
        level_before=level_before,
        level=level,
        reason="as found",
        condition=condition,
    )


@pytest.mark.parametrize(
    ("level_before", "level", "hours"),
    [
        (None, "watch", [72]),
        ("watch", "emergency", [72, 48, 24]),
        ("emergency", "warning", []),
        ("emergency", "emergency", []),
        ("watch", None, []),
    ],
)
def test_only_a_rise_sets_deadlines(teller: Teller, level_before: str | None, level: str | None, hours: list[int]):
    """An alert that falls, stays or ends asks for nothing that was not asked for before."""

    assert [step.within_hours for step in teller.response(transition(level_before=level_before, level=level))] == hours
