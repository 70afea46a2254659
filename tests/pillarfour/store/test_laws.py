"""Laws that hold for any releases, in any order, with any decisions."""

import random
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from pillarfour.model import Problem
from pillarfour.store import Store

MONTHS = ("2020-08", "2020-09", "2020-10", "2020-11", "2020-12", "2021-01")
"""Two months of one publisher's year and four of the next."""
FIRST = date(2021, 2, 1)
UNKNOWN = Problem(rule="unknown name", place="row 4", message="'Wakanda' is no country", remedy="add it to countries.csv")


@dataclass(frozen=True)
class Made:
    """A made-up publication; decided is what an analyst says of it."""

    table: str
    day: int
    counts: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
    problem: bool
    decided: str | None
    salt: int


@st.composite
def publications(draw):
    """Make releases that mostly agree, so that some are used, some held, and some decided about."""
    made = []
    for salt in range(draw(st.integers(1, 6))):
        first = draw(st.integers(0, 4))
        months = MONTHS[first : draw(st.integers(first + 1, len(MONTHS)))]
        usual = st.sampled_from([100, 100, 100, 104, 150])
        nations = st.dictionaries(st.sampled_from(["HTI", "VEN"]), usual, max_size=2)
        counts = tuple((month, tuple(sorted(draw(nations).items()))) for month in months)
        made.append(
            Made(
                table=draw(st.sampled_from(["north", "north", "south"])),
                day=draw(st.integers(0, 4)),
                counts=counts,
                problem=draw(st.integers(0, 5)) == 0,
                decided=draw(st.sampled_from([None, None, None, "accept", "reject"])),
                salt=salt,
            )
        )
    return made


@pytest.fixture
def fill(make_recipe, make_document, no_power_cuts):  # noqa: ARG001 - stands for its effect
    """Commit publications to a new store, in the order given, and decide about them."""

    def filled(root: str, made: list[Made], *, decide_at_once: bool = False) -> Store:
        store = Store(Path(root), {"made_up": make_recipe(views={"tables": ["north", "south"], "by": "region"})})
        pending = []
        for each in made:
            document, parsed = make_document(
                {month: dict(counts) for month, counts in each.counts},
                published_on=str(FIRST + timedelta(days=each.day)),
                table=each.table,
                region="coast",
                salt=str(each.salt),
                problems=(UNKNOWN,) if each.problem else (),
            )
            store.raw.keep(document)
            pending.append((each.decided, store.commit("made_up", document, parsed).id))
            for decided, release in pending if decide_at_once or each is made[-1] else ():
                if decided:
                    getattr(store, decided)(release, reason="because", by="Ana")
            pending = [] if decide_at_once else pending
        return store

    return filled


LAW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def rows_of(store, day):
    rows = store.known_on("made_up", day, columns=["table", "reference_period", "nationality", "value", "release"])
    return Counter(tuple(row.values()) for row in rows.to_pylist())


@LAW
@given(made=publications(), day=st.integers(-1, 5))
def test_nothing_published_later_is_known(fill, made, day):
    """What was known on a day is the same whether or not anything was published after it."""
    day_known = FIRST + timedelta(days=day)
    with tempfile.TemporaryDirectory() as whole, tempfile.TemporaryDirectory() as early:
        everything = fill(whole, made)
        until = fill(early, [each for each in made if each.day <= day])

        assert rows_of(everything, day_known) == rows_of(until, day_known)
        assert everything.coverage("made_up", day_known) == until.coverage("made_up", day_known)


@LAW
@given(made=publications(), day=st.integers(-1, 5))
def test_the_newest_usable_release_supplies_each_month_whole(fill, made, day):
    """Month by month the rows are those of one release: no older row survives, none is added up."""
    day_known = FIRST + timedelta(days=day)
    with tempfile.TemporaryDirectory() as root:
        store = fill(root, made)
        content = {}
        for each, release in ((each, release) for each in made for release in store.releases() if _is_of(release, each, store)):
            content[release.id] = dict(each.counts)
        expected, newest = Counter(), {}
        usable = [release for release in store.releases() if release.status in {"used", "accepted"} and release.published_on <= day_known]
        for release in sorted(usable, key=lambda release: (release.published_on, max(release.covers["arrivals"]), release.document_sha256)):
            newest |= {(release.table, month): release.id for month in release.covers["arrivals"]}
        for (table, month), release in newest.items():
            expected.update((table, month, nationality, value, release) for nationality, value in content[release][month])
        event(f"{len({*newest.values()})} releases supply, of {len(made)}")
        event(" ".join(sorted({release.status for release in store.releases()})))

        assert rows_of(store, day_known) == expected
        assert store.coverage("made_up", day_known) == {(table, "arrivals", month): release for (table, month), release in newest.items()}


def _is_of(release, made, store):
    content = store.raw.read(release.document_sha256).decode()
    return content.endswith(f'"{made.salt}"]')


@LAW
@given(made=publications(), seed=st.integers(0, 1000))
def test_the_order_of_arrival_leaves_no_trace(fill, made, seed, read_tree):
    """The same documents in another order, decided about at other times, give the same bytes."""
    shuffled = random.Random(seed).sample(made, len(made))  # noqa: S311 - an order, no secret
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        fill(one, made)
        fill(other, shuffled, decide_at_once=True)

        trees = [read_tree(Path(root)) for root in (one, other)]
        for tree in trees:
            tree.pop("decisions.jsonl", None)
        assert trees[0] == trees[1]


@LAW
@given(made=publications())
def test_again_is_the_same(fill, made, read_tree):
    """Committing everything a second time changes no byte."""
    with tempfile.TemporaryDirectory() as root:
        undecided = [Made(**{**vars(each), "decided": None}) for each in made]
        fill(root, undecided)
        before = read_tree(Path(root))

        fill(root, list(reversed(undecided)))
        assert read_tree(Path(root)) == before


@LAW
@given(made=publications())
def test_a_lost_index_is_made_again(fill, made, read_tree):
    """The index and the package can be deleted at any time: reads are right without them, and the next writer restores them."""
    with tempfile.TemporaryDirectory() as root:
        store = fill(root, made)
        before, known = read_tree(Path(root)), rows_of(store, date(2030, 1, 1))
        (Path(root) / "index" / "made_up.json").unlink()
        (Path(root) / "datapackage.json").unlink()

        assert rows_of(store, date(2030, 1, 1)) == known
        fill(root, [Made(**{**vars(made[-1]), "decided": None})])
        assert read_tree(Path(root)) == before


@LAW
@given(made=publications())
def test_a_release_that_is_not_used_might_as_well_not_be_there(fill, made):
    """Without those held and rejected the same is known."""
    with tempfile.TemporaryDirectory() as root, tempfile.TemporaryDirectory() as without:
        store = fill(root, made)
        usable = {release.document_sha256 for release in store.releases() if release.status in {"used", "accepted"}}
        salts = {store.raw.read(sha).decode().rsplit('"', 2)[1] for sha in usable}

        assert rows_of(fill(without, [each for each in made if str(each.salt) in salts]), date(2030, 1, 1)) == rows_of(
            store, date(2030, 1, 1)
        )
