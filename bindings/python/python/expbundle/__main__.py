"""``python -m expbundle``: the program that came with this package."""

from __future__ import annotations

import os
import sys

from ._program import find


def main() -> None:
    try:
        program = find()
    except FileNotFoundError as error:
        sys.exit(f"error: {error}")
    arguments = [os.fspath(program), *sys.argv[1:]]
    if sys.platform == "win32":
        import subprocess

        sys.exit(subprocess.call(arguments))
    # Signals and the exit status are the program's own.
    os.execv(program, arguments)


if __name__ == "__main__":
    main()
