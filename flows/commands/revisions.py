"""``pillarfour revisions``: how far the figures of each source can be trusted while they are young."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.options import Json, StoreOption, answer, known_source, settings

if TYPE_CHECKING:
    from pillarfour.evaluation.revisions import Revisions

BASES = {
    "releases": "totals, by the original releases in the store",
    "record": "by figures as reported at the time (data/revisions.csv)",
}


def revisions(
    source: Annotated[str | None, typer.Option(help="Of one source only.")] = None,
    by_nationality: Annotated[bool, typer.Option("--by-nationality", help="Of the releases, every nationality beside the totals.")] = False,
    as_json: Json = False,
    store: StoreOption = None,
) -> None:
    """Say how each source revises: by how much and which way at what age, how soon a figure stands, and which rows were deleted."""
    from flows.detect import RECIPES
    from flows.ingest import open_store
    from pillarfour.evaluation import revisions as found

    names = [known_source(source).RECIPE.name] if source else list(RECIPES)
    opened, reports = open_store(settings(store)), []
    for name in names:
        figures, deletions = found.of_store(opened, name)
        reports += found.report(figures if by_nationality else found.totals(figures), deletions, basis="releases")
    reports += [each for each in found.report(found.of_record(), basis="record") if each.source in names]
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in reports], ensure_ascii=False, indent=1))
        return
    for each in reports:
        _show(each)
    typer.echo("Rebuilt documents hold the last known figures and say nothing of revisions; they are left out.")


def _show(report: "Revisions") -> None:
    from pillarfour.evaluation.revisions import SETTLED_SHARE

    rows = [
        {
            "age_in_months": age.months,
            "figures": age.figures,
            "up": age.up,
            "down": age.down,
            "same": age.same,
            "median": f"{age.median_share:.2%}",
            "largest": f"{age.largest_share:.2%} {age.largest}".strip(),
        }
        for age in report.ages
    ]
    answer(rows, as_json=False, title=f"{report.source}: {report.figures} figures, {BASES[report.basis]}")
    seen, never = sum(report.settled.values()), report.settled.get(None, 0)
    stands = "" if report.settled_median is None else f"; half of them from {report.settled_median} months on"
    typer.echo(f"Within {SETTLED_SHARE:.0%} of the last known before it came: {seen - never} of {seen} seen from their start{stands}.")
    for gone in report.deletions:
        typer.echo(f"Rows gone: {gone.rows} that counted {gone.counted:,}, from {gone.earlier} to {gone.later}")
    typer.echo("")
