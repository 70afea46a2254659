"""The bundle's figures written as documents in each publisher's layout: rebuilt, never original."""

from collections.abc import Callable, Mapping
from pathlib import Path

from . import mexico_segob, panama_darien, us_cbp

WRITERS: Mapping[str, Callable[[Path, Path], list[Path]]] = {
    "panama_darien": panama_darien.write,
    "mexico_segob": mexico_segob.write,
    "us_cbp": us_cbp.write,
}
"""Source name to the function that writes its documents, one a release, from a file of figures into a folder."""
