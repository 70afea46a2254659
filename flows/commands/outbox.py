"""``pillarfour outbox`` and ``deliver``: what waits to be sent, what was given up, and sending it."""

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.options import FAILED, Json, StoreOption, answer, settings

if TYPE_CHECKING:
    from pillarfour.delivery.desk import Entry
    from pillarfour.settings import Settings

app = typer.Typer(no_args_is_help=True, help="What waits to be sent, and what was given up.")

Numbers = Annotated[list[int], typer.Argument(metavar="NUMBER...", help="Of messages, as `outbox list` names them.")]


@app.command("list")
def list_messages(
    every: Annotated[bool, typer.Option("--all", help="Those sent and dropped too.")] = False,
    dead: Annotated[bool, typer.Option("--dead", help="Those given up only.")] = False,
    as_json: Json = False,
    store: StoreOption = None,
) -> None:
    """List the messages that wait or were given up, oldest first, and why."""
    from pillarfour.alerts.ledger import Ledger
    from pillarfour.delivery.desk import UNSENT, entries

    with Ledger(settings(store).ledger).read() as connection:
        found = entries(connection, states=("dead",) if dead else (*UNSENT, "sent", "dropped") if every else UNSENT)
    answer([_row(each, brief=not as_json) for each in found], as_json=as_json, title="Outbox", empty="nothing waits")


@app.command("retry")
def retry(
    numbers: Annotated[list[int] | None, typer.Argument(metavar="[NUMBER...]", help="Of messages, as `outbox list` names them.")] = None,
    dead: Annotated[bool, typer.Option("--dead", help="All that were given up.")] = False,
    store: StoreOption = None,
) -> None:
    """Try messages again at once, given up or waiting, and send whatever else is due."""
    from pillarfour.alerts.ledger import Ledger
    from pillarfour.delivery import desk

    if bool(numbers) == dead:
        raise typer.BadParameter("name messages by their numbers, or all that were given up by --dead")
    chosen = settings(store)
    with Ledger(chosen.ledger).begin() as connection:
        ids = numbers or [entry.id for entry in desk.entries(connection, states=("dead",))]
        desk.retry(connection, ids)
    _send(chosen)


@app.command("drop")
def drop(
    numbers: Numbers, reason: Annotated[str, typer.Option(help="Why, for those who come after.", prompt=True)], store: StoreOption = None
) -> None:
    """Never send these messages; they stay in the outbox, with the reason."""
    from pillarfour.alerts.ledger import Ledger
    from pillarfour.delivery import desk

    with Ledger(settings(store).ledger).begin() as connection:
        desk.drop(connection, numbers, reason=reason, by=getpass.getuser())
    typer.echo(f"dropped {', '.join(map(str, numbers))}: {reason}")


def deliver(store: StoreOption = None) -> None:
    """Send what waits and is due; says nothing where there is nothing to do. For cron, between the nights."""
    _send(settings(store))


def _row(entry: "Entry", *, brief: bool) -> dict[str, Any]:
    until = max((moment for moment in (entry.next_attempt_at, entry.not_before) if moment), default=None)
    row: dict[str, Any] = {
        "number": entry.id,
        "state": entry.state,
        "way": entry.channel,
        "to": entry.recipient,
        "night": entry.known_on,
        "tries": entry.attempts,
    }
    row |= {"not_before": until and f"{until:%Y-%m-%d %H:%M} UTC", "why": entry.why}
    return row if brief else row | {"message_id": entry.message_id, "recorded_at": entry.recorded_at}


def _send(chosen: "Settings") -> None:
    from flows.deliver import deliver as send
    from flows.deliver import password

    done = send(chosen, password=password(chosen))
    for failure in done.failures:
        typer.echo(f"failed: {failure}", err=True)
    if done.sent or done.failures:
        due = f", the next not before {done.next_attempt_at:%Y-%m-%d %H:%M} UTC" if done.next_attempt_at else ""
        typer.echo(f"{done.sent} sent, {done.waiting} waiting{due}, {done.dead} given up")
    if done.dead:
        typer.echo("given up: see `pillarfour outbox list --dead`, then retry or drop", err=True)
        raise typer.Exit(FAILED)
