"""The publishers' bytes: first, once, for ever."""

import pytest

from pillarfour.errors import StoreError


def test_bytes_are_kept_under_their_hash(store, make_document):
    """What is kept under a SHA-256 is read back under it."""
    document, _ = make_document({"2021-01": {"HTI": 5}})

    path = store.raw.keep(document)

    assert path == store.root / "raw" / document.sha256
    assert store.raw.read(document.sha256) == document.content


def test_bytes_are_written_once(store, make_document):
    """Keeping the same bytes again does not touch the file."""
    document, _ = make_document({"2021-01": {"HTI": 5}})
    before = store.raw.keep(document).stat()

    assert store.raw.keep(document).stat() == before


def test_half_written_bytes_are_swept_away(store, make_document):
    """What a killed writer left goes when the next one writes, and was never a document."""
    first, _ = make_document({"2021-01": {"HTI": 5}})
    second, _ = make_document({"2021-02": {"HTI": 5}})
    (store.root / "raw").mkdir(parents=True)
    (store.root / "raw" / f".tmp-{first.sha256}.part").write_bytes(first.content[:5])

    store.raw.keep(second)

    assert [path.name for path in (store.root / "raw").iterdir()] == [second.sha256]


def test_bytes_not_kept_are_an_error_that_names_them(store):
    """Asking for a document that was never kept names where it should lie."""
    with pytest.raises(StoreError, match=f"raw/{'0' * 64}: no document.*ingest"):
        store.raw.read("0" * 64)


def test_bytes_that_rotted_are_an_error(store, make_document):
    """Bytes that no longer have their hash are not given out as the publisher's."""
    document, _ = make_document({"2021-01": {"HTI": 5}})
    store.raw.keep(document).write_bytes(b"something else")

    with pytest.raises(StoreError, match=r"no longer those of this SHA-256; delete"):
        store.raw.read(document.sha256)
