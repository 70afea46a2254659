"""``pillarfour detect``: one method on figures of one's own, from a file to a file."""

import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_origin

import typer

if TYPE_CHECKING:
    from pillarfour.detection import Detector

STANDARD = Path("-")


class Judged(StrEnum):
    """Which periods are judged."""

    newest = "newest"
    all = "all"


def detect(
    method: Annotated[str, typer.Option(help="The method, such as farrington or cusum; docs/method.md describes each.")],
    given: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter, such as alpha=0.01; may be repeated.")
    ] = None,
    judge: Annotated[Judged, typer.Option(help="The newest period, or each with what precedes it alone.")] = Judged.newest,
    source: Annotated[
        Path, typer.Option("--input", help="A CSV file of series, period (2021-06 or 2021-W23) and value; - is standard input.")
    ] = STANDARD,
    output: Annotated[Path, typer.Option(help="The CSV file of scores; - is standard output.")] = STANDARD,
    unit: Annotated[str, typer.Option(help="What is counted: events or persons.")] = "events",
    summary: Annotated[bool, typer.Option("--summary", help="Also sum up what was judged and what alarmed, on standard error.")] = False,
    register: Annotated[
        Path | None,
        typer.Option("--breaks", help="Structural breaks that parameters may name.", show_default="data/structural_breaks.yaml"),
    ] = None,
) -> None:
    """Judge the series of a CSV file by one method."""
    from pillarfour import breaks
    from pillarfour.panel_file import read_panel

    detector = _make(method, _parameters(given or []))
    known = breaks.load() if register is None else breaks.load(register)
    scores = detector.detect(read_panel(source, unit=unit), judge=judge.value, breaks=known.breaks)
    _write(scores.to_frame().to_csv(index=False, float_format="%.12g", lineterminator="\n"), output)
    if summary:
        typer.echo(str(scores.summary()), err=True)


def _parameters(given: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in given:
        name, equals, value = (part.strip() for part in each.partition("="))
        if not (name and equals and value):
            raise typer.BadParameter(f"--set {each}: write NAME=VALUE, such as alpha=0.01")
        if name in found:
            raise typer.BadParameter(f"--set {each}: {name} is {found[name]} already; give it once")
        found[name] = value
    return found


def _make(method: str, parameters: Mapping[str, str]) -> "Detector":
    from detectors import METHODS, make
    from pillarfour.errors import DetectorError

    fields = METHODS[method].parameters_type.model_fields if method in METHODS else {}
    several = {name for name, field in fields.items() if get_origin(field.annotation) is tuple}
    values = {name: value.split(",") if name in several else value for name, value in parameters.items()}
    try:
        return make(method, **values)
    except DetectorError as cause:
        raise typer.BadParameter(str(cause)) from cause


def _write(text: str, output: Path) -> None:
    from pillarfour.errors import DetectorError

    if output == STANDARD:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as cause:
        raise DetectorError(f"{output}: cannot be written ({cause.strerror}); name a file in a folder that is there") from cause
