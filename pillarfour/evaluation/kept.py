"""What triggers said over a range of past nights, kept for the next time; derived, so it may be removed at any time.

A result stands under a hash of everything that it follows from. What follows from anything else stands under another name, and is never
taken for it.
"""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from platform import machine, python_version

from pillarfour.evaluation.told import SAID, Said
from pillarfour.store import files

FOLDER = "replay"

COMPUTED_BY = ("numpy", "pandas", "pyarrow", "scipy", "statsmodels", "pydantic")
"""The libraries whose versions can move a figure."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The results that follow from one state of the code and of the store.

    Parameters
    ----------
    root
        The store's folder.
    of
        A hash of what all results follow from, whatever the trigger.
    """

    root: Path
    of: str

    @property
    def folder(self) -> Path:
        """Where they lie: ``replay/<hash>`` in the store."""
        return self.root / FOLDER / self.of[:16]

    def find(self, key: str) -> Said | None:
        """Give the result of this key; None where there is none, or it is damaged."""
        try:
            head, _, body = (self.folder / f"{key}.json").read_bytes().partition(b"\n")
        except OSError:
            return None
        return SAID.validate_json(body) if head == f"{self.of} {sha256(body).hexdigest()}".encode() else None

    def keep(self, key: str, said: Said) -> None:
        """Keep a result, whole or not at all."""
        body = SAID.dump_json(said)
        head = f"{self.of} {sha256(body).hexdigest()}\n".encode()
        with files.sole_writer(self.root, FOLDER):
            files.write_whole(self.folder / f"{key}.json", head + body, durable=False)

    def remove_others(self) -> None:
        """Remove what follows from another state of the code or of the store; who still reads it computes it again."""
        with files.sole_writer(self.root, FOLDER):
            for folder in (self.root / FOLDER).glob("*/"):
                if folder != self.folder:
                    shutil.rmtree(folder, ignore_errors=True)


def machinery(paths: Iterable[Path]) -> str:
    """Hash code and facts, and name what runs them.

    Parameters
    ----------
    paths
        Folders of code and facts, and single files.
    """
    digest = sha256(f"{python_version()} {machine()} {[version(name) for name in COMPUTED_BY]}".encode())
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.suffix in {".py", ".yaml", ".csv"}:
                digest.update(f"{file.name} {sha256(file.read_bytes()).hexdigest()}".encode())
    return digest.hexdigest()
