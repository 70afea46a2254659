"""``pillarfour``: the same steps by hand. Commands that run no flow never import Prefect."""

import sys

import typer

from flows.commands import (
    alerts,
    detect,
    doctor,
    heartbeat,
    observations,
    outbox,
    outlook,
    releases,
    replay,
    report,
    revisions,
    run,
    scorecard,
    triggers,
)
from pillarfour.errors import PillarfourError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Early warning of migration events along the Darién – Mexico – United States corridor.",
    epilog="Exit codes: 0 done; 1 failed; 2 wrongly called; 3 done, but a release is held.",
)
app.command()(run.nightly)
app.command()(run.ingest)
app.command()(run.backfill)
app.command()(observations.observations)
app.command()(detect.detect)
app.command()(doctor.doctor)
app.command()(heartbeat.heartbeat)
app.command()(replay.replay)
app.command()(outlook.outlook)
app.command()(revisions.revisions)
app.command()(scorecard.scorecard)
app.command()(report.report)
app.command()(outbox.deliver)
app.add_typer(releases.app, name="releases")
app.add_typer(alerts.app, name="alerts")
app.add_typer(outbox.app, name="outbox")
app.add_typer(triggers.app, name="triggers")


def main() -> None:
    """Run a command; an error of the project's own is one message and exit code 1."""
    try:
        app()
    except PillarfourError as error:
        typer.echo(f"pillarfour: {error}", err=True)
        sys.exit(1)
