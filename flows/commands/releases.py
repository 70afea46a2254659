"""``pillarfour releases``: what was published, what is held, and what an analyst decides."""

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.options import Json, StoreOption, answer, known_source, settings

if TYPE_CHECKING:
    from pillarfour.model import Release

app = typer.Typer(no_args_is_help=True, help="What was published, what is held and why.")

Id = Annotated[str, typer.Argument(metavar="ID", help="Such as us_cbp/2023-12-20-1a2b3c4d.")]
Reason = Annotated[str, typer.Option(help="Why, for those who come after.", prompt=True)]


@app.command("list")
def list_releases(
    source: Annotated[str | None, typer.Option(help="Of one source only.")] = None,
    held: Annotated[bool, typer.Option("--held", help="Those held only.")] = False,
    as_json: Json = False,
    store: StoreOption = None,
) -> None:
    """List the releases kept, oldest first."""
    from flows.ingest import open_store

    chosen = known_source(source).RECIPE.name if source else None
    releases = [release for release in open_store(settings(store)).releases(chosen) if not held or release.status == "held"]
    answer([_row(release) for release in releases], as_json=as_json, title="Releases")


@app.command("show")
def show(release_id: Id, as_json: Json = False, store: StoreOption = None) -> None:
    """Show one release, everything that holds it, and what an analyst decided."""
    import json

    from flows.ingest import find_release, open_store

    opened = open_store(settings(store))
    release = find_release(opened, release_id)
    decision = opened.decision(release)
    row = {**_row(release), "document": release.document, "document_sha256": release.document_sha256, "retrieved_at": release.retrieved_at}
    if as_json:
        told = {**row, "problems": [vars(problem) for problem in release.problems], "decision": vars(decision) if decision else None}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=1, default=str))
        return
    for name, value in row.items():
        typer.echo(f"{name.replace('_', ' '):<18}{value}")
    for problem in release.problems:
        typer.echo(f"  {problem.rule}: {problem}")
    if decision:
        typer.echo(f"{decision.choice} by {decision.by} on {decision.at:%Y-%m-%d %H:%M} UTC: {decision.reason}")


@app.command("accept")
def accept(release_id: Id, reason: Reason, store: StoreOption = None) -> None:
    """Use a held release from its publication on."""
    _decide("accept", release_id, reason, store)


@app.command("reject")
def reject(release_id: Id, reason: Reason, store: StoreOption = None) -> None:
    """Never use a release, held or not; it stays in the store."""
    _decide("reject", release_id, reason, store)


def _decide(decision: str, release_id: str, reason: str, store: Any) -> None:
    from flows.ingest import find_release, open_store

    opened = open_store(settings(store))
    release = find_release(opened, release_id)
    if decision == "accept" and release.status == "used":
        raise typer.BadParameter(f"{release.id}: nothing holds it, it is used already; `pillarfour releases list --held` names those held")
    before = {each.id: each.status for each in opened.releases(release.source)}
    (opened.accept if decision == "accept" else opened.reject)(release.id, reason=reason, by=getpass.getuser())
    typer.echo(f"{release.id}: {decision}ed by {getpass.getuser()}: {reason}")
    for each in opened.releases(release.source):
        if each.id != release.id and each.status != before[each.id]:
            typer.echo(f"{each.id}: {each.status} now, was {before[each.id]}: later releases are judged by this one")


def _row(release: "Release") -> dict[str, Any]:
    periods = sorted({period for covered in release.covers.values() for period in covered})
    return {
        "id": release.id,
        "table": release.table,
        "published_on": release.published_on,
        "basis": release.published_basis,
        "periods": f"{periods[0]}…{periods[-1]}" if periods else "",
        "status": release.status,
        "problems": len(release.problems),
    }
