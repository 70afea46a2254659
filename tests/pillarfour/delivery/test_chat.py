"""Tests of short messages, through Apprise to a real HTTP server."""

import json
import logging
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from pydantic import SecretStr

from pillarfour.delivery import chat
from pillarfour.delivery.channels import RefusedError
from pillarfour.delivery.chat import ChatChannel
from pillarfour.errors import DeliveryError


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, list[int], list[dict[str, str]]]]:
    """Give a service's port, the answers it is to give, and what it took."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    answers: list[int] = []
    taken: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Answer as told."""
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answers.pop(0) if answers else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1], answers, taken
    server.shutdown()
    server.server_close()


def channel(port: int) -> ChatChannel:
    return ChatChannel(addresses={"duty-room": SecretStr(f"json://127.0.0.1:{port}/planted-token")})


def test_a_notice_arrives_in_the_reader_s_language(service, notice):
    """With its level as the service's own urgency, and what is agreed."""
    port, _, taken = service
    channel(port).send(chat.compose(notice(), language="es"), message_id="<x@pillarfour>", recipient="duty-room")

    assert taken[0]["title"].startswith("ADVERTENCIA: Familias haitianas, Darién: 6\u202f527 eventos en junio de 2021")
    assert "en un plazo de 24 horas: Avisar a los albergues de la etapa siguiente." in taken[0]["message"]
    assert taken[0]["type"] == "warning"


def test_what_is_not_taken_is_tried_again_and_tells_no_address(service, notice, caplog: pytest.LogCaptureFixture):
    """Neither in the error nor in any library's log."""
    port, answers, taken = service
    answers.append(500)
    caplog.set_level(logging.DEBUG)
    content = chat.compose(notice(), language="en")
    with pytest.raises(DeliveryError, match="chat duty-room: the service did not take the message") as caught:
        channel(port).send(content, message_id="<x@pillarfour>", recipient="duty-room")
    channel(port).send(content, message_id="<x@pillarfour>", recipient="duty-room")

    assert not isinstance(caught.value, RefusedError)
    assert len(taken) == 2
    assert "planted" not in caplog.text + "".join(traceback.format_exception(caught.value)) + repr(channel(port))


def test_an_address_that_is_none_is_refused_without_telling_it(caplog: pytest.LogCaptureFixture):
    """Trying again would not help."""
    caplog.set_level(logging.DEBUG)
    wrong = ChatChannel(addresses={"duty-room": SecretStr("nonsense://planted-token")})
    with pytest.raises(RefusedError, match="none that Apprise knows") as caught:
        wrong.send(b'{"title":"","body":"","type":"info"}', message_id="<x@pillarfour>", recipient="duty-room")

    assert "planted" not in caplog.text + str(caught.value)


def test_a_small_count_is_not_shown_to_strangers(notice):
    """Neither in the title nor in the text."""
    said = json.loads(chat.compose(notice(value=7.0, expected=3.25, reason="7 is at least 5"), language="en", fewer_than=10))

    assert "fewer than 10" in said["title"]
    assert "7 is at least 5" not in said["body"]


def test_libraries_speak_again_afterwards(service, notice):
    """Only the sending is silent."""
    port, _, _ = service
    channel(port).send(chat.compose(notice(), language="en"), message_id="<x@pillarfour>", recipient="duty-room")

    assert not any(logging.getLogger(name).disabled for name in ("urllib3.connectionpool", "apprise"))
