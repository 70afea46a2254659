"""``pillarfour triggers``: the shared set, checked."""

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import FAILED, settings

app = typer.Typer(no_args_is_help=True, help="The shared set of triggers.")


@app.command("check")
def check(file: Annotated[Path | None, typer.Argument(help="By default the project's triggers.yaml.")] = None) -> None:
    """Say every error and warning of a file of triggers, with its line and column."""
    from detectors import DETECTORS
    from flows.detect import RECIPES
    from pillarfour.triggers.check import check as findings

    path = file or settings().triggers
    found = findings(path, detectors=DETECTORS, recipes=RECIPES)
    for line in (*found.errors, *(f"warning: {warning}" for warning in found.warnings)):
        typer.echo(line)
    typer.echo(f"{path}: {len(found.errors)} errors, {len(found.warnings)} warnings")
    if found.errors:
        raise typer.Exit(FAILED)


@app.callback()
def triggers() -> None:
    """Keep ``check`` a command of its own."""
