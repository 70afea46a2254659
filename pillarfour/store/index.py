"""The index of a source's releases: what each supplies and its verdict. It is derived, and made anew when it does not fit the folder."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from inspect import getsource
from pathlib import Path

from pydantic import TypeAdapter

from pillarfour.model import DIMENSIONS, TOTAL
from pillarfour.recipe import Recipe
from pillarfour.store import calendar, files, judge, release_file
from pillarfour.store.decisions import Decisions
from pillarfour.store.entry import Cell, Entry, Kept, Verdict

JUDGED_WITH = {"tolerance", "views", "waivers", "measures"}
"""The facts of a recipe that verdicts rest on."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What the index file holds: every release in the order of publication, and a digest of all that the verdicts rest on."""

    judged_by: str
    releases: tuple[Kept, ...]


@dataclass(frozen=True, kw_only=True)
class File:
    """A release's file as it lies in the folder."""

    entry: Entry
    bytes: int
    sha256: str


_CONTENTS: TypeAdapter[Contents] = TypeAdapter(Contents)


class Index:
    """One source's releases.

    Parameters
    ----------
    root
        The store's folder.
    recipe
        The source's facts.
    """

    def __init__(self, root: Path, recipe: Recipe) -> None:
        self.recipe = recipe
        self.folder = root / "observations" / f"source={recipe.name}"
        self.path = root / "index" / f"{recipe.name}.json"
        self._decisions = Decisions(root)
        self._seen: tuple[bytes, Contents] | None = None

    def read(self) -> tuple[Kept, ...]:
        """Give every release in the order of publication, from the index where it fits the folder, else from the files themselves."""
        stored = self._stored()
        if stored is None:
            return self.judged(self._files())
        if stored.judged_by != self._judged_by():
            return self.judged(stored.releases)
        return stored.releases

    def is_settled(self) -> bool:
        """Say whether the last writer came to its end: the index, written last, fits the folder, the decisions and the facts."""
        stored = self._stored()
        return stored is not None and stored.judged_by == self._judged_by()

    def judged(self, held: Iterable[Kept | File]) -> tuple[Kept, ...]:
        """Judge releases, and give them in the order of publication."""
        by_id = {file.entry.id: file for file in held}
        decisions = self._decisions.standing(self.recipe.name)
        entries = [file.entry for file in by_id.values()]
        verdicts = judge.judge(entries, recipe=self.recipe, decisions=decisions, vanished=self._vanished)
        return tuple(_kept(by_id[identity], verdict) for identity, verdict in verdicts.items())

    def write(self, kept: tuple[Kept, ...]) -> None:
        """Write the index; the caller is the source's sole writer."""
        contents = Contents(judged_by=self._judged_by(), releases=kept)
        content = _CONTENTS.dump_json(contents)
        files.write_changed(self.path, content)
        self._seen = content, contents

    def forget(self) -> None:
        """Take the index away before a release is replaced, so that it can never describe the file that was."""
        self.path.unlink(missing_ok=True)

    def settle(self) -> tuple[Kept, ...]:
        """Remove what a killed writer left, half-written or superseded; the caller is the source's sole writer."""
        files.remove_leftovers(self.folder)
        files.remove_leftovers(self.path.parent, of=self.path.name)
        kept = self.read()
        for name in set(self._listing()) - {release.entry.file for release in kept}:
            (self.folder / name).unlink()
        return kept

    def _stored(self) -> Contents | None:
        try:
            content = self.path.read_bytes()
            contents = self._seen[1] if self._seen and self._seen[0] == content else _CONTENTS.validate_json(content)
        except (FileNotFoundError, ValueError):
            return None
        self._seen = content, contents
        return contents if {kept.entry.file: kept.bytes for kept in contents.releases} == self._listing() else None

    def _listing(self) -> dict[str, int]:
        if not self.folder.exists():
            return {}
        with os.scandir(self.folder) as found:
            return {file.name: file.stat().st_size for file in found if file.name.startswith("release=")}

    def _files(self) -> list[File]:
        best: dict[str, File] = {}
        for name in self._listing():
            content = (self.folder / name).read_bytes()
            entry = release_file.read_entry(self.folder / name, content)
            other = best.get(entry.document_sha256)
            if other is None or entry.dating.rank() < other.entry.dating.rank():
                best[entry.document_sha256] = File(entry=entry, bytes=len(content), sha256=sha256(content).hexdigest())
        return list(best.values())

    def _judged_by(self) -> str:
        facts = self.recipe.model_dump_json(include=JUDGED_WITH)
        decisions = sorted((decision.document_sha256, decision.choice) for decision in self._decisions.standing(self.recipe.name).values())
        return sha256(f"{_rules()}{facts}{decisions}".encode()).hexdigest()

    def _vanished(self, later: Entry, earlier: Entry, cell: Cell) -> list[str]:
        """Name the rows that are gone. A total that gives way to its parts is not."""
        counted = [self._counted(entry, cell) for entry in (earlier, later)]
        shared = set.intersection(*(set(dimensions) for dimensions, _ in counted))
        before, now = ({tuple((name, row[name]) for name in DIMENSIONS if name in shared) for row in rows} for _, rows in counted)
        gone = before - now
        if now:
            gone = {row for row in gone if ("nationality", TOTAL) not in row}
        return sorted(", ".join(str(value) for _, value in row) for row in gone)

    def _counted(self, entry: Entry, cell: Cell) -> tuple[list[str], list[dict[str, str | None]]]:
        rows = release_file.read_cells(self.folder / entry.file, entry, cells={cell[1:]}, columns=[*DIMENSIONS, "value"])
        dimensions = [name for name in DIMENSIONS if name in rows.column_names]
        return dimensions, [row for row in rows.to_pylist() if row["value"] > 0]


def _kept(file: Kept | File, verdict: Verdict) -> Kept:
    return Kept(entry=file.entry, bytes=file.bytes, sha256=file.sha256, verdict=verdict)


@cache
def _rules() -> str:
    return sha256((getsource(judge) + getsource(calendar)).encode()).hexdigest()
