"""Reporting: the week's and the quarter's report, by the schedule."""

from typing import Any

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact

from flows import deliver, report
from flows.failure import tell_operators
from pillarfour.report.period import Kind
from pillarfour.settings import Settings


@flow(name="report", on_failure=[tell_operators], on_crashed=[tell_operators])
def send_report(kind: Kind) -> dict[str, Any]:
    """Write the report of the week or the quarter that has just ended, and send it, once, to the readers who ask for it.

    A message that could not be sent waits in the outbox; the next round of sending takes it up.
    """
    settings = Settings()
    sent = report.send(settings, kind, password=deliver.password(settings))
    for failure in sent.delivered.failures:
        get_run_logger().error("%s", failure)
    listed = "\n".join(f"- `{path}`" for path in sent.files)
    said = f"{sent.report.period.name}: recorded for {sent.recorded} readers\n{listed}"
    create_markdown_artifact(key="report", markdown=said, description="The report's files")
    return {"period": sent.report.period.name, "files": [str(path) for path in sent.files], "recorded": sent.recorded}
