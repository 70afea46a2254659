"""Looks at publishers: kept in order, never half."""

import pytest

from pillarfour.errors import StoreError


def test_the_last_look_is_the_newest(store, monkeypatch):
    """A later look takes the place of an earlier one as the last."""
    for hour, what in enumerate(("looked", "new", "unchanged")):
        monkeypatch.setenv("PILLARFOUR_NOW", f"2024-01-01T0{hour}:00:00+00:00")
        store.visits.record("made_up", what)

    assert store.visits.last("made_up").what == "unchanged"


def test_a_look_may_be_asked_for_by_what_came_of_it(store):
    """The last failure is found behind later successes, with the bytes that failed."""
    store.visits.record("made_up", "failed", detail="north.csv: header has no month", sha256="ab")
    store.visits.record("made_up", "unchanged")

    failed = store.visits.last("made_up", what=["failed"])

    assert (failed.detail, failed.sha256) == ("north.csv: header has no month", "ab")


def test_sources_do_not_see_each_others_looks(store):
    """A source that was never looked at has no last look."""
    store.visits.record("made_up", "looked")

    assert store.visits.last("other") is None
    assert len(store.visits.read()) == 1


def test_a_torn_line_is_no_look_and_harms_no_other(store):
    """What a writer killed in mid-line left is passed over, and the next look begins its own line."""
    store.visits.record("made_up", "looked")
    with store.visits.path.open("ab") as log:
        log.write(b'{"at": "2024-01-01T00:')

    assert len(store.visits.read()) == 1
    store.visits.record("made_up", "new")
    assert [visit.what for visit in store.visits.read()] == ["looked", "new"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"nonsense", r"Invalid JSON"),
        (b'{"at": "2024-01-01T00:00:00Z", "source": "made_up", "what": "glanced"}', r"what: Input should be 'looked', "),
    ],
    ids=["no JSON", "no look"],
)
def test_a_damaged_line_is_an_error_with_its_number(store, line, said):
    """A line that was finished and cannot be read as a look is not passed over, and the message says what is wrong with it."""
    store.visits.record("made_up", "looked")
    with store.visits.path.open("ab") as log:
        log.write(line + b"\n")

    with pytest.raises(StoreError, match=rf"visits.jsonl:2: damaged \({said}.*\); put the line right"):
        store.visits.read()
