"""The night: every source, then every detector, then every trigger, then one message."""

from datetime import date
from pathlib import Path
from typing import Any, cast

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows import alert, deliver, detect, ingest, summary
from flows.failure import tell_operators
from flows.ingest import Outcome, Progress
from flows.summary import Summary
from flows.tell import Teller
from pillarfour import clock
from pillarfour.errors import ConfigurationError, PillarfourError
from pillarfour.recipe import Source
from pillarfour.settings import Settings
from sources import SOURCES

RETRIES, WAITS = 2, [60.0, 300.0]
"""How often a look at a publisher is tried again, beside the client's own patience, and after how many seconds."""

discover = task(name="discover", retries=RETRIES, retry_delay_seconds=WAITS, cache_policy=NO_CACHE)(ingest.discover)
fetch = task(name="fetch", retries=RETRIES, retry_delay_seconds=WAITS, cache_policy=NO_CACHE)(ingest.fetch)


RUNNER = cast("TaskRunner[PrefectFuture[Any]]", ThreadPoolTaskRunner(max_workers=len(SOURCES)))


@task(name="ingest", task_run_name="ingest {source.RECIPE.name}", cache_policy=NO_CACHE)
def ingest_source(source: Source, settings: Settings, *, live: bool, progress: Progress | None = None) -> list[Outcome]:
    """Take what is at hand, and with ``live`` what the publisher has."""
    store = ingest.open_store(settings)
    outcomes = list(ingest.ingest_local(source, store, settings, progress=progress))
    if live:
        outcomes += ingest.ingest_live(source, store, settings, discover=discover, fetch=fetch)
    return outcomes


@task(name="detect", cache_policy=NO_CACHE)
def detect_night(settings: Settings, *, known_on: date) -> Teller:
    """Score every series that a trigger watches, on what was known on the date."""
    store, triggers = ingest.open_store(settings), detect.load_triggers(settings)
    return Teller.of(settings, store, triggers, detect.score(store, triggers, known_on=known_on))


@task(name="alert", cache_policy=NO_CACHE)
def alert_night(teller: Teller, *, outcomes: list[Outcome]) -> alert.Told:
    """Decide, record and send."""
    return alert.alert(teller, outcomes=outcomes, password=deliver.password(teller.settings))


@flow(name="nightly", task_runner=RUNNER, on_failure=[tell_operators], on_crashed=[tell_operators])
def nightly(known_on: date | None = None, *, live: bool = False, store: Path | None = None, progress: Progress | None = None) -> Summary:
    """Run one night.

    Parameters
    ----------
    known_on
        The night to run, on what was published by then; today where it is not given.
    live
        Whether to read the publishers' pages too.
    store
        The folder of the store, where it is not the settings'.
    progress
        Called for each document taken.

    Raises
    ------
    ConfigurationError
        If the night is still to come.
    """
    night = known_on or clock.today()
    refuse_to_come(night)
    settings = Settings() if store is None else Settings(store=store)
    outcomes = ingest_all(settings, live=live, progress=progress)
    teller = detect_night(settings, known_on=night)
    told = alert_night(teller, outcomes=outcomes)
    found = summary.of(told, outcomes, settings)
    show(found)
    return found


def refuse_to_come(night: date) -> None:
    """Refuse a night that is still to come: the ledger would hold for good what nobody can know yet.

    Raises
    ------
    ConfigurationError
        If it is.
    """
    if night > clock.today():
        raise ConfigurationError(f"the night of {night} is still to come, today is {clock.today()}; name one that was")


def ingest_all(settings: Settings, *, live: bool, progress: Progress | None = None) -> list[Outcome]:
    """Take every source, side by side; one that fails is an outcome, and stops no other."""
    started = {source.RECIPE.name: ingest_source.submit(source, settings, live=live, progress=progress) for source in SOURCES}
    outcomes: list[Outcome] = []
    for name, run in started.items():
        try:
            outcomes += run.result()
        except Exception as error:  # noqa: BLE001 - whatever breaks in one source, a fault of its own module included, the others' night goes on
            detail = str(error) if isinstance(error, PillarfourError) else f"{name}: {type(error).__name__}: {error}; see the run's log"
            get_run_logger().error("%s", detail)
            outcomes.append(Outcome(source=name, document="the whole source", result="failed", detail=detail))
    return outcomes


def show(found: Summary) -> None:
    """Put freshness, alerts and the message's whereabouts on the run's page in Prefect's interface."""
    create_table_artifact(key="freshness", table=_cells(found.sources), description="How far each source reaches")
    create_table_artifact(key="alerts", table=_cells(found.alerts), description="Alerts that stand")
    create_markdown_artifact(key="night", markdown=found.markdown(), description="What the night did")


def _cells(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: "" if cell is None else str(cell) for name, cell in row.items()} for row in rows]
