"""Files written whole or not at all, logs of one line an event, and one writer at a time."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from pillarfour.errors import StoreError

Event = TypeVar("Event")

TEMPORARY = ".tmp-"
PATIENCE_SECONDS = 600


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Make a folder for a file that is written, and name it where the disk will not have it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as cause:
        raise StoreError(f"{path}: cannot be written ({cause.strerror}); make room, mend its rights, or name another --store") from cause


def write_whole(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write a file beside its place and rename it into it, so that nobody ever sees half of it.

    Parameters
    ----------
    durable
        Whether its bytes must outlast a power cut once it is in its place. What can be derived again need not.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    beside = path.with_name(f"{TEMPORARY}{path.name}.part")
    with _writing(path):
        with beside.open("wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        beside.replace(path)


def sync_folder(folder: Path) -> None:
    """Let the names in a folder outlast a power cut too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_changed(path: Path, content: bytes) -> None:
    """Write a file that can be derived again, unless it says so already."""
    if not path.exists() or path.read_bytes() != content:
        write_whole(path, content, durable=False)


def remove_leftovers(folder: Path, *, of: str = "") -> None:
    """Remove what killed writers left; the caller holds the folder's lock, so no living writer owns any of it."""
    for leftover in folder.glob(f"{TEMPORARY}{of}*"):
        leftover.unlink(missing_ok=True)


@contextmanager
def sole_writer(root: Path, what: str) -> Iterator[None]:
    """Be the only writer of ``what``; the lock of a process that dies is released with it.

    Raises
    ------
    StoreError
        If another writer does not finish, or the lock cannot be written.
    """
    path = root / "locks" / f"{what}.lock"
    lock = FileLock(path, timeout=PATIENCE_SECONDS, poll_interval=0.01)
    with _writing(path):
        try:
            lock.acquire()
        except Timeout as cause:
            raise StoreError(f"{path}: another process has been writing for {PATIENCE_SECONDS} s; wait for it, or end it") from cause
    try:
        yield
    finally:
        lock.release()


def append_line(path: Path, event: Mapping[str, Any]) -> None:
    """Add one event to a log; the caller is its sole writer.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    with _writing(path), path.open("ab+") as log:
        end = log.seek(0, os.SEEK_END)
        log.seek(max(end - 1, 0))
        if log.read(1) not in (b"", b"\n"):
            log.seek(0)
            log.truncate(log.read().rfind(b"\n") + 1)
        log.write(json.dumps(event, ensure_ascii=False).encode() + b"\n")
        log.flush()
        os.fsync(log.fileno())


def read_lines(path: Path, event: TypeAdapter[Event]) -> list[Event]:
    """Read a log of events; a last line that a killed writer left unfinished was never one.

    Raises
    ------
    StoreError
        If any other line is damaged.
    """
    try:
        finished, _, _ = path.read_bytes().rpartition(b"\n")
    except FileNotFoundError:
        return []
    events = []
    for number, line in enumerate(finished.splitlines(), start=1):
        try:
            events.append(event.validate_json(line))
        except ValidationError as cause:
            fault = cause.errors()[0]
            place = "".join(f"{part}: " for part in fault["loc"])
            raise StoreError(f"{path}:{number}: damaged ({place}{fault['msg']}); put the line right from a backup, or delete it") from cause
    return events
