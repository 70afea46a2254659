"""``pillarfour report``: a week or a quarter for those who read no messages at night."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import FAILED, Json, KnownOn, StoreOption, answer, settings


class Kind(StrEnum):
    """How long the period is."""

    weekly = "weekly"
    quarterly = "quarterly"


class Language(StrEnum):
    """In which language it is written."""

    en = "en"
    es = "es"


class Format(StrEnum):
    """As which file it is written."""

    html = "html"
    pdf = "pdf"
    both = "both"


def report(
    kind: Annotated[Kind, typer.Argument(help="A week, Monday to Sunday, or a quarter.")],
    known_on: KnownOn = None,
    language: Annotated[Language, typer.Option(help="The language of its readers.")] = Language.en,
    form: Annotated[Format, typer.Option("--format", help="As which files.")] = Format.both,
    output: Annotated[
        Path | None, typer.Option(help="The folder of its files.", file_okay=False, show_default="reports, in the outbox")
    ] = None,
    external: Annotated[bool, typer.Option("--external", help="For readers outside the task force: small counts are hidden.")] = False,
    send: Annotated[bool, typer.Option("--send", help="Do what the schedule does: both languages, and mail to those who ask.")] = False,
    as_json: Json = False,
    store: StoreOption = None,
) -> None:
    """Write the report of the newest week or quarter that was over on a day, on what was known then."""
    from flows import report as steps
    from flows.deliver import password, routes
    from pillarfour import clock
    from pillarfour.report.model import as_json as facts

    chosen = settings(store)
    failures: tuple[str, ...] = ()
    if send:
        if known_on or output or external:
            raise typer.BadParameter("--send is for the period that has just ended, inside the task force; leave the other options out")
        sent = steps.send(chosen, kind.value, password=password(chosen))
        found, files, failures = sent.report, sent.files, sent.delivered.failures
    else:
        found = steps.Reporter.of(chosen, known_on=known_on.date() if known_on else clock.today()).report(kind.value)
        files = tuple(
            steps.write(
                found,
                chosen,
                folder=output,
                languages=(language.value,),
                formats=[each for each in steps.FORMATS if form in {each, Format.both}],
                fewer_than=routes(chosen).fewer_than if external else 0,
            )
        )
    if as_json:
        typer.echo(json.dumps({"files": [str(path) for path in files], **json.loads(facts(found))}, ensure_ascii=False, indent=1))
    else:
        answer([{"file": str(path)} for path in files], as_json=False, title=f"{found.period.name}, known on {found.known_on}")
        for failure in failures:
            typer.echo(f"failed: {failure}")
    if failures:
        raise typer.Exit(FAILED)
