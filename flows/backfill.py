"""Past nights, from kept documents: the same steps as the nightly's, a date at a time."""

from datetime import date
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows import alert, detect, ingest, summary
from flows.ingest import Progress
from flows.nightly import RUNNER, ingest_all, refuse_to_come
from flows.summary import Summary
from flows.tell import Teller
from pillarfour.settings import Settings
from pillarfour.store import Store
from pillarfour.triggers.schema import Triggers


@task(name="night", task_run_name="night of {known_on}", cache_policy=NO_CACHE)
def run_night(settings: Settings, store: Store, triggers: Triggers, *, known_on: date) -> Summary:
    """Score, decide and record one past night."""
    teller = Teller.of(settings, store, triggers, detect.score(store, triggers, known_on=known_on))
    return summary.of(alert.alert(teller), [], settings)


@flow(name="backfill", task_runner=RUNNER)
def backfill(from_: date, to: date, *, store: Path | None = None, progress: Progress | None = None) -> list[Summary]:
    """Run every past night on which something was published, and the last one.

    Parameters
    ----------
    from_, to
        The first and the last night.
    store
        The folder of the store, where it is not the settings'.
    progress
        Called for each night done.

    Raises
    ------
    ConfigurationError
        If the last night is still to come.
    """
    refuse_to_come(to)
    settings = Settings() if store is None else Settings(store=store)
    ingest_all(settings, live=False)
    opened, triggers = ingest.open_store(settings), detect.load_triggers(settings)
    nights = sorted({release.published_on for release in opened.releases() if from_ <= release.published_on <= to} | {to})
    found = []
    for night in nights:
        found.append(run_night(settings, opened, triggers, known_on=night))
        if progress is not None:
            progress(1)
    return found
