"""``pillarfour doctor``: whether the next night will work, and what is late."""

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.options import FAILED, Json, StoreOption, answer, settings

if TYPE_CHECKING:
    from pillarfour.recipe import Recipe
    from pillarfour.settings import Settings
    from pillarfour.store import Store

GIVEN_UP_SHOWN = 10
FAILURE_SHOWN_DAYS = 7
"""For how long a failure is shown that no look on a later day has mended, such as a wrong file brought by hand."""


def doctor(
    reach: Annotated[bool, typer.Option("--reach", help="Ask the publishers' pages and the mail server too.")] = False,
    as_json: Json = False,
    store: StoreOption = None,
) -> None:
    """Check configuration, freshness, held releases and the outbox; with --reach, the publishers and the mail server."""
    chosen = settings(store)
    rows = [
        *_configuration(chosen),
        *_inbox(chosen),
        *_triggers(chosen),
        *_sources(chosen),
        *_ledger(chosen),
        *(_reach(chosen) if reach else []),
    ]
    answer(rows, as_json=as_json)
    if any(row["state"] == "wrong" for row in rows):
        raise typer.Exit(FAILED)


def _row(what: str, state: str, detail: str) -> dict[str, Any]:
    return {"what": what, "state": state, "detail": detail}


def _configuration(chosen: "Settings") -> list[dict[str, Any]]:
    rows = [_readers(chosen)]
    if chosen.mail_to and not chosen.smtp_host:
        rows.append(_row("mail", "wrong", "PILLARFOUR_MAIL_TO is set, but no PILLARFOUR_SMTP_HOST; set it"))
    for name, folder in (("store", chosen.store), ("outbox", chosen.outbox_folder)):
        writable = os.access(_nearest(folder), os.W_OK)
        rows.append(_row(name, "ok" if writable else "wrong", f"{folder}" if writable else f"{folder} cannot be written; mend its rights"))
    return rows


def _inbox(chosen: "Settings") -> list[dict[str, Any]]:
    """Name what lies in the inbox where no source looks for it."""
    from flows.detect import RECIPES

    folder = chosen.inbox
    if not folder.exists():
        return []
    dropped = sorted(path for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else [folder]
    astray = [path for path in dropped if path.name not in RECIPES or not path.is_dir()]
    if not astray:
        return [_row("inbox", "ok", f"{folder}")]
    named = ", ".join(str(path) for path in astray)
    return [_row("inbox", "wrong", f"{named}: read by no source; put documents into {folder}/SOURCE/, of {', '.join(RECIPES)}")]


def _readers(chosen: "Settings") -> dict[str, Any]:
    """Say who is told and by which ways, or what is wrong with the routes, the names of ``triggers.yaml`` and the secrets included."""
    from flows.deliver import missing_secrets, routes
    from flows.detect import load_triggers
    from pillarfour.errors import ConfigurationError, TriggerError

    try:
        triggers = load_triggers(chosen)
    except TriggerError:
        triggers = None
    try:
        found = routes(chosen, triggers)
    except ConfigurationError as error:
        return _row("readers", "wrong", str(error))
    missing = missing_secrets(found)
    if missing:
        return _row("readers", "wrong", f"the environment has no {', '.join(missing)}, which the routes ask for; set them")
    ways = ", ".join(f"{count} by {way}" for way, count in sorted(Counter(reader.way for reader in found.readers).items()))
    return _row("readers", "ok", f"{ways}; everything as files in {chosen.outbox_folder}" if ways else f"files in {chosen.outbox_folder}")


def _nearest(folder: Path) -> Path:
    return next(parent for parent in (folder.resolve(), *folder.resolve().parents) if parent.exists())


def _triggers(chosen: "Settings") -> list[dict[str, Any]]:
    from flows.detect import load_triggers
    from pillarfour.errors import TriggerError

    try:
        triggers = load_triggers(chosen)
    except TriggerError as error:
        return [_row("triggers", "wrong", str(error))]
    return [_row("triggers", "ok", f"{len(triggers.triggers)} in {chosen.triggers}")]


def _sources(chosen: "Settings") -> list[dict[str, Any]]:
    from flows.detect import RECIPES
    from flows.ingest import open_store
    from pillarfour.errors import StoreError

    store, rows = open_store(chosen), []
    for name, recipe in RECIPES.items():
        try:
            rows += _source(store, recipe)
        except StoreError as error:
            rows.append(_row(name, "wrong", str(error)))
    return rows


def _source(store: "Store", recipe: "Recipe") -> list[dict[str, Any]]:
    """Say how fresh a source is, what failed of it lately, and what is held."""
    from flows.detect import freshness
    from pillarfour import clock

    name, today = recipe.name, clock.today()
    fresh = freshness(store, recipe, known_on=today)
    late = (today - fresh.due).days if fresh.due else None
    detail = f"newest {fresh.newest_period}, published {fresh.published_on}; next due {fresh.due}" if fresh.newest_period else "no release"
    rows = [_row(name, "late" if late is None or late > 0 else "ok", f"{detail}{f', {late} days late' if late and late > 0 else ''}")]
    failed, looked = (store.visits.last(name, what={what}) for what in ("failed", "looked"))
    mended = failed and looked and looked.at.date() > failed.at.date()
    if failed is not None and not mended and (today - failed.at.date()).days <= FAILURE_SHOWN_DAYS:
        rows.append(_row(name, "failed", f"{failed.at:%Y-%m-%d %H:%M} UTC: {failed.detail}"))
    rows += [_row(name, "held", f"{release.id}: {release.problems[0]}") for release in store.releases(name) if release.status == "held"]
    return rows


def _ledger(chosen: "Settings") -> list[dict[str, Any]]:
    from pillarfour.alerts.ledger import Ledger
    from pillarfour.delivery.desk import entries
    from pillarfour.delivery.outbox import tally
    from pillarfour.errors import LedgerError

    try:
        with Ledger(chosen.ledger).read() as connection:
            counted, given_up = tally(connection), entries(connection, states=("dead",))
    except LedgerError as error:
        return [_row("ledger", "wrong", str(error))]
    rows = [_row("outbox", "wrong" if given_up else "ok", ", ".join(f"{count} {state}" for state, count in counted.items()))]
    rows += [
        _row("outbox", "given up", f"{each.id}, to {each.recipient or each.channel}: {each.why}") for each in given_up[:GIVEN_UP_SHOWN]
    ]
    return rows


def _reach(chosen: "Settings") -> list[dict[str, Any]]:
    from pillarfour.errors import FetchError
    from pillarfour.web import WebClient
    from sources import SOURCES

    rows = []
    for source in SOURCES:
        with WebClient(source.RECIPE, contact=chosen.contact) as client:
            for page in source.RECIPE.web.pages:
                try:
                    rows.append(_row(source.RECIPE.name, "ok", f"{page}: {len(client.page(str(page))):,} characters"))
                except FetchError as error:
                    rows.append(_row(source.RECIPE.name, "unreachable", str(error)))
    return rows
