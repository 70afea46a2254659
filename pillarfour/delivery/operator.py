"""What the operator is told when a night or a report does not come to its end."""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from typing import Final

from pillarfour import errors
from pillarfour.delivery.letter import Letter, checked_address
from pillarfour.delivery.wording import ENGLISH, one_line

PREFIX: Final = "Flow run encountered an exception: "
LONGEST: Final = 2000
WHAT_TO_DO: Final = """\
Nothing half-written is left. What to do:
- look at the run's log, and at `pillarfour doctor`;
- run `pillarfour nightly`: it takes up where this one stopped, and a night that is whole already is not told twice.
Until then no new alert is decided and none is sent.
"""
REPORT: Final = """\
Alerts are not touched by it. What to do:
- look at the run's log, and at `pillarfour doctor`;
- run `pillarfour report {kind} --send`: who got the report already does not get it twice.
"""


def compose(*, run: str, said: str, sender: str, now: datetime, report: str | None = None) -> Letter:
    """Write the message of a failed run; the same bytes for the same arguments.

    Parameters
    ----------
    run
        The run's name or number: one message a run.
    said
        What the orchestrator says of its end; of an error that is not the project's own only its kind is passed on.
    report
        ``weekly`` or ``quarterly`` where the run was to report; None where it was a night.
    """
    name = f"<{now.date()}.{sha256(f'failed {run}'.encode()).hexdigest()[:32]}@pillarfour>"
    what, remedy = ("night", WHAT_TO_DO) if report is None else (f"{one_line(report)} report", REPORT.format(kind=one_line(report)))
    subject = f"[FAILED] The {what} of {now.date()} did not come to its end (pillarfour)"
    mail = EmailMessage(policy=SMTP)
    mail["Message-ID"] = name
    mail["Date"] = now
    mail["From"] = Address("pillarfour", addr_spec=checked_address(sender))
    mail["Auto-Submitted"] = "auto-generated"
    mail["Subject"] = subject
    mail.set_content(f"The run {one_line(run)} failed at {ENGLISH.moment(now)}:\n\n{cleaned(said)}\n\n{remedy}", cte="quoted-printable")
    return Letter(message_id=name, known_on=now.date(), mark="live", subject=subject, quiet=False, kind="failure", content=mail.as_bytes())


def cleaned(said: str) -> str:
    """Keep the project's own errors, which hold no secret; of any other its kind alone."""
    text = said.removeprefix(PREFIX)
    kind, _, detail = text.partition(":")
    if said.startswith(PREFIX):
        kind = kind.partition("(")[0]
        own = isinstance(found := getattr(errors, kind, None), type) and issubclass(found, errors.PillarfourError)
        return (
            one_line(f"{kind}: {detail}")[:LONGEST]
            if own
            else f"{one_line(kind)[:100]}; its words may hold a secret and stay in the run's log"
        )
    return one_line(kind)[:LONGEST]
