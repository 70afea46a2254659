"""What a message says of the stages further on."""

import pytest

from pillarfour.delivery.backdrop import onward
from pillarfour.delivery.night import Ahead, Place
from pillarfour.delivery.wording import ENGLISH, wording

AUGUST = {"period": "2021-08", "expected": 1234.4, "lower": 800.0, "upper": 2100.0, "coverage": 0.8}
SEPTEMBER = AUGUST | {"period": "2021-09", "expected": 2000.0}


def place(**known):
    titles = {"en": "Mexico", "es": "México"}
    return Place(stage="mexico", title=titles, country=titles, role="transit", unit="events", **known)


def ahead(lag_months, *months):
    return tuple(Ahead(**month, upstream={"en": "Darién", "es": "Darién"}, lag_months=lag_months) for month in months)


@pytest.mark.parametrize(("lag", "when"), [(0, "of the same month"), (1, "1 month earlier"), (2, "2 months earlier")])
def test_a_forecast_is_told_with_its_range_and_what_it_rests_on(lag, when):
    """Each month with what is expected and between which figures, and how often such a range holds."""
    (said,) = onward([place(ahead=ahead(lag, AUGUST, SEPTEMBER))], ENGLISH)

    assert said.replace("\u00a0", " ").startswith(f"Mexico, by the figures of Darién {when}: about ")
    assert "August 2021 (" in said.replace("\u00a0", " ")
    assert "September 2021 (" in said.replace("\u00a0", " ")
    assert said.endswith("of the time.")
    assert "80" in said


def test_months_that_rest_on_different_stages_are_told_apart():
    """No stage's figures are named for a month that another's let expect."""
    said = onward([place(ahead=(*ahead(2, AUGUST), *ahead(1, SEPTEMBER)))], ENGLISH)

    assert [("August" in line, "September" in line, "2 months earlier" in line) for line in said] == [
        (True, False, True),
        (False, True, False),
    ]


@pytest.mark.parametrize("reason", ["too_short", "too_few", "insignificant", "wrong_sign", "published_first"])
def test_no_usable_lag_is_told_with_its_reason(reason):
    """In both languages, and each reason in its own words."""
    english, spanish = (onward([place(no_lag=reason)], each)[0] for each in (ENGLISH, wording("es")))

    assert english.startswith("Mexico: no usable lag, ")
    assert spanish.startswith("México: sin desfase utilizable, ")
    assert len({onward([place(no_lag=other)], ENGLISH)[0] for other in ("too_short", reason)}) == 1 + (reason != "too_short")


def test_where_nobody_was_asked_no_time_is_estimated():
    """A message without an outlook says so."""
    assert onward([place()], ENGLISH) == ["Time from one stage to the next: not estimated."]
    assert onward([], ENGLISH) == ["Time from one stage to the next: not estimated."]
