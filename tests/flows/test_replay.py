"""The replay of past nights: what each night says, nothing that was published later, and nothing stale."""

import json
import os
import random
import re
import shutil
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from math import isclose

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from detectors import METHODS
from flows import detect, ingest, replay
from flows.cli import app
from flows.detect import RECIPES
from pillarfour import breaks
from pillarfour.alerts import events
from pillarfour.alerts.ledger import Ledger
from pillarfour.alerts.model import AlertState
from pillarfour.alerts.revision import with_figures
from pillarfour.errors import StoreError
from pillarfour.evaluation.replay import only
from pillarfour.evaluation.told import in_order, said
from pillarfour.model import PARSED, Document, Parsed
from pillarfour.settings import Settings
from pillarfour.store import Store
from pillarfour.triggers import reading
from pillarfour.triggers.evaluate import evaluate
from sources import SOURCES

FIRST, LAST = date(2021, 1, 1), date(2021, 9, 30)
WATCHED = ("darien-surge", "haitian-corridor", "newcomers", "darien-revised", "panama-darien-stale")
NIGHTS = int(os.environ.get("REPLAY_NIGHTS", "4"))
"""How many random nights are held against the nightly; fifty are the proof, four a watchman."""


@pytest.fixture
def copy(panama, tmp_path):
    """Give a store of its own, with some of the triggers in a file of their own."""
    shutil.copytree(panama.store, tmp_path / "store")
    head, _, rest = panama.triggers.read_text(encoding="utf-8").partition("\ntriggers:")
    each = [block for block in rest.split("\n  - id: ") if block.split("\n")[0] in WATCHED]
    (tmp_path / "triggers.yaml").write_text("\n  - id: ".join([f"{head}\ntriggers:", *each]), encoding="utf-8")
    return Settings(store=tmp_path / "store", triggers=tmp_path / "triggers.yaml")


@pytest.fixture
def replayed(monkeypatch):
    """Replay in this process, and list which triggers were."""
    seen = []

    def in_this_process(work, triggers, step):
        seen.append([trigger.id for trigger in triggers])
        return replay._replay(work, seen[-1], step) if triggers else []

    monkeypatch.setattr(replay, "_replayed", in_this_process)
    monkeypatch.setattr(replay, "machinery", lambda _: "as it is")
    return seen


def reader(store: Store, *names: str) -> replay.RememberingReader:
    triggers = reading.load(Settings().triggers, detectors=METHODS, recipes=RECIPES)
    return replay.RememberingReader(store=store, triggers=only(triggers, *names) if names else triggers)


def lines(read: replay.RememberingReader, **asked):
    return in_order(line for each in said(read.triggers, replay.run(read, start=FIRST, end=LAST, **asked)) for line in each.told)


def ask(chosen: Settings, *, file=None):
    return replay.said(chosen, file or chosen.triggers, start=FIRST, end=LAST)


def test_no_other_night_would_have_changed_anything(panama):
    """Every day of nine months asked in turn gives the same changes: the source that fell silent among them, on its own day."""
    read = reader(ingest.open_store(panama), *WATCHED)
    every_day = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
    found = lines(read)

    assert len(replay.nights_of(read, start=FIRST, end=LAST)) < 20
    assert found == lines(read, nights=every_day)
    assert [(line.decided_on, line.trigger, line.level) for line in found][-1] == (date(2021, 9, 27), "panama-darien-stale", "watch")


def test_a_trigger_says_alone_what_it_says_among_others(panama):
    """So results can be kept a trigger at a time."""
    store = ingest.open_store(panama)
    together = lines(reader(store))

    assert together
    for name in {line.trigger for line in together}:
        assert lines(reader(store, name)) == [line for line in together if line.trigger == name]


@pytest.mark.parametrize("of", ["the next month", "every month"])
@settings(deadline=None, max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nothing_is_known_before_it_is_published(panama, tmp_path, of, data):
    """A huge figure in a later release, of a new month or as a revision, changes no answer of a night before, and changes its own night."""
    day = data.draw(st.dates(date(2021, 3, 2), date(2021, 9, 29)))
    huge = data.draw(st.integers(10**6, 10**9))
    known = [str(month) for month in months_before(day)]
    root = tmp_path / f"{day}-{huge}-{len(of)}"
    if not root.exists():
        shutil.copytree(panama.store, root)
        plant(root, dict.fromkeys(known[-1:] if of == "the next month" else known, huge), day=day)
    planted, before = (reader(Store(path, RECIPES), *WATCHED) for path in (root, panama.store))
    nights = sorted({*replay.nights_of(before, start=FIRST, end=LAST), day - timedelta(days=1), day})
    with_it, without = (replay.run(read, start=FIRST, end=LAST, nights=nights) for read in (planted, before))

    for one, other in zip(with_it, without, strict=True):
        if one.night.known_on < day:
            assert same(one.conditions, other.conditions)
            assert [asdict(each) | {"condition": None} for each in one.transitions] == [
                asdict(each) | {"condition": None} for each in other.transitions
            ]
    (own,) = (place for place, night in enumerate(with_it) if night.night.known_on == day)
    assert [each.value for each in with_it[own].conditions] != [each.value for each in without[own].conditions]


def months_before(day):
    return [f"{year}-{month:02}" for year in (2020, 2021) for month in range(1, 13) if date(year, month, 1) < day.replace(day=1)]


def plant(root, figures, *, day):
    """Publish huge figures of Haitians, and have an officer accept them."""
    store = Store(root, RECIPES)
    columns = {
        "measure": ["crossings"] * len(figures),
        "reference_period": list(figures),
        "nationality": ["HTI"] * len(figures),
        "value": list(figures.values()),
        "locator": ["row"] * len(figures),
    }
    table = pa.table({name: pa.array(values).cast(PARSED.field(name).type) for name, values in columns.items()})
    document = Document(
        name="planted.pdf",
        content=str(figures).encode(),
        retrieved_at=datetime(2026, 1, 1, tzinfo=UTC),
        published_on=day,
        published_basis="observed",
    )
    store.raw.keep(document)
    release = store.commit("panama_darien", document, Parsed(table="country", observations=table, covers={"crossings": tuple(figures)}))
    if release.status == "held":
        store.accept(release.id, reason="a test of what is known when", by="test")


def same(one, other) -> bool:
    """Whether two answers are the same: words and verdicts exactly, detectors' figures but for how machines round."""
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other, rel_tol=1e-9, abs_tol=1e-9) or (one != one and other != other)  # noqa: PLR0124 - NaN
    if hasattr(one, "__dataclass_fields__"):
        return type(one) is type(other) and same(vars(one), vars(other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def test_what_was_replayed_is_not_replayed_again(copy, replayed):
    """And says the same, to the last digit."""
    first = ask(copy)

    assert ask(copy) == first
    assert [len(names) for names in replayed] == [len(first), 0]


def test_a_trigger_that_changed_is_replayed_alone(copy, replayed):
    """The others are taken from what is kept, also where the change is in a group that it names."""
    ask(copy)
    text = copy.triggers.read_text(encoding="utf-8")
    copy.triggers.write_text(text.replace("at_least: 2000, unit: counts", "at_least: 1500, unit: counts", 1), encoding="utf-8")
    changed = ask(copy)
    shutil.rmtree(copy.store / "replay")

    assert replayed[1] == ["haitian-corridor"]
    assert ask(copy) == changed


@pytest.mark.parametrize("what", ["a release", "a decision", "code", "a range", "a look"])
def test_nothing_stale_is_told(copy, replayed, monkeypatch, what):
    """Whatever an answer follows from, once it changes, is asked anew; what it can never follow from again is removed."""
    ask(copy)
    before = sorted((copy.store / "replay").iterdir())
    if what == "a release":
        plant(copy.store, {"2021-08": 5}, day=date(2021, 9, 12))
    elif what == "a decision":
        store = ingest.open_store(copy)
        store.reject(store.releases()[-1].id, reason="a test", by="test")
    elif what == "code":
        monkeypatch.setattr(replay, "machinery", lambda _: "mended")
    elif what == "a look":
        ingest.open_store(copy).visits.record("panama_darien", "looked")
    end = date(2021, 8, 31) if what == "a range" else LAST
    fresh = replay.said(copy, copy.triggers, start=FIRST, end=end)

    expected = [each.trigger for each in fresh if what != "a look" or each.trigger.endswith("-stale")]
    assert replayed[1] == expected
    assert (sorted((copy.store / "replay").iterdir()) == before) == (what in {"a range", "a look"})
    shutil.rmtree(copy.store / "replay")
    assert replay.said(copy, copy.triggers, start=FIRST, end=end) == fresh


@pytest.mark.parametrize("damage", [b"", b"{}", None])
def test_a_damaged_result_is_computed_again(copy, replayed, damage):
    """Half a file, or another's, is none."""
    first = ask(copy)
    for path in (copy.store / "replay").rglob("*.json"):
        path.write_bytes(path.read_bytes()[:-20] if damage is None else damage)

    assert ask(copy) == first
    assert replayed[1] == [each.trigger for each in first]


def test_a_store_that_changes_meanwhile_keeps_no_result(copy, monkeypatch):
    """What was computed from neither state is given, and not kept for either."""

    def meanwhile(work, triggers, step):
        plant(copy.store, {"2021-08": 5}, day=date(2021, 9, 12))
        return replay._replay(work, [trigger.id for trigger in triggers], step)

    monkeypatch.setattr(replay, "_replayed", meanwhile)
    ask(copy)

    assert list((copy.store / "replay").rglob("*.json")) == []


def test_a_range_without_a_publication_is_refused(copy):
    """With what to do."""
    with pytest.raises(StoreError, match="nothing was published from 2011-01-01 to 2011-12-31; run `pillarfour nightly` first"):
        replay.said(copy, copy.triggers, start=date(2011, 1, 1), end=date(2011, 12, 31))


def test_the_command_writes_every_change_in_order(copy, tmp_path):
    """On two processes: the lines of a run in one, by night, trigger, stage and subject, each with its figures and their releases."""
    out = tmp_path / "not there yet" / "changes.jsonl"
    asked = ["replay", "--from", str(FIRST), "--to", str(LAST), "--triggers", str(copy.triggers), "--jsonl"]
    found = CliRunner().invoke(app, [*asked, str(out)], env={"PILLARFOUR_STORE": str(copy.store), "COLUMNS": "200"})
    told = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    again = CliRunner().invoke(app, [*asked, "-"], env={"PILLARFOUR_STORE": str(copy.store)})

    assert found.exit_code == 0, found.output
    assert f"{len(told)} changes from 2021-01-01 to 2021-09-30" in found.output
    assert again.stdout == out.read_text(encoding="utf-8")
    expected = [json.loads(json.dumps(line.as_json())) for line in lines(reader(ingest.open_store(copy), *WATCHED))]
    assert told == expected
    order = [(line["decided_on"], line["trigger"], line["stage"], line["subject"]) for line in told]
    assert order == sorted(set(order))
    (emergency,) = (line for line in told if line["trigger"] == "haitian-corridor" and line["level"] == "emergency")
    assert (emergency["decided_on"], emergency["reference_period"], emergency["value"]) == ("2021-08-12", "2021-07", 15488)
    assert (emergency["class"], emergency["before"], emergency["after"]) == ("surge", "active", "active")
    assert {figure["release"] for figure in emergency["values"]} <= set(emergency["releases"])
    assert emergency["nationalities"] == ["BRA", "CHL", "HTI"]


@pytest.fixture(scope="module")
def nights():
    """Draw random nights of seven years, whether or not something was published on them, and some that follow each other."""
    drawn = random.Random(5)  # noqa: S311 - nights, no secret
    days = [date(2018, 6, 1) + timedelta(days=number) for number in range((date(2025, 6, 29) - date(2018, 6, 1)).days)]
    some = drawn.sample(days, NIGHTS - NIGHTS // 3)
    return sorted({*some, *(day + timedelta(days=1) for day in some[: NIGHTS // 3])})


@pytest.fixture(scope="module")
def bundle(whole, whole_night):
    """Give the store of the whole bundle, as the nightly has read it."""
    assert whole_night.code == 0, whole_night.errors
    return ingest.open_store(Settings(store=whole["PILLARFOUR_STORE"]))


@pytest.mark.slow
def test_nights_of_the_replay_are_those_of_the_nightly(bundle, nights, pillarfour, whole, tmp_path):
    """Each random night, run by ``nightly --known-on`` after the ones before it, writes the very changes of the replay of these nights."""
    ledger = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    for night in nights:
        ran = pillarfour(
            *("nightly", "--known-on", night, "--json"),
            **{**whole, "PILLARFOUR_LEDGER_URL": ledger, "PILLARFOUR_OUTBOX": tmp_path / "outbox"},
        )
        assert ran.code == 0, ran.errors
    replayed = replay.run(reader(bundle), start=nights[0], end=nights[-1], nights=nights)
    with Ledger(ledger).begin() as connection:
        written = events.events(connection)
        states = {night: events.states(connection, night) for night in nights}

    assert [each.night.known_on for each in replayed] == nights
    assert len(written) > NIGHTS
    names = ("key", "known_on", "kind", "before", "after", "level_before", "level", "reference_period", "reason", "rule_sha256", "figures")
    decided = [change for each in replayed for change in each.transitions]
    for name in (*names, "unannounced_because", "case_id"):
        assert [getattr(event, name) for event in written] == [getattr(change, name) for change in decided], name
    for event, change in zip(written, decided, strict=True):
        found = change.condition
        assert same((event.value, event.expected, event.unit), (found.value, found.expected, found.unit))
        assert sorted(event.releases) == sorted(found.releases)
    for each in replayed:
        assert states[each.night.known_on] == {key: state for key, state in each.states.items() if state != AlertState(key=key)}


@pytest.mark.slow
def test_each_night_is_asked_as_the_nightly_asks_it(bundle, nights):
    """Whatever nights a replay has run before: conditions, evidence and every figure, of each random night and of the night before it."""
    read = reader(bundle)
    days = sorted({*nights, *(night - timedelta(days=1) for night in nights)})
    for each in replay.run(read, start=days[0], end=days[-1], nights=days):
        alone = detect.score(bundle, read.triggers, known_on=each.night.known_on)
        asked = [with_figures(condition, alone) for condition in evaluate(read.triggers, alone)]

        assert len(asked) == len(each.conditions) > len(read.triggers.triggers)
        assert [found.key for found in asked if not same(found, each.conditions[asked.index(found)])] == []


@pytest.mark.shared
def test_real_releases_are_replayed_as_their_own_vintages(shared, tmp_path):
    """October 2023 at the southwest border, as each of CBP's own documents gave it, on the night on which it came out."""
    us_cbp = next(source for source in SOURCES if source.RECIPE.name == "us_cbp")
    store = ingest.open_store(Settings(store=tmp_path / "store"))
    names = [f"fy21-fy24-{month}" for month in ("oct", "nov", "dec", "jan", "feb")]
    paths = [shared / "data" / "cbp" / f"nationwide-encounters-{name}-state.csv" for name in (*names, "fy21-fy24")]
    outcomes = list(ingest.ingest_files(us_cbp, store, paths))
    assert [each.result for each in outcomes] == ["new"] * 6
    published = {release.published_on: release for release in store.releases()}

    decided = replay.run(reader(store, "us-southwest-surge", "us-southwest-revised"), start=date(2023, 11, 1), end=date(2024, 12, 31))
    told = [each for each in decided if each.night.known_on in published]

    assert len(told) == 6
    figures = []
    for each in told:
        (supplied,) = each.night.releases["us_southwest", "2023-10"]
        assert supplied == published[each.night.known_on].id
        night = each.night
        column = night.periods.index("2023-10")
        figures.append(int(night.panel.values[[str(key) for key in night.panel.series].index("us_southwest/total"), column]))
    assert figures == [240_988, 240_986, 240_981, 240_942, 240_932, 240_927]


def test_the_day_on_which_a_structural_break_begins_is_a_night(copy):
    """A rule that asks the register is asked on that day, though nothing is published on it; of other rules the day is none."""
    text = copy.triggers.read_text(encoding="utf-8")
    register = {each.from_ for each in breaks.load().breaks}
    asked = copy.triggers.with_name("asked.yaml")
    asked.write_text(re.sub(r"any:\n( +)- ", r"any:\n\1- break_in_force: {}\n\1- ", text, count=1), encoding="utf-8")
    store = ingest.open_store(copy)
    plain, asking = (
        replay.RememberingReader(store=store, triggers=reading.load(path, detectors=METHODS, recipes=RECIPES))
        for path in (copy.triggers, asked)
    )

    assert replay.due_days(asking) == replay.due_days(plain) | register
    assert not register <= replay.due_days(plain)
