"""A nightly reduced to its transaction: decide on what the ledger holds, and record; run by tests in a process of its own.

Usage: night_program.py URL KNOWN_ON [hold], where ``hold`` stops before the commit until the process is killed.
"""

import sys
import time
from datetime import UTC, date, datetime

from pillarfour.alerts.events import record, states
from pillarfour.alerts.ledger import Ledger
from pillarfour.alerts.lifecycle import decide
from pillarfour.alerts.model import LEVELS, AlertKey, AlertState, Condition, Evidence


def conditions(known_on: date) -> list[Condition]:
    """Give a level to each of three stages, by the night."""
    level = {7: "watch", 8: "warning", 9: "emergency"}.get(known_on.month)
    reached = -1 if level is None else LEVELS.index(level)
    evidence = {each: Evidence(test="level", held=rank <= reached, text=f"{each} asked") for rank, each in enumerate(LEVELS)}
    return [
        Condition(
            key=AlertKey(trigger="corridor", stage=stage, subject="haitian"),
            kind="surge",
            level=level,
            clear=level is None,
            reference_period=f"2021-{known_on.month - 1:02d}",
            value=700.0,
            expected=60.0,
            unit="persons",
            evidence=evidence,
            rule_sha256="0" * 64,
            releases=("panama/2021-07-12-00000000",),
        )
        for stage in ("darien", "mexico", "us_southwest")
    ]


def main(url: str, night: str, *rest: str) -> None:
    """Run one night."""
    known_on = date.fromisoformat(night)
    with Ledger(url).begin() as connection:
        before = states(connection, known_on)
        decided = [decide(before.get(found.key, AlertState(key=found.key)), found, known_on=known_on) for found in conditions(known_on)]
        moved = [each for each in decided if each is not None]
        now = datetime(2021, 9, 1, tzinfo=UTC)
        run = record(connection, moved, known_on=known_on, finished_at=now, digest={}, message_id=f"<{night}>")
        sys.stdout.write(f"recorded {len(moved)} in run {run}\n")
        sys.stdout.flush()
        if "hold" in rest:
            time.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
