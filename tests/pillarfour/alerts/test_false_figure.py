"""A published error and its correction, through the whole flow: documents, store, detectors, ledger, and a replay afterwards."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flows import alert, detect, ingest
from flows.replay import RememberingReader, run
from flows.tell import Teller
from pillarfour.evaluation import replay
from pillarfour.model import Document
from pillarfour.settings import Settings
from sources import panama_darien
from sources.rebuilt import panama_darien as writer

ASKED = ("darien-surge", "darien-collapse", "darien-revised")

Figures = dict[str, dict[str, int]]
"""Persons by month and nationality, TOTAL included."""


@pytest.fixture(scope="module")
def published(checkout: Path) -> Figures:
    found: Figures = {}
    with (checkout / "data" / "bundle" / "panama_darien.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["reference_period"], {})[row["nationality"]] = int(row["persons"])
    return found


def scaled(persons: dict[str, int], total: int) -> dict[str, int]:
    """Give the same nationalities another total."""
    shares = {code: count * total // persons["TOTAL"] for code, count in persons.items() if code != "TOTAL"}
    largest = max(shares, key=lambda code: shares[code])
    return {**shares, largest: shares[largest] + total - sum(shares.values()), "TOTAL": total}


@dataclass(frozen=True, kw_only=True)
class House:
    """A store with its ledger, and the Darién's triggers."""

    settings: Settings
    folder: Path

    @property
    def triggers(self):
        """Give what is asked of the Darién's total."""
        return replay.only(detect.load_triggers(self.settings), *ASKED)

    def take(self, figures: Figures, *, on: date, name: str):
        """Take the document that shows a year to date, as the publisher lets it out on a day."""
        into = self.folder / name
        into.mkdir()
        rows = [f"{period},{code},{count},made" for period, persons in sorted(figures.items()) for code, count in persons.items()]
        (into / "figures.csv").write_text("\n".join(["reference_period,nationality,persons,source", *rows, ""]), encoding="utf-8")
        path = writer.write(into / "figures.csv", into)[-1]
        document = Document(
            name=path.name,
            content=path.read_bytes(),
            retrieved_at=datetime(2025, 6, 1, tzinfo=UTC),
            published_on=on,
            published_basis="stated",
        )
        return ingest.ingest_document(panama_darien, ingest.open_store(self.settings), document)

    def night(self, on: date) -> dict[str, object]:
        """Run a night for the ledger and the outbox, and give its changes by trigger."""
        store, triggers = ingest.open_store(self.settings), self.triggers
        told = alert.alert(Teller.of(self.settings, store, triggers, detect.score(store, triggers, known_on=on)))
        return {change.key.trigger: change for change in told.transitions}

    def replayed(self, *nights: date) -> dict[date, dict[str, object]]:
        """Say what these nights would have said, on what the store knows of them today."""
        reader = RememberingReader(store=ingest.open_store(self.settings), triggers=self.triggers)
        decided = run(reader, start=nights[0], end=nights[-1], nights=nights)
        return {each.night.known_on: {change.key.trigger: change for change in each.transitions} for each in decided}


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("PILLARFOUR_NOW", "2025-06-01T11:00:00+00:00")
    return House(settings=Settings(store=tmp_path / "store", inbox=tmp_path / "inbox", bundle=False), folder=tmp_path)


@pytest.fixture
def years(house: House, published: Figures) -> Callable[..., None]:
    """Put each year's last document into the store."""

    def take(*which: int) -> None:
        for year in which:
            figures = {period: persons for period, persons in published.items() if period.startswith(str(year))}
            assert house.take(figures, on=date(year + 1, 1, 12), name=f"year-{year}").result == "new"

    return take


def test_the_false_figure_of_january_2025_raises_nothing(house: House, years, published: Figures):
    """D01: 9,002 on 15 January, 1,710 after correction. A month that is not over waits for an analyst, and changes nothing.

    Accepted all the same it raises nothing, and softens for a while what December's 4,849 raised. The correction waits too, and is then
    told as a revision and as the fall that it is.
    """
    years(2021, 2022, 2023, 2024)
    before, on, corrected, after = date(2025, 1, 12), date(2025, 1, 15), date(2025, 1, 25), date(2025, 1, 26)
    store = ingest.open_store(house.settings)
    true_collapse = house.night(before)
    false = house.take({"2025-01": scaled(published["2025-01"], 9002)}, on=on, name="false")
    unheard = house.night(on)
    store.accept(false.release, reason="told to the press", by="an analyst")
    softened = house.night(on)
    held = house.take({"2025-01": scaled(published["2025-01"], 1710)}, on=corrected, name="right")
    waiting = house.night(corrected)

    assert true_collapse["darien-collapse"].level == "emergency"
    assert (false.result, unheard) == ("held", {})
    assert "before 2025-01 was over" in false.detail
    assert {name: (change.level_before, change.level) for name, change in softened.items()} == {"darien-collapse": ("emergency", "warning")}
    assert held.result == "held"
    assert "the total was 9,002 in panama_darien/2025-01-15-" in held.detail
    assert "is 1,710 here (-81.00%)" in held.detail
    assert waiting == {}
    store.accept(held.release, reason="SNM says that there was an error in the statistics", by="an analyst")
    told = house.night(after)
    assert {name: change.level for name, change in told.items()} == {"darien-revised": "warning", "darien-collapse": "emergency"}
    assert "the newest release moves 2025-01 from 9,002 to 1,710" in told["darien-revised"].reason


def test_what_a_false_figure_raised_is_retracted_by_name(house: House, years, published: Figures):
    """A figure of ten times as many raises an alert; the correction takes it back, also in a replay."""
    years(2020, 2021, 2022, 2023)
    on, corrected, after = date(2024, 7, 12), date(2024, 7, 20), date(2024, 7, 21)
    first_half = {period: persons for period, persons in published.items() if "2024-01" <= period <= "2024-06"}
    true = first_half["2024-06"]["TOTAL"]
    house.take({**first_half, "2024-06": scaled(first_half["2024-06"], 10 * true)}, on=on, name="false")
    raised = house.night(on)
    held = house.take(first_half, on=corrected, name="right")
    waiting = house.night(corrected)
    was, now = f"darien/total in 2024-06: {10 * true:,} (panama_darien/2024-07-12-", f"→ {true:,} (panama_darien/2024-07-20-"

    assert raised["darien-surge"].after == "active"
    assert held.result == "held"
    assert waiting == {}
    ingest.open_store(house.settings).accept(held.release, reason="the publisher has corrected it", by="an analyst")
    told = house.night(after)["darien-surge"]
    replayed = house.replayed(on, corrected, after)
    assert told.after == "retracted"
    assert was in told.reason
    assert now in told.reason
    assert replayed[on]["darien-surge"].level == raised["darien-surge"].level
    assert (replayed[corrected]["darien-surge"].after, replayed[corrected]["darien-surge"].reason) == ("retracted", told.reason)
    assert replayed[after] == {}


def test_a_record_too_short_for_a_detector_holds_up_no_false_alert(house: House, years, published: Figures):
    """In January 2023 `farrington` has 36 months and needs 39: it could say nothing then, and its silence now supports nothing."""
    years(2020, 2021, 2022)
    on, corrected = date(2023, 2, 12), date(2023, 2, 20)
    true = published["2023-01"]["TOTAL"]
    house.take({"2023-01": scaled(published["2023-01"], 10 * true)}, on=on, name="false")
    raised = house.night(on)["darien-surge"]
    held = house.take({"2023-01": published["2023-01"]}, on=corrected, name="right")
    ingest.open_store(house.settings).accept(held.release, reason="the publisher has corrected it", by="an analyst")
    told = house.night(corrected)["darien-surge"]

    assert (raised.after, raised.level) == ("active", "emergency")
    assert (told.after, told.level) == ("retracted", None)
    assert f"darien/total in 2023-01: {10 * true:,} (panama_darien/2023-02-12-" in told.reason
