"""The bundled figures as documents, built on first use and again whenever the figures or their writer change."""

import shutil
import sys
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

from pillarfour import lookups
from pillarfour.errors import ConfigurationError
from sources.rebuilt import WRITERS

STAMP = ".made-from"


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
    writer = WRITERS.get(source)
    if writer is None:
        return []
    figures, built = _figures(source, folder), folder / "documents" / source
    code = Path(str(sys.modules[writer.__module__].__file__))
    stamp = _stamp(figures, code, code.parents[1] / f"{source}.yaml", lookups.COUNTRIES)
    built.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(built.with_suffix(".lock")):
        if _read(built / STAMP) != stamp:
            fresh = built.with_name(f".building-{source}")
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            writer(figures, fresh)
            (fresh / STAMP).write_text(stamp, encoding="ascii")
            shutil.rmtree(built, ignore_errors=True)
            fresh.rename(built)
    return sorted(path for path in built.rglob("*") if path.is_file() and path.name != STAMP)


def _figures(source: str, folder: Path) -> Path:
    found = sorted(path for path in folder.glob(f"{source}.*") if path.suffix in {".csv", ".gz", ".parquet"})
    if not found:
        raise ConfigurationError(f"{folder}: no figures of {source}; restore {source}.csv there, or set PILLARFOUR_BUNDLE=false")
    return found[0]


def _stamp(*inputs: Path) -> str:
    """Name all that the documents are made from."""
    return sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()


def _read(stamp: Path) -> str | None:
    try:
        return stamp.read_text(encoding="ascii")
    except FileNotFoundError:
        return None
