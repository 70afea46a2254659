"""What every command shares: where the store lies, which day it is about, how it answers."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pillarfour.recipe import Source
    from pillarfour.settings import Settings

DONE, FAILED, USAGE, HELD = 0, 1, 2, 3
"""Exit codes: done; failed; wrongly called; done, but a release is held."""

PROSE_WIDTH = 30
"""How narrow a column of sentences may become for the others' sake [characters]."""
GAP = 2
"""What stands between two columns [characters]."""

StoreOption = Annotated[
    Path | None,
    typer.Option("--store", envvar="PILLARFOUR_STORE", help="The folder of the store.", show_default="data/store", file_okay=False),
]
KnownOn = Annotated[
    datetime | None,
    typer.Option("--known-on", formats=["%Y-%m-%d"], help="Use only what was published by this day.", show_default="today", metavar="DATE"),
]
Json = Annotated[bool, typer.Option("--json", help="Answer as JSON, for machines.")]


def settings(store: Path | None = None) -> "Settings":
    """Read the settings, with the store that the command names."""
    from pydantic import ValidationError

    from pillarfour.errors import ConfigurationError
    from pillarfour.settings import Settings

    try:
        return Settings() if store is None else Settings(store=store)
    except ValidationError as cause:
        faults = "; ".join(
            f"PILLARFOUR_{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}" for fault in cause.errors(include_input=False)
        )
        raise ConfigurationError(f"settings: {faults}; mend the environment") from cause


def known_source(name: str) -> "Source":
    """Give the source that a command names; a name that is none is a wrong call."""
    from flows.ingest import find_source
    from pillarfour.errors import ConfigurationError

    try:
        return find_source(name)
    except ConfigurationError as cause:
        raise typer.BadParameter(str(cause)) from cause


def answer(rows: Sequence[Mapping[str, Any]], *, as_json: bool, title: str = "", empty: str = "nothing") -> None:
    """Show rows to a person as a table, or to a machine as JSON."""
    if as_json:
        typer.echo(json.dumps(list(rows), ensure_ascii=False, indent=1, default=str))
        return
    if not rows:
        typer.echo(f"{title}: {empty}" if title else empty)
        return
    from rich.console import Console
    from rich.table import Table

    console, needed = Console(), 0
    table = Table(title=title or None, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False)
    for column in rows[0]:
        numeric = all(isinstance(row[column], int | float) for row in rows)
        words = [_written(row[column]) for row in rows]
        prose = any(" " in word for word in words)  # ids, dates and the like are copied into the next command: they are never broken
        table.add_column(column.replace("_", " "), justify="right" if numeric else "left", overflow="fold", no_wrap=not prose)
        needed += (PROSE_WIDTH if prose else max(map(len, (column, *words)))) + GAP
    for row in rows:
        table.add_row(*(_written(cell) for cell in row.values()))
    console.width = max(console.width, needed)
    console.print(table)


def _written(cell: object) -> str:
    return "" if cell is None else f"{cell:,}" if isinstance(cell, int) else str(cell)
