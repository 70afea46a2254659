"""The store: every release as it was published, and what was known on any day."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from hashlib import sha256
from pathlib import Path

import pyarrow as pa

from pillarfour import clock
from pillarfour.errors import StoreError, ValidationError
from pillarfour.model import Document, Parsed, Release
from pillarfour.recipe import Recipe
from pillarfour.store import files, known, package, release_file
from pillarfour.store.decisions import Choice, Decision, Decisions
from pillarfour.store.drafting import draft_release
from pillarfour.store.entry import Cell, Kept
from pillarfour.store.index import File, Index
from pillarfour.store.raw import Raw
from pillarfour.store.visits import Visits
from pillarfour.strict_yaml import unknown

ATTEMPTS = 5
"""How often a read looks again when a writer replaces a release under it."""


class Store:
    """The publishers' bytes, the releases read from them, and each look at a publisher.

    Reading never waits. Writing is done by one writer a source at a time.

    Parameters
    ----------
    root
        The store's folder; made on the first write.
    recipes
        Each source's facts, by its name.
    """

    def __init__(self, root: Path, recipes: Mapping[str, Recipe]) -> None:
        self.root = root
        self.raw = Raw(root)
        self.visits = Visits(root)
        self._indexes = {name: Index(root, recipe) for name, recipe in sorted(recipes.items())}
        self._decisions = Decisions(root)

    def commit(self, source: str, document: Document, parsed: Parsed) -> Release:
        """Keep what a document says as a release, or find that it is kept already.

        The first retrieval's time and name stay. When the same bytes are read otherwise than before, because facts were mended, or better
        evidence of their publication comes, their release is replaced.

        Raises
        ------
        ValidationError
            If the rows contradict what the document says it covers, or it would be published before what it counts.
        StoreError
            If the store cannot be read or written.
        """
        index = self._index(source)
        draft = draft_release(document, parsed, recipe=index.recipe)
        with self._writing(index) as releases:
            held = next((kept for kept in releases if kept.entry.document_sha256 == document.sha256), None)
            entry = draft.entry if held is None else draft.entry.after(held.entry)
            content = release_file.encode(draft.rows, entry, index.recipe)
            file = File(entry=entry, bytes=len(content), sha256=sha256(content).hexdigest())
            if held is None or held.sha256 != file.sha256:
                _put(index, content, file=file, releases=releases, replaced=held)
            others = [kept for kept in releases if kept is not held]
            return _find(self._publish(index, [*others, file]), entry.id).release()

    def find(self, source: str, document_sha256: str) -> Release | None:
        """Give the release of a document, or None where it is to be committed.

        That is also where the source's last writer was killed: the next commit, of whatever document, finishes what was left.
        """
        index = self._index(source)
        if not index.is_settled():
            return None
        return next((kept.release() for kept in index.read() if kept.entry.document_sha256 == document_sha256), None)

    def releases(self, source: str | None = None) -> list[Release]:
        """Give the releases of a source, or of every source, each in the order of publication."""
        indexes = self._indexes.values() if source is None else [self._index(source)]
        return [kept.release() for index in indexes for kept in index.read()]

    def fingerprint(self) -> str:
        """Give one hash of every release: its place, its bytes, and whether it may be used; it changes whenever an answer could."""
        kept = sorted((each.entry.id, each.sha256, each.verdict.status) for index in self._indexes.values() for each in index.read())
        return sha256(repr(kept).encode()).hexdigest()

    def known_on(
        self,
        source: str,
        day: date,
        *,
        table: str | None = None,
        columns: Sequence[str] | None = None,
        where: Mapping[str, Sequence[str]] | None = None,
    ) -> pa.Table:
        """Give the rows that were known on a day: those of the newest usable release of each table, measure and period.

        Parameters
        ----------
        columns
            Those wanted; a column that no table has is null. By default every column that the tables have.
        where
            Values to keep, by column.

        Returns
        -------
        pyarrow.Table
            By ``OBSERVATION``; empty before the first release.

        Raises
        ------
        StoreError
            If a source or column is not known, or a file is damaged.
        """
        index = self._index(source)
        for _ in range(ATTEMPTS):
            try:
                return known.read(index.folder, known.choose(index.read(), day, table=table), columns=columns, where=where or {})
            except release_file.Outdated as outdated:
                last = outdated
        raise StoreError(f"{index.folder}: changes faster than it can be read; try again when its writer has finished") from last

    def coverage(self, source: str, day: date, *, table: str | None = None) -> dict[Cell, str]:
        """Say for each table, measure and period known on a day which release supplies it, those without a row included."""
        chosen = known.choose(self._index(source).read(), day, table=table)
        return {cell: chosen[cell].entry.id for cell in sorted(chosen)}

    def accept(self, release_id: str, *, reason: str, by: str) -> Release:
        """Use a release in spite of its problems, from its own publication on.

        Raises
        ------
        ValidationError
            If there is no such release.
        """
        return self._decide(release_id, "accepted", reason=reason, by=by)

    def reject(self, release_id: str, *, reason: str, by: str) -> Release:
        """Never use a release; it stays in the store.

        Raises
        ------
        ValidationError
            If there is no such release.
        """
        return self._decide(release_id, "rejected", reason=reason, by=by)

    def decision(self, release: Release) -> Decision | None:
        """Give what an analyst decided of a release last; None where nobody has."""
        return self._decisions.standing(release.source).get(release.document_sha256)

    def _decide(self, release_id: str, choice: Choice, *, reason: str, by: str) -> Release:
        if not reason.strip():
            raise ValidationError(f"{release_id}: {choice} without a reason; give one with --reason")
        index = self._index(release_id.partition("/")[0])
        with self._writing(index) as releases:
            document = _find(releases, release_id).entry.document_sha256
            decision = Decision(at=clock.now(), release=release_id, document_sha256=document, choice=choice, reason=reason, by=by)
            self._decisions.record(decision)
            return _find(self._publish(index, releases), release_id).release()

    @contextmanager
    def _writing(self, index: Index) -> Iterator[tuple[Kept, ...]]:
        with files.sole_writer(self.root, index.recipe.name):
            yield index.settle()

    def _publish(self, index: Index, held: Sequence[Kept | File]) -> tuple[Kept, ...]:
        """Judge, describe, and write the index last: where it is missing or does not fit, a writer did not come to its end."""
        kept = index.judged(held)
        with files.sole_writer(self.root, "datapackage"):
            files.remove_leftovers(self.root)
            others = [(each.recipe, kept if each is index else each.read()) for each in self._indexes.values()]
            files.write_changed(self.root / "datapackage.json", package.describe(others))
        index.write(kept)
        return kept

    def _index(self, source: str) -> Index:
        if source not in self._indexes:
            raise StoreError(f"{self.root}: no source is called {source!r}; there are {', '.join(self._indexes)}")
        return self._indexes[source]


def _find(releases: Sequence[Kept], release_id: str) -> Kept:
    found = {kept.entry.id: kept for kept in releases}
    if release_id not in found:
        raise ValidationError(unknown("release", release_id, found, remedy="; `pillarfour releases list` names them"))
    return found[release_id]


def _put(index: Index, content: bytes, *, file: File, releases: Sequence[Kept], replaced: Kept | None) -> None:
    if any(kept.entry.id == file.entry.id and kept is not replaced for kept in releases):
        raise StoreError(f"{index.folder}: two documents would both be {file.entry.id}; give one of them another day with --published-on")
    if replaced is not None:
        index.forget()
    files.write_whole(index.folder / file.entry.file, content)
    if replaced is not None and replaced.entry.file != file.entry.file:
        (index.folder / replaced.entry.file).unlink()
