"""What is expected next downstream, from a store of planted leads."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from flows import outlook
from flows.cli import app
from flows.detect import Reader, load_triggers
from pillarfour.model import SeriesKey
from pillarfour.settings import Settings

MONTHS = pd.period_range("2018-01", "2022-12", freq="M")
TABLES = {
    "panama_darien": ("country", "crossings", 12),
    "mexico_segob": ("nationality", "apprehensions", 50),
    "us_cbp": ("area", "encounters", 20),
}
DARIEN, MEXICO, USA = (SeriesKey(stage=stage, subject="haitian") for stage in ("darien", "mexico", "us_southwest"))


@dataclass
class Planted:
    """A store in which every month of a source came out a number of days after its end, and nothing is revised."""

    figures: dict[str, dict[str, np.ndarray]]

    def releases(self):
        """Name every release with its day."""
        return [
            SimpleNamespace(id=f"{source}/{month}", published_on=self.out(source, month)) for source in self.figures for month in MONTHS
        ]

    def out(self, source: str, month: pd.Period) -> date:
        """Say when a month came out."""
        return month.end_time.date() + timedelta(days=TABLES[source][2])

    def months(self, source: str, day: date) -> list[int]:
        """Give the months that were out on a day."""
        return [at for at, month in enumerate(MONTHS) if self.out(source, month) <= day]

    def coverage(self, source: str, day: date):
        """Say which release supplies each month."""
        table, measure, _ = TABLES[source]
        return {(table, measure, str(MONTHS[at])): f"{source}/{MONTHS[at]}" for at in self.months(source, day)}

    def known_on(self, source: str, day: date, *, columns, where):  # noqa: ARG002 - as the real one is called
        """Give the rows that were out on a day."""
        table, measure, _ = TABLES[source]
        rows = [
            {
                "table": table,
                "measure": measure,
                "reference_period": str(MONTHS[at]),
                "nationality": code,
                "region": "southwest",
                "value": int(counts[at]),
            }
            for at in self.months(source, day)
            for code, counts in self.figures[source].items()
        ]
        schema = {name: pa.int64() if name == "value" else pa.string() for name in columns}
        return pa.Table.from_pylist([{name: row[name] for name in columns} for row in rows], schema=pa.schema(schema))


@pytest.fixture(scope="module")
def figures():
    """Haitians reach Mexico two months after the Darién and the United States independently; everybody else stays at home."""
    rng = np.random.default_rng(1)
    walk, other = np.cumsum(rng.normal(0, 0.4, (2, len(MONTHS) + 2)), axis=1)

    def counts(rate):
        return rng.poisson(2000 * np.exp(rate + rng.normal(0, 0.1, len(rate))))

    return {
        "panama_darien": {"HTI": counts(walk[2:])},
        "mexico_segob": {"HTI": counts(walk[:-2])},
        "us_cbp": {"HTI": counts(other[2:])},
    }


@pytest.fixture(scope="module")
def look(figures):
    triggers = load_triggers(Settings())

    def ask(day: date, changed=figures):
        return outlook.outlook(Reader(store=Planted(changed), triggers=triggers), known_on=day)

    return ask


DAY = date(2022, 9, 25)
"""Darién and the United States are known to August, Mexico to July."""


def test_what_a_lead_lets_expect_reaches_as_far_as_the_publishers_allow(look, figures):
    """Mexico is known to July, the Darién to August: a lag of two months says August, September and October."""
    found = look(DAY)
    lead = next(lead for lead in found.leads_to(MEXICO) if lead.upstream == DARIEN)
    expected = found.expected(MEXICO)
    actual = {str(month): figures["mexico_segob"]["HTI"][at] for at, month in enumerate(MONTHS)}

    assert (lead.lag_months, lead.gain_months, lead.usable) == (2, 3, True)
    assert [str(each.period) for each in expected] == ["2022-08", "2022-09", "2022-10"]
    assert all(0.5 * each.expected < actual[str(each.period)] < 2 * each.expected for each in expected)
    assert found.units["mexico"] == "events"


def test_where_nothing_leads_nothing_is_expected(look):
    """Haitians at the U.S. border go their own way, and the reason is said for every pair."""
    found = look(DAY)

    assert found.expected(USA) == ()
    assert {lead.reason for lead in found.leads_to(USA)} == {"insignificant"}
    assert len(found.leads) == 3 * len(outlook.named(load_triggers(Settings())))


def test_later_figures_never_change_an_earlier_answer(look, figures):
    """A huge future, planted in every series, is not known before its publication."""
    changed = {source: {code: counts.copy() for code, counts in rows.items()} for source, rows in figures.items()}
    store = Planted(changed)
    for source, rows in changed.items():
        for counts in rows.values():
            counts[max(store.months(source, DAY)) + 1 :] = 10**9
    later = date(2022, 12, 31)

    assert look(DAY, changed) == look(DAY)
    assert look(later, changed) != look(later)


def test_forecasts_are_scored_by_what_was_known_and_what_came(figures):
    """A true lead beats seasonal naive and the last figure, and its range holds about as often as it says."""
    reader = Reader(store=Planted(figures), triggers=load_triggers(Settings()))
    found = [
        each
        for each in outlook.nowcast_score(reader, start=date(2022, 5, 1), end=date(2022, 12, 31))
        if (each.stage, each.subject) == ("mexico", "haitian")
    ]

    assert [each.horizon for each in found] == [1, 2, 3, 4]
    assert all(each.mase < each.mase_naive and each.mase < each.mase_last for each in found)
    assert all(each.n >= 4 and each.nominal == 0.8 and each.coverage >= 0.6 for each in found)


def test_the_command_says_why_there_is_no_lag(tmp_path):
    """On a store that knows nothing every pair is too short; somebody whom no trigger names is a wrong call."""
    called = CliRunner().invoke(app, ["outlook", "--store", str(tmp_path), "--known-on", "2021-08-15", "--json"])
    wrong = CliRunner().invoke(app, ["outlook", "--store", str(tmp_path), "--nationality", "martian"])

    assert {row["reason"] for row in json.loads(called.output)} == {"too few months that both publish"}
    assert wrong.exit_code == 2
