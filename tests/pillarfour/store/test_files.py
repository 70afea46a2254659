"""Files are whole, and writers take turns."""

import pytest
from filelock import FileLock

from pillarfour.errors import StoreError
from pillarfour.store import files


def test_a_file_is_replaced_whole(tmp_path):
    """The new bytes stand where the old ones stood, and nothing is left beside them."""
    path = tmp_path / "new" / "index.json"
    files.write_whole(path, b"old")

    files.write_whole(path, b"new")

    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    """When the bytes cannot be written, what stood there stands."""
    path = tmp_path / "index.json"
    files.write_whole(path, b"old")

    with pytest.raises(TypeError):
        files.write_whole(path, "no bytes")
    assert path.read_bytes() == b"old"


def test_a_writer_that_never_ends_is_named(tmp_path, monkeypatch):
    """Waiting has an end, and the message says for which lock."""
    monkeypatch.setattr(files, "PATIENCE_SECONDS", 0.05)
    (tmp_path / "locks").mkdir()

    waiting = pytest.raises(StoreError, match=r"made_up.lock: another process has been writing")
    with FileLock(tmp_path / "locks" / "made_up.lock"), waiting, files.sole_writer(tmp_path, "made_up"):
        pytest.fail("two writers at once")


def test_a_leftover_of_another_kind_stays(tmp_path):
    """Only half-written files go, and only those asked for."""
    for name in (".tmp-a.json.part", ".tmp-b.json.part", "a.json", ".hidden"):
        (tmp_path / name).write_bytes(b"")

    files.remove_leftovers(tmp_path, of="a.json")

    assert sorted(path.name for path in tmp_path.iterdir()) == [".hidden", ".tmp-b.json.part", "a.json"]
