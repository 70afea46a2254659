"""``pillarfour alerts``: what stands, and why."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.options import Json, KnownOn, StoreOption, answer, settings

if TYPE_CHECKING:
    from pillarfour.alerts.events import Event
    from pillarfour.alerts.ledger import Ledger

app = typer.Typer(no_args_is_help=True, help="What stands, since when, and why.")


@app.command("list")
def list_alerts(
    known_on: KnownOn = None,
    every: Annotated[bool, typer.Option("--all", help="Those that have ended too.")] = False,
    as_json: Json = False,
    store: StoreOption = None,
) -> None:
    """List the alerts that stand, the gravest first."""
    from pillarfour.alerts.model import LEVELS

    states = [state for state in _ledger(store).alerts(known_on.date() if known_on else None) if every or state.state == "active"]
    states.sort(key=lambda state: (-LEVELS.index(state.level) if state.level else 1, state.key))
    rows = [
        {"level": state.level, "state": state.state, "alert": str(state.key), "since": state.since, "newest": state.announced_period}
        for state in states
    ]
    answer(rows, as_json=as_json, title="Alerts", empty="none stands")


@app.command("show")
def show(
    alert: Annotated[str, typer.Argument(metavar="ALERT", help="Such as haitian-corridor:darien/haitian.")],
    known_on: KnownOn = None,
    as_json: Json = False,
    store: StoreOption = None,
) -> None:
    """Show an alert's life: each change, its reason, and the figures, releases and documents it rests on."""
    import json

    from pillarfour.alerts.model import AlertKey
    from pillarfour.errors import LedgerError

    trigger, _, series = alert.partition(":")
    stage, _, subject = series.partition("/")
    events = _ledger(store).history(AlertKey(trigger=trigger, stage=stage, subject=subject))
    if known_on is not None:
        events = [event for event in events if event.known_on <= known_on.date()]
    if not events:
        raise LedgerError(f"{alert}: the ledger has no such alert; `pillarfour alerts list --all` names them")
    if as_json:
        typer.echo(json.dumps([_row(event) for event in events], ensure_ascii=False, indent=1, default=str))
        return
    for event in events:
        told = f"{event.before} {event.level_before or ''}".strip(), f"{event.after} {event.level or ''}".strip()
        typer.echo(f"{event.known_on}  {told[0]} → {told[1]}\n  {event.reason}")
    newest = events[-1]
    for name, tree in newest.evidence.items():
        typer.echo(f"{name}:")
        _tree(tree, depth=1)
    typer.echo(f"rule:      sha256 {newest.rule_sha256}")
    for release, document in zip(newest.releases, newest.documents, strict=False):
        typer.echo(f"release:   {release}  document sha256 {document}")


def _tree(node: Any, *, depth: int) -> None:
    met = {True: "met", False: "not met", None: "open"}[node["held"]]
    typer.echo(f"{'  ' * depth}{met}: {node['text'] or node['test']}")
    for part in node["parts"]:
        _tree(part, depth=depth + 1)


def _row(event: "Event") -> dict[str, Any]:
    return {**vars(event), "key": str(event.key)}


def _ledger(store: Any) -> "Ledger":
    from pillarfour.alerts.ledger import Ledger

    return Ledger(settings(store).ledger)
