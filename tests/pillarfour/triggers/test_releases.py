"""Held after releases: the newest period as it was known after each of a stage's last publications, tonight and on any past night."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from detectors import METHODS
from flows import detect
from flows.detect import RECIPES, Reader
from flows.replay import RememberingReader, run
from pillarfour import strict_yaml
from pillarfour.errors import TriggerError
from pillarfour.evaluation import replay
from pillarfour.model import Document, Parsed
from pillarfour.store import Store
from pillarfour.triggers import reading
from pillarfour.triggers.evaluate import evaluate

WATCH = """\
        any:
          - detector: {use: farrington, direction: up, score: 1.0, floor: 5000}
          - detector: {use: cusum, direction: up, score: 1.0, floor: 5000}
"""
AFTER_TWO = """\
        for: {releases: 2}
        level: {at_least: 5000, unit: persons}
"""
NIGHTS = {
    date(2021, 2, 12): ({"2021-01": 1000}, False),
    date(2021, 3, 12): ({"2021-01": 1000, "2021-02": 1100}, False),
    date(2021, 4, 12): ({"2021-01": 1000, "2021-02": 1100, "2021-03": 9000}, None),
    date(2021, 4, 20): ({"2021-01": 1000, "2021-02": 1100, "2021-03": 2000}, False),
    date(2021, 5, 12): ({"2021-01": 1000, "2021-02": 1100, "2021-03": 2000, "2021-04": 8000}, None),
    date(2021, 6, 12): ({"2021-01": 1000, "2021-02": 1100, "2021-03": 2000, "2021-04": 8000, "2021-05": 8100}, True),
}
"""Each publication with what it says of the year, and whether the watch is met after it; None while it is met on that one alone."""


@pytest.fixture(scope="module")
def triggers(checkout: Path):
    text = (checkout / "triggers.yaml").read_text(encoding="utf-8")
    assert WATCH in text
    parsed = strict_yaml.parse(text.replace(WATCH, AFTER_TWO, 1), name="triggers.yaml", error=TriggerError)
    return replay.only(reading.validate(parsed, detectors=METHODS, recipes=RECIPES), "darien-surge")


def publish(store: Store, figures: dict[str, int], *, on: date) -> str:
    """Let a table out on a day."""
    rows = [
        {"measure": "crossings", "reference_period": period, "nationality": "HTI", "value": value, "locator": "page 1"}
        for period, value in figures.items()
    ]
    document = Document(
        name=f"{on}.pdf",
        content=f"{on} {figures}".encode(),
        retrieved_at=datetime(2021, 7, 1, tzinfo=UTC),
        published_on=on,
        published_basis="stated",
    )
    parsed = Parsed(table="country", observations=pa.Table.from_pylist(rows), covers={"crossings": tuple(figures)})
    release = store.commit("panama_darien", document, parsed)
    if release.status == "held":
        store.accept(release.id, reason="the publisher has said so", by="an analyst")
    return release.id


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    kept = Store(tmp_path_factory.mktemp("releases") / "store", RECIPES)
    for on, (figures, _) in NIGHTS.items():
        publish(kept, figures, on=on)
    return kept


def watch(store: Store, triggers, on: date):
    (found,) = evaluate(triggers, detect.score(store, triggers, known_on=on))
    return found


@pytest.mark.parametrize("on", NIGHTS)
def test_it_is_met_once_two_releases_in_a_row_show_it(on, store, triggers):
    """A figure that the next release takes back never counts; two months of it do. What is met but young is pending."""
    found = watch(store, triggers, on)
    met = NIGHTS[on][1]

    assert found.evidence["watch"].held is bool(met)
    assert (found.level, found.pending) == {True: ("watch", None), None: (None, "watch"), False: (None, None)}[met]


def test_between_publications_nothing_changes(store, triggers):
    """Releases are counted, not nights."""
    young, later = (watch(store, triggers, on) for on in (date(2021, 5, 12), date(2021, 6, 11)))

    assert (young.level, young.pending) == (later.level, later.pending) == (None, "watch")


def test_the_first_release_leaves_it_open(store, triggers):
    """What has been published once has not been confirmed, nor refused where it is met."""
    found = watch(store, triggers, date(2021, 2, 28))
    first = evaluate(triggers, replace(detect.score(store, triggers, known_on=date(2021, 4, 12)), after={}))[0]

    assert found.evidence["watch"].held is False
    assert first.evidence["watch"].held is None
    assert "1 not published yet" in first.evidence["watch"].text


def test_each_part_is_what_that_night_knew(store, triggers):
    """The words and the figures name the figure as it was, not as it was corrected."""
    found = watch(store, triggers, date(2021, 4, 20)).evidence["watch"]

    assert [part.figures["value"] for part in found.parts] == [2000, 9000]
    assert "as published on 2021-04-12 (2021-03) met" in found.text


def test_what_is_published_later_is_not_looked_back_at(store, triggers):
    """On a past night the last publications are those of that night."""
    reader = Reader(store=store, triggers=triggers)

    assert detect.publications_before(reader, date(2021, 5, 1)) == {"darien": (date(2021, 4, 12),)}
    assert detect.publications_before(reader, date(2021, 2, 12)) == {"darien": ()}


def test_two_documents_of_one_day_are_one_publication(tmp_path: Path, triggers):
    """Nobody could have known the one without the other."""
    kept = Store(tmp_path / "store", RECIPES)
    for on, figures in ((date(2021, 2, 12), {"2021-01": 6000}), (date(2021, 3, 12), {"2021-02": 6100})):
        publish(kept, figures, on=on)
    publish(kept, {"2021-01": 6010}, on=date(2021, 3, 12))

    assert detect.publications_before(Reader(store=kept, triggers=triggers), date(2021, 3, 31)) == {"darien": (date(2021, 2, 12),)}


def test_a_replay_says_what_each_night_said(store, triggers):
    """One pass over many nights, or each night alone: the same answers, also for a range that begins in the middle."""
    nights = sorted(NIGHTS)
    alone = [watch(store, triggers, on) for on in nights]
    for first in (0, 3):
        reader = RememberingReader(store=store, triggers=triggers)
        together = run(reader, start=nights[first], end=nights[-1], nights=nights[first:])
        answers = [(found.evidence["watch"].held, found.evidence["watch"].text) for each in together for found in each.conditions]

        assert answers == [(found.evidence["watch"].held, found.evidence["watch"].text) for found in alone[first:]]
