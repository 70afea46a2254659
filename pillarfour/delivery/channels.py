"""Where messages go. The default writes them to a folder."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pillarfour.errors import DeliveryError

_MESSAGE_ID = re.compile(r"<([0-9a-z][0-9a-z.@-]*)>")


class RefusedError(DeliveryError):
    """A message that this recipient will never take; trying again does not help."""


class UnreachableError(DeliveryError):
    """Nobody answers, or lets us in: whatever else goes to the same server would meet the same."""


class Channel(Protocol):
    """One way of sending. It may be asked twice for the same message, after a crash."""

    def send(self, content: bytes, *, message_id: str, recipient: str) -> None:
        """Send one message to one recipient, or raise ``DeliveryError`` to be asked again, ``RefusedError`` not to be.

        ``UnreachableError`` says that the server, not the message, is in trouble.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class FileChannel:
    """Each message as ``<message-id>.eml`` in a folder: whole or not there, and once however often it is sent."""

    folder: Path

    def send(self, content: bytes, *, message_id: str, recipient: str) -> None:  # noqa: ARG002 - a folder has no recipient
        """Write the message beside its place and rename it into it.

        Raises
        ------
        RefusedError
            If the message's name could leave the folder.
        DeliveryError
            If the folder cannot be written.
        """
        name = _MESSAGE_ID.fullmatch(message_id)
        if name is None:
            raise RefusedError(f"{message_id!r}: not a name this project gives a message; look at it with `pillarfour doctor`")
        keep_whole(self.folder / f"{name[1]}.eml", content)


def keep_whole(place: Path, content: bytes) -> None:
    """Write a file beside its place and rename it into it; the caller is its sole writer, and what killed ones left of it is swept.

    Raises
    ------
    DeliveryError
        If the folder cannot be written.
    """
    part = place.with_name(f".{place.stem}.{os.getpid()}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _write_through(part, content)
        part.replace(place)
        for leftover in place.parent.glob(f".{place.stem}.*.part"):
            leftover.unlink(missing_ok=True)
    except OSError as cause:
        raise DeliveryError(f"{place}: cannot be written ({cause.strerror}); free the folder or name another") from cause


def _write_through(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
