"""What lets a publisher answer "not changed": the marks of the documents that we have."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pillarfour.errors import StoreError


@dataclass(frozen=True, kw_only=True)
class Validator:
    """The marks that a server gave with one version of a document."""

    etag: str | None = None
    last_modified: str | None = None

    def conditions(self) -> dict[str, str]:
        """Give the request's headers that ask for any other version."""
        marks = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {header: mark for header, mark in marks.items() if mark}


def read(path: Path) -> dict[str, Validator]:
    """Read the marks by URL; none where nothing has been kept yet.

    Raises
    ------
    StoreError
        If the file is damaged.
    """
    try:
        kept: Mapping[str, Mapping[str, str | None]] = json.loads(path.read_bytes())
        return {url: Validator(etag=marks["etag"], last_modified=marks["last_modified"]) for url, marks in kept.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError) as cause:
        raise StoreError(f"{path}: damaged ({cause}); delete it, and the documents are fetched anew") from cause


def write(path: Path, validators: Mapping[str, Validator]) -> None:
    """Write the marks, beside and renamed into place."""
    kept = {url: {"etag": marks.etag, "last_modified": marks.last_modified} for url, marks in sorted(validators.items())}
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}.part")
    beside.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)
