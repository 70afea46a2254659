"""Reporting: the week's and the quarter's report, by the schedule."""

from typing import Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from flows import deliver, report
from pillarfour.errors import DeliveryError
from pillarfour.report.period import Kind
from pillarfour.settings import Settings


@flow(name="report")
def send_report(kind: Kind) -> dict[str, Any]:
    """Write the report of the week or the quarter that has just ended, and send it, once, to the readers who ask for it.

    Raises
    ------
    DeliveryError
        If a message could not be sent; it waits in the outbox, and the files are written.
    """
    settings = Settings()
    sent = report.send(settings, kind, password=deliver.password(settings))
    listed = "\n".join(f"- `{path}`" for path in sent.files)
    said = f"{sent.report.period.name}: {sent.recorded} readers told\n{listed}"
    create_markdown_artifact(key="report", markdown=said, description="The report's files")
    if sent.delivered.failures:
        raise DeliveryError("; ".join(sent.delivered.failures))
    return {"period": sent.report.period.name, "files": [str(path) for path in sent.files], "recorded": sent.recorded}
