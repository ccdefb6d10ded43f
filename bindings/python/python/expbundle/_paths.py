"""Paths as people write them."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["expanded"]


def expanded(path: str | os.PathLike[str]) -> Path:
    """The path, with the home folder in place of a leading ``~``."""
    return Path(os.path.expanduser(path))
