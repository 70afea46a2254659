"""Deliver: who is told, by which ways, and the sending of what the outbox holds."""

import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from pillarfour import clock, lookups
from pillarfour.alerts.ledger import Ledger
from pillarfour.delivery import cap_feed, sending
from pillarfour.delivery import routes as route_file
from pillarfour.delivery.channels import Channel, FileChannel
from pillarfour.delivery.chat import ChatChannel
from pillarfour.delivery.letter import checked_address
from pillarfour.delivery.routes import FromEnvironment, Reader, Routes, mailed_to, revealed
from pillarfour.delivery.sending import Delivered
from pillarfour.delivery.smtp import SmtpChannel, SmtpSettings
from pillarfour.delivery.webhook import Endpoint, WebhookChannel
from pillarfour.errors import ConfigurationError, DeliveryError
from pillarfour.settings import Settings
from pillarfour.triggers.schema import Triggers
from sources import SOURCES


def deliver(settings: Settings, *, password: str | None = None) -> Delivered:
    """Send what the outbox holds, then have every CAP message in its folder."""
    lock, book = settings.store / ".outbox.lock", Ledger(settings.ledger)
    with ExitStack() as sessions:
        ways = channels(settings, sessions, password=password)
        delivered = sending.deliver(book, channels=ways, now=clock.now(), lock=lock)
    try:
        with sending.sole_sender(lock):
            cap_feed.publish(book, settings.outbox_folder / "cap")
    except DeliveryError as fault:
        return replace(delivered, failures=(*delivered.failures, str(fault)))
    return delivered


def password(settings: Settings) -> str | None:
    """Read the mail server's password from its Prefect block, where one is named; nothing else here needs Prefect."""
    if settings.smtp_password_block is None:
        return None
    from prefect.blocks.system import Secret  # noqa: PLC0415 - commands that send without a block never load Prefect

    return str(Secret.load(settings.smtp_password_block).get())  # type: ignore[union-attr]  # Prefect types it for both of its worlds


def routes(settings: Settings, triggers: Triggers | None = None) -> Routes:
    """Say who is told: the routes' readers, or whoever ``PILLARFOUR_MAIL_TO`` names, of everything.

    Parameters
    ----------
    triggers
        Whose stages, groups and readers the routes may name; without them the names are not looked at.

    Raises
    ------
    ConfigurationError
        If the routes are wrong, name a mail reader where there is no mail server, or stand beside ``PILLARFOUR_MAIL_TO``; or if the
        sender or a reader has no address that mail can be written to.
    """
    _check(settings.mail_from, setting="PILLARFOUR_MAIL_FROM")
    if settings.routes is None:
        addresses = settings.mail_to if settings.smtp_host else ()
        readers = [_named(number, *reversed(address.rpartition(":"))) for number, address in enumerate(addresses, start=1)]
        return Routes(version=1, readers=tuple(readers))
    if settings.mail_to:
        raise ConfigurationError("PILLARFOUR_MAIL_TO and PILLARFOUR_ROUTES are both set; name the readers in one of them")
    found = route_file.load(settings.routes, known=_names(triggers) if triggers else None)
    if not settings.smtp_host and any(reader.way == "smtp" for reader in found.readers):
        raise ConfigurationError(f"{settings.routes}: a reader is to be told by smtp, but there is no PILLARFOUR_SMTP_HOST; set it")
    return found


def missing_secrets(found: Routes) -> list[str]:
    """Name what the routes ask of the environment and it does not hold."""
    asked = (value for reader in found.readers for value in (reader.address, reader.key) if isinstance(value, FromEnvironment))
    return sorted({value.env for value in asked if not os.environ.get(value.env, "").strip()})


def channels(settings: Settings, sessions: ExitStack, *, password: str | None = None) -> dict[str, Channel]:
    """Open the ways out that are configured, for as long as ``sessions``; a reader whose secret is missing does not stop the others."""
    found = routes(settings)
    ways: dict[str, Channel] = {"folder": FileChannel(folder=Path(settings.outbox_folder))}
    if settings.smtp_host:
        mailed = {reader.name: mailed_to(reader, os.environ) for reader in found.readers if reader.way == "smtp"}
        server = SmtpChannel(settings=smtp(settings, password=password), addresses=mailed)
        ways["smtp"] = sessions.enter_context(server.connected())
    if settings.routes is not None:
        endpoints = {reader.name: endpoint for reader in found.readers if (endpoint := _endpoint(reader)) is not None}
        ways["webhook"] = WebhookChannel(endpoints=endpoints)
        addresses = {reader.name: _secret(reader, "address") for reader in found.readers if reader.way == "chat"}
        ways["chat"] = ChatChannel(addresses={name: address for name, address in addresses.items() if address is not None})
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


def _named(number: int, address: str, _: str, language: str) -> Reader:
    if language not in {"", *lookups.LANGUAGES}:
        raise ConfigurationError(
            f"PILLARFOUR_MAIL_TO: {language}:{address}: no messages are written in {language!r}; write {' or '.join(lookups.LANGUAGES)}"
        )
    _check(address, setting="PILLARFOUR_MAIL_TO")
    return Reader.model_validate(
        {"name": f"reader-{number}", "way": "smtp", "address": address, "operator": True, **({"language": language} if language else {})}
    )


def _check(address: str, *, setting: str) -> None:
    try:
        checked_address(address)
    except DeliveryError as cause:
        raise ConfigurationError(f"{setting}: {str(cause).removeprefix('recipient ')}") from cause


def _names(triggers: Triggers) -> dict[str, set[str]]:
    subjects = {subject for trigger in triggers.triggers for subject in trigger.series.subjects}
    members = {member for group in triggers.groups.values() for member in group.nationalities}
    return {
        "stages": {stage.id for stage in triggers.stages},
        "subjects": subjects
        | members
        | {*triggers.groups}
        | {code for code, _ in lookups.load().display}
        | {source.RECIPE.name for source in SOURCES}
        | {"total"},
        "notify": {*triggers.recipients},
    }


def _endpoint(reader: Reader) -> Endpoint | None:
    url, key = _secret(reader, "address"), _secret(reader, "key")
    if reader.way != "webhook" or url is None or key is None:
        return None
    return Endpoint(url=url, key=key, authority=reader.authority)


def _secret(reader: Reader, field: str) -> SecretStr | None:
    value = getattr(reader, field)
    try:
        return None if value is None else revealed(value, os.environ, of=f"{reader.name}.{field}")
    except ConfigurationError:
        return None
