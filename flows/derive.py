"""Derive: recompute an alert's event from the raw documents, and say equal or where it differs."""

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from itertools import zip_longest
from math import isclose
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flows import detect, ingest
from pillarfour.alerts import events
from pillarfour.alerts.deciding import ask_on, decide_all
from pillarfour.alerts.events import Event
from pillarfour.alerts.ledger import Ledger
from pillarfour.alerts.lifecycle import follow
from pillarfour.alerts.model import AlertKey, AlertState, Condition, Transition
from pillarfour.alerts.revision import with_figures
from pillarfour.errors import LedgerError
from pillarfour.settings import Settings
from pillarfour.store import Store
from pillarfour.triggers.evaluate import evaluate
from pillarfour.triggers.schema import Triggers

SAME = 1e-6
"""How far a detector's figure may differ, relative to itself: machines round differently."""

EVENT_NUMBER = re.compile("[1-9][0-9]{0,8}")
"""What can number an event: longer ones fit no database's integer."""

SAID = {True: "met", False: "not met", None: "open"}

NOT_FIGURES = {"looked_at"}
"""What a night knew of its own doings, and no document says."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that the ledger says and the documents do not."""

    what: str
    recorded: Any
    derived: Any

    def __str__(self) -> str:
        """Read as ``value: recorded 9002.0, derived 1710.0``."""
        return f"{self.what}: recorded {self.recorded}, derived {self.derived}"


@dataclass(frozen=True, kw_only=True)
class Derivation:
    """An event recomputed.

    Parameters
    ----------
    documents
        How many raw documents it was recomputed from: all that were published by the night.
    later
        Of these, the releases that were fetched, accepted or rejected only after the event was written down: it could not know them.
    """

    event: Event
    documents: int
    differences: tuple[Difference, ...]
    later: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether the documents say what the ledger says."""
        return not self.differences

    def __str__(self) -> str:
        """Say it in a line, and a line for each difference."""
        said = "equal" if self.equal else f"differs in {len(self.differences)}"
        head = f"{self.event.key}, {self.event.known_on} (event {self.event.id}): {said}; recomputed from {self.documents} documents"
        lines = [head, *(f"  {difference}" for difference in self.differences)]
        if self.differences and self.later:
            lines.append(f"  only after it was written down these were fetched or decided on: {', '.join(self.later)}")
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """Give it to a machine."""
        return {
            "event": self.event.id,
            "alert": str(self.event.key),
            "known_on": self.event.known_on,
            "equal": self.equal,
            "documents": self.documents,
            "differences": [asdict(difference) for difference in self.differences],
            "later": list(self.later),
        }


def derive(settings: Settings, wanted: str, *, known_on: date | None = None, progress: Callable[[int], None] | None = None) -> Derivation:
    """Parse every raw document that was published by the event's night anew, and decide the alert again from what they say.

    Parameters
    ----------
    wanted
        An event's number, or an alert: then its last event, or the last of the night ``known_on``.
    progress
        Called for each document read.

    Raises
    ------
    LedgerError
        If the ledger has no such event.
    StoreError
        If a raw document is no longer kept, or no longer what it was.
    """
    event, state = _find(Ledger(settings.ledger), wanted, known_on)
    store, triggers = ingest.open_store(settings), detect.load_triggers(settings)
    own = tuple(each for each in triggers.triggers if each.id == event.key.trigger and each.watched)
    asked = triggers.model_copy(update={"triggers": own}) if own else triggers
    with TemporaryDirectory(prefix="pillarfour-derive-") as folder:
        again = ingest.open_store(settings.model_copy(update={"store": Path(folder)}))
        read, faults = _read_again(store, again, known_on=event.known_on, progress=progress)
        condition, moved = _decide_again(again, asked, state, known_on=event.known_on)
        sha256 = {release.id: release.document_sha256 for release in again.releases()}
    found = [*faults, *_moves(event, moved), *(_grounds(event, condition, moved, sha256) if condition else ())]
    return Derivation(event=event, documents=read, differences=tuple(found), later=tuple(_later(store, event)))


def _find(ledger: Ledger, wanted: str, known_on: date | None) -> tuple[Event, AlertState]:
    """Give the event, and where its alert stood before it as its night saw it."""
    number = int(wanted) if EVENT_NUMBER.fullmatch(wanted) else None
    key = None if number else AlertKey.read(wanted)
    with ledger.read() as connection:
        found = events.events(connection, key=key, known_on=known_on, number=number)
        if not found:
            night = f" on {known_on}" if known_on else ""
            raise LedgerError(f"{wanted}: the ledger has no such event{night}; `pillarfour alerts show ALERT` names each with its number")
        event = found[-1]
        life = events.events(connection, key=event.key)
    earlier = [each for each in life if each.id < event.id and each.known_on <= event.known_on]
    state = AlertState(key=event.key)
    for each in earlier:
        state = follow(state, each)
    return event, state


def _read_again(store: Store, again: Store, *, known_on: date, progress: Callable[[int], None] | None) -> tuple[int, list[Difference]]:
    """Take every document published by the night into another store, as if it came for the first time, with the analysts' decisions."""
    for log in ("decisions.jsonl", "visits.jsonl"):
        if (store.root / log).exists():
            shutil.copy(store.root / log, again.root / log)
    faults = []
    releases = [release for release in store.releases() if release.published_on <= known_on]
    for release in releases:
        outcome = ingest.ingest_document(ingest.find_source(release.source), again, ingest.kept_document(store, release))
        if outcome.release != release.id:
            faults.append(Difference(what=f"document {release.document}", recorded=release.id, derived=outcome.release or outcome.detail))
        if progress is not None:
            progress(1)
    return len(releases), faults


def _later(store: Store, event: Event) -> Iterator[str]:
    """Name the releases published by the event's night that were fetched or decided on after it was written down."""
    for release in store.releases():
        decision = store.decision(release)
        fresh = release.retrieved_at > event.recorded_at or (decision is not None and decision.at > event.recorded_at)
        if fresh and release.published_on <= event.known_on:
            yield release.id


def _decide_again(store: Store, asked: Triggers, state: AlertState, *, known_on: date) -> tuple[Condition | None, Transition | None]:
    known = detect.score(store, asked, known_on=known_on)
    conditions = [with_figures(each, known) for each in evaluate(asked, known)]
    conditions += ask_on(conditions, {state.key: state}, triggers=asked, known=known)
    states = {each.key: AlertState(key=each.key) for each in conditions} | {state.key: state}
    moved = decide_all(conditions, states, triggers=asked, known=known, silences={})
    return (
        next((each for each in conditions if each.key == state.key), None),
        next((each for each in moved if each.key == state.key), None),
    )


def _moves(event: Event, moved: Transition | None) -> Iterator[Difference]:
    recorded = _move(event.before, event.level_before, event.after, event.level)
    derived = _move(moved.before, moved.level_before, moved.after, moved.level) if moved else "no change"
    if recorded != derived:
        yield Difference(what="the change", recorded=recorded, derived=derived)


def _move(before: str, level_before: str | None, after: str, level: str | None) -> str:
    return f"{before} {level_before or ''}".strip() + " → " + f"{after} {level or ''}".strip()


def _grounds(event: Event, condition: Condition, moved: Transition | None, sha256: Mapping[str, str]) -> Iterator[Difference]:
    """Compare the rule, the figures, the releases and every node of the evidence."""
    yield from _compare("the rule's sha256", event.rule_sha256, condition.rule_sha256)
    for name in ("reference_period", "value", "expected", "unit"):
        yield from _compare(name, getattr(event, name), getattr(condition, name))
    if moved is not None:
        releases = sorted({*condition.releases, *(change.after.release for change in moved.changes if change.after.release)})
        yield from _compare("release", list(event.releases), releases)
        yield from _compare("document", list(event.documents), [sha256[release] for release in releases])
        yield from _compare("figure", [asdict(each) for each in event.figures], [asdict(each) for each in moved.figures])
    trees: dict[str, Any] = {str(level): tree for level, tree in condition.evidence.items()}
    if condition.clear_evidence is not None:
        trees["clear"] = condition.clear_evidence
    derived = json.loads(json.dumps({name: asdict(tree) for name, tree in trees.items()}))
    yield from _compare("evidence", dict(event.evidence), derived)


def _compare(what: str, recorded: Any, derived: Any) -> Iterator[Difference]:
    """Walk two answers side by side; sentences are left out, for they say the figures again."""
    if isinstance(recorded, dict) and isinstance(derived, dict):
        for name in sorted({*recorded, *derived} - NOT_FIGURES - {"text"}):
            yield from _compare(f"{what}.{name}", recorded.get(name), derived.get(name))
    elif isinstance(recorded, list) and isinstance(derived, list):
        for number, (one, other) in enumerate(zip_longest(recorded, derived), start=1):
            yield from _compare(f"{what} {number}", one, other)
    elif not _same(recorded, derived):
        yield Difference(what=what, recorded=_brief(recorded), derived=_brief(derived))


def _brief(answer: Any) -> Any:
    """Give of a whole tree of evidence, or of a figure, what a line can hold."""
    if isinstance(answer, dict) and "test" in answer:
        return f"{SAID[answer['held']]}: {answer['text']}"
    return ", ".join(map(str, answer.values())) if isinstance(answer, dict) else answer


def _same(recorded: Any, derived: Any) -> bool:
    if isinstance(recorded, float | int) and isinstance(derived, float | int):
        return isclose(recorded, derived, rel_tol=SAME, abs_tol=SAME) or (recorded != recorded and derived != derived)  # noqa: PLR0124 - NaN
    return bool(recorded == derived)
