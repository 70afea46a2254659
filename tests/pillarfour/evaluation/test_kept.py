"""Results of replays in the store's folder: whole, of one state of things, and gone without harm."""

import shutil
from datetime import date

import pytest

from pillarfour.alerts.model import Figure
from pillarfour.evaluation.kept import Kept, machinery
from pillarfour.evaluation.told import SAID, Revised, Said, Score, Told, in_order

LINE = Told(
    decided_on=date(2021, 7, 12),
    trigger="haitian-corridor",
    kind="surge",
    stage="darien",
    subject="haitian",
    nationalities=("BRA", "CHL", "HTI"),
    before="active",
    after="active",
    level_before="watch",
    level="warning",
    reference_period="2021-06",
    value=6527.0,
    expected=None,
    unit="persons",
    reason="6,527 persons; “ñ”",
    unannounced_because=None,
    scores=(
        Score(
            detector="cusum",
            series="darien/haitian",
            reference_period="2021-06",
            status="ok",
            score=1.5,
            p_value=None,
            expected=444.123456,
            lower=0.1,
            upper=1 / 3,
        ),
    ),
    values=(Figure(series="darien/haitian", reference_period="2021-06", value=6527.0, release="panama_darien/2021-07-12-1a2b3c4d"),),
    revised=(
        Revised(
            before=Figure(series="darien/haitian", reference_period="2021-05", value=1.0),
            after=Figure(series="darien/haitian", reference_period="2021-05", value=2.0),
        ),
    ),
    releases=("panama_darien/2021-07-12-1a2b3c4d",),
    rule_sha256="0" * 64,
)
SAID_ONCE = Said(trigger="haitian-corridor", series=3, told=(LINE,))


@pytest.fixture
def kept(tmp_path):
    return Kept(root=tmp_path, of="a" * 64)


def test_what_is_kept_is_found_as_it_was(kept):
    """Every figure to its last digit, and nothing under another key or of another state of things."""
    kept.keep("key", SAID_ONCE)

    assert kept.find("key") == SAID_ONCE
    assert SAID.validate_json(SAID.dump_json(SAID_ONCE)) == SAID_ONCE
    assert kept.find("another") is None
    assert Kept(root=kept.root, of="b" * 64).find("key") is None
    assert Kept(root=kept.root, of="a" * 16 + "b" * 48).find("key") is None  # the same folder, by chance


@pytest.mark.parametrize("place", [0, 70, 140, -1])
def test_a_result_of_which_a_byte_is_wrong_is_none(kept, place):
    """It is computed again."""
    kept.keep("key", SAID_ONCE)
    path = kept.folder / "key.json"
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)

    assert kept.find("key") is None


def test_what_follows_from_another_state_is_removed_and_what_follows_from_this_one_stays(kept):
    """Whoever else still writes there makes the folder again."""
    other = Kept(root=kept.root, of="b" * 64)
    for each in (kept, other):
        each.keep("key", SAID_ONCE)
    kept.remove_others()

    assert (kept.find("key"), other.find("key")) == (SAID_ONCE, None)
    other.keep("key", SAID_ONCE)
    assert other.find("key") == SAID_ONCE
    shutil.rmtree(kept.root / "replay")
    assert kept.find("key") is None
    kept.remove_others()


def test_the_hash_of_the_machinery_changes_with_a_file_of_code_or_facts(tmp_path):
    """Its bytes or its name; what is neither code nor facts does not count."""
    (tmp_path / "method.py").write_text("1")
    seen = [machinery([tmp_path])]
    (tmp_path / "notes.txt").write_text("1")
    assert machinery([tmp_path]) == seen[0]
    (tmp_path / "facts.yaml").write_text("1")
    seen.append(machinery([tmp_path]))
    (tmp_path / "method.py").write_text("2")
    seen.append(machinery([tmp_path]))
    (tmp_path / "method.py").rename(tmp_path / "other.py")
    seen.append(machinery([tmp_path]))

    assert len(set(seen)) == 4


def test_changes_are_in_the_order_of_nights_and_alerts():
    """Whatever order they come in."""
    lines = [LINE, *(Told(**{**vars(LINE), **other}) for other in ({"stage": "mexico"}, {"decided_on": date(2021, 5, 12)}))]

    assert in_order(lines) == in_order(reversed(lines)) == [lines[2], lines[0], lines[1]]
