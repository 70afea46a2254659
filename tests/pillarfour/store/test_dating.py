"""Publication dates and their bases."""

from datetime import date, timedelta

import pytest

from pillarfour.errors import ValidationError

JANUARY = {"2021-01": {"HTI": 5}}


def test_the_servers_date_is_observed(store, make_document):
    """What came with the document dates it."""
    release = store.commit("made_up", *make_document(JANUARY, published_on="2021-02-03"))

    assert (release.published_on, release.published_basis) == (date(2021, 2, 3), "observed")


def test_the_documents_own_date_is_stated(store, make_document):
    """Where nothing came with it, the document's own date stands."""
    release = store.commit("made_up", *make_document(JANUARY, stated_on=date(2021, 2, 7)))

    assert (release.published_on, release.published_basis) == (date(2021, 2, 7), "stated")


@pytest.mark.parametrize(("rule", "day"), [({"day_of_next_month": 15}, date(2021, 2, 15)), ({"days_after_period": 50}, date(2021, 3, 22))])
def test_a_document_without_a_date_is_dated_by_rule(tmp_path, make_recipe, make_document, rule, day):
    """The source's cadence dates it from its last period, and the date says that it is reconstructed."""
    from pillarfour.store import Store  # noqa: PLC0415 - a store of this test's own recipe

    recipe = make_recipe(cadence={"usual_delay_days": 10, "latest_delay_days": 20} | rule)
    release = Store(tmp_path, {"made_up": recipe}).commit("made_up", *make_document(JANUARY))

    assert (release.published_on, release.published_basis) == (day, "reconstructed")


def test_a_date_before_what_is_counted_is_refused(store, make_document):
    """Nobody counts January in the December before; nothing is written."""
    with pytest.raises(ValidationError, match=r"north-2021-01.csv: published on 2020-12-01 .*before 2021-01 began.*--published-on"):
        store.commit("made_up", *make_document(JANUARY, published_on="2020-12-01"))
    assert store.releases() == []


@pytest.mark.parametrize("basis", ["observed", "stated"])
def test_a_date_after_the_document_was_here_is_refused(store, make_document, basis):
    """What is at hand was let out before: such a day would hide its figures until then; a day's difference is the clock's."""
    retrieved_on = make_document(JANUARY)[0].retrieved_at.date()
    with pytest.raises(ValidationError, match=r"north-2021-01.csv: published on 2099-01-01 .*here on 2026-01-01 already.*--published-on"):
        store.commit("made_up", *make_document(JANUARY, published_on="2099-01-01", basis=basis))
    assert store.releases() == []

    tomorrow = retrieved_on + timedelta(days=1)
    assert store.commit("made_up", *make_document(JANUARY, published_on=str(tomorrow), basis=basis)).published_on == tomorrow


@pytest.mark.parametrize(
    ("dates", "day"),
    [
        ([None, "2021-02-20"], "2021-02-20"),
        (["2021-02-20", "2021-02-03"], "2021-02-03"),
        (["2021-02-20", None], "2021-02-20"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_the_better_date_stands_whichever_came_first(store, make_document, dates, day, turned):
    """Evidence goes before the rule and the earliest evidence stands; the release is then one, under its new name."""
    document, parsed = make_document(JANUARY)
    copies = [make_document(JANUARY, published_on=each)[0] for each in dates]
    for copy in reversed(copies) if turned else copies:
        same_bytes = type(copy)(**{**vars(copy), "content": document.content})
        store.commit("made_up", same_bytes, parsed)

    assert [str(release.published_on) for release in store.releases()] == [day]
    assert len(list(store.root.glob("observations/*/*"))) == 1
