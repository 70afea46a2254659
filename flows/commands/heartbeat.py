"""``pillarfour heartbeat``: for cron or a monitor outside Prefect; non-zero where something is late."""

import re
from datetime import timedelta
from typing import Annotated

import typer

from flows.commands.options import FAILED, Json, StoreOption, answer, settings

AGE = re.compile(r"(\d+)([mhd])")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def heartbeat(
    max_age: Annotated[
        str, typer.Option(help="For how long no night may have finished and no message have waited.", metavar="AGE")
    ] = "36h",
    as_json: Json = False,
    store: StoreOption = None,
) -> None:
    """Say what is late: the last night, a message, a source; exit code 1 where anything is."""
    from flows.heartbeat import late
    from pillarfour import clock

    written = AGE.fullmatch(max_age)
    if written is None:
        raise typer.BadParameter(f"{max_age!r}: write it as 36h, 90m or 2d", param_hint="--max-age")
    found = late(settings(store), max_age=timedelta(**{UNITS[written[2]]: int(written[1])}), now=clock.now())
    answer([vars(each) for each in found], as_json=as_json, title="Late", empty="nothing")
    if found:
        raise typer.Exit(FAILED)
