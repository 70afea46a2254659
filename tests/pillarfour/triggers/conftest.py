"""A small file of triggers, and the registries it is read with."""

from collections.abc import Callable
from functools import cache

import pytest
from pydantic import BaseModel, ConfigDict, Field

from pillarfour import strict_yaml
from pillarfour.errors import TriggerError
from pillarfour.recipe import Cadence, Measure, Publisher, Recipe, Table, Tolerance, Web
from pillarfour.triggers import reading
from pillarfour.triggers.schema import Triggers

GOOD = """\
version: 1
groups:
  haitian:
    title: {en: Haitian families, es: Familias haitianas}
    nationalities: [HTI, BRA, CHL]
    reason: children hold other nationalities
stages:
  - id: darien
    title: {en: Darién, es: Darién}
    country: PAN
    role: transit
    unit: persons
    observed_by:
      - {source: panama, table: country, measure: crossings}
  - id: border
    title: {en: Border, es: Frontera}
    country: USA
    role: receiving
    unit: events
    observed_by:
      - {source: cbp, table: area, measure: encounters, where: {region: southwest}}
detectors:
  farrington:
    method: farrington
    parameters: {alpha: 0.1}
    reason: long histories
responses:
  surge:
    title: {en: Surge, es: Aumento}
    levels:
      watch: {within_hours: 72, en: look, es: mirar}
      warning: {within_hours: 48, en: call, es: llamar}
      emergency: {within_hours: 24, en: meet, es: reunirse}
recipients:
  all: {title: {en: All, es: Todos}}
triggers:
  - id: darien-surge
    title: {en: Surge in the Darién, es: Aumento en el Darién}
    status: active
    kind: surge
    owner: secretariat
    rationale: it matters
    references: [https://example.org/report]
    series: {stages: [darien], subject: total}
    levels:
      watch:
        for: {periods: 2, of: 3}
        detector: {use: farrington, direction: up, score: 1.0, floor: 100}
      warning:
        all:
          - detector: {use: farrington, direction: up, score: 2.0}
          - level: {at_least: 500, unit: persons}
    clear:
      not: {detector: {use: farrington, direction: up, score: 0.5}}
    response: surge
    notify: [all]
  - id: corridor
    title: {en: Haitian families, es: Familias haitianas}
    status: active
    kind: surge
    owner: secretariat
    rationale: it matters
    references: [https://example.org/report]
    series: {stages: [darien, border], subject: haitian}
    levels:
      watch:
        any:
          - growth: {over_periods: 3, factor: 2, floor: 100}
          - all:
              - upstream: {stage: darien, level: watch, within_months: 2}
              - level: {at_least: 50, unit: counts}
    clear:
      level: {at_most: 10, unit: counts}
    response: surge
    notify: [all]
  - id: darien-stale
    title: {en: Panama is late, es: Panamá está atrasado}
    status: active
    kind: outage
    owner: secretariat
    rationale: it matters
    references: [https://example.org/report]
    series: {stages: [darien], subject: panama}
    levels:
      watch:
        staleness: {source: panama, days: 15}
    clear:
      not: {staleness: {source: panama, days: 1}}
    response: surge
    notify: [all]
"""


PICKS = {"region": ["southwest", "northern"], "area": {"Border Patrol": {"DRT": "Del Rio Sector", "EPT": "El Paso Sector"}}}


class Parameters(BaseModel):
    """What the example detectors take."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    alpha: float = Field(default=0.05, gt=0, lt=1)
    false_alarms_per_year: float = 0.5
    restart_after: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()


class Farrington:
    """A method for long histories."""

    name = "farrington"
    parameters_type = Parameters
    least_history = 36
    of_mixes = False

    def __init__(self, parameters=None):
        self.parameters = parameters or Parameters()


class Cusum(Farrington):
    """A method for short ones."""

    name = "cusum"
    least_history = 12


class Composition(Farrington):
    """A method that judges a stage's nationalities together."""

    name = "composition"
    least_history = 14
    of_mixes = True


def recipe(name: str, *, table: str, measure: str, unit: str, picks=None) -> Recipe:
    return Recipe(
        name=name,
        title=name,
        publisher=Publisher(name="A publisher", country="PAN", url="https://example.org", licence="open", attribution="theirs"),
        measures={measure: Measure(unit=unit, counts="what is counted")},
        cadence=Cadence(usual_delay_days=12, latest_delay_days=19, day_of_next_month=12),
        web=Web(pages=(), allowed_hosts=("example.org",), content_types=("text/csv",)),
        tables={table: Table(title=table, absent_nationality="zero", picks=picks or {})},
        tolerance=Tolerance(year_ends=12, closed=0, open=0.1, rows_may_vanish=False),
    )


@pytest.fixture(scope="session")
def registries():
    return {
        "detectors": {"farrington": Farrington, "cusum": Cusum, "composition": Composition},
        "recipes": {
            "panama": recipe("panama", table="country", measure="crossings", unit="persons"),
            "cbp": recipe("cbp", table="area", measure="encounters", unit="events", picks=PICKS),
        },
    }


@pytest.fixture(scope="session")
def good() -> str:
    return GOOD


@pytest.fixture(scope="session")
def load_text(registries) -> Callable[[str], Triggers]:
    @cache
    def load(text: str) -> Triggers:
        return reading.validate(strict_yaml.parse(text, name="triggers.yaml", error=TriggerError), **registries)

    return load
