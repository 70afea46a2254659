"""Failure: a night or a report that does not come to its end tells its operators, through the outbox and by no other way."""

import logging
import os
from datetime import date
from pathlib import Path
from typing import Any

from flows.deliver import deliver, password, routes
from pillarfour import clock
from pillarfour.alerts.ledger import Ledger
from pillarfour.delivery import operator, outbox
from pillarfour.delivery.outbox import Recipient
from pillarfour.delivery.routes import Routes, revealed
from pillarfour.errors import ConfigurationError, PillarfourError
from pillarfour.settings import Settings

log = logging.getLogger(__name__)


def tell_operators(flow: object, flow_run: Any, state: Any) -> None:  # noqa: ARG001 - the names are Prefect's
    """Write the operators' message and send it: Prefect's hook for a flow that failed or crashed.

    A past night that somebody runs by hand tells nobody: who runs it sees it. What goes wrong here is logged and hides nothing.
    """
    known_on = flow_run.parameters.get("known_on")
    if known_on is not None and date.fromisoformat(str(known_on)[:10]) < clock.today():
        return
    store, report = flow_run.parameters.get("store"), flow_run.parameters.get("kind")
    try:
        tell(Settings() if store is None else Settings(store=Path(store)), run=str(flow_run.id), said=str(state.message), report=report)
    except PillarfourError as fault:
        log.error("the operators could not be told: %s", fault)  # noqa: TRY400 - the night's own failure is the one to look at


def tell(settings: Settings, *, run: str, said: str, report: str | None = None) -> None:
    """Record the message for the folder and each operator, and send what is due; ``report`` is the kind of one that was to be made."""
    now = clock.now()
    letter = operator.compose(run=run, said=said, sender=settings.mail_from, now=now, report=report)
    with Ledger(settings.ledger).begin() as connection:
        outbox.record(connection, letter, recipients=[Recipient(channel="folder"), *_operators(settings)], now=now)
    deliver(settings, password=password(settings))


def _operators(settings: Settings) -> list[Recipient]:
    """Name the operators whose address is at hand; wrong routes, which may be why the night failed, leave the folder."""
    try:
        found: Routes = routes(settings)
        readers = [reader for reader in found.readers if reader.operator and reader.way == "smtp"]
        return [
            Recipient(channel="smtp", address=revealed(reader.address, os.environ, of=reader.name).get_secret_value()) for reader in readers
        ]
    except ConfigurationError as fault:
        log.error("no operator is told by mail: %s", fault)  # noqa: TRY400 - as above
        return []
