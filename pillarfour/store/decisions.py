"""What analysts decide about releases: accepted or rejected, by whom, why; lines are only ever added."""

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from pillarfour.store import files

Choice = Literal["accepted", "rejected"]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One decision. It is about the document's bytes, so it stands when the release is read or dated anew."""

    at: datetime
    release: str
    document_sha256: str
    choice: Choice
    reason: str
    by: str


_DECISION = TypeAdapter(Decision)


class Decisions:
    """The log of decisions, ``decisions.jsonl``.

    Parameters
    ----------
    root
        The store's folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / "decisions.jsonl"

    def record(self, decision: Decision) -> None:
        """Add a decision."""
        with files.sole_writer(self.root, "decisions"):
            files.append_line(self.path, {**asdict(decision), "at": decision.at.isoformat()})

    def read(self) -> list[Decision]:
        """Give all decisions, oldest first."""
        return files.read_lines(self.path, _DECISION)

    def standing(self, source: str) -> dict[str, Decision]:
        """Give the last decision about each document of a source, by its SHA-256."""
        return {decision.document_sha256: decision for decision in self.read() if decision.release.startswith(f"{source}/")}
