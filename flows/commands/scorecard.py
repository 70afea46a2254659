"""``pillarfour scorecard``: would it have warned us, how often wrongly, and would something simpler have done better."""

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import StoreOption
from flows.commands.options import settings as read_settings

DOCS = Path(__file__).resolve().parents[2] / "docs"

Triggers = Annotated[
    Path | None,
    typer.Option("--triggers", help="Another file of triggers.", exists=True, dir_okay=False, show_default="the project's triggers.yaml"),
]
Json = Annotated[Path | None, typer.Option("--json", help="Write the figures there alone, and leave the page be.", dir_okay=False)]
Quick = Annotated[bool, typer.Option("--quick", help="Score the triggers alone: no simpler rules beside them, no forecasts.")]
Folder = Annotated[
    Path, typer.Option("--docs", help="Where the page, the figures and the pictures go.", file_okay=False, show_default="docs")
]


def scorecard(
    triggers: Triggers = None, as_json: Json = None, quick: Quick = False, docs: Folder = DOCS, store: StoreOption = None
) -> None:
    """Replay the past nights, score them against what happened, and hold the triggers against simpler rules at equal false alarms."""
    import tempfile

    from flows import scorecard as card

    if triggers is not None and as_json is None and docs == DOCS:
        raise typer.BadParameter("the page is about the project's triggers.yaml; with --triggers give --json or --docs")
    if quick and as_json is None:
        raise typer.BadParameter("the page has all of it; with --quick give --json")
    with tempfile.TemporaryDirectory(prefix="pillarfour-") as folder:
        chosen = read_settings(store) if store is not None else card.build_store(Path(folder))
        measured = card.measure(chosen, triggers=triggers, others=() if quick else card.OTHERS, forecasts=not quick)
    found = card.document(measured)
    if as_json is not None:
        as_json.parent.mkdir(parents=True, exist_ok=True)
        as_json.write_text(card.as_text(found), encoding="utf-8")
    else:
        card.write(docs, measured, found)
    for line in card.in_short(found):
        typer.echo(line)
