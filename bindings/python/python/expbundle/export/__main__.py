"""``python -m expbundle.export TOOL PLACE``."""

from __future__ import annotations

import argparse
import sys

from ..errors import ExpbundleError
from . import EXPORTERS, Options, export


def main(arguments: list[str] | None = None) -> int:
    """Runs the command. Returns 0 if every run has a bundle, 1 if one failed, 2 for wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python -m expbundle.export",
        description="Makes bundles of runs that lie only on a tracker's server, with its own client.",
        epilog="exporters: " + "; ".join(f"{tool}: {place}" for tool, place in EXPORTERS.items()),
    )
    parser.add_argument("tool", choices=list(EXPORTERS))
    parser.add_argument("place", help="what to export, in the tracker's own words")
    parser.add_argument("-o", "--output", default=".", metavar="FOLDER", help="where bundles and files go")
    parser.add_argument("--no-files", action="store_true", help="list files by name, download none")
    parser.add_argument(
        "--partial", action="store_true", help="make bundles even of runs that the server does not give whole"
    )
    parser.add_argument(
        "--leave-out", action="append", default=[], metavar="PATTERN", help="items to leave out: NAME or 'KIND: NAME'"
    )
    parser.add_argument("--allow-secret", action="append", default=[], metavar="NAME", help="keep a false alarm")
    given = parser.parse_args(arguments)
    options = Options(not given.no_files, given.partial, tuple(given.leave_out), tuple(given.allow_secret))
    try:
        done = export(given.tool, given.place, given.output, options=options, progress=print)
    except ExpbundleError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(done.line)
    return 1 if done.failed else 0


if __name__ == "__main__":
    sys.exit(main())
