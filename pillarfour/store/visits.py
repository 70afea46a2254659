"""Each look at a publisher's page or document, also when nothing changed or it failed."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from pillarfour import clock
from pillarfour.store import files

What = Literal["looked", "unchanged", "new", "failed"]


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One look: what came of it, and which page or document it was."""

    at: datetime
    source: str
    what: What
    detail: str = ""
    url: str | None = None
    sha256: str | None = None


_VISIT = TypeAdapter(Visit)


class Visits:
    """The log of looks, ``visits.jsonl``; lines are only ever added.

    Parameters
    ----------
    root
        The store's folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / "visits.jsonl"

    def record(self, source: str, what: What, *, detail: str = "", url: str | None = None, sha256: str | None = None) -> Visit:
        """Write down a look at a source, now."""
        visit = Visit(at=clock.now(), source=source, what=what, detail=detail, url=url, sha256=sha256)
        with files.sole_writer(self.root, "visits"):
            files.append_line(self.path, {**asdict(visit), "at": visit.at.isoformat()})
        return visit

    def read(self, source: str | None = None) -> list[Visit]:
        """Give all looks at a source, or at every source, oldest first."""
        return [visit for visit in files.read_lines(self.path, _VISIT) if source in (None, visit.source)]

    def last(self, source: str, *, what: Collection[What] = ("looked", "unchanged", "new", "failed")) -> Visit | None:
        """Give the newest look at a source that came to one of these; None where there is none."""
        return next((visit for visit in reversed(self.read(source)) if visit.what in what), None)

    def validators(self, source: str) -> Path:
        """Say where the marks are kept that let a source's server answer "not changed"."""
        return self.root / "validators" / f"{source}.json"
