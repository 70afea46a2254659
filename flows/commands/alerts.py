"""``pillarfour alerts``: what stands, why, and what officers say of it."""

import getpass
import json
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.options import DONE, FAILED, Json, KnownOn, StoreOption, answer, settings

if TYPE_CHECKING:
    from pillarfour.alerts.acts import Act, ActKind
    from pillarfour.alerts.events import Event
    from pillarfour.alerts.ledger import Ledger

app = typer.Typer(no_args_is_help=True, help="What stands, since when, and why.")

Alert = Annotated[str, typer.Argument(metavar="ALERT", help="Such as haitian-corridor:darien/haitian.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, in a sentence that others can judge.")]
By = Annotated[str, typer.Option("--by", help="Who says so.", default_factory=getpass.getuser, show_default="your login")]


OFTEN_EMPTY = ("acknowledged", "silent_until")
"""Columns shown to people only where they say something."""


@app.command("list")
def list_alerts(
    known_on: KnownOn = None,
    every: Annotated[bool, typer.Option("--all", help="Those that have ended too.")] = False,
    as_json: Json = False,
    store: StoreOption = None,
) -> None:
    """List the alerts that stand, the gravest first, with what officers said of them."""
    from pillarfour import clock
    from pillarfour.alerts import acts, events
    from pillarfour.alerts.model import rank

    night = known_on.date() if known_on else None
    with _ledger(store).read() as connection:
        states = [state for state in events.states(connection, night).values() if every or state.state == "active"]
        said = acts.acts(connection, known_on=night)
        newest = events.newest_night(connection, night)
    silences = acts.silences(said, known_on=night or clock.today())
    rows = []
    for state in sorted(states, key=lambda state: (-rank(state.level), state.key)):
        seen, silence = acts.acknowledgement(state, said), silences.get(state.key)
        rows.append(
            {
                "level": state.level,
                "state": state.state,
                "alert": str(state.key),
                "since": state.since,
                "newest": state.announced_period,
                "case": state.case_id,
                "acknowledged": seen.author if seen else None,
                "silent_until": silence.until if silence else None,
            }
        )
    left_out = {"case", *(() if every else ("state",)), *(name for name in OFTEN_EMPTY if all(row[name] is None for row in rows))}
    shown = rows if as_json else [{name: cell for name, cell in row.items() if name not in left_out} for row in rows]
    ledger = f"no night{f' up to {night}' if night else ''} is on record in {settings(store).store}; run `pillarfour nightly`"
    title = f"Alerts after the night of {newest}" if newest else "Alerts"
    answer(shown, as_json=as_json, title=title, empty="none stands" if newest else ledger)


@app.command("show")
def show(alert: Alert, known_on: KnownOn = None, as_json: Json = False, store: StoreOption = None) -> None:
    """Show an alert's life: each change, its reason, what officers said, and the figures, releases and documents it rests on."""
    from pillarfour.alerts import acts, events
    from pillarfour.alerts.model import AlertKey
    from pillarfour.errors import LedgerError

    key = AlertKey.read(alert)
    with _ledger(store).read() as connection:
        life, said = events.events(connection, key=key), acts.acts(connection, key=key)
    if known_on is not None:
        life = [event for event in life if event.known_on <= known_on.date()]
        said = [act for act in said if act.known_on <= known_on.date()]
    if not life:
        raise LedgerError(f"{alert}: the ledger has no such alert; `pillarfour alerts list --all` names them")
    if as_json:
        rows = [*(_event_row(event) for event in life), *({**vars(act), "key": str(act.key)} for act in said)]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=1, default=_plain))
        return
    _tell(life, said)
    newest = life[-1]
    for name, tree in newest.evidence.items():
        typer.echo(f"{name}:")
        _tree(tree, depth=1)
    typer.echo(f"rule:      sha256 {newest.rule_sha256}")
    for release, document in zip(newest.releases, newest.documents, strict=False):
        typer.echo(f"release:   {release}  document sha256 {document}")


@app.command("ack")
def acknowledge(alert: Alert, reason: Reason, by: By, store: StoreOption = None) -> None:
    """Say that an alert has been seen and is dealt with; it stands until figures end it, and a higher level is told all the same."""
    _say("acknowledged", alert, reason=reason, by=by, until=None, store=store)


@app.command("silence")
def silence(
    alert: Alert,
    reason: Reason,
    until: Annotated[datetime, typer.Option("--until", formats=["%Y-%m-%d"], metavar="DATE", help="The last day of the silence.")],
    by: By,
    store: StoreOption = None,
) -> None:
    """Keep an alert's lesser changes out of the news until a day; they stay in the digest, and a rise lifts the silence."""
    _say("silenced", alert, reason=reason, by=by, until=until, store=store)


@app.command("case")
def case(
    case_id: Annotated[str | None, typer.Argument(metavar="[CASE]", help="One case to show; without it, all are listed.")] = None,
    known_on: KnownOn = None,
    as_json: Json = False,
    store: StoreOption = None,
) -> None:
    """List the movements that alerts are a part of, or show one: every change of its alerts, in the order of nights."""
    from pillarfour.alerts import cases, events
    from pillarfour.errors import LedgerError

    with _ledger(store).read() as connection:
        life = events.events(connection, case_id=case_id)
    life = [event for event in life if known_on is None or event.known_on <= known_on.date()]
    if case_id is None:
        say = _names if as_json else len
        rows = [{**vars(each), "alerts": say(each.alerts), "standing": say(each.standing)} for each in cases.summarise(life)]
        return answer(rows, as_json=as_json, title="Cases", empty="no alert has been part of a movement")
    if not life:
        raise LedgerError(f"{case_id}: the ledger has no such case; `pillarfour alerts case` lists them")
    if as_json:
        return typer.echo(json.dumps([_event_row(event) for event in life], ensure_ascii=False, indent=1, default=_plain))
    return _tell(life, (), named=True)


@app.command("derive")
def derive(
    event: Annotated[str, typer.Argument(metavar="EVENT", help="An event's number, or an alert such as haitian-corridor:darien/haitian.")],
    known_on: KnownOn = None,
    as_json: Json = False,
    store: StoreOption = None,
) -> None:
    """Recompute an alert from the raw documents: equal, or where it differs. The last event of the alert, or that of the night named."""
    from flows.commands.run import progress
    from flows.derive import derive as again

    with progress("Reading raw documents", hidden=as_json) as taken:
        found = again(settings(store), event, known_on=known_on.date() if known_on else None, progress=taken)
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=1, default=str))
    else:
        typer.echo(str(found))
    raise typer.Exit(DONE if found.equal else FAILED)


def _say(kind: "ActKind", alert: str, *, reason: str, by: str, until: datetime | None, store: Any) -> None:
    from pillarfour import clock
    from pillarfour.alerts import acts
    from pillarfour.alerts.model import AlertKey

    act = acts.Act(
        key=AlertKey.read(alert),
        known_on=clock.today(),
        kind=kind,
        author=by,
        reason=reason,
        until=until.date() if until else None,
        recorded_at=clock.now(),
    )
    with _ledger(store).begin() as connection:
        said = acts.say(connection, act)
    typer.echo(f"{said.key}{f' ({said.level})' if said.level else ''}: {said}")


def _tell(life: Iterable["Event"], said: Iterable["Act"], *, named: bool = False) -> None:
    """Write changes and what officers said of them, in the order of days."""
    lines = [(event.known_on, event.recorded_at, _change(event, named=named)) for event in life]
    lines += [(act.known_on, act.recorded_at, f"{act.known_on}  {act}") for act in said]
    for _, _, line in sorted(lines, key=lambda line: line[:2]):
        typer.echo(line)


def _change(event: "Event", *, named: bool) -> str:
    before, after = f"{event.before} {event.level_before or ''}".strip(), f"{event.after} {event.level or ''}".strip()
    silent = f"\n  no news: {event.unannounced_because}" if event.unannounced_because else ""
    return f"{event.known_on}  {f'{event.key}: ' if named else ''}{before} → {after}  (event {event.id})\n  {event.reason}{silent}"


def _tree(node: Any, *, depth: int) -> None:
    met = {True: "met", False: "not met", None: "open"}[node["held"]]
    typer.echo(f"{'  ' * depth}{met}: {node['text'] or node['test']}")
    for part in node["parts"]:
        _tree(part, depth=depth + 1)


def _names(keys: Iterable[Any]) -> list[str]:
    return [str(key) for key in keys]


def _event_row(event: "Event") -> dict[str, Any]:
    return {**vars(event), "key": str(event.key)}


def _plain(value: Any) -> Any:
    return vars(value) if hasattr(value, "__dict__") else str(value)


def _ledger(store: Any) -> "Ledger":
    from pillarfour.alerts.ledger import Ledger

    return Ledger(settings(store).ledger)
