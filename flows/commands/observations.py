"""``pillarfour observations``: the figures as known on a day."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.options import KnownOn, StoreOption, known_source, settings

if TYPE_CHECKING:
    import pyarrow as pa

PERIOD = {"period": "reference_period"}


class Format(StrEnum):
    """How figures are written."""

    csv = "csv"
    json = "json"
    parquet = "parquet"


def observations(
    source: Annotated[str, typer.Option(help="The source, such as us_cbp.")],
    table: Annotated[str | None, typer.Option(help="One of the source's tables.")] = None,
    known_on: KnownOn = None,
    where: Annotated[list[str] | None, typer.Option(help="Keep these only, such as nationality=HTI,VEN; may be repeated.")] = None,
    by: Annotated[str | None, typer.Option(help="Sum the values by these columns, such as period,nationality.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to write them.")] = Format.csv,
    output: Annotated[Path | None, typer.Option(help="A file in place of the terminal.")] = None,
    store: StoreOption = None,
) -> None:
    """Print figures as they were known on a day."""
    from flows.ingest import open_store
    from pillarfour import clock

    if form is Format.parquet and output is None:
        raise typer.BadParameter("parquet needs --output FILE")
    recipe = known_source(source).RECIPE
    if table is not None and table not in recipe.tables:
        raise typer.BadParameter(f"{source} has no table {table}; it has {', '.join(recipe.tables)}")
    day = known_on.date() if known_on else clock.today()
    names = by.split(",") if by is not None else []
    columns = [PERIOD.get(name, name) for name in names]
    if len(set(columns)) < len(columns):
        raise typer.BadParameter(f"--by {by}: names a column twice; name each once")
    rows = open_store(settings(store)).known_on(source, day, table=table, where=_filters(where or []))
    chosen = rows if by is None else _summed(rows, columns, names)
    try:
        _write(chosen, form, output)
    except OSError as cause:
        if output is None:
            raise
        raise typer.BadParameter(f"--output {output}: {cause.strerror}; name a file in a folder that can be written") from cause


def _filters(where: list[str]) -> dict[str, list[str]]:
    from pillarfour.model import OBSERVATION

    filters: dict[str, list[str]] = {}
    for condition in where:
        column, equals, values = condition.partition("=")
        column = PERIOD.get(column, column)
        if not equals or column not in OBSERVATION.names or column == "value":
            raise typer.BadParameter(f"--where {condition}: write column=value,value with a column such as nationality, region or period")
        filters.setdefault(column, []).extend(values.split(","))
    return filters


def _summed(rows: "pa.Table", columns: list[str], names: list[str]) -> "pa.Table":
    import pyarrow.compute as pc

    for column in columns:
        if column not in rows.column_names or column == "value":
            raise typer.BadParameter(f"--by {column}: no such column here; there are {', '.join(rows.column_names)}")
    for alike in ("source", "table", "measure"):
        found = pc.unique(rows[alike]).to_pylist()
        if len(found) > 1 and alike not in columns:
            raise typer.BadParameter(
                f"{alike}s {', '.join(sorted(found))} are never added up; name one (--table, --where), or put {alike} into --by"
            )
    plain = rows.select([*columns, "value"])
    for position, column in enumerate(columns):
        plain = plain.set_column(
            position,
            column,
            pc.cast(rows[column], "string") if str(rows.schema.field(column).type).startswith("dictionary") else rows[column],
        )
    summed = plain.group_by(columns).aggregate([("value", "sum")]).sort_by([(column, "ascending") for column in columns])
    return summed.select([*columns, "value_sum"]).rename_columns([*names, "value"])


def _write(rows: "pa.Table", form: Format, output: Path | None) -> None:
    if form is Format.parquet:
        import pyarrow.parquet as pq

        pq.write_table(rows, output)
        return
    text = (
        rows.to_pandas().to_csv(index=False)
        if form is Format.csv
        else json.dumps(rows.to_pylist(), ensure_ascii=False, indent=1, default=str) + "\n"
    )
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
