"""How answers are shown on a terminal."""

import pytest

from flows.commands.options import answer

RELEASE = "panama_darien/2022-01-06-82f178aa"


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")


def test_what_is_copied_into_the_next_command_is_never_broken(capsys):
    """Ids, dates and numbers stand whole on one line, however narrow the terminal."""
    rows = [{"id": RELEASE, "periods": "2021-01…2021-12", "problems": 1234, "status": "held"}]
    answer(rows, as_json=False, title="Releases")

    assert [line.split() for line in capsys.readouterr().out.splitlines()][-1] == [RELEASE, "2021-01…2021-12", "1,234", "held"]


def test_sentences_are_folded_beside_them(capsys):
    """A column of sentences gives way, and loses no word."""
    said = "the total was 1,710 and is 9,002 here, which is more than an open year may move"
    answer([{"release": RELEASE, "detail": said}, {"release": None, "detail": "nothing else"}], as_json=False)
    lines = capsys.readouterr().out.splitlines()

    assert lines[1].startswith(f"{RELEASE}  the total was")
    assert max(map(len, lines)) <= len(RELEASE) + 2 + 30 + 2
    assert " ".join(line.removeprefix(RELEASE).strip() for line in lines[1:-1]) == said
