"""Write the same documents into many stores, dying at another moment in each, or several writers at once.

Usage: crashing_writer.py WORK moments|times|race, where WORK/work.pickle holds the recipe and the documents. Children are forked from a
process that has imported everything and started no thread, so that hundreds of deaths cost seconds.
"""

import os
import pickle
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd  # noqa: F401 - pyarrow imports it at its first conversion: once here, not in every child

from pillarfour.store import Store

WORK = Path(sys.argv[1])
RECIPE, DOCUMENTS = pickle.loads((WORK / "work.pickle").read_bytes())  # noqa: S301 - written by the test


def write(root: Path, documents: list) -> None:
    """Do what ingestion does: keep, and commit what is not in yet."""
    store = Store(root, {RECIPE.name: RECIPE})
    for document, parsed in documents:
        store.raw.keep(document)
        found = store.find(RECIPE.name, document.sha256)
        if found is None or found.status == "held":
            store.commit(RECIPE.name, document, parsed)


def start(act: Callable[[], None]) -> int:
    """Fork a child that does one thing and ends."""
    child = os.fork()
    if child == 0:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - a child reports by its exit code
            os.write(2, repr(error).encode())
            os._exit(1)
        os._exit(0)
    return child


def ended_well(child: int) -> bool:
    """Wait for a child; False where it was killed, an error where it failed."""
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code not in {0, -signal.SIGKILL}:
        sys.exit(f"a writer failed with {code}")
    return code == 0


def die_at(moment: int) -> None:
    """Be killed before the so-manieth system call that changes the disk."""
    left = iter(range(moment))

    def dying(call: Callable) -> Callable:
        def called(*arguments, **named):
            if next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **named)

        return called

    for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink"), (Path, "open"), (Path, "mkdir")):
        setattr(owner, name, dying(getattr(owner, name)))


def moments() -> None:
    """Die at every moment there is while three documents come in, and complete; no power is cut, so the disk need not be waited for."""
    os.fsync = lambda _: None
    last = DOCUMENTS[-3:]
    ended_well(start(lambda: write(WORK / "undisturbed", last)))
    moment, whole = 0, False
    while not whole:
        root = WORK / f"moment-{moment:03}"
        whole = ended_well(start(lambda root=root, moment=moment: (die_at(moment), write(root, last))))
        if not ended_well(start(lambda root=root: write(root, last))):
            sys.exit("the completing writer was killed")
        moment += 1


def times() -> None:
    """Be killed from outside, twenty times at random, in one store, and complete."""
    chance = random.Random(4)  # noqa: S311 - moments, no secret
    root = WORK / "times"
    ended_well(start(lambda: write(WORK / "undisturbed", DOCUMENTS)))
    for _ in range(20):
        child = start(lambda: write(root, chance.sample(DOCUMENTS, len(DOCUMENTS))))
        time.sleep(chance.uniform(0, 0.3))
        os.kill(child, signal.SIGKILL)
        ended_well(child)
    ended_well(start(lambda: write(root, DOCUMENTS)))


def race() -> None:
    """Write from three processes at once, each in its own order; the last reading of a document that is read twice."""
    root = WORK / "race"
    documents = [*DOCUMENTS[:-2], DOCUMENTS[-1]]
    ended_well(start(lambda: write(WORK / "undisturbed", documents)))
    orders = (documents, documents[::-1], documents[2:] + documents[:2])
    for child in [start(lambda order=order: write(root, order)) for order in orders]:
        ended_well(child)


if __name__ == "__main__":
    {"moments": moments, "times": times, "race": race}[sys.argv[2]]()
