"""Tests of sending, against a real mail server on this machine."""

import logging
import socket
import traceback
from contextlib import suppress
from dataclasses import replace
from email import message_from_bytes
from itertools import cycle
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from pydantic import SecretStr

from pillarfour.delivery.channels import RefusedError, UnreachableError
from pillarfour.delivery.smtp import SmtpChannel
from pillarfour.errors import DeliveryError

CONTENT = b"Message-ID: <a@pillarfour>\r\nSubject: x\r\n\r\nline\r\n.\r\n..dots\r\n"


def send(channel: SmtpChannel, recipient: str = "duty.officer@example.org", **settings) -> None:
    SmtpChannel(settings=replace(channel.settings, **settings)).send(CONTENT, message_id="<a@pillarfour>", recipient=recipient)


def test_a_message_arrives_as_it_was_written(channel: SmtpChannel, mailbox):
    """Encrypted, after authentication, lines that begin with a dot included."""
    send(channel)
    ((sender, recipients, content, _),) = mailbox.taken

    assert (sender, recipients) == ("pillarfour@example.org", ["duty.officer@example.org"])
    assert content == b"To: duty.officer@example.org\r\n" + CONTENT


def test_each_recipient_sees_only_themselves(channel: SmtpChannel, mailbox):
    """In one session, each message names its one recipient, and no other copy exists."""
    addresses = ["duty.officer@example.org", "second@example.org"]
    with channel.connected() as session:
        for address in addresses:
            session.send(CONTENT, message_id="<a@pillarfour>", recipient=address)

    assert [recipients for _, recipients, _, _ in mailbox.taken] == [[address] for address in addresses]
    assert [message_from_bytes(content).get_all("To") for _, _, content, _ in mailbox.taken] == [[address] for address in addresses]
    assert all(content.endswith(CONTENT) for _, _, content, _ in mailbox.taken)


def test_a_reader_known_by_name_is_written_to_once_their_address_is_at_hand(channel: SmtpChannel, mailbox):
    """Until then the message waits, and the error says for what."""
    with pytest.raises(DeliveryError, match="to duty-officer: no address is at hand; set what the routes name") as caught:
        send(channel, "duty-officer")
    known = replace(channel, addresses={"duty-officer": "duty.officer@example.org"})
    known.send(CONTENT, message_id="<a@pillarfour>", recipient="duty-officer")

    assert not isinstance(caught.value, RefusedError)
    assert [recipients for _, recipients, _, _ in mailbox.taken] == [["duty.officer@example.org"]]


def test_a_refused_recipient_is_refused_for_good(channel: SmtpChannel, mailbox):
    """The error names the recipient, the server's words and what to do."""
    mailbox.recipient_answers["gone@example.org"] = ["550 5.1.1 no such user"]
    with pytest.raises(RefusedError, match=r"<a@pillarfour> to gone@example\.org.*550 5\.1\.1 no such user.*check the recipient's address"):
        send(channel, "gone@example.org")


@pytest.mark.parametrize("answer", ["451 4.7.1 greylisted, come back later", "552 5.2.2 mailbox full"])
def test_a_server_that_asks_to_wait_is_asked_again(channel: SmtpChannel, mailbox, answer: str):
    """Greylisting and a full mailbox pass: the second try is taken."""
    mailbox.recipient_answers["duty.officer@example.org"] = [answer]
    with pytest.raises(DeliveryError, match="it will be tried again") as caught:
        send(channel)
    send(channel)

    assert not isinstance(caught.value, RefusedError)
    assert len(mailbox.taken) == 1


@pytest.mark.parametrize(("answer", "for_good"), [("554 5.7.1 looks like spam", True), ("450 4.3.0 disk full", False), ("drop", False)])
def test_what_happens_to_the_content_decides_whether_to_try_again(channel: SmtpChannel, mailbox, answer: str, for_good: bool):  # noqa: FBT001
    """A refusal is final; a server in trouble, and a line that breaks before the answer, are not."""
    mailbox.data_answers = [answer]
    with pytest.raises(DeliveryError) as caught:
        send(channel)

    assert isinstance(caught.value, RefusedError) == for_good
    assert mailbox.taken == []


def test_a_stranger_with_a_certificate_is_not_spoken_to(channel: SmtpChannel, mailbox, certificates):
    """A certificate by another authority ends the session before anything is said."""
    with pytest.raises(DeliveryError, match="CERTIFICATE_VERIFY_FAILED"):
        send(channel, authority=certificates.stranger)

    assert (mailbox.asked, mailbox.taken) == ([], [])


def test_public_authorities_are_the_default(channel: SmtpChannel, mailbox):
    """Without an authority of its own, the tests' server is a stranger."""
    with pytest.raises(DeliveryError, match="CERTIFICATE_VERIFY_FAILED"):
        send(channel, authority=None)

    assert mailbox.asked == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_for_another_host_is_refused(mail_server, mailbox, certificates, channel: SmtpChannel, security: str):
    """The right authority is not enough."""
    with (
        mail_server(mailbox, certificates.misnamed, security=security) as port,
        pytest.raises(DeliveryError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        send(channel, port=port, security=security)

    assert mailbox.asked == []


def test_nothing_is_said_unencrypted(mail_server, mailbox, certificates, channel: SmtpChannel):
    """A server, or somebody between, that offers no STARTTLS gets neither password nor message."""
    with (
        mail_server(mailbox, certificates.server, security="starttls", encrypted=False) as port,
        pytest.raises(DeliveryError, match="STARTTLS"),
    ):
        send(channel, port=port, security="starttls")

    assert mailbox.asked == []


def test_a_wrong_password_is_told_without_it(channel: SmtpChannel, caplog: pytest.LogCaptureFixture):
    """Even by a server that repeats it: not in the error, its causes, its traceback or the logs."""
    wrong = "hunter2-planted"
    caplog.set_level(logging.DEBUG)
    with pytest.raises(DeliveryError, match=r"refused user duty \(535\); check user and password") as caught:
        send(channel, password=SecretStr(wrong))
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value.__context__) + repr(caught.value.__cause__)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("mail.")]

    assert not isinstance(caught.value, RefusedError)
    assert wrong not in told
    assert wrong not in "".join(ours)


def test_a_password_in_any_answer_is_blotted_out(channel: SmtpChannel, mailbox):
    """A server that repeats the password in another answer does not get it into the ledger."""
    mailbox.data_answers = [f"554 you said {channel.settings.password.get_secret_value()}"]
    with pytest.raises(RefusedError, match=r"554 you said \*\*\*") as caught:
        send(channel)

    assert channel.settings.password.get_secret_value() not in "".join(traceback.format_exception(caught.value))


def test_settings_do_not_show_the_password(channel: SmtpChannel):
    """Printed, logged or in a traceback."""

    assert channel.settings.password.get_secret_value() not in f"{channel!r} {channel.settings} {channel.settings.password}"


def test_an_answer_is_one_short_line(channel: SmtpChannel, mailbox):
    """What a server says cannot write its own lines into the ledger, nor fill it."""
    mailbox.data_answers = ["550-first\r\n550 \x1b[31m" + "y" * 400]
    with pytest.raises(RefusedError) as caught:
        send(channel)

    assert len(str(caught.value)) < 450
    assert str(caught.value).isprintable()


def test_a_server_that_is_not_there_is_tried_again(channel: SmtpChannel):
    """The error names host and port."""
    with pytest.raises(DeliveryError, match=r"127\.0\.0\.1:1: ConnectionRefusedError") as caught:
        send(channel, port=1)

    assert not isinstance(caught.value, RefusedError)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"authority": Path("nowhere.pem")}, "nowhere.pem: no such file; give the PEM file"),
        ({"password": SecretStr("contraseña")}, "user or password holds a letter that no mail login can carry"),
    ],
)
def test_what_is_wrong_with_the_settings_is_named(channel: SmtpChannel, changes: dict[str, Any], said: str):
    """With what to do, and without a letter of the password."""
    with pytest.raises(UnreachableError, match=said) as caught:
        send(channel, **changes)

    assert "ñ" not in str(caught.value)
    assert "xf1" not in str(caught.value)


@pytest.mark.parametrize(("answer", "stops_the_others"), [("552 5.3.4 message too large", False), ("550 5.7.1 not your sender", True)])
def test_a_sender_refused_concerns_every_message_but_one_that_is_too_large(
    channel: SmtpChannel,
    mailbox,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    stops_the_others: bool,  # noqa: FBT001
):
    """Servers refuse a message for its size where it begins."""

    async def refuse(*_: object) -> str:
        return answer

    monkeypatch.setattr(type(mailbox), "handle_MAIL", refuse, raising=False)
    with pytest.raises(DeliveryError, match=answer) as caught:
        send(channel)

    assert isinstance(caught.value, UnreachableError) == stops_the_others
    assert not isinstance(caught.value, RefusedError)


@pytest.mark.parametrize("greeting", [b"", b"220 here\r\n"])
def test_a_server_that_drips_is_left(channel: SmtpChannel, greeting: bytes):
    """Each byte is in time, the answer never is: the whole is bounded."""
    left = Event()

    def drip(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.sendall(greeting)
            for byte in cycle(b"250-more follows\r\n"):
                if left.wait(0.02):
                    return
                connection.sendall(bytes([byte]))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=drip, args=(listening,), daemon=True).start()
        try:
            with pytest.raises(UnreachableError, match="it will be tried again"):
                send(channel, port=listening.getsockname()[1], security="starttls", timeout_seconds=0.2)
        finally:
            left.set()


def test_how_a_server_says_goodbye_changes_nothing(channel: SmtpChannel, mailbox, monkeypatch: pytest.MonkeyPatch):
    """Once the message is accepted, a line that breaks at QUIT is no failure, or the message would be sent twice."""

    async def hang_up(self: SMTP, _argument: str) -> None:
        self.transport.abort()

    monkeypatch.setattr(SMTP, "smtp_QUIT", hang_up)
    send(channel)

    assert len(mailbox.taken) == 1
