"""Files of a server on their way to this disk: whole or not at all, checked, and fetched once."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from ..errors import ExpbundleError

__all__ = ["Folder", "digest_of", "role_of"]

BLOCK = 1 << 20

WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".keras", ".h5", ".gguf", ".onnx", ".pkl", ".joblib")


def role_of(name: str, kind: str = "") -> str:
    """The role of a file by the tracker's word for its kind, else by its name."""
    kind = kind.lower()
    for word, role in (("dataset", "dataset"), ("model", "model"), ("checkpoint", "checkpoint"), ("code", "code")):
        if word in kind:
            return role
    if name.endswith((".patch", ".diff")):
        return "patch"
    return "model" if name.lower().endswith(WEIGHTS) else "file"


class Folder:
    """The folder of one run. What is in it has been checked, but for names that end in ``.part``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fetch(
        self,
        name: str,
        download: Callable[[Path], Path],
        *,
        size: int | None = None,
        md5: str | None = None,
        sha256: str | None = None,
    ) -> Path:
        """The file of this name: as it is here already, or downloaded.

        ``download`` is given an empty folder and returns the file that it wrote there. ``md5`` may
        be hex or Base64, ``size`` is in bytes; what does not fit them is an error and not kept.
        """
        target = self.place(name)
        if target.is_file() and (md5 or sha256) and _differs(target, size, md5, sha256) is None:
            return target
        scratch = self.path / ".part"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        try:
            fetched = download(scratch)
            problem = _differs(fetched, size, md5, sha256)
            if problem is not None:
                raise ExpbundleError(f"{problem}", "source.damaged", name, "export again; if it stays so, the server has it wrong")
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(fetched, target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return target

    def place(self, name: str) -> Path:
        """Where a file of this name goes. Names that lead out of the folder are an error."""
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if not parts or name.startswith("/") or any(part in ("..", ".part") for part in parts) or (
            os.name == "nt" and ":" in name
        ):
            raise ExpbundleError("the name leads out of the folder of the run", "source.outside", name, "download it by hand")
        target = self.path.joinpath(*parts)
        if self.path.resolve() not in target.resolve().parents:
            raise ExpbundleError("a link leads out of the folder of the run", "source.outside", name, "remove the link")
        return target


def _differs(path: Path, size: int | None, md5: str | None, sha256: str | None) -> str | None:
    """How a file differs from what the server says of it; ``None`` if it does not."""
    found = path.stat().st_size
    if size is not None and found != size:
        return f"it has {found:,} bytes, the server says {size:,}"
    for algorithm, expected in (("md5", md5), ("sha256", sha256)):
        if expected and not _same(path, algorithm, expected):
            return f"its {algorithm.upper()} is not the one that the server says"
    return None


def _same(path: Path, algorithm: str, expected: str) -> bool:
    digest = digest_of(path, algorithm)
    return expected in (base64.b64encode(digest).decode(), digest.hex())


def digest_of(path: Path, algorithm: str) -> bytes:
    """The digest of a file, which is read in blocks."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.digest()
