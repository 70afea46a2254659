"""Ingest: discover, fetch, keep the raw bytes, parse, validate, release."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Literal

from flows import bundle
from pillarfour import clock
from pillarfour.errors import ConfigurationError, FetchError, ParseError, PillarfourError, StoreError, ValidationError
from pillarfour.model import Document, Link, Release
from pillarfour.recipe import Client, Source
from pillarfour.settings import Settings
from pillarfour.store import Store
from pillarfour.strict_yaml import suggest
from pillarfour.web import WebClient
from sources import SOURCES

Result = Literal["new", "held", "unchanged", "failed"]
Progress = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one document, or of one look at a publisher's pages; ``added`` says whether the store has another release now."""

    source: str
    document: str
    result: Result
    release: str | None = None
    detail: str = ""
    added: bool = False


def open_store(settings: Settings) -> Store:
    """Open the store with every source's facts."""
    return Store(settings.store, {source.RECIPE.name: source.RECIPE for source in SOURCES})


def ingest_local(source: Source, store: Store, settings: Settings, *, progress: Progress | None = None) -> Iterator[Outcome]:
    """Take what is at hand: the bundle's rebuilt documents, what analysts put into the inbox, and what else is held."""
    name, folder = source.RECIPE.name, settings.inbox / source.RECIPE.name
    written = bundle.documents(name, settings.bundle_folder) if settings.bundle else []
    dropped = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")) if folder.is_dir() else []
    read = set()
    for outcome in chain(
        ingest_files(source, store, written, rebuilt=True, progress=progress), ingest_files(source, store, dropped, progress=progress)
    ):
        read.add(outcome.release)
        yield outcome
    yield from read_held(source, store, but=read)


def read_held(source: Source, store: Store, *, but: Collection[str | None]) -> Iterator[Outcome]:
    """Read the kept documents of held releases anew, but those just read: a name that was not known may be known by now."""
    for release in store.releases(source.RECIPE.name):
        if release.status == "held" and release.id not in but:
            try:
                document = kept_document(store, release)
            except StoreError as error:
                yield _failed(store, source, document=release.document, error=error)
                continue
            yield ingest_document(source, store, document)


def kept_document(store: Store, release: Release) -> Document:
    """Give a release's bytes as they came; a date that rests on the source's rule is left to the rule again.

    Raises
    ------
    StoreError
        If the bytes are not kept, or are no longer what they were.
    """
    dated = release.published_basis != "reconstructed"
    return Document(
        name=release.document,
        content=store.raw.read(release.document_sha256),
        retrieved_at=release.retrieved_at,
        published_on=release.published_on if dated else None,
        published_basis=release.published_basis if dated else None,
        rebuilt=release.rebuilt,
    )


def ingest_files(  # noqa: PLR0913 - what an analyst may say of files, and who watches
    source: Source,
    store: Store,
    paths: Iterable[Path],
    *,
    published_on: date | None = None,
    rebuilt: bool = False,
    progress: Progress | None = None,
) -> Iterator[Outcome]:
    """Take documents from disk; one that fails never stops the next."""
    for path in paths:
        try:
            content = path.read_bytes()
        except OSError as cause:
            error = FetchError(f"{path}: cannot be read ({cause.strerror}); mend its rights, or bring it again")
            yield _failed(store, source, document=path.name, error=error)
            continue
        document = Document(
            name=path.name,
            content=content,
            retrieved_at=clock.now(),
            published_on=published_on,
            published_basis="stated" if published_on else None,
            rebuilt=rebuilt,
        )
        yield ingest_document(source, store, document)
        if progress is not None:
            progress(1)


def discover(source: Source, client: Client) -> list[Link]:
    """Find the newest documents on the publisher's pages, oldest first."""
    return source.discover(client)


def fetch(source: Source, client: Client, link: Link) -> Document | None:
    """Fetch one of them; None where it has not changed."""
    return source.fetch(client, link)


def ingest_live(
    source: Source,
    store: Store,
    settings: Settings,
    *,
    discover: Callable[[Source, Client], list[Link]] = discover,
    fetch: Callable[[Source, Client, Link], Document | None] = fetch,
) -> Iterator[Outcome]:
    """Look at the publisher's pages and take what is new there; a link that fails never stops the next.

    Parameters
    ----------
    discover, fetch
        The two steps that the night may try again.
    """
    name = source.RECIPE.name
    with WebClient(source.RECIPE, contact=settings.contact, state=store.visits.validators(name)) as client:
        try:
            links = discover(source, client)
        except (FetchError, ParseError) as error:
            yield _failed(store, source, document="the listing pages", error=error)
            return
        store.visits.record(name, "looked", detail=f"{len(links)} links")
        for link in links:
            try:
                document = fetch(source, client, link)
            except FetchError as error:
                yield _failed(store, source, document=link.name, error=error, url=link.url)
                continue
            if document is None:
                store.visits.record(name, "unchanged", url=link.url)
                yield Outcome(source=name, document=link.name, result="unchanged")
                continue
            outcome = ingest_document(source, store, document)
            if outcome.result not in {"failed", "held"}:
                client.confirm(document)
            yield outcome


def ingest_document(source: Source, store: Store, document: Document) -> Outcome:
    """Keep the bytes, then read them, then release what they say; a broken document is kept and named, and changes nothing."""
    name = source.RECIPE.name
    store.raw.keep(document)
    known = store.find(name, document.sha256)
    if known is not None and known.status != "held" and document.published_on is None:
        return Outcome(source=name, document=document.name, result="unchanged", release=known.id)
    try:
        release = store.commit(name, document, source.parse(document))
    except (ParseError, ValidationError) as error:
        return _failed(store, source, document=document.name, error=error, sha256=document.sha256)
    if release.status == "held":
        return Outcome(
            source=name,
            document=document.name,
            result="held",
            release=release.id,
            detail="\n".join(str(problem) for problem in release.problems),
            added=release != known,
        )
    if release == known:
        return Outcome(source=name, document=document.name, result="unchanged", release=release.id)
    return Outcome(source=name, document=document.name, result="new", release=release.id, detail=_to_come(release), added=True)


def _to_come(release: Release) -> str:
    """Warn of an original whose day, by the source's rule, is still to come, though it is at hand."""
    if release.rebuilt or release.published_on <= clock.today():
        return ""
    return (
        f"{release.document}: dated {release.published_on} by the source's rule, and not used before; "
        "if it is out already, take it in again with its day as --published-on"
    )


def _failed(store: Store, source: Source, *, document: str, error: PillarfourError, **where: str) -> Outcome:
    store.visits.record(source.RECIPE.name, "failed", detail=str(error), **where)
    return Outcome(source=source.RECIPE.name, document=document, result="failed", detail=str(error))


def find_source(name: str) -> Source:
    """Give a source by its name.

    Raises
    ------
    ConfigurationError
        If there is none; the message names those there are.
    """
    names = {source.RECIPE.name: source for source in SOURCES}
    if name not in names:
        raise ConfigurationError(f"no source is called {name}{suggest(name, list(names)) or '.'} There are {', '.join(names)}")
    return names[name]


def find_release(store: Store, release_id: str) -> Release:
    """Give a release by its id.

    Raises
    ------
    StoreError
        If the store has none of that id.
    """
    for release in store.releases(release_id.partition("/")[0]):
        if release.id == release_id:
            return release
    raise StoreError(f"{store.root}: no release is called {release_id}; `pillarfour releases list` names them")
