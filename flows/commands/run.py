"""``pillarfour nightly``, ``ingest`` and ``backfill``: what the schedule does, by hand."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.options import DONE, FAILED, HELD, Json, KnownOn, StoreOption, answer, known_source, settings

if TYPE_CHECKING:
    from flows.summary import Summary

Live = Annotated[bool, typer.Option("--live", help="Read the publishers' pages too.")]


def nightly(known_on: KnownOn = None, live: Live = False, as_json: Json = False, store: StoreOption = None) -> None:
    """Run one night: read, detect, decide, write to the task force."""
    quiet_prefect()
    from flows.nightly import nightly as flow

    chosen = settings(store)
    _refuse_to_come(known_on)
    with progress("Reading documents", hidden=as_json) as taken:
        found = flow(known_on=known_on.date() if known_on else None, live=live, store=chosen.store, progress=taken)
    show(found, as_json=as_json)
    raise typer.Exit(FAILED if found.failures else HELD if found.held else DONE)


def ingest(
    source: Annotated[str, typer.Argument(help="The source, such as us_cbp.")],
    files: Annotated[
        list[Path] | None, typer.Argument(help="Documents of any of its layouts; without one, what the night would read.")
    ] = None,
    published_on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="When the publisher let them out, if you know.")
    ] = None,
    live: Live = False,
    as_json: Json = False,
    store: StoreOption = None,
) -> None:
    """Take documents into the store, as the night does."""
    from flows import ingest as steps

    chosen, found = settings(store), known_source(source)
    opened = steps.open_store(chosen)
    if published_on is not None and not files:
        raise typer.BadParameter("--published-on dates the files that are named; name them, or leave it out")
    for path in files or ():
        if not path.is_file():
            raise typer.BadParameter(f"{path}: no such file")
    day = published_on.date() if published_on else None
    with progress("Reading documents", hidden=as_json) as taken:
        if files:
            outcomes = list(steps.ingest_files(found, opened, files, published_on=day, progress=taken))
        else:
            outcomes = list(steps.ingest_local(found, opened, chosen, progress=taken))
        if live:
            outcomes += steps.ingest_live(found, opened, chosen)
    shown = [outcome for outcome in outcomes if files or outcome.result != "unchanged"]
    answer(
        [
            {"document": each.document, "result": each.result, "release": each.release, **({"detail": each.detail} if as_json else {})}
            for each in shown
        ],
        as_json=as_json,
        empty=f"{source}: {len(outcomes)} documents looked at, nothing new",
    )
    for each in shown:
        if each.detail and not as_json:
            typer.echo(f"{each.result}: {each.detail}")
    results = {outcome.result for outcome in outcomes}
    raise typer.Exit(FAILED if "failed" in results else HELD if "held" in results else DONE)


def backfill(
    start: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], metavar="DATE", help="The first night.")],
    end: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], metavar="DATE", help="The last night.")],
    as_json: Json = False,
    store: StoreOption = None,
) -> None:
    """Run past nights, each on what was published by then; their messages stay in the outbox folder."""
    quiet_prefect()
    from flows.backfill import backfill as flow

    if start > end:
        raise typer.BadParameter("--from is after --to")
    _refuse_to_come(end)
    with progress("Nights", hidden=as_json) as taken:
        nights = flow(start.date(), end.date(), store=settings(store).store, progress=taken)
    answer(
        [
            {
                "night": night.known_on,
                "new": night.transitions,
                **night.by_level(),
                "held": len(night.held),
                "failures": len(night.failures),
            }
            for night in nights
            if as_json or night.transitions
        ],
        as_json=as_json,
        title=f"{len(nights)} nights on which something was published",
        empty="no alert changed",
    )
    raise typer.Exit(FAILED if any(night.failures for night in nights) else HELD if any(night.held for night in nights) else DONE)


def _refuse_to_come(day: datetime | None) -> None:
    """Refuse a night that is still to come before a flow starts, whose failure would be told to its operators."""
    from flows.nightly import refuse_to_come
    from pillarfour.errors import ConfigurationError

    if day is not None:
        try:
            refuse_to_come(day.date())
        except ConfigurationError as cause:
            raise typer.BadParameter(str(cause)) from cause


def show(found: "Summary", *, as_json: bool) -> None:
    """Say what a night came to."""
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=1, default=str))
        return
    answer(found.sources, as_json=False, title=f"Sources, as known on {found.known_on}")
    levels = ", ".join(f"{count} {level}" for level, count in found.by_level().items())
    answer(found.alerts, as_json=False, title=f"Alerts: {levels}; {found.transitions} new", empty="none stands")
    for release in found.held:
        typer.echo(f"held: {release}   (pillarfour releases show {release})")
    for failure in found.failures:
        typer.echo(f"failed: {failure}")
    if any(source["documents"] == "rebuilt" for source in found.sources):
        typer.echo("Rebuilt: written from published figures in the publisher's layout; not the publisher's original documents.")
    typer.echo(f"Mail:   {found.mail}  ({found.sent} sent)")
    typer.echo(f"Store:  {found.store}")
    typer.echo("Something was added." if found.changed else "Nothing changed since the last run of this night.")


def quiet_prefect() -> None:
    """Keep Prefect's own log for its interface; the terminal is for people."""
    import os

    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")


@contextmanager
def progress(title: str, *, hidden: bool) -> Iterator[Callable[[int], None]]:
    """Show how far long work has come, on a terminal."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), "{task.description}", MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=hidden, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda count: bar.advance(task, count)
