"""Conditions as a trigger would give them."""

from datetime import date

import pytest

from pillarfour.alerts.model import LEVELS, AlertKey, Condition, Evidence, Transition

KEY = AlertKey(trigger="darien-surge", stage="darien", subject="total")
CHOSEN = object()


@pytest.fixture(scope="session")
def key():
    return KEY


@pytest.fixture(scope="session")
def condition():
    """Make a condition: what is not said follows from the level, and everything above it is refused by figures."""

    def make(level=None, period="2021-06", *, clear=CHOSEN, open_levels=(), **more):
        reached = -1 if level is None else LEVELS.index(level)
        evidence = {
            each: Evidence(test="level", held=None if each in open_levels else rank <= reached, text=f"{each} in {period}")
            for rank, each in enumerate(LEVELS)
        }
        return Condition(
            kind="surge",
            level=level,
            clear=(level is None) if clear is CHOSEN else clear,
            reference_period=period,
            value=None if period is None else 700.0,
            expected=60.0,
            unit="persons",
            evidence=evidence,
            clear_evidence=Evidence(test="level", held=level is None, text=f"few in {period}"),
            rule_sha256="0" * 64,
            releases=("panama/2021-07-12-00000000",),
            **{"key": KEY, **more},
        )

    return make


@pytest.fixture(scope="session")
def transition(condition):
    def make(known_on=date(2021, 7, 12), *, key=KEY, level="watch", before=("quiet", None)):
        return Transition(
            key=key,
            known_on=known_on,
            before=before[0],
            after="resolved" if level is None else "active",
            level_before=before[1],
            level=level,
            reason=f"{level} reached",
            condition=condition(level, key=key),
        )

    return make
