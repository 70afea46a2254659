"""Tests of signed JSON, against a real HTTPS server."""

import hmac
import json
import logging
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
from pydantic import SecretStr

from pillarfour.delivery import cap, webhook
from pillarfour.delivery.channels import RefusedError, UnreachableError
from pillarfour.delivery.webhook import Endpoint, WebhookChannel
from pillarfour.errors import DeliveryError

KEY = "planted-signing-key"
PATH = "/hooks/planted-path-token"
NOW = datetime(2021, 7, 12, 11, 5, tzinfo=UTC)
NAME = "<2021-07-12.0123@pillarfour>"


@dataclass
class Listener:
    """A program that answers as told, and keeps what it was sent."""

    answers: list[object] = field(default_factory=list)
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    let_go: Event = field(default_factory=Event)
    port: int = 0

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Take the message, and then do what is due."""
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        self.taken.append((handler.path, {name.lower(): value for name, value in handler.headers.items()}, body))
        due = self.answers.pop(0) if self.answers else 204
        if due == "hang":
            self.let_go.wait(20)
        elif due == "drip":
            for letter in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1000:
                if self.let_go.wait(0.05):
                    return
                try:
                    handler.wfile.write(bytes([letter]))
                except OSError:
                    return
        elif due == "drop":
            handler.connection.close()
        else:
            handler.send_response(due)
            if due in {301, 302, 307, 308}:
                handler.send_header("Location", f"https://127.0.0.1:{self.port}/elsewhere")
            handler.end_headers()


@pytest.fixture
def listener(certificates) -> Iterator[Listener]:
    listening = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Answer."""
            listening.answer(self)

        do_GET = do_POST  # noqa: N815 - http.server's word

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = certificates.server.wrap_socket(server.socket, server_side=True)
    listening.port = server.server_address[1]
    Thread(target=server.serve_forever, daemon=True).start()
    yield listening
    listening.let_go.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def channel(listener: Listener, certificates, monkeypatch: pytest.MonkeyPatch) -> WebhookChannel:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    endpoint = Endpoint(url=SecretStr(f"https://127.0.0.1:{listener.port}{PATH}"), key=SecretStr(KEY), authority=certificates.authority)
    return WebhookChannel(endpoints={"reception": endpoint}, timeout_seconds=5, now=lambda: NOW)


def send(channel: WebhookChannel, content: bytes = b'{"a":1}') -> None:
    channel.send(content, message_id=NAME, recipient="reception")


def test_a_message_is_signed_with_its_time(channel: WebhookChannel, listener: Listener):
    """The receiver can work the signature out from what it got and the shared key alone."""
    send(channel)
    path, headers, body = listener.taken[0]
    expected = hmac.new(KEY.encode(), headers["pillarfour-timestamp"].encode() + b"." + body, sha256).hexdigest()

    assert (path, body, headers["content-type"]) == (PATH, b'{"a":1}', "application/json")
    assert headers["pillarfour-timestamp"] == str(int(NOW.timestamp()))
    assert headers["pillarfour-signature"] == f"v1={expected}"


def test_another_body_or_time_has_another_signature():
    """What is changed, or sent again later with a new time, does not verify."""
    signed = webhook.signature(b"a", key=SecretStr(KEY), now=NOW)["Pillarfour-Signature"]

    assert signed != webhook.signature(b"b", key=SecretStr(KEY), now=NOW)["Pillarfour-Signature"]
    assert signed != webhook.signature(b"a", key=SecretStr(KEY), now=NOW + timedelta(seconds=1))["Pillarfour-Signature"]
    assert signed != webhook.signature(b"a", key=SecretStr("other"), now=NOW)["Pillarfour-Signature"]


@pytest.mark.parametrize("trouble", [500, 503, 429, 408, "drop"])
def test_trouble_passes_and_every_try_has_the_same_key(channel: WebhookChannel, listener: Listener, trouble):
    """The second try is taken; both carry one idempotency key, so that the receiver can tell."""
    listener.answers = [trouble]
    with pytest.raises(DeliveryError, match="it will be tried again") as caught:
        send(channel)
    send(channel)

    assert not isinstance(caught.value, RefusedError)
    assert len({headers["idempotency-key"] for _, headers, _ in listener.taken}) == 1
    assert len(listener.taken) == 2


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_redirection_is_not_followed(channel: WebhookChannel, listener: Listener, code: int):
    """Nobody can have the figures sent elsewhere."""
    listener.answers = [code]
    with pytest.raises(RefusedError, match=f"answered {code}, a redirection"):
        send(channel)

    assert [path for path, _, _ in listener.taken] == [PATH]


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 422])
def test_a_refusal_is_final(channel: WebhookChannel, listener: Listener, code: int):
    """Trying again changes nothing; the error says what does."""
    listener.answers = [code]
    with pytest.raises(RefusedError, match=f"answered {code}; mend its address or its key"):
        send(channel)


@pytest.mark.parametrize("trouble", ["hang", "drip"])
def test_a_server_that_keeps_us_waiting_is_left(channel: WebhookChannel, listener: Listener, trouble: str):
    """The whole try is bounded, not each wait for a byte."""
    listener.answers = [trouble]
    with pytest.raises(UnreachableError, match="it will be tried again"):
        send(replace(channel, timeout_seconds=0.6))

    assert len(listener.taken) == 1


def test_a_stranger_with_a_certificate_gets_nothing(channel: WebhookChannel, listener: Listener, certificates):
    """A certificate by another authority ends it before anything is said."""
    endpoint = replace(channel.endpoints["reception"], authority=certificates.stranger)
    with pytest.raises(DeliveryError, match="SSLError"):
        send(replace(channel, endpoints={"reception": endpoint}))

    assert listener.taken == []


def test_an_authority_that_is_not_there_is_named(channel: WebhookChannel, listener: Listener):
    """The file, and what to give."""
    endpoint = replace(channel.endpoints["reception"], authority=Path("nowhere.pem"))
    with pytest.raises(UnreachableError, match=r"webhook reception: nowhere\.pem: no such file; give the PEM file"):
        send(replace(channel, endpoints={"reception": endpoint}))

    assert listener.taken == []


def test_nothing_is_said_unencrypted(channel: WebhookChannel):
    """An address by http is refused before it is called."""
    endpoint = replace(channel.endpoints["reception"], url=SecretStr("http://127.0.0.1:1/x"))
    with pytest.raises(RefusedError, match="not by https"):
        send(replace(channel, endpoints={"reception": endpoint}))


def test_a_reader_that_is_no_longer_named_waits(channel: WebhookChannel):
    """Its messages are not lost by a mistake in the routes."""
    with pytest.raises(DeliveryError, match="the routes name no such reader") as caught:
        channel.send(b"", message_id=NAME, recipient="gone")

    assert not isinstance(caught.value, RefusedError)


@pytest.mark.parametrize("trouble", [500, 404, 302, "drop", "hang"])
def test_neither_address_nor_key_is_told(channel: WebhookChannel, listener: Listener, caplog: pytest.LogCaptureFixture, trouble):
    """Not in the error, its causes, its traceback, the channel's own words or any library's log."""
    caplog.set_level(logging.DEBUG)
    listener.answers = [trouble]
    with pytest.raises(DeliveryError) as caught:
        send(replace(channel, timeout_seconds=0.6))
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value.__context__) + repr(channel) + caplog.text

    assert "planted" not in told


def test_login_files_are_not_read(channel: WebhookChannel, listener: Listener, tmp_path, monkeypatch: pytest.MonkeyPatch):
    """A password that somebody keeps for this host stays where it is."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login duty password planted\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    send(channel)

    assert "authorization" not in listener.taken[0][1]


def test_a_notice_is_plain_json(notice):
    """Figures as numbers, both languages, and the name of its CAP message; the same bytes each time."""
    message = cap.compose(notice(), identifier="pillarfour-x", sender="pillarfour@example.org", sent=NOW)
    first, second = (webhook.compose(notice(), message, now=NOW) for _ in range(2))
    body = json.loads(first)

    assert first == second
    assert (body["identifier"], body["status"], body["message_type"]) == ("pillarfour-x", "Actual", "Alert")
    assert (body["alert"], body["level"], body["value"], body["unit"], body["fewer_than"]) == ("haitian-corridor:darien/haitian", "warning", 6527, "events", None)  # fmt: skip  # noqa: E501
    assert set(body["headline"]) == {"en", "es"}


def test_a_small_count_is_null_to_strangers(notice):
    """Nor is it in any sentence."""
    small = notice(value=7.0, expected=3.25, reason="7 is at least 5")
    message = cap.compose(small, identifier="pillarfour-x", sender="pillarfour@example.org", sent=NOW, fewer_than=10)
    body = json.loads(webhook.compose(small, message, now=NOW, fewer_than=10))

    assert (body["value"], body["expected"], body["fewer_than"]) == (None, None, 10)
    assert "7 is at least 5" not in json.dumps(body)
    assert "fewer than 10" in body["headline"]["en"]
    assert "menos de 10" in body["headline"]["es"]


@pytest.mark.parametrize(("value", "hidden"), [(0.0, True), (9.0, True), (10.0, False), (None, False)])
def test_the_number_itself_is_shown(notice, value: float | None, hidden: bool):  # noqa: FBT001
    """Fewer than ten hides nine and shows ten; a missing figure is no small one."""
    changed = notice(value=value)
    message = cap.compose(changed, identifier="pillarfour-x", sender="pillarfour@example.org", sent=NOW)
    body = json.loads(webhook.compose(changed, message, now=NOW, fewer_than=10))

    assert (body["fewer_than"] == 10) == hidden
    assert body["value"] == (None if hidden else value)
