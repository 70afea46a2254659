"""The laws of an alert's life, over random histories of releases, revisions, outages, double runs, rule changes and silences."""

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pillarfour.alerts import acts, revision
from pillarfour.alerts.acts import Act
from pillarfour.alerts.deciding import decide_all
from pillarfour.alerts.lifecycle import follow
from pillarfour.alerts.model import AlertKey, AlertState, Condition, Transition, rank
from pillarfour.detection import Panel
from pillarfour.model import SeriesKey
from pillarfour.triggers.evaluate import evaluate
from pillarfour.triggers.night import Night
from pillarfour.triggers.schema import Triggers

KEY = AlertKey(trigger="corridor", stage="darien", subject="haitian")
SERIES = SeriesKey(stage="darien", subject="haitian")
MONTHS = pd.period_range("2021-01", periods=4, freq="M")
FIRST = date(2021, 2, 10)
NOW = datetime(2021, 9, 1, tzinfo=UTC)

COUNTS = (None, 30, 120, 250, 450)
RULES = ("base", "stricter", "held longer, with a cool-down", "retired", "removed")


@cache
def triggers(rule: str) -> Triggers:
    """Give a file of one trigger, as the rule has it; ``removed`` has another in its place."""
    title = {"en": "x", "es": "x"}
    factor = 2 if rule == "stricter" else 1
    levels = {
        "watch": {"level": {"at_least": 100 * factor, "unit": "counts"}},
        "warning": {"level": {"at_least": 200 * factor, "unit": "counts"}},
        "emergency": {"all": [{"level": {"at_least": 400, "unit": "counts"}}, {"growth": {"over_periods": 1, "factor": 1.5}}]},
    }
    if rule.startswith("held"):
        levels["watch"] |= {"for": {"periods": 2}}
    trigger = {
        "id": "another" if rule == "removed" else "corridor",
        "title": title,
        "status": "retired" if rule == "retired" else "active",
        "kind": "surge",
        "owner": "o",
        "rationale": "r",
        "references": ["u"],
        "series": {"stages": ["darien"], "subject": "haitian"},
        "levels": levels,
        "clear": {"level": {"at_most": 50, "unit": "counts"}},
        "cooldown_days": 30 if rule.startswith("held") else 0,
        "response": "r",
        "notify": ["a"],
    }
    stage = {
        "id": "darien",
        "title": title,
        "country": "PAN",
        "role": "transit",
        "unit": "persons",
        "observed_by": [{"source": "s", "table": "t", "measure": "m"}],
    }
    return Triggers.model_validate(
        {
            "version": 1,
            "groups": {"haitian": {"title": title, "nationalities": ["HTI", "BRA"], "reason": "r"}},
            "stages": [stage],
            "detectors": {},
            "responses": {"r": {"title": title, "levels": {"watch": {"within_hours": 1, "en": "a", "es": "a"}}}},
            "recipients": {"a": {"title": title}},
            "triggers": [trigger],
        }
    )


ASKED: dict[tuple[object, ...], list[Condition]] = {}


def ask(file: Triggers, night: Night) -> list[Condition]:
    """Ask the triggers, each panel once: the same figures have the same answer whatever the night."""
    (trigger,) = file.triggers
    values = night.panel.values[0]
    place = (trigger.id, trigger.status, trigger.cooldown_days, trigger.levels["watch"].level.at_least, values.tobytes())
    if place not in ASKED:
        ASKED[place] = evaluate(file, night)
    return ASKED[place]


@dataclass(frozen=True)
class Lived:
    """One night: what was known and asked, where the alert stood, what was decided, and where it stands."""

    known_on: date
    file: Triggers
    counts: tuple[int | None, ...]
    counts_before: tuple[int | None, ...]
    rule_changed: bool
    silence: Act | None
    condition: Condition | None
    before: AlertState
    moved: Transition | None
    after: AlertState

    @property
    def night(self) -> Night:
        """Give what was known."""
        return known(self.known_on, self.counts)


def known(known_on: date, counts: tuple[int | None, ...]) -> Night:
    values = np.array([[np.nan if count is None else float(count) for count in counts]])
    releases = {("darien", str(month)): (f"panama/{month}-{count}",) for month, count in zip(MONTHS, counts, strict=True)}
    panel = Panel(values=values, series=(SERIES,), periods=MONTHS, unit="persons")
    return Night(known_on=known_on, panel=panel, scores={}, freshness={}, releases=releases)


def figures(file: Triggers, night: Night) -> list[Condition]:
    return [revision.with_figures(each, night) for each in ask(file, night)]


NIGHT = st.one_of(
    st.tuples(st.just("figure"), st.integers(0, len(MONTHS) - 1), st.sampled_from(COUNTS)),
    st.tuples(st.just("figure"), st.integers(0, len(MONTHS) - 1), st.sampled_from(COUNTS)),
    st.tuples(st.just("rule"), st.sampled_from(RULES)),
    st.tuples(st.just("silence"), st.integers(0, 40)),
    st.tuples(st.just("nothing")),
)
HISTORIES = st.lists(NIGHT, max_size=14)


def live(history, *, twice=False):
    """Live through a history, a night every ten days; ``twice`` runs every night twice."""
    state, said, counts, rule = AlertState(key=KEY), [], (None,) * len(MONTHS), "base"
    lived: list[Lived] = []
    for number, (what, *details) in enumerate(history):
        known_on, counts_before, rule_before = FIRST + timedelta(days=10 * number), counts, rule
        if what == "figure":
            counts = (*counts[: details[0]], details[1], *counts[details[0] + 1 :])
        elif what == "rule":
            (rule,) = details
        elif what == "silence":
            until = known_on + timedelta(days=details[0])
            said.append(Act(key=KEY, known_on=known_on, kind="silenced", author="duty", reason="known", recorded_at=NOW, until=until))
        for _ in range(1 + twice):
            file, night = triggers(rule), known(known_on, counts)
            found = figures(file, night)
            silences = acts.silences(said, known_on=known_on)
            states = {each.key: AlertState(key=each.key) for each in found} | {KEY: state}
            moved = next(
                (each for each in decide_all(found, states, triggers=file, known=night, silences=silences) if each.key == KEY), None
            )
            after = state if moved is None else follow(state, moved)
            asked = next((each for each in found if each.key == KEY), None)
            changed = rule != rule_before
            lived.append(Lived(known_on, file, counts, counts_before, changed, silences.get(KEY), asked, state, moved, after))
            if moved is not None and moved.raises and moved.unannounced_because is None and KEY in silences:
                said.append(Act(key=KEY, known_on=known_on, kind="lifted", author="pillarfour", reason="risen", recorded_at=NOW))
            state = after
    return lived


def an_increase_is_always_announced(lived):
    """Whatever the cool-down or silence; only the very fact that readers were told last is not told again."""
    for each in lived:
        level = each.condition.level if each.condition else None
        assert rank(each.after.level) >= rank(level)
        if rank(level) > rank(each.before.level):
            heard = each.before.heard
            told_last = heard is not None and (heard.level, heard.reference_period) == (level, each.condition.reference_period)
            assert (each.moved.unannounced_because is None) != told_last
            assert ("this lifts the silence" in each.moved.reason) == (each.silence is not None and not told_last)


def readers_never_believe_in_less_than_stands(lived):
    """Hold what they were told last to be at least as grave as the alert."""
    for each in lived:
        assert rank(each.after.heard.level if each.after.heard else None) >= rank(each.after.level)


def the_same_fact_is_never_announced_twice(lived):
    """See a level and a month come again only after something else was told in between."""
    told = [
        (each.moved.level, each.moved.reference_period)
        for each in lived
        if each.moved and each.moved.unannounced_because is None and "active" in {each.moved.before, each.moved.after}
    ]
    assert all(one != other for one, other in pairwise(told))


FOLLOWS = {
    "quiet": {"pending", "active"},
    "pending": {"quiet", "active"},
    "active": {"active", "resolved", "retracted"},
    "resolved": {"pending", "active"},
    "retracted": {"pending", "active"},
}


def no_state_is_skipped(lived):
    """Each move starts where the last one ended, and leads to a state that may follow; a level is held exactly while active."""
    for each in lived:
        assert (each.after.level is not None) == (each.after.state == "active")
        if each.moved is not None:
            assert (each.moved.before, each.moved.level_before) == (each.before.state, each.before.level)
            assert each.moved.after in FOLLOWS[each.moved.before]
            assert (each.moved.after, each.moved.level) != (each.moved.before, each.moved.level_before)


def missing_data_end_nothing(lived):
    """Ask of an end its stop condition, on figures no older than those told; taking figures away alone lowers nothing.

    Where the rule has changed since the alert was decided, the figures that are left may refuse what they once supported. And where a
    month goes of which nobody was told, the newest that is left decides, if readers were told no such figure: a figure, not its absence.
    """
    for each in lived:
        if each.moved is None or each.before.state != "active" or each.moved.raises or each.condition is None:
            continue
        if each.moved.after == "resolved":
            assert each.condition.clear is True
            assert each.condition.reference_period >= each.before.announced_period
        pairs = list(zip(each.counts_before, each.counts, strict=True))
        same_rule = each.before.rule_sha256 == each.condition.rule_sha256
        only_taken_away = all(now in (before, None) for before, now in pairs)
        told = {figure.reference_period: figure.value for figure in each.before.figures}
        untold = told.get(each.condition.reference_period) != each.condition.value
        assert not only_taken_away or untold or each.moved.changes or each.rule_changed or not same_rule
        assert same_rule or "the rule has changed" in each.moved.reason


def a_retraction_names_the_figures_that_changed(lived):
    """Each with what was announced and what is known now; and it comes only where no month since supports the alert."""
    for each in lived:
        if each.moved is None:
            continue
        for change in each.moved.changes:
            assert change.before in each.before.figures
            assert change.after.value == each.counts[MONTHS.get_loc(change.after.reference_period)] != change.before.value
            assert f"{change.before.value:,.0f} (panama/" in each.moved.reason
        if each.moved.after == "retracted":
            assert each.moved.changes
            first = min(each.before.periods)
            levels = [
                found.level
                for column, month in enumerate(map(str, MONTHS))
                if month >= first
                for found in ask(each.file, known(each.known_on, (*each.counts[: column + 1], *[None] * (len(MONTHS) - column - 1))))
                if found.reference_period == month
            ]
            assert set(levels) <= {None}


def a_false_alert_is_never_resolved(lived):
    """Call retracted, not resolved, what ends on the night of a revision that leaves it nothing to stand on."""
    for each in lived:
        if each.moved is not None and each.moved.after == "resolved" and each.condition is not None:
            known_now = revision.revised(each.before, each.file, each.night)
            assert known_now is None or known_now.supported is not None


def an_alert_without_a_rule_ends_with_a_reason(lived):
    """See that a trigger that is retired or removed leaves nothing behind that silently stays."""
    for each in lived:
        if each.condition is None:
            assert each.after.state not in {"active", "pending"}
            assert each.moved is None or "retired" in each.moved.reason or "no longer in the file" in each.moved.reason


def the_clock_alone_changes_nothing(lived):
    """Ten years without a new figure leave an alert where it stands, whatever silence has run out."""
    if lived:
        last = lived[-1]
        later = known(last.known_on + timedelta(days=3650), last.counts)
        states = {each.key: AlertState(key=each.key) for each in figures(last.file, later)} | {KEY: last.after}
        decided = decide_all(figures(last.file, later), states, triggers=last.file, known=later, silences={})
        assert [each for each in decided if each.key == KEY] == []


LAWS = [
    an_increase_is_always_announced,
    readers_never_believe_in_less_than_stands,
    the_same_fact_is_never_announced_twice,
    no_state_is_skipped,
    missing_data_end_nothing,
    a_retraction_names_the_figures_that_changed,
    a_false_alert_is_never_resolved,
    an_alert_without_a_rule_ends_with_a_reason,
    the_clock_alone_changes_nothing,
]


@pytest.fixture(autouse=True)
def _asked_once(monkeypatch):
    def again(file, known, key):
        (found,) = (each for each in ask(file, known) if each.key == key)
        return found

    monkeypatch.setattr(revision, "ask", again)


def holds(history):
    """Hold a history to every law; a night run twice, and all of it lived again, must come to the same."""
    lived = live(history)
    for law in LAWS:
        law(lived)
    moves = [each.moved for each in lived if each.moved is not None]
    assert [each.moved for each in live(history) if each.moved is not None] == moves
    assert [each.moved for each in live(history, twice=True) if each.moved is not None] == moves


IN_CI = os.environ.get("CI") == "true"


@example([("figure", 0, 120), ("figure", 2, 120), ("figure", 1, 30), ("figure", 2, None)])
@settings(max_examples=200, derandomize=IN_CI, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HISTORIES)
def test_every_law_holds(history):
    """Two hundred histories at every run."""

    holds(history)


@pytest.mark.slow
@settings(max_examples=1000 if IN_CI else 10_000, derandomize=IN_CI, deadline=None, suppress_health_check=list(HealthCheck))
@given(HISTORIES)
def test_every_law_holds_over_ten_thousand_histories(history):
    """A tenth of them in CI."""

    holds(history)


WITNESSED = {
    "a rise": lambda moved: moved.raises,
    "a fall": lambda moved: moved.after == "active" and not moved.raises,
    "an end": lambda moved: moved.after == "resolved",
    "a retraction": lambda moved: moved.after == "retracted",
    "a lower level by a revision": lambda moved: moved.after == "active" and bool(moved.changes),
    "a pending level": lambda moved: moved.after == "pending",
    "a lapse": lambda moved: moved.after == "quiet",
    "a silence lifted": lambda moved: "lifts the silence" in moved.reason,
    "a change silenced": lambda moved: "silenced by" in (moved.unannounced_because or ""),
    "a change in the cool-down": lambda moved: "days of the news" in (moved.unannounced_because or ""),
    "a fact told already": lambda moved: "nothing else since" in (moved.unannounced_because or ""),
    "a rule gone": lambda moved: "nobody asks" in moved.reason,
    "a rule changed": lambda moved: "the rule has changed" in moved.reason,
}


def test_the_histories_come_to_everything_that_the_laws_speak_of():
    """A law over histories in which nothing happens would hold of anything."""
    rng = np.random.default_rng(7)
    seen: set[str] = set()
    for _ in range(600):
        history = [draw(rng) for _ in range(14)]
        moves = [each.moved for each in live(history) if each.moved is not None]
        seen |= {name for name, is_one in WITNESSED.items() if any(map(is_one, moves))}
        if seen == set(WITNESSED):
            break

    assert seen == set(WITNESSED)


def draw(rng):
    """Draw a night without Hypothesis, which would rather draw short histories."""
    what = rng.choice(["figure", "figure", "figure", "rule", "silence"])
    if what == "figure":
        return ("figure", int(rng.integers(len(MONTHS))), COUNTS[rng.integers(len(COUNTS))])
    return ("rule", RULES[rng.integers(len(RULES))]) if what == "rule" else ("silence", int(rng.integers(40)))
