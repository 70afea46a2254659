"""A deadline for whatever a client's connections do: a server that drips keeps every timeout from running out."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Timer
from typing import Any
from weakref import WeakSet

from requests.adapters import HTTPAdapter


class WatchedAdapter(HTTPAdapter):
    """Keeps an eye on its connections and cuts them when time is up, in the headers as in the body."""

    def __init__(self) -> None:
        self._open: WeakSet[socket.socket] = WeakSet()
        self._kinds: dict[Any, Any] = {}
        self._expired = Event()
        super().__init__()

    @contextmanager
    def within(self, seconds: float) -> Iterator[Event]:
        """Cut every connection after so many seconds, and set the event that is given."""
        expired = self._expired = Event()
        timer = Timer(max(seconds, 0), self._cut, [expired])
        timer.daemon = True
        timer.start()
        try:
            yield expired
        finally:
            timer.cancel()

    def get_connection_with_tls_context(self, *arguments: Any, **options: Any) -> Any:
        """Have the pool make connections that report their socket."""
        pool: Any = super().get_connection_with_tls_context(*arguments, **options)
        kind = pool.ConnectionCls
        if kind not in self._kinds.values():
            pool.ConnectionCls = self._kinds.setdefault(kind, type("Watched", (kind,), {"connect": _reporting(kind, self._watch)}))
        return pool

    def _watch(self, connected: object) -> None:
        if isinstance(connected, socket.socket):
            self._open.add(connected)
        if self._expired.is_set():
            self._cut(self._expired)

    def _cut(self, expired: Event) -> None:
        expired.set()
        for connected in list(self._open):
            with suppress(OSError):
                socket.socket.shutdown(connected, socket.SHUT_RDWR)


def _reporting(kind: Any, watch: Any) -> Any:
    def connect(connection: Any) -> None:
        kind.connect(connection)
        watch(connection.sock)

    return connect
