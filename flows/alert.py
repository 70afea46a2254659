"""Alert: findings to transitions, ledger and outbox in one transaction; then deliver what the outbox holds."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import SecretStr

from flows.ingest import Outcome
from flows.notices import notices
from flows.tell import Teller
from pillarfour import clock
from pillarfour.alerts import acts, events
from pillarfour.alerts.deciding import decide_all
from pillarfour.alerts.ledger import Ledger
from pillarfour.alerts.lifecycle import follow
from pillarfour.alerts.model import AlertState, Transition
from pillarfour.alerts.revision import with_figures
from pillarfour.delivery import cap, cap_feed, email, outbox
from pillarfour.delivery.channels import Channel, FileChannel
from pillarfour.delivery.email import Attachment
from pillarfour.delivery.night import Night, as_json
from pillarfour.delivery.outbox import Delivered, Recipient
from pillarfour.delivery.smtp import SmtpChannel, SmtpSettings
from pillarfour.errors import DeliveryError
from pillarfour.settings import Settings
from pillarfour.triggers.evaluate import evaluate


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a night decided and wrote.

    Parameters
    ----------
    run
        Which run of the night wrote something, from 1; None where this one had nothing to add.
    """

    night: Night
    transitions: tuple[Transition, ...]
    states: tuple[AlertState, ...]
    run: int | None
    delivered: Delivered


def alert(teller: Teller, *, outcomes: Iterable[Outcome] = (), password: str | None = None) -> Told:
    """Decide every alert of the night, record it with its message, and send what waits."""
    settings, known = teller.settings, teller.known
    book = Ledger(settings.ledger)
    conditions = [with_figures(each, known) for each in evaluate(teller.triggers, known)]
    with book.begin() as connection:
        said = acts.acts(connection, known_on=known.known_on)
        before = {**{each.key: AlertState(key=each.key) for each in conditions}, **events.states(connection, known.known_on)}
        silences = acts.silences(said, known_on=known.known_on)
        transitions = decide_all(conditions, before, triggers=teller.triggers, known=known, silences=silences)
        states = before | {transition.key: follow(before[transition.key], transition) for transition in transitions}
        for transition in transitions:
            if transition.raises and transition.unannounced_because is None and transition.key in silences:
                acts.lift(connection, transition, now=clock.now())
        night = teller.night(
            conditions,
            transitions,
            states,
            before=before,
            said=said,
            outcomes=outcomes,
            undelivered=outbox.tally(connection)["dead"],
        )
        messages = cap.keep(connection, notices(teller, night), sender=settings.mail_from, now=clock.now())
        attached = [Attachment(name=f"{each.identifier}.xml", subtype="cap+xml", content=each.content) for each in messages]
        letter = email.compose(night, sender=settings.mail_from, now=clock.now(), attachments=attached)
        run = events.record(
            connection,
            transitions,
            known_on=known.known_on,
            finished_at=clock.now(),
            digest=json.loads(as_json(night)),
            message_id=letter.message_id,
            documents={release.id: release.document_sha256 for release in teller.releases.values()},
        )
        outbox.record(connection, letter, recipients=recipients(settings), now=clock.now())
    return Told(
        night=night, transitions=tuple(transitions), states=tuple(states.values()), run=run, delivered=deliver(settings, password=password)
    )


def deliver(settings: Settings, *, password: str | None = None) -> Delivered:
    """Send what the outbox holds, then have every CAP message in its folder."""
    lock, book = settings.store / ".outbox.lock", Ledger(settings.ledger)
    delivered = outbox.deliver(book, channels=channels(settings, password=password), now=clock.now(), lock=lock)
    try:
        cap_feed.publish(book, settings.outbox_folder / "cap")
    except DeliveryError as fault:
        return replace(delivered, failures=(*delivered.failures, str(fault)))
    return delivered


def recipients(settings: Settings) -> Sequence[Recipient]:
    """Say who is written to: always the folder, and the task force where a mail server is configured."""
    return [
        Recipient(channel="folder"),
        *(Recipient(channel="smtp", address=address) for address in settings.mail_to if settings.smtp_host),
    ]


def channels(settings: Settings, *, password: str | None = None) -> dict[str, Channel]:
    """Open the ways out that are configured."""
    ways: dict[str, Channel] = {"folder": FileChannel(folder=Path(settings.outbox_folder))}
    if settings.smtp_host:
        ways["smtp"] = SmtpChannel(settings=smtp(settings, password=password))
    return ways


def smtp(settings: Settings, *, password: str | None) -> SmtpSettings:
    """Take the mail server's settings; a password from a secret store goes before the environment's."""
    return SmtpSettings(
        host=str(settings.smtp_host),
        port=settings.smtp_port,
        security=settings.smtp_security,
        sender=settings.mail_from,
        user=settings.smtp_user,
        password=SecretStr(password) if password is not None else settings.smtp_password,
        authority=settings.smtp_authority,
    )
