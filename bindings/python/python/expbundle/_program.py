"""Where the program is that came in the same wheel."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

NAME = "expbundle.exe" if sys.platform == "win32" else "expbundle"


def find() -> Path:
    """The path of the program. Raises ``FileNotFoundError`` if it was not installed."""
    here = Path(__file__).resolve().parent
    folders = [
        Path(sysconfig.get_path("scripts")),
        # `pip install --target DIR` and `--prefix DIR`.
        here.parent / "bin",
        *(parent / ("Scripts" if sys.platform == "win32" else "bin") for parent in here.parents[2:5]),
        # `pip install --user`.
        Path(sysconfig.get_path("scripts", f"{os.name}_user")),
    ]
    for folder in folders:
        program = folder / NAME
        if program.is_file():
            return program
    raise FileNotFoundError(
        f"the program `{NAME}` that belongs to this package was not found: install the wheel of expbundle again; what "
        "was built from the source distribution is the library alone, and `cargo install expbundle-cli` has the program"
    )
