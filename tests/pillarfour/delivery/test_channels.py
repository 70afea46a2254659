"""Tests of the folder of messages."""

from pathlib import Path

import pytest

from pillarfour.delivery.channels import FileChannel, RefusedError
from pillarfour.errors import DeliveryError

NAME = "<2021-07-12.0123@pillarfour>"


def test_a_message_becomes_one_file(folder: Path):
    """Sent three times it is there once, whole, and nothing else is."""
    channel = FileChannel(folder=folder)
    for _ in range(3):
        channel.send(b"Subject: x\r\n\r\n", message_id=NAME, recipient="")

    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [("2021-07-12.0123@pillarfour.eml", b"Subject: x\r\n\r\n")]


def test_what_a_killed_process_left_is_swept(folder: Path):
    """A part of the same message goes; one of another message, which may be in the making, stays."""
    folder.mkdir()
    for left in (".2021-07-12.0123@pillarfour.4711.part", ".2021-07-12.4567@pillarfour.4711.part"):
        (folder / left).write_bytes(b"Subj")
    FileChannel(folder=folder).send(b"Subject: x", message_id=NAME, recipient="")

    assert sorted(path.name for path in folder.iterdir()) == [".2021-07-12.4567@pillarfour.4711.part", "2021-07-12.0123@pillarfour.eml"]


@pytest.mark.parametrize(
    "name", ["<../../x@pillarfour>", "<a/b@pillarfour>", "a@pillarfour", "<>", "<.x@pillarfour>", "<a\\b@x>", "<a\n@x>"]
)
def test_no_name_leaves_the_folder(folder: Path, name: str):
    """A name with a path in it is refused for good, and nothing is written."""
    with pytest.raises(RefusedError):
        FileChannel(folder=folder).send(b"x", message_id=name, recipient="")

    assert not folder.exists()


def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path):
    """A file where the folder should be is an error that names it, not a refusal."""
    (tmp_path / "outbox").write_text("not a folder")
    with pytest.raises(DeliveryError, match=r"outbox.*name another") as caught:
        FileChannel(folder=tmp_path / "outbox").send(b"x", message_id=NAME, recipient="")

    assert not isinstance(caught.value, RefusedError)
