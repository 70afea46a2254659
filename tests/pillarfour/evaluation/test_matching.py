"""Who may claim what: stage, subject, direction and window, by rule."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from pillarfour.alerts.model import AlertKey
from pillarfour.detection import Panel
from pillarfour.evaluation import matching, score
from pillarfour.evaluation.events import Event
from pillarfour.evaluation.matching import Alert, Record
from pillarfour.model import SeriesKey

PERIODS = pd.period_range("2019-01", "2022-12", freq="M")
ONSET = pd.Period("2021-06", freq="M")


def key(stage: str, subject: str) -> SeriesKey:
    return SeriesKey(stage=stage, subject=subject)


@pytest.fixture
def record():
    """Two stages of steady figures: Haitians are a tenth of the total; the Darién is published on the 12th, the border on the 20th."""
    series = [key(stage, subject) for stage in ("darien", "us_southwest") for subject in ("total", "HTI", "VEN", "haitian")]
    values = np.array([[1000.0 if each.subject == "total" else 100.0] * len(PERIODS) for each in series])
    return Record(
        panel=Panel(values=values, series=tuple(series), periods=PERIODS, unit="persons"),
        published={
            (stage, period.ordinal): (period + 1).start_time.date().replace(day=day)
            for stage, day in (("darien", 12), ("us_southwest", 20))
            for period in PERIODS
        },
        stages=("darien", "us_southwest"),
        groups={"haitian": frozenset({"HTI", "BRA"})},
        watched={"up": frozenset(series), "down": frozenset({key("darien", "total")})},
    )


def event(**facts) -> Event:
    given = {
        "id": "E01",
        "title": "A surge",
        "class": "surge",
        "onset": date(2021, 6, 10),
        "precision": "day",
        "nationalities": ("HTI",),
        "expected": {"us_southwest": ("up",)},
        "evidence": "figures",
        "source": "https://example.org/",
    }
    return Event.model_validate({**given, **facts})


def part(record, **facts):
    found, _ = matching.labelled([event(**facts)], record)
    return found[0]


def alert(on: date, *more: tuple[date, str], stage="us_southwest", subject="HTI", direction="up", ended=None) -> Alert:
    return Alert(key=AlertKey(trigger="t", stage=stage, subject=subject), direction=direction, news=((on, "watch"), *more), ended=ended)


def test_dates_follow_from_publication(record):
    """The floor is the onset month's own publication; two publications are in time, six are all."""
    found = part(record)

    assert (found.opens, found.floor) == (date(2021, 3, 10), date(2021, 7, 20))
    assert (found.in_time, found.closes) == (date(2021, 8, 20), date(2021, 12, 20))
    assert part(record, expected={"us_southwest": ("later_up",)}).in_time == date(2021, 12, 20)


def test_a_subject_claims_what_concerns_it(record):
    """The nationality, its group, and the total where they are a good part of it; a total alone where all are meant."""
    assert part(record).series == {key("us_southwest", "HTI"), key("us_southwest", "haitian")}
    assert part(record, nationalities="all").series == {key("us_southwest", "total")}
    assert part(record).upstream == {key("darien", "HTI"), key("darien", "haitian")}

    many = record.panel.values.copy()
    many[record.panel.series.index(key("us_southwest", "HTI")), ONSET.ordinal - PERIODS[0].ordinal] = 200
    moved = replace(record, panel=replace(record.panel, values=many))

    assert key("us_southwest", "total") in part(moved).series


def test_who_watches_no_fall_claims_none(record):
    """A part that nobody watches in its direction is scored, and missed."""
    found = part(record, expected={"us_southwest": ("down",)})

    assert found.series == frozenset()
    assert score.tell(found, [alert(date(2021, 7, 20), direction="down")]).status == "missed"


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (alert(date(2021, 7, 20)), "caught"),
        (alert(date(2021, 3, 10)), "caught"),
        (alert(date(2021, 8, 21)), "late"),
        (alert(date(2021, 12, 20)), "late"),
        (alert(date(2021, 12, 21)), "missed"),
        (alert(date(2021, 3, 9)), "standing"),
        (alert(date(2021, 3, 9), (date(2021, 7, 20), "warning")), "caught"),
        (alert(date(2021, 3, 9), ended=date(2021, 5, 20)), "missed"),
        (alert(date(2021, 7, 20), direction="down"), "missed"),
        (alert(date(2021, 7, 20), stage="darien"), "missed"),
        (alert(date(2021, 7, 20), subject="VEN"), "missed"),
        (alert(date(2021, 7, 20), subject="total"), "missed"),
    ],
)
def test_an_alert_claims_by_the_rules(record, told, status):
    """The window's ends belong to it; another stage, subject or direction claims nothing."""
    assert score.tell(part(record), [told]).status == status


def test_an_earlier_stage_tells_in_advance(record):
    """Up to half a year before, and not after the floor; it counts for nothing at the later stage."""
    soon, old = alert(date(2020, 12, 20), stage="darien"), alert(date(2020, 11, 1), stage="darien")
    outcome = score.tell(part(record), [soon, old])

    assert (outcome.status, outcome.upstream, outcome.upstream_lead_days) == ("missed", date(2020, 12, 20), 172)
    assert score.tell(part(record), [old]).upstream is None


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"onset": date(2015, 1, 1)}, "Before the record"),
        ({"onset": date(2019, 6, 1)}, "Only 5 months of figures"),
        ({"onset": date(2024, 6, 1)}, "After the record ends"),
        ({"expected": {"us_southwest": ()}}, "No source says"),
        ({"unseen": "A press figure."}, "A press figure"),
    ],
)
def test_what_the_record_cannot_show_is_said_and_not_scored(record, facts, reason):
    """No event is dropped in silence."""
    found, out = matching.labelled([event(**facts)], record)

    assert found == []
    assert len(out) == 1
    assert out[0].reason.startswith(reason)
