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


@pytest.mark.parametrize("what", ["file", "log", "lock"])
def test_a_disk_that_refuses_is_named(tmp_path, what):
    """A full disk, a missing right or, here, a file where the folder should be: the message says which path, why, and what to do."""
    in_the_way = tmp_path / "store"
    in_the_way.write_bytes(b"")

    with pytest.raises(StoreError, match=r"store/.*: cannot be written \(.+\); make room, mend its rights, or name another --store"):
        write(in_the_way, what)


def write(root, what: str) -> None:
    if what == "file":
        files.write_whole(root / "index.json", b"new")
    elif what == "log":
        files.append_line(root / "visits.jsonl", {})
    else:
        with files.sole_writer(root, "made_up"):
            pytest.fail("no lock was written")


def test_a_fault_of_the_writers_own_is_not_taken_for_the_disks(tmp_path):
    """What goes wrong while the lock is held keeps its own name, and the lock is free again."""
    with pytest.raises(FileNotFoundError), files.sole_writer(tmp_path, "made_up"):
        (tmp_path / "missing").read_bytes()
    with files.sole_writer(tmp_path, "made_up"):
        pass
