"""Keeping libraries quiet that would write a secret address into a log."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

TALKATIVE: Final = ("urllib3", "requests", "apprise")
"""They log the addresses they call; a chat's or a webhook's address is its password."""


@contextmanager
def hushed() -> Iterator[None]:
    """Let these libraries log nothing, at any level; what goes wrong is told by the error that is raised."""
    names = [name for name in (*TALKATIVE, *logging.root.manager.loggerDict) if name.partition(".")[0] in TALKATIVE]
    before = {name: logging.getLogger(name).disabled for name in names}
    try:
        for name in names:
            logging.getLogger(name).disabled = True
        yield
    finally:
        for name, disabled in before.items():
            logging.getLogger(name).disabled = disabled
