"""What a trigger says of arrivals to come, night by night and in a replay, from a store of releases."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from detectors import METHODS
from flows import detect
from flows.detect import RECIPES
from flows.replay import RememberingReader, run
from pillarfour.alerts.model import AlertKey
from pillarfour.alerts.revision import with_figures
from pillarfour.evaluation import replay
from pillarfour.model import Document, Parsed
from pillarfour.store import Store
from pillarfour.triggers import reading
from pillarfour.triggers.evaluate import evaluate

DARIEN = [
    *(1700, 2000, 1600, 1300, 1200, 470, 450, 450, 1300, 1400, 1200, 1100, 790, 490, 450, 510, 460, 710, 650, 650, 1300, 1700, 1300, 1200),
    *(1600, 3700, 3300, 3000, 4700, 3100, 2700, 4100, 5000, 5000, 5000, 2100, 7900, 16000),
]
MEXICO = [
    *(2900, 910, 1400, 990, 810, 750, 290, 260, 260, 730, 920, 670, 620, 460, 300, 280, 280, 250, 420, 420, 410, 800, 990, 810),
    *(730, 990, 2100, 2000, 1800, 2900, 1900, 1900, 2700, 3300, 2600, 2900, 1300),
]
"""Made-up figures from January 2019 on: Mexico counts some six tenths of what the Darién showed a month before."""

TABLES = {"panama_darien": ("country", "crossings"), "mexico_segob": ("nationality", "apprehensions")}
RELEASES = (
    (date(2022, 1, 12), "panama_darien", DARIEN[:36]),
    (date(2022, 1, 19), "mexico_segob", MEXICO[:35]),
    (date(2022, 2, 12), "panama_darien", DARIEN[:37]),
    (date(2022, 2, 19), "mexico_segob", MEXICO[:36]),
    (date(2022, 3, 12), "panama_darien", DARIEN[:38]),
    (date(2022, 3, 22), "mexico_segob", MEXICO[:37]),
)
DAYS = [day for day, _, _ in RELEASES]
KEY = AlertKey(trigger="arrivals-expected", stage="mexico", subject="haitian")


def publish(store: Store, source: str, figures: Sequence[int], *, on: date) -> None:
    """Let a table of all months out on a day."""
    table, measure = TABLES[source]
    months = [str(pd.Period("2019-01", freq="M") + at) for at in range(len(figures))]
    rows = [
        {"measure": measure, "reference_period": month, "nationality": code, "value": count if code == "HTI" else 0, "locator": "page 1"}
        for month, count in zip(months, figures, strict=True)
        for code in ("HTI", "BRA", "CHL")
    ]
    document = Document(
        name=f"{on}.pdf",
        content=f"{source} {on}".encode(),
        retrieved_at=datetime(2022, 7, 1, tzinfo=UTC),
        published_on=on,
        published_basis="stated",
    )
    store.commit(source, document, Parsed(table=table, observations=pa.Table.from_pylist(rows), covers={measure: tuple(months)}))


@pytest.fixture(scope="module")
def stores(tmp_path_factory) -> Mapping[date, Store]:
    """Give for each day a store of what was out by then."""
    made = {}
    for day in DAYS:
        made[day] = Store(tmp_path_factory.mktemp("foreseen") / "store", RECIPES)
        for on, source, figures in RELEASES:
            if on <= day:
                publish(made[day], source, figures, on=on)
    return made


@pytest.fixture(scope="module")
def triggers(checkout: Path):
    return replay.only(reading.load(checkout / "triggers.yaml", detectors=METHODS, recipes=RECIPES), KEY.trigger)


def asked(store: Store, triggers, day: date):
    """Ask as the nightly does."""
    night = detect.score(store, triggers, known_on=day)
    return {each.key: with_figures(each, night) for each in evaluate(triggers, night)}


@pytest.fixture(scope="module")
def whole(stores, triggers):
    """Give each day's answers, by the store that knows all."""
    return {day: asked(stores[DAYS[-1]], triggers, day) for day in DAYS}


def test_each_night_of_a_replay_is_that_of_the_nightly(stores, triggers, whole):
    """Conditions, evidence and every figure: also on a night on which only the stage before has published."""
    decided = run(RememberingReader(store=stores[DAYS[-1]], triggers=triggers), start=DAYS[0], end=DAYS[-1], nights=DAYS)

    assert [each.night.known_on for each in decided] == DAYS
    for each in decided:
        assert {found.key: found for found in each.conditions} == whole[each.night.known_on]
    assert [whole[day][KEY].level for day in DAYS] == [None, None, "watch", None, "warning", "warning"]


@pytest.mark.parametrize("day", DAYS)
def test_nothing_published_later_is_foreseen_from(day, stores, triggers, whole):
    """A store that knows no more than the day says the same as one that knows all."""
    assert asked(stores[day], triggers, day) == whole[day]


def test_the_nights_before_that_a_rule_looks_back_at_are_foreseen_too(whole):
    """The stop condition is asked after two releases, each by its own forecast."""
    ending = whole[DAYS[5]][KEY].clear_evidence

    assert ending is not None
    assert [part.parts[2].parts[0].figures["month"] for part in ending.parts] == ["2022-03", "2022-02"]
    assert [part.parts[2].held for part in ending.parts] == [False, False]


def test_an_alert_rests_on_the_releases_of_both_stages(whole):
    """Whoever derives it again reads both."""
    releases = whole[DAYS[4]][KEY].releases

    assert {each.partition("/")[0] for each in releases} == {"panama_darien", "mexico_segob"}
    assert any("2022-03-12" in each for each in releases)
