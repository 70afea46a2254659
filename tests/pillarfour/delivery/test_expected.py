"""What a message says of a condition that rests on a forecast."""

from datetime import UTC, datetime

import pytest

from pillarfour.alerts.model import Evidence
from pillarfour.delivery import cap, clauses, facts, reasons
from pillarfour.delivery.wording import wording

NAMES = {"en": {"darien": "Darién"}, "es": {"darien": "Darién"}}
ASKED = {"at_least": 5000, "within_months": 3, "by": "expected", "from": "darien", "reference_period": "2021-05"}
TOLD = {"month": "2021-08", "forecast": 7896.4, "forecast_lower": 5332.0, "forecast_upper": 18709.0, "coverage": 0.8, "lag_months": 1}


def forecast(*, held: bool | None = True, **figures) -> Evidence:
    return Evidence(test="forecast", held=held, text="the leaf's own text", figures={**ASKED, "no_lag": None, **figures})


def plain(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("language", "figures", "said"),
    [
        ("en", TOLD, "About 7,896 are expected in August 2021 (5,332–18,709), by the figures of Darién 1 month earlier. That reaches"),
        ("es", TOLD, "Se esperan unos 7 896 en agosto de 2021 (5 332–18 709), según las cifras de Darién de 1 mes antes. Eso alcanza"),
        ("es", TOLD, "Eso alcanza el umbral de 5 000."),
        ("en", {**TOLD, "lag_months": 0}, "by the figures of Darién of the same month. That reaches"),
        ("es", {**TOLD, "lag_months": 2}, "según las cifras de Darién de 2 meses antes."),
        ("en", {**TOLD, "by": "lower"}, "Even the lower figure reaches the threshold of 5,000."),
        ("en", {**TOLD, "at_least": 10000}, "That is under the threshold of 10,000."),
        ("en", {**TOLD, "by": "lower", "at_least": 6000}, "The lower figure is under the threshold of 6,000."),
    ],
)  # fmt: skip
def test_a_forecast_is_told_with_month_range_place_and_threshold(language, figures, said):
    """In the reader's language: how many, when, between which figures, and what says so."""
    sentence = facts.sentence(forecast(**figures), wording(language), turned=False, names=NAMES[language])

    assert said in plain(sentence)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("by", ["expected", "lower"])
@pytest.mark.parametrize("months", [1, 3])
def test_what_would_have_to_be_expected_is_said_with_its_opposite(language, by, months):
    """Also where nothing is expected, since what is asked is known."""
    leaf = forecast(held=None, by=by, within_months=months)
    one, other = (clauses.said(leaf, wording(language), names={}, turned=turned) for turned in (False, True))

    assert one != other
    assert leaf.text not in one + other
    assert all(str(months) in each for each in (one, other))


@pytest.mark.parametrize(
    ("language", "reason", "said"),
    [
        ("en", "insignificant", "Could not be asked: forecast (no lag is beyond chance)."),
        ("es", "published_first", "pronóstico (sus propias cifras salen antes)"),
        ("en", None, "forecast (too little history)"),
    ],
)
def test_a_forecast_that_could_not_be_made_is_named_with_its_reason(language, reason, said):
    """Beside what did hold: no usable lag is never left out, nor told as a no."""
    level = Evidence(test="level", held=True, text="", figures={"value": 6000, "at_least": 5000})
    either = Evidence(test="any", held=True, text="", parts=(level, forecast(held=None, no_lag=reason)))

    assert any(said in plain(each) for each in reasons.why(either, wording(language), names={}))


def test_only_a_forecast_that_made_the_condition_hold_counts_as_one():
    """By which end of its range, so that nobody takes what is yet to come for something seen."""
    level = Evidence(test="level", held=True, text="", figures={"value": 6000, "at_least": 5000})
    sure = Evidence(test="all", held=True, text="", parts=(level, forecast(**TOLD, by="lower")))
    without = Evidence(test="any", held=True, text="", parts=(level, forecast(held=False, **TOLD)))

    assert reasons.foreseen(sure) == {"lower"}
    assert reasons.foreseen(forecast(**TOLD)) == {"expected"}
    assert reasons.foreseen(without) == frozenset()


@pytest.mark.parametrize(("by", "certainty"), [("expected", "Possible"), ("lower", "Likely")])
def test_other_systems_are_not_told_that_it_was_observed(by, certainty, notice):
    """CAP's certainty of a warning is that of a forecast: what is yet to come is never observed."""
    notices = (notice(), notice(evidence={"warning": forecast(**TOLD, by=by)}))
    seen, expected = (
        cap.compose(each, identifier="pillarfour-x", sender="alerts@example.org", sent=datetime(2021, 7, 12, tzinfo=UTC)).content.decode()
        for each in notices
    )

    assert "certainty>Observed<" in seen
    assert "certainty>Observed<" not in expected
    assert f"certainty>{certainty}<" in expected
