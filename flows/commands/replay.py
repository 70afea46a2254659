"""``pillarfour replay``: what the triggers would have said on every past night, on what was published by then."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.options import StoreOption, answer, settings
from flows.commands.triggers import From, To

if TYPE_CHECKING:
    from pillarfour.evaluation.told import Said

Lines = Annotated[
    Path | None, typer.Option("--jsonl", help="Write every change as a line of JSON; - is the terminal.", allow_dash=True, dir_okay=False)
]
Triggers = Annotated[
    Path | None,
    typer.Option("--triggers", help="The file of triggers.", exists=True, dir_okay=False, show_default="the project's triggers.yaml"),
]


def replay(start: From, end: To, triggers: Triggers = None, jsonl: Lines = None, store: StoreOption = None) -> None:
    """Say what the triggers would have said, on every past night, on exactly what was published by then."""
    from flows import replay as nights
    from pillarfour.evaluation.told import in_order

    if start > end:
        raise typer.BadParameter("--from is after --to")
    chosen = settings(store)
    with progress("Nights put together, then decided") as told:
        path = (triggers or chosen.triggers).resolve()
        said = nights.said(chosen, path, start=start.date(), end=end.date(), progress=told)
    lines = in_order(line for each in said for line in each.told)
    text = "".join(f"{json.dumps(line.as_json(), ensure_ascii=False, default=str)}\n" for line in lines)
    if jsonl == Path("-"):
        typer.echo(text, nl=False)
        return
    if jsonl is not None:
        jsonl.parent.mkdir(parents=True, exist_ok=True)
        jsonl.write_text(text, encoding="utf-8")
    answer(
        [_row(each) for each in said],
        as_json=False,
        title=f"{len(lines)} changes from {start:%Y-%m-%d} to {end:%Y-%m-%d}; by level: watch, warning, emergency",
    )


def _row(said: "Said") -> dict[str, Any]:
    from pillarfour.alerts.model import LEVELS
    from pillarfour.evaluation.comparison import spans

    alerts = list(spans(said.told))
    return {
        "trigger": said.trigger,
        "series": said.series,
        "alerts": len(alerts),
        "by_level": " ".join(str(sum(level in alert.levels for alert in alerts)) for level in LEVELS),
        "standing": sum(alert.ended is None for alert in alerts),
        "first": min((alert.began for alert in alerts), default=None),
    }


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show on a terminal how far the work has come, of as much as is known of it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=0)

        def step(done: int, added: int) -> None:
            bar.update(task, advance=done, total=(bar.tasks[task].total or 0) + added)

        yield step
