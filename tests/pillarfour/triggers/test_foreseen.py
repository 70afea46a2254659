"""The leaf that asks what is expected of a series."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from pillarfour.detection import Panel
from pillarfour.errors import TriggerError
from pillarfour.model import SeriesKey
from pillarfour.outlook import Forecast, Lead, Outlook
from pillarfour.triggers import check, watching
from pillarfour.triggers.evaluate import Yesterday, evaluate
from pillarfour.triggers.night import Night

DARIEN, BORDER = (SeriesKey(stage=stage, subject="haitian") for stage in ("darien", "border"))
PERIODS = pd.period_range("2021-01", periods=4, freq="M")
EXPECTED = {1: (400, 300, 500), 2: (800, 600, 1000), 3: (2000, 1000, 4000)}
"""Of each month after the newest one of the border."""


def lead(**known) -> Lead:
    return Lead(**{"upstream": DARIEN, "downstream": BORDER, "n_months": 40, "reason": None, "lag_months": 1, "p_value": 0.01, **known})


def night(found: Lead, *, months=(1, 2, 3), figures=(100.0, 200.0, 300.0)) -> Night:
    """Make a night on which the border is known for three months, the Darién for four, and so many months are expected."""
    border = [*figures, *[np.nan] * (len(PERIODS) - len(figures))]
    newest = PERIODS[len(figures) - 1]
    panel = Panel(values=np.array([[10.0, 20, 30, 40], border]), series=(DARIEN, BORDER), periods=PERIODS, unit="mixed")
    forecasts = tuple(
        Forecast(lead=found, period=newest + at, horizon_months=at, expected=expected, lower=lower, upper=upper, coverage=0.8)
        for at, (expected, lower, upper) in EXPECTED.items()
        if at in months and found.usable
    )
    outlook = Outlook(known_on=date(2021, 5, 12), leads=(found,), forecasts=forecasts, units={"border": "events"})
    releases = {(stage, str(period)): (f"{stage}/{period}-00000000",) for stage in ("darien", "border") for period in PERIODS}
    return Night(known_on=date(2021, 5, 12), panel=panel, scores={}, freshness={}, releases=releases, outlooks={"corridor": outlook})


def written(good: str, levels: str, *, clear: str = "level: {at_most: 10, unit: events}") -> str:
    """Put other levels in place of the corridor's, and let it watch the border alone."""
    head, _, rest = good.partition("    series: {stages: [darien, border], subject: haitian}\n")
    tail = rest[rest.index("    response: surge\n") :]
    return f"{head}    series: {{stages: [border], subject: haitian}}\n    levels:\n{levels}    clear:\n      {clear}\n{tail}"


@pytest.fixture
def triggers(load_text, good):
    """Give the example's corridor alone, with a leaf in place of its conditions."""

    def triggers(leaf: str, **clear: str):
        loaded = load_text(written(good, f"      watch:\n        {leaf}\n", **clear))
        return loaded.model_copy(update={"triggers": (loaded.trigger("corridor"),)})

    return triggers


def leaf(**changed) -> str:
    asked = {"from": "darien", "within_months": 3, "at_least": 1000, "unit": "events", **changed}
    return f"forecast: {{{', '.join(f'{name}: {each}' for name, each in asked.items())}}}"


@pytest.fixture
def ask(triggers):
    def ask(known, **changed):
        (found,) = evaluate(triggers(leaf(**changed)), known)
        return found

    return ask


@pytest.mark.parametrize(
    ("asked", "months", "held"),
    [
        ({"at_least": 2000}, (1, 2, 3), True),
        ({"at_least": 2001}, (1, 2, 3), False),
        ({"at_least": 1000, "within_months": 2}, (1, 2, 3), False),
        ({"at_least": 800, "within_months": 2}, (1, 2, 3), True),
        ({"at_least": 1000, "by": "lower"}, (1, 2, 3), True),
        ({"at_least": 1001, "by": "lower"}, (1, 2, 3), False),
        ({"at_least": 500}, (1,), False),
        ({"at_least": 400}, (1,), True),
        ({"at_least": 1}, (), None),
    ],
)
def test_the_highest_of_the_months_asked_about_is_held_against_the_level(asked, months, held, ask):
    """The central expectation or the lower end, as far as the lag reaches; nothing expected is open."""
    assert ask(night(lead(), months=months), **asked).evidence["watch"].held is held


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("too_short", "too few months are known of both"),
        ("too_few", "too few people are counted"),
        ("insignificant", "no lag is beyond chance"),
        ("wrong_sign", "more upstream went with fewer downstream"),
        ("published_first", "its own figures come out first"),
    ],
)
def test_without_a_usable_lag_it_is_open_and_says_why(reason, said, ask):
    """Not knowing is never a no: neither met nor refused, and no ground to end an alert."""
    found = ask(night(lead(reason=reason))).evidence["watch"]

    assert found.held is None
    assert found.figures["no_lag"] == reason
    assert found.text.endswith(f"no usable lag, {said}")


def test_an_open_forecast_ends_nothing(triggers):
    """The stop condition is open too."""
    (found,) = evaluate(triggers(leaf(), clear=f"not: {{{leaf()}}}"), night(lead(reason="insignificant")))

    assert (found.level, found.clear) == (None, None)


def test_the_answer_says_month_range_lag_stage_and_releases(ask):
    """All that an officer must know to judge it, from both stages."""
    found = ask(night(lead())).evidence["watch"]

    assert found.text == (
        "about 2,000 events (1,000 to 4,000) are expected in 2021-06, by darien/haitian 1 month before; at least 1,000 is asked for"
    )
    named = {
        "month": "2021-06",
        "forecast": 2000,
        "forecast_lower": 1000,
        "forecast_upper": 4000,
        "coverage": 0.8,
        "lag_months": 1,
        "from": "darien",
    }
    assert named.items() <= found.figures.items()
    assert {"darien/2021-04-00000000", "border/2021-03-00000000"} <= set(found.releases)


def test_what_is_expected_next_is_not_what_was_expected_of_the_newest_figure(ask):
    """The headline compares the newest figure with nothing that is about another month."""
    found = ask(night(lead()))

    assert (found.value, found.reference_period, found.expected) == (300, "2021-03", None)


def test_of_an_earlier_month_it_says_nothing(triggers):
    """A forecast made from a later figure is none as of that month."""
    known = night(lead())
    shown = replace(known, panel=replace(known.panel, values=np.array([[10.0, 20, 30, 40], [100, 200, np.nan, np.nan]])))
    (found,) = evaluate(triggers(leaf()), shown)

    assert found.reference_period == "2021-02"
    assert found.evidence["watch"].held is None
    assert "from the newest figure alone" in found.evidence["watch"].text


def test_a_night_without_forecasts_is_refused(ask):
    """Whoever forgets to foresee is told, and no alert is missed in silence."""
    with pytest.raises(TriggerError, match=r"corridor; put the night through foreseeing\.foresee"):
        ask(replace(night(lead()), outlooks={}))


def test_news_of_the_stage_before_is_asked_again(triggers):
    """Yesterday's answer stands only where neither the watched stage nor the one it is foreseen from has published."""
    asked = triggers(leaf())
    (condition,) = evaluate(asked, night(lead()))
    answers = {
        stage: Yesterday(conditions={condition.key: condition}, changed=frozenset({stage})).answer(asked.triggers[0], condition.key)
        for stage in ("darien", "border", "elsewhere")
    }

    assert answers == {"darien": None, "border": None, "elsewhere": condition}


def test_the_stage_before_is_part_of_what_is_approved_and_kept(triggers):
    """Another series observed there would make other forecasts: another hash."""
    asked = triggers(leaf())
    moved = asked.stages[0].model_copy(
        update={"observed_by": (asked.stages[0].observed_by[0].model_copy(update={"where": {"region": "x"}}),)}
    )

    assert asked.stages[0].id == "darien"
    assert asked.model_copy(update={"stages": (moved, *asked.stages[1:])}).sha256("corridor") != asked.sha256("corridor")


def test_the_figures_of_the_stage_before_are_needed(triggers):
    """The panel is built of them too, though nobody watches them."""
    asked = triggers(leaf())

    assert watching.led(asked.triggers[0], asked) == ((DARIEN, BORDER),)
    assert DARIEN in watching.needed(asked)
    assert watching.led(triggers("level: {at_least: 50, unit: events}").triggers[0], asked) == ()


def test_a_higher_level_that_asks_for_less_is_doubted(good, registries, tmp_path):
    """Of the same end of the range only: a lower end that reaches as many is harder."""

    def doubts(by: str) -> list[str]:
        path = tmp_path / "triggers.yaml"
        levels = f"      watch:\n        {leaf()}\n      warning:\n        {leaf(at_least=900, by=by)}\n"
        path.write_text(written(good, levels), encoding="utf-8")
        return [each for each in check.check(path, **registries).warnings if "forecast" in each]

    assert [each.partition(": ")[2] for each in doubts("expected")] == [
        "trigger corridor, level warning: forecast (expected) 900 is under the 1000 of watch; a higher level asks for more"
    ]
    assert doubts("lower") == []
