"""The bundled figures as documents, built on first use and again whenever the figures or their writer change."""

import json
import shutil
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from filelock import FileLock

from pillarfour import lookups
from pillarfour.errors import ConfigurationError
from sources.rebuilt import WRITERS

MANIFEST = ".manifest.json"


def documents(source: str, folder: Path) -> list[Path]:
    """Give the source's rebuilt documents, in the order of their names.

    Parameters
    ----------
    source
        The source's name; one without bundled figures gives nothing.
    folder
        The bundle: ``<source>.csv`` and its like beside ``documents/``.

    Raises
    ------
    ConfigurationError
        If the figures are not there.
    """
    return [_built(source, folder) / name for name in _manifest(source, folder)]


def hashes(source: str, folder: Path) -> frozenset[str]:
    """Give the SHA-256 of each rebuilt document, to tell them from a publisher's own."""
    return frozenset(_manifest(source, folder).values())


def _manifest(source: str, folder: Path) -> Mapping[str, str]:
    writer = WRITERS.get(source)
    if writer is None:
        return {}
    figures, built = _figures(source, folder), _built(source, folder)
    code = Path(str(sys.modules[writer.__module__].__file__))
    stamp = _stamp(figures, code, code.parents[1] / f"{source}.yaml", lookups.COUNTRIES)
    built.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(built.with_suffix(".lock")):
        kept = _read(built / MANIFEST)
        if kept.get("stamp") != stamp:
            fresh = built.with_name(f".building-{source}")
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            written = sorted(writer(figures, fresh))
            kept = {"stamp": stamp, "documents": {str(path.relative_to(fresh)): sha256(path.read_bytes()).hexdigest() for path in written}}
            (fresh / MANIFEST).write_text(json.dumps(kept, indent=1), encoding="utf-8")
            shutil.rmtree(built, ignore_errors=True)
            fresh.rename(built)
    documents: Mapping[str, str] = kept["documents"]
    return documents


def _figures(source: str, folder: Path) -> Path:
    found = sorted(path for path in folder.glob(f"{source}.*") if path.suffix in {".csv", ".gz", ".parquet"})
    if not found:
        raise ConfigurationError(f"{folder}: no figures of {source}; restore {source}.csv there, or set PILLARFOUR_BUNDLE=false")
    return found[0]


def _built(source: str, folder: Path) -> Path:
    return folder / "documents" / source


def _stamp(*inputs: Path) -> str:
    """Name all that the documents are made from."""
    return sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()


def _read(manifest: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(manifest.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
