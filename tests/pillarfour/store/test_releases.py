"""Releases: kept once, replaced whole, decided about for good."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from pillarfour.errors import StoreError, ValidationError
from pillarfour.model import PARSED, Parsed, Problem
from pillarfour.store import Store

JANUARY = {"2021-01": {"HTI": 5, "VEN": 7}}
UNKNOWN = Problem(rule="unknown name", place="north.csv row 4", message="'Wakanda' is no country", remedy="add it to countries.csv")
LATER = date(2030, 1, 1)


def total(store, day=LATER, **asked):
    return sum(store.known_on("made_up", day, **asked)["value"].to_pylist())


def test_a_document_becomes_one_release(store, make_document):
    """The release carries its document, its dates and what it covers, zero months included."""
    document, parsed = make_document({"2021-01": {"HTI": 5}, "2021-02": {}}, published_on="2021-03-03")

    release = store.commit("made_up", document, parsed)

    assert release.id == f"made_up/2021-03-03-{document.sha256[:8]}"
    assert (release.document, release.document_sha256, release.status) == ("north-2021-02.csv", document.sha256, "used")
    assert release.covers == {"arrivals": ("2021-01", "2021-02")}
    assert store.releases() == store.releases("made_up") == [release]
    assert store.find("made_up", document.sha256) == release
    assert (store.root / f"observations/source=made_up/release=2021-03-03-{document.sha256[:8]}.parquet").exists()


def test_a_document_not_kept_is_not_found(store, make_document):
    """A document with other bytes is not taken for one that is kept."""
    store.commit("made_up", *make_document(JANUARY))

    assert store.find("made_up", "0" * 64) is None


def test_a_document_of_an_unfinished_writer_is_to_be_committed(store, make_document, read_tree):
    """Where a writer died before its last write, its documents are not found, and committing any of them finishes its work."""
    documents = [make_document(JANUARY), make_document({"2021-02": {"HTI": 5}}, table="south")]
    for document, parsed in documents:
        store.commit("made_up", document, parsed)
    finished = read_tree(store.root)
    (store.root / "index" / "made_up.json").unlink()
    (store.root / "datapackage.json").write_text("of before")
    (store.root / "observations" / "source=made_up" / ".tmp-release=2021-03-15-00000000.parquet.part").write_bytes(b"PAR1")

    assert store.find("made_up", documents[0][0].sha256) is None
    store.commit("made_up", *documents[0])
    assert read_tree(store.root) == finished


def test_the_same_document_again_changes_nothing(store, make_document, read_tree):
    """A second commit gives the same release, the first retrieval's time and name, and touches no byte."""
    document, parsed = make_document(JANUARY)
    first = store.commit("made_up", document, parsed)
    before = read_tree(store.root)

    again = replace(document, retrieved_at=datetime(2027, 5, 5, tzinfo=UTC), name="north (1).csv")
    assert store.commit("made_up", again, parsed) == first
    assert read_tree(store.root) == before


def test_a_document_read_anew_replaces_its_release(store, make_document):
    """When facts were mended and the same bytes read otherwise, the release is replaced, and no longer held."""
    document, parsed = make_document(JANUARY)
    assert store.commit("made_up", document, replace(parsed, problems=(UNKNOWN,))).status == "held"
    assert total(store) == 0

    assert store.commit("made_up", document, parsed).status == "used"
    assert total(store) == 12
    assert len(store.releases()) == 1


def test_a_held_release_leaves_what_was_known(store, make_document):
    """Bad input never replaces good figures, and is named."""
    store.commit("made_up", *make_document(JANUARY, published_on="2021-02-03"))

    held = store.commit("made_up", *make_document({"2021-01": {"HTI": 6, "VEN": 7}}, published_on="2021-03-03", problems=(UNKNOWN,)))

    assert (held.status, held.problems) == ("held", (UNKNOWN,))
    assert total(store) == 12


def test_an_accepted_release_is_used_from_its_publication(store, make_document):
    """An acceptance, however late, applies from the day on which the publisher let the figures out."""
    store.commit("made_up", *make_document(JANUARY, published_on="2021-02-03"))
    held = store.commit("made_up", *make_document({"2021-01": {"HTI": 9, "VEN": 7}}, published_on="2021-03-03"))
    assert held.status == "held"

    accepted = store.accept(held.id, reason="confirmed by telephone", by="duty officer")

    assert (accepted.status, accepted.problems) == ("accepted", held.problems)
    assert total(store, date(2021, 3, 2)) == 12
    assert total(store, date(2021, 3, 3)) == 16


def test_a_rejected_release_is_never_used(store, make_document):
    """Also one that nothing speaks against can be rejected; it stays in the store."""
    release = store.commit("made_up", *make_document(JANUARY))

    assert store.reject(release.id, reason="a draft", by="duty officer").status == "rejected"
    assert total(store) == 0
    assert [kept.id for kept in store.releases()] == [release.id]


def test_the_last_decision_stands_and_all_are_kept(store, make_recipe, make_document, monkeypatch):
    """A decision can be reversed; who decided what, when and why is never lost."""
    monkeypatch.setenv("PILLARFOUR_NOW", "2024-05-05T10:00:00+00:00")
    release = store.commit("made_up", *make_document(JANUARY, problems=(UNKNOWN,)))
    store.reject(release.id, reason="looks wrong", by="Ana")
    store.accept(release.id, reason="is right", by="Ben")

    assert Store(store.root, {"made_up": make_recipe()}).releases()[0].status == "accepted"
    lines = [json.loads(line) for line in (store.root / "decisions.jsonl").read_text().splitlines()]
    assert [(line["choice"], line["by"], line["reason"]) for line in lines] == [
        ("rejected", "Ana", "looks wrong"),
        ("accepted", "Ben", "is right"),
    ]
    assert lines[0]["at"] == "2024-05-05T10:00:00+00:00"


def test_a_decision_stands_when_the_document_is_read_anew(store, make_document):
    """Reading the bytes again, with another problem or another date, does not undo what an analyst decided."""
    document, parsed = make_document(JANUARY, problems=(UNKNOWN,))
    store.accept(store.commit("made_up", document, parsed).id, reason="is right", by="Ana")

    dated = replace(document, published_on=date(2021, 2, 2), published_basis="observed")
    release = store.commit("made_up", dated, replace(parsed, problems=(replace(UNKNOWN, place="north.csv row 5"),)))

    assert (release.status, release.published_on) == ("accepted", date(2021, 2, 2))


@pytest.mark.parametrize(
    ("release", "reason", "message"),
    [
        ("made_up/2021-02-15-00000000", "why not", 'unknown release "made_up/2021-02-15-00000000"; did you mean "made_up/2021-02-15-'),
        ("made_up/2021-02-15-00000000", " ", "accepted without a reason; give one with --reason"),
        ("nobody/2021-02-15-00000000", "why not", "no source is called 'nobody'; there are made_up"),
    ],
)
def test_a_decision_must_name_a_release_and_a_reason(store, make_document, release, reason, message):
    """What cannot be decided is refused, and nothing is written down."""
    store.commit("made_up", *make_document(JANUARY))

    with pytest.raises((ValidationError, StoreError), match=message):
        store.accept(release, reason=reason, by="Ana")
    assert not (store.root / "decisions.jsonl").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"table": "west"}, "made_up has no table 'west'; it has north, south"),
        ({"covers": {"arrivals": ("2021-02",)}}, "has rows of arrivals 2021-01, which it does not say it covers"),
        ({"covers": {"arrivals": ()}}, "covers no period"),
        ({"covers": {"departures": ("2021-01",)}}, "has no measure 'departures'; it has arrivals, people"),
    ],
)
def test_a_parser_that_contradicts_itself_is_refused(store, make_document, change, message):
    """A faulty parser's rows do not enter the store, and the message names the document."""
    document, parsed = make_document(JANUARY)

    with pytest.raises(ValidationError, match=rf"north-2021-01.csv: .*{message}"):
        store.commit("made_up", document, replace(parsed, **change))
    assert store.releases() == []


@pytest.mark.parametrize(("value", "message"), [(-1, "count below zero"), (None, "rows without value")])
def test_a_count_is_a_count(store, make_document, value, message):
    """A negative count or none at all is refused: missing is not zero."""
    document, _ = make_document(JANUARY)
    rows = [{"measure": "arrivals", "reference_period": "2021-01", "nationality": "HTI", "value": value}]
    columns = pa.schema([field for field in PARSED if field.name in rows[0]])

    with pytest.raises(ValidationError, match=message):
        store.commit(
            "made_up",
            document,
            Parsed(table="north", observations=pa.Table.from_pylist(rows, schema=columns), covers={"arrivals": ("2021-01",)}),
        )


def test_a_damaged_release_is_named(store, make_document):
    """A file cut short is an error that says which and what to do, not a smaller count."""
    store.commit("made_up", *make_document(JANUARY))
    (path,) = store.root.glob("observations/*/*.parquet")
    path.write_bytes(path.read_bytes()[:-10])

    with pytest.raises(StoreError, match=rf"{path.name}: is no whole release .*; delete it and ingest its document again"):
        store.releases()


def test_the_fingerprint_changes_whenever_an_answer_could(store, make_document):
    """A new release, other bytes of the same release, and a decision each give another; a look gives the same."""
    wrong = (*make_document(JANUARY), UNKNOWN)
    seen = [store.fingerprint()]
    store.commit("made_up", *wrong[:2])
    seen.append(store.fingerprint())
    store.commit("made_up", wrong[0], replace(wrong[1], problems=(UNKNOWN,)))
    seen.append(store.fingerprint())
    store.accept(store.releases()[0].id, reason="a spelling", by="ana")
    seen.append(store.fingerprint())

    assert len(set(seen)) == 4
    assert Store(store.root, {name: index.recipe for name, index in store._indexes.items()}).fingerprint() == seen[-1]
