"""What holds a release, and what does not."""

from dataclasses import replace
from datetime import date

import pytest

from pillarfour.model import Problem
from pillarfour.store import Store

YEAR = [f"2020-{month}" for month in (10, 11, 12)] + [f"2021-0{month}" for month in range(1, 10)]
"""The made-up publisher's year 2021."""


def months(count, value=100, *, start=0):
    return {month: {"HTI": value, "VEN": value} for month in YEAR[start:count]}


@pytest.fixture
def judged(store, make_document, no_power_cuts):  # noqa: ARG001 - stands for its effect
    """Commit documents on consecutive days of 2022 and give the last one's status and the rules it breaks."""

    def judge(*documents, store=store):
        for day, document in enumerate(documents, start=1):
            facts = {"published_on": f"2022-01-{day:02}"} | document
            release = store.commit("made_up", *make_document(facts.pop("counts"), **facts))
        return release.status, [problem.rule for problem in release.problems], [str(problem) for problem in release.problems]

    return judge


@pytest.mark.parametrize(("day", "status"), [("2020-12-15", "held"), ("2020-12-31", "held"), ("2021-01-01", "used")])
@pytest.mark.parametrize("basis", ["observed", "stated"])
def test_a_month_that_was_not_over_when_published_holds(judged, day, status, basis):
    """Its count is no whole one, or the day is wrong and would let figures be known before they were; the remedy is for both."""
    found, rules, said = judged({"counts": months(3), "published_on": day, "basis": basis})

    assert (found, rules) == (status, ["published early"] if status == "held" else [])
    assert all("before 2020-12 was over" in each and "--published-on" in each and "releases accept" in each for each in said)


@pytest.mark.parametrize(
    ("before", "after", "rules"),
    [
        (months(3), months(4), []),
        (months(12), {"2021-10": {"HTI": 100}}, []),
        (months(12), months(12) | {"2021-10": {"HTI": 100}}, []),
        (months(3), months(3, 105), []),
        (months(3), months(3, 111), ["total moved"] * 3),
        (months(3), months(3, 89), ["total moved"] * 3),
        (months(12), months(12, 101), ["total moved"] * 12),
        (months(4), months(3), ["period lost"]),
        (months(4), months(4, start=1), ["period lost"]),
        (months(4), {month: counts for month, counts in months(4).items() if month != "2020-12"}, ["period lost"]),
        (months(3), months(3) | {"2020-12": {"HTI": 200}}, []),
        (months(12), months(12) | {"2020-12": {"HTI": 200}}, ["rows vanished"]),
        (months(12), months(12) | {"2020-12": {"HTI": 100, "VEN": 100, "CUB": 0}}, []),
        (months(3) | {"2020-12": {"HTI": 100, "VEN": 100, "CUB": 0}}, months(3), []),
        ({"2020-10": {"HTI": 0}}, {"2020-10": {"HTI": 1}}, ["total moved"]),
        ({"2020-09": {"HTI": 5}} | months(3), months(4), ["period lost"]),
        ({"2020-09": {"HTI": 5}} | months(12), months(12) | {"2021-10": {"HTI": 5}}, []),
    ],
    ids=[
        "one more month",
        "a new year's first document",
        "a second year beside the first",
        "an open year moves a little",
        "an open year rises too much",
        "an open year falls too much",
        "a closed year moves at all",
        "the newest month is gone",
        "the year's first month is gone",
        "a month is gone from the middle",
        "a row of an open year vanishes",
        "a row of a closed year vanishes, its total kept",
        "a row of a closed year appears with zero",
        "a zero of an open year vanishes",
        "a zero becomes one",
        "as many years as before are no longer covered",
        "the window moves on by a year",
    ],
)
def test_a_release_is_held_for_what_it_loses_or_moves(judged, before, after, rules):
    """Each row of the table is one thing that a publisher's next document does."""
    status, broken, _ = judged({"counts": before}, {"counts": after})

    assert broken == rules
    assert status == ("held" if rules else "used")


def test_a_document_that_jumps_back_to_a_closed_year_may_end_there(judged):
    """A closed year's file that is uploaded again speaks of its own year only."""
    status, _, _ = judged(
        {"counts": months(12)}, {"counts": {"2021-10": {"HTI": 5}, "2021-11": {"HTI": 5}}}, {"counts": months(12), "salt": "again"}
    )

    assert status == "used"


def test_the_message_has_both_figures_and_the_remedy(judged):
    """The officer reads where, what it was, what it is, and which command decides."""
    _, _, (message,) = judged({"counts": {"2020-10": {"HTI": 1000}}}, {"counts": {"2020-10": {"HTI": 2500}}})

    assert message.startswith("north-2020-10.csv, north arrivals 2020-10: the total was 1,000 in made_up/2022-01-01-")
    assert "and is 2,500 here (+150.00%); an open year may move by 10.0%" in message
    assert "`pillarfour releases accept made_up/2022-01-02-" in message
    assert "`pillarfour releases reject made_up/2022-01-02-" in message


def test_vanished_rows_are_named(judged):
    """The first few rows that are gone are named, the others counted."""
    many = {"2021-09": dict.fromkeys(("AAA", "BBB", "CCC", "DDD", "EEE"), 1)}

    _, rules, (message,) = judged({"counts": many}, {"counts": {"2021-09": {"AAA": 5}}})

    assert rules == ["rows vanished"]
    assert "4 of the rows that made_up/2022-01-01-" in message
    assert "counts are gone: BBB; CCC; DDD; and 1 more" in message


def test_a_total_that_gives_way_to_its_parts_has_not_vanished(judged):
    """A closed month that is broken down for the first time has lost nothing."""
    status, _, _ = judged({"counts": {"2021-09": {"TOTAL": 200}}}, {"counts": {"2021-09": {"HTI": 150, "VEN": 50}}})

    assert status == "used"


def test_parts_that_give_way_to_a_total_have_vanished(judged):
    """The other way round, the nationalities are lost."""
    _, rules, _ = judged({"counts": {"2021-09": {"HTI": 150, "VEN": 50}}}, {"counts": {"2021-09": {"TOTAL": 200}}})

    assert rules == ["rows vanished"]


def test_documents_of_single_months_lose_nothing(judged):
    """Where documents are not cumulative, leaving out earlier months is no loss."""
    status, _, _ = judged(
        {"counts": {"2021-07": {"TOTAL": 154}}, "measure": "people"}, {"counts": {"2021-09": {"TOTAL": 142}}, "measure": "people"}
    )

    assert status == "used"


def test_where_rows_may_vanish_they_may(open_store, judged):
    """A small country that moves into other holds nothing where the source says so."""
    store = open_store(tolerance={"year_ends": 9, "closed": 0, "open": 0.1, "rows_may_vanish": True})

    status, _, _ = judged({"counts": {"2021-09": {"HTI": 9, "CUB": 1}}}, {"counts": {"2021-09": {"HTI": 9, "OOO": 1}}}, store=store)

    assert status == "used"


@pytest.mark.parametrize(("now", "status"), [(23, "used"), (24, "held")])
def test_a_small_move_is_below_the_floor(open_store, judged, now, status):
    """Three more in a month of twenty say nothing; a fourth is above the floor."""
    store = open_store(tolerance={"year_ends": 9, "closed": 0, "open": 0.1, "rows_may_vanish": False, "floor": 3})

    found, _, _ = judged({"counts": {"2021-08": {"HTI": 20}}}, {"counts": {"2021-08": {"HTI": now}}}, store=store)

    assert found == status


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, "used"),
        ({"until": "2022-01-01"}, "held"),
        ({"reference_period": "2020-11"}, "held"),
        ({"table": "south"}, "held"),
        ({"rule": "period lost"}, "held"),
    ],
)
def test_a_waiver_lifts_one_rule_for_one_month_until_its_day(open_store, judged, change, status):
    """Only the named rule, table and month are let through, for releases published until the day."""
    waiver = {"rule": "total moved", "table": "north", "reference_period": "2020-10", "reason": "announced", "until": "2022-01-02"}
    store = open_store(waivers=[waiver | change])

    found, _, _ = judged({"counts": {"2020-10": {"HTI": 10}}}, {"counts": {"2020-10": {"HTI": 20}}}, store=store)

    assert found == status


@pytest.mark.parametrize(("place", "status"), [("north.pdf 2020-10 total", "used"), ("north.pdf 2020-11 total", "held")])
def test_a_waiver_lifts_what_the_document_itself_shows(open_store, judged, place, status):
    """A printed total known to be wrong is waived where the problem's place names the month."""
    waiver = {"rule": "printed total", "table": "north", "reference_period": "2020-10", "reason": "misprint", "until": "2030-01-01"}
    problem = Problem(rule="printed total", place=place, message="12 printed, 11 summed", remedy="look")

    found, _, _ = judged({"counts": {"2020-10": {"HTI": 10}}, "problems": (problem,)}, store=open_store(waivers=[waiver]))

    assert found == status


def test_mended_facts_judge_what_is_kept_anew(store, make_recipe, judged):
    """When the source's tolerance is widened, releases held for it are used, without writing anything."""
    judged({"counts": months(3)}, {"counts": months(3, 120)})
    wider = make_recipe(tolerance={"year_ends": 9, "closed": 0, "open": 0.2, "rows_may_vanish": False})

    assert [release.status for release in store.releases()] == ["used", "held"]
    assert [release.status for release in Store(store.root, {"made_up": wider}).releases()] == ["used", "used"]


@pytest.fixture
def views(open_store):
    """Open a store whose two tables show the same events."""
    return open_store(views={"tables": ["north", "south"], "by": "region"})


@pytest.mark.parametrize(
    ("north", "south", "region", "status"),
    [
        (months(12), months(12), "coast", "used"),
        (months(12), months(12, 99), "coast", "held"),
        (months(12), months(12, 99), "hills", "used"),
        (months(3), months(3, 99), "coast", "held"),
        (months(3), months(4, 99), "coast", "used"),
        (months(12) | {"2021-10": {"HTI": 5}}, months(12) | {"2021-10": {"HTI": 5}, "2021-11": {"HTI": 5}}, "coast", "used"),
        (months(12) | {"2021-10": {"HTI": 5}}, months(12, 99) | {"2021-10": {"HTI": 5}, "2021-11": {"HTI": 5}}, "coast", "held"),
        (months(12), {"2021-10": {"HTI": 5}}, "coast", "used"),
    ],
    ids=[
        "closed years agree",
        "closed years do not",
        "no region in common",
        "same month, open year does not",
        "another month, open year is not comparable",
        "another month, closed year agrees",
        "another month, closed year does not",
        "no month in common",
    ],
)
def test_views_of_the_same_events_agree(  # noqa: PLR0913, PLR0917 - the columns of the table above
    views, judged, north, south, region, status
):
    """Tables that show the same events must agree where both are frozen or of the same month."""
    found, rules, _ = judged({"counts": north, "region": "coast"}, {"counts": south, "region": region, "table": "south"}, store=views)

    assert found == status
    assert set(rules) == ({"views disagree"} if status == "held" else set())


def test_views_name_region_figures_and_the_other_release(views, judged):
    """The message has the region and both figures."""
    _, _, messages = judged(
        {"counts": months(1), "region": "coast"}, {"counts": months(1, 98), "region": "coast", "table": "south"}, store=views
    )

    assert "south-2020-10.csv, south arrivals 2020-10: coast: 196 here and 200 in table north (made_up/2022-01-01-" in messages[0]


def test_an_older_release_that_comes_late_judges_the_later_ones(store, make_document):
    """The verdicts are those of the order of publication, whatever the order of arrival."""
    store.commit("made_up", *make_document(months(3, 150), published_on="2022-01-02"))
    assert [release.status for release in store.releases()] == ["used"]

    store.commit("made_up", *make_document(months(3), published_on="2022-01-01"))

    assert [release.status for release in store.releases()] == ["used", "held"]
    assert sum(store.known_on("made_up", date(2030, 1, 1))["value"].to_pylist()) == 600


def test_a_rebuilt_release_never_holds_an_original(store, make_document):
    """Rebuilt documents give later figures under earlier dates; they are judged among themselves, and stand where no original is known."""
    for counts, rebuilt in ((months(2, 150), True), (months(1), False)):
        document, parsed = make_document(counts, published_on="2022-01-01")
        assert store.commit("made_up", replace(document, rebuilt=rebuilt), parsed).status == "used"
    again, parsed = make_document(months(2, 300), published_on="2022-01-02")
    assert store.commit("made_up", replace(again, rebuilt=True), parsed).status == "held"

    known = store.known_on("made_up", date(2030, 1, 1), where={"nationality": ["HTI"]})

    assert sorted(zip(known["reference_period"].to_pylist(), known["value"].to_pylist(), strict=True)) == [
        ("2020-10", 100),
        ("2020-11", 150),
    ]
