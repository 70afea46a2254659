"""One quarter as an example: the Darién and Mexico in 2021. The counts are published ones; the alerts' lives are made up."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from pillarfour.alerts.acts import Act
from pillarfour.alerts.events import Event
from pillarfour.alerts.model import AlertKey, Figure
from pillarfour.delivery.night import Topic
from pillarfour.model import Release
from pillarfour.report.charts import Break, Chart
from pillarfour.report.model import (
    Delay,
    HeldRelease,
    Intake,
    LawBreak,
    Life,
    Line,
    Report,
    Score,
    Scorecard,
    StageFigures,
)
from pillarfour.report.period import ended

MONTHS = tuple(f"2020-{month:02d}" for month in range(8, 13)) + tuple(f"2021-{month:02d}" for month in range(1, 9))
DARIEN = (6, 108, 371, 365, 971, 1071, 1857, 2694, 5865, 4462, 10267, 18813, 25332)
HAITIAN = (0, 84, 315, 313, 645, 720, 1231, 2193, 3818, 2180, 6527, 15488, 21285)
CHINA = (3, 0, 0, 0, 0, 0, 0, 2, 0, None, 0, 5, 4)
ALERT = AlertKey(trigger="haitian-corridor", stage="darien", subject="haitian")


def both(english: str, spanish: str | None = None) -> dict[str, str]:
    return {"en": english, "es": spanish or english}


TOPIC = Topic(subject=both("Haitian families", "Familias haitianas"), place=both("Darién"))


def make_event(known_on: str, after: str, *, before: str = "quiet", level: str | None = "watch", **changes) -> Event:
    """Give one line of the ledger; by default the Haitian families' alert in the Darién."""
    values = {
        "id": 1,
        "key": ALERT,
        "ordinal": 1,
        "known_on": date.fromisoformat(known_on),
        "kind": "surge",
        "before": before,
        "after": after,
        "level_before": None,
        "level": level,
        "reference_period": "2021-06",
        "rule_sha256": "5f0c" * 16,
        "figures": (
            Figure(series="darien/haitian", reference_period="2021-06", value=6527.0, release="panama_darien/2021-07-12-aaaaaaaa"),
        ),
        "unannounced_because": None,
        "case_id": None,
        "reason": "",
        "value": 6527.0,
        "expected": 2147.4,
        "unit": "persons",
        "evidence": {},
        "releases": ("panama_darien/2021-07-12-aaaaaaaa",),
        "documents": (),
        "recorded_at": datetime(2021, 7, 12, 11, tzinfo=UTC),
    }
    return Event(**values | changes)


@pytest.fixture
def event() -> Callable[..., Event]:
    return make_event


@pytest.fixture
def releases() -> dict[str, Release]:
    return {
        identity: Release(
            id=identity,
            source="panama_darien",
            table="country",
            published_on=date.fromisoformat(identity[14:24]),
            published_basis="reconstructed",
            retrieved_at=datetime(2021, 8, 15, 6, tzinfo=UTC),
            document="IRREGULARES_POR_DARIÉN.pdf",
            document_sha256="a" * 64,
            covers={"crossings": ("2021-06",)},
            status="used",
        )
        for identity in ("panama_darien/2021-07-12-aaaaaaaa", "panama_darien/2021-08-12-bbbbbbbb")
    }


def make_life(**changes) -> Life:
    values = {
        "key": ALERT,
        "topic": TOPIC,
        "kind": "surge",
        "began": date(2021, 7, 12),
        "level": "warning",
        "highest": "warning",
        "began_with": "2021-06",
        "reference_period": "2021-06",
        "value": 6527.0,
        "expected": 2147.4,
        "unit": "persons",
        "source": "panama_darien",
        "published_on": date(2021, 7, 12),
    }
    return Life(**values | changes)


@pytest.fixture
def life() -> Callable[..., Life]:
    return make_life


@pytest.fixture
def act() -> Act:
    return Act(
        key=ALERT,
        known_on=date(2021, 7, 13),
        kind="acknowledged",
        author="R. Díaz",
        reason="call held at 10:00",
        recorded_at=datetime(2021, 7, 13, 15, tzinfo=UTC),
        level="warning",
    )


@pytest.fixture
def report(act: Act) -> Report:
    period = ended("quarterly", date(2021, 9, 30))
    darien = StageFigures(
        stage="darien",
        title=both("Darién"),
        source="panama_darien",
        unit="persons",
        counts="Persons registered by SNM on arrival from the Darién; a person who crosses twice is counted twice.",
        periods=MONTHS,
        lines=(
            Line(subject="total", title=both("All nationalities", "Todas las nacionalidades"), values=DARIEN),
            Line(subject="haitian", title=TOPIC.subject, values=HAITIAN),
            Line(subject="CHN", title=both("China"), values=CHINA),
        ),
        open_from="2021-01",
        published_on=date(2021, 9, 12),
        published_basis="reconstructed",
        breaks=(LawBreak(title="pandemic border closures", since=date(2020, 3, 21)),),
        chart=Chart(
            title="Darién",
            counts="persons",
            periods=MONTHS,
            observed=tuple(map(float, DARIEN)),
            expected=(None,) * 13,
            lower=(None,) * 13,
            upper=(None,) * 13,
            breaks=(Break(period="2020-10", label="pandemic border closures"),),
        ),
    )
    mexico = StageFigures(stage="mexico", title=both("Mexico", "México"), source="mexico_segob", unit="events", counts="Events.")
    title = "Irregular transit of foreigners across the border with Colombia (Darién), by month and country"
    return Report(
        period=period,
        known_on=date(2021, 9, 30),
        stages=(darien, mexico),
        alerts=(
            make_life(acknowledged=act),
            make_life(key=AlertKey(trigger="darien-surge", stage="darien", subject="total"), began=date(2021, 6, 12)),
            make_life(began=date(2021, 5, 12), ended=date(2021, 8, 12), how="resolved"),
        ),
        delays=(Delay(source="panama_darien", title=title, alerts=1, to_publication=(12.0, 12), to_alert=(0.0, 0)),),
        delays_year=(Delay(source="panama_darien", title=title, alerts=3, to_publication=(12.5, 15), to_alert=(0.0, 1)),),
        intake=(
            Intake(
                source="panama_darien",
                title=title,
                attribution="Source: SNM.",
                published=3,
                held=(HeldRelease(id="panama_darien/2021-09-12-cccccccc", document="a.pdf", problem="page 1: 7 ≠ 8; ask SNM"),),
                newest_period="2021-08",
                published_on=date(2021, 9, 12),
                due=date(2021, 10, 12),
                rebuilt=True,
            ),
            Intake(source="mexico_segob", title="Mexico", attribution="SEGOB", published=0, due=date(2021, 8, 20), overdue_days=41),
        ),
        score=Score(period=period.before, alerts=5, confirmed=2, retracted=1, resolved=0, open=1, last_stage=1),
        scorecard=Scorecard(state="missing"),
    )
