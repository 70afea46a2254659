"""A night that is killed, and two nights at once."""

import os
import random
import shutil
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

pytestmark = pytest.mark.slow

SEED = 20210815
FULL = os.environ.get("FULL") == "1"
TIMES = (
    {"building": 4, "reading": 6, "scoring": 2, "ledger": 5, "sending": 3}
    if FULL
    else {"building": 1, "reading": 2, "scoring": 1, "ledger": 1, "sending": 1}
)
"""How often to kill in each part of a night: twenty moments with FULL=1, six otherwise."""

REACHED = 0.9
"""How far into a part's steps the last moment may lie: how many there are varies a little with who waits for whom."""

SCORING_SECONDS = 0.3, 1.5
"""When every detector is at work, after nearly all releases are kept."""


@dataclass(frozen=True)
class Moment:
    """Death at the ``count``-th step of a kind, or some seconds after it."""

    part: str
    at: str
    count: int
    later: float = 0


@pytest.fixture
def night(pillarfour, small_figures, tmp_path):
    """Run a night in a folder of its own, with a bundle of its own, not yet built."""

    def run(name: str, *, moment: Moment | None = None):
        folder = tmp_path / name
        with FileLock(tmp_path / f"{name}.lock"):
            if not folder.exists():
                shutil.copytree(small_figures, folder / "bundle")
        watched = {"building": folder / "bundle", "sending": folder / "store" / "outbox", "reading": folder / "store"}
        die = {"at": moment.at, "count": moment.count, "later": moment.later} if moment else None
        return pillarfour(
            "nightly",
            steps={"watched": {part: str(path) for part, path in watched.items()}, "die": die},
            PILLARFOUR_BUNDLE_FOLDER=folder / "bundle",
            PILLARFOUR_INBOX=folder / "inbox",
            PILLARFOUR_STORE=folder / "store",
            PILLARFOUR_NOW="2021-08-15T11:00:00+00:00",
        )

    return run


@pytest.fixture
def known(ledger):
    """Give a ledger's rows; how often a message was tried may differ, for one that was being sent when the process died is sent again."""

    def rows(store: Path):
        found = ledger(store)
        for message in found["outbox"]:
            del message["attempts"]
        return found

    return rows


def moments(steps: tuple[str, ...]) -> list[Moment]:
    """Draw the moments among an undisturbed night's steps."""
    drawn = random.Random(SEED)  # noqa: S311 - to draw the same moments each time
    counts = Counter(steps)
    found = []
    for part, times in TIMES.items():
        for number in range(times):
            if part == "scoring":
                found.append(Moment(part, "reading", int(REACHED * counts["reading"]), drawn.uniform(*SCORING_SECONDS)))
            else:
                share = REACHED * (number + drawn.random()) / times
                found.append(Moment(part, part, 1 + int(share * counts[part]), drawn.choice([0, 0, drawn.uniform(0, 0.2)])))
    return found


def test_a_night_killed_at_any_moment_is_simply_run_again(night, known, contents, mail, tmp_path):
    """SIGKILL at six or twenty moments: the next run gives the store, the ledger and the one message of a night that nobody disturbed."""
    undisturbed = night("undisturbed")
    store = tmp_path / "undisturbed" / "store"
    expected = contents(store), known(store)
    assert undisturbed.code == 0
    assert len(mail(store)) == 1

    def disturb(numbered: tuple[int, Moment]) -> tuple[Moment, int, int, bool, bool]:
        number, moment = numbered
        killed = night(str(number), moment=moment)
        again = night(str(number))
        disturbed = tmp_path / str(number) / "store"
        return moment, killed.code, again.code, (contents(disturbed), known(disturbed)) == expected, len(mail(disturbed)) == 1

    with ThreadPoolExecutor(2) as two:
        found = list(two.map(disturb, enumerate(moments(undisturbed.steps))))

    assert len(found) == sum(TIMES.values()) == (20 if FULL else 6)
    assert [each for each in found if each[1:] != (-signal.SIGKILL, 0, True, True)] == []


def test_two_nights_at_once_are_one(night, known, contents, mail, tmp_path):
    """On one store, on one bundle: the same store, ledger and message as of one night."""
    night("alone")
    with ThreadPoolExecutor(2) as two:
        both = list(two.map(night, ["together", "together"]))

    alone, together = tmp_path / "alone" / "store", tmp_path / "together" / "store"
    assert [each.code for each in both] == [0, 0]
    assert contents(together) == contents(alone)
    assert known(together) == known(alone)
    assert len(mail(together)) == 1
