"""The publishers' bytes, by their SHA-256: first, once, for ever."""

from hashlib import sha256
from pathlib import Path

from pillarfour.errors import StoreError
from pillarfour.model import Document
from pillarfour.store import files


class Raw:
    """The folder of documents as they came.

    Parameters
    ----------
    root
        The store's folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "raw"

    def keep(self, document: Document) -> Path:
        """Keep a document's bytes, unless they are kept already, and say where."""
        path = self.folder / document.sha256
        if not path.exists():
            with files.sole_writer(self.root, "raw"):
                files.remove_leftovers(self.folder)
                if not path.exists():
                    files.write_whole(path, document.content)
                    files.sync_folder(self.folder)
        return path

    def read(self, sha256_hex: str) -> bytes:
        """Give a document's bytes back.

        Raises
        ------
        StoreError
            If they are not kept, or are no longer what they were.
        """
        path = self.folder / sha256_hex
        try:
            content = path.read_bytes()
        except FileNotFoundError as cause:
            raise StoreError(f"{path}: no document is kept under this SHA-256; ingest it again") from cause
        if sha256(content).hexdigest() != sha256_hex:
            raise StoreError(f"{path}: the bytes are no longer those of this SHA-256; delete the file and ingest the document again")
        return content
