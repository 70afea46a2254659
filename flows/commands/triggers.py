"""``pillarfour triggers``: the shared set, listed, checked, tested, explained, and tried on the past."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.options import FAILED, Json, KnownOn, StoreOption, answer, settings

if TYPE_CHECKING:
    from pillarfour.triggers.schema import Trigger

From = Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], metavar="DATE", help="The first night.")]
To = Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], metavar="DATE", help="The last night.")]

app = typer.Typer(no_args_is_help=True, help="The shared set of triggers.")

CASES = Path(__file__).resolve().parents[2] / "tests" / "triggers"
File = Annotated[Path | None, typer.Argument(help="By default the project's triggers.yaml.", show_default=False)]
CasesOption = Annotated[Path, typer.Option("--cases", help="The folder of cases.", show_default="tests/triggers")]


@app.command("list")
def list_triggers(as_json: Json = False) -> None:
    """List the triggers: what each watches, its levels, its owner, and whether it stands as approved."""
    from flows.detect import load_triggers
    from pillarfour.triggers.approval import unapproved

    triggers = load_triggers(settings())
    refused = {triggers.triggers[int(place[1])].id for place, _ in unapproved(triggers)}
    rows = [_row(trigger, approved=trigger.id not in refused and trigger.approval is not None) for trigger in triggers.triggers]
    answer(rows, as_json=as_json, title=f"{len(rows)} triggers")


def _row(trigger: "Trigger", *, approved: bool) -> dict[str, Any]:
    from pillarfour.triggers.document import watched

    return {
        "trigger": trigger.id,
        "kind": trigger.kind,
        "status": trigger.status,
        "watches": f"{watched(trigger)} at {', '.join(trigger.series.stages)}",
        "levels": ", ".join(trigger.levels),
        "owner": trigger.owner,
        "approved": "yes" if approved else "no",
    }


@app.command("check")
def check(file: File = None, cases: CasesOption = CASES, store: StoreOption = None) -> None:
    """Say every error and warning of a file of triggers, with its line and column; refuse what stands otherwise than approved."""
    from detectors import METHODS
    from flows.detect import RECIPES
    from flows.explain import histories
    from pillarfour.triggers.check import check as findings

    chosen = settings(store)
    path = file or chosen.triggers
    tested = {each.stem for each in cases.glob("*.yaml")} if cases.is_dir() else None
    found = findings(path, detectors=METHODS, recipes=RECIPES, tested=tested, histories=histories(chosen, path))
    for line in (*found.errors, *(f"warning: {warning}" for warning in found.warnings)):
        typer.echo(line)
    typer.echo(f"{path}: {len(found.errors)} errors, {len(found.warnings)} warnings")
    if found.errors:
        raise typer.Exit(FAILED)


@app.command("schema")
def schema() -> None:
    """Write the JSON Schema of triggers.yaml, for editors."""
    from detectors import METHODS
    from flows.detect import RECIPES
    from pillarfour.triggers import editor_schema

    typer.echo(editor_schema.write(recipes=RECIPES, detectors=METHODS), nl=False)


@app.command("test")
def run_cases(
    file: File = None,
    cases: CasesOption = CASES,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write the outcome as JUnit XML too.", dir_okay=False)] = None,
) -> None:
    """Run the cases of the triggers; an active trigger needs one that fires and one that stays silent."""
    from detectors import METHODS
    from flows.detect import RECIPES, foretell
    from pillarfour.triggers import junit as xml
    from pillarfour.triggers import reading
    from pillarfour.triggers.cases import Bench, uncovered

    triggers = reading.load(file or settings().triggers, detectors=METHODS, recipes=RECIPES)
    bench = Bench(triggers=triggers, instances=reading.instances(triggers, detectors=METHODS), recipes=RECIPES, foretell=foretell)
    ran = []
    for each in bench.run(cases):
        ran.append(each)
        typer.echo(f"{'failed' if each.faults else 'passed'}  {each.trigger}: {each.case.case}")
        for fault in each.faults:
            typer.echo(f"        {fault}")
    missing = uncovered(triggers, ran)
    for line in missing:
        typer.echo(line)
    failed = sum(bool(each.faults) for each in ran)
    typer.echo(f"{len(ran)} cases, {failed} failed; {len(missing)} gaps in coverage")
    if junit is not None:
        xml.write(junit, ran, uncovered=missing)
    if failed or missing or not ran:
        raise typer.Exit(FAILED)


@app.command("explain")
def explain(
    trigger: Annotated[str, typer.Argument(help="The trigger's id, such as haitian-corridor.")],
    known_on: KnownOn = None,
    nationality: Annotated[str | None, typer.Option("--nationality", help="Only this nationality or group, such as HTI.")] = None,
    stage: Annotated[str | None, typer.Option("--stage", help="Only this stage, such as darien.")] = None,
    as_json: Json = False,
    store: StoreOption = None,
) -> None:
    """Say why a trigger says what it says: each test with its figures, detector, release and document."""
    from flows.explain import explained

    day = known_on.date() if known_on else None
    found = explained(settings(store), trigger, known_on=day, stage=stage, subject=nationality)
    if as_json:
        typer.echo(json.dumps([each.as_json() for each in found], ensure_ascii=False, indent=1, default=str))
        return
    for each in found:
        for line in each.words():
            typer.echo(line)


@app.command("what-if")
def what_if(
    start: From,
    end: To,
    file: Annotated[Path, typer.Option("--file", help="The other file of triggers.", exists=True, dir_okay=False)],
    store: StoreOption = None,
) -> None:
    """Say which alerts another file would have given, changed or spared, beside the project's triggers.yaml."""
    _compare(settings(store).triggers, file, start=start, end=end, store=store)


@app.command("diff")
def diff(
    first: Annotated[Path, typer.Argument(help="A file of triggers.", exists=True, dir_okay=False)],
    second: Annotated[Path, typer.Argument(help="Another one.", exists=True, dir_okay=False)],
    start: From,
    end: To,
    store: StoreOption = None,
) -> None:
    """Say which alerts the second file would have given, changed or spared, beside the first."""
    _compare(first, second, start=start, end=end, store=store)


def _compare(first: Path, second: Path, *, start: datetime, end: datetime, store: Path | None) -> None:
    from flows.replay import compare

    if start > end:
        raise typer.BadParameter("--from is after --to")
    found = compare(settings(store), first.resolve(), second.resolve(), start=start.date(), end=end.date())
    typer.echo(f"{first} → {second}, every night on which something was published from {start:%Y-%m-%d} to {end:%Y-%m-%d}")
    for line in found.lines():
        typer.echo(line)
