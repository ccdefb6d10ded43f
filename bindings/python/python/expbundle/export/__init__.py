"""Runs that lie only on a tracker's server, as bundles: asked for with that tracker's own client.

``python -m expbundle.export wandb ENTITY/PROJECT -o runs`` writes a bundle for each run, and the
files of each run into a folder beside it. It needs the client of the tracker, which is logged in as
for any script; its credentials never enter a bundle.

An export that was killed goes on where it was: bundles that are there are not made again, and files
that are there are checked and not downloaded again.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from .. import _core
from .._paths import expanded
from ..errors import ExpbundleError, UsageError
from ._files import Folder
from ._options import Options

__all__ = ["EXPORTERS", "Export", "Exporter", "Options", "export"]

EXPORTERS = {
    "aim": "an Aim repository: the folder that has `.aim`",
    "clearml": "a ClearML server: PROJECT by its full name, or the id of a task",
    "comet": "a Comet server: WORKSPACE/PROJECT or WORKSPACE/PROJECT/EXPERIMENT",
    "wandb": "a W&B server: ENTITY/PROJECT or ENTITY/PROJECT/RUN",
    "zenml": "a ZenML server or the local store: PIPELINE, or the name or id of a run",
}
"""The modules of this package that export, each with a class ``Exporter``, and what they take."""

UNSETTLED = ("running", "unknown")
"""Runs that stood so when they were exported may have more to say now."""


class Exporter(Protocol):
    """A tracker, asked through its client. Each is one module with a class of this shape."""

    def __init__(self, place: str) -> None:
        """Connects to what ``place`` names. Raises :class:`expbundle.UsageError` if it names nothing."""

    def runs(self) -> Iterator[tuple[str, Any]]:
        """The id of each run, and the client's object for it."""
        ...

    def bundle(self, run: Any, folder: Folder, options: Options) -> _core.Bundle:
        """Asks for all that the server has of a run. ``folder`` takes its files."""
        ...


@dataclass
class Export:
    """What became of the runs, by their ids."""

    written: dict[str, Path] = field(default_factory=dict)
    """Bundles that were made now."""
    kept: dict[str, Path] = field(default_factory=dict)
    """Bundles that were there from an earlier export."""
    failed: dict[str, str] = field(default_factory=dict)
    """Runs without a bundle, and why."""

    @property
    def line(self) -> str:
        """The outcome in one line."""
        total = len(self.written) + len(self.kept) + len(self.failed)
        noun = "run" if total == 1 else "runs"
        return f"{total} {noun}: {len(self.written)} exported, {len(self.kept)} here already, {len(self.failed)} failed"


def export(
    tool: str,
    place: str,
    output: str | Path = ".",
    *,
    options: Options | None = None,
    progress: Callable[[str], None] | None = None,
) -> Export:
    """Exports the runs that ``place`` names into a folder: ``ID.expb``, and files in ``ID/``.

    A run that fails does not stop the others; ``failed`` says why. Raises
    :class:`expbundle.UsageError` for an unknown tool, a missing client or a place without runs.
    """
    exporter = _exporter(tool)(place)
    options = options or Options()
    output = expanded(output)
    output.mkdir(parents=True, exist_ok=True)
    done = Export()
    taken: dict[str, str] = {}
    for key, run in exporter.runs():
        name = _file_name(key)
        # Without regard to case, as some file systems have it.
        if taken.setdefault(name.lower(), key) != key:
            done.failed[key] = f"the run {taken[name.lower()]!r} has the same file name {name!r}; export it alone"
            continue
        try:
            _one(exporter, key, run, output / f"{name}.expb", Folder(output / name), options, done)
        except ExpbundleError as error:
            done.failed[key] = str(error)
        except Exception as error:  # noqa: BLE001 - clients raise whatever they like
            done.failed[key] = f"{type(error).__name__}: {error}"
        if progress is not None:
            progress(f"{key}: {done.failed.get(key) or done.written.get(key) or f'{done.kept.get(key)} (was here)'}")
    if not (done.written or done.kept or done.failed):
        raise UsageError(f"{place!r} has no runs", help="check the name, and that the client is logged in")
    return done


def _one(
    exporter: Exporter, key: str, run: Any, path: Path, folder: Folder, options: Options, done: Export
) -> None:
    earlier = _core.open(path) if path.exists() else None
    if earlier is not None and _settled(earlier, path, key):
        done.kept[key] = path
        return
    bundle = exporter.bundle(run, folder, options)
    if earlier is None or earlier != bundle:
        # What replaces a bundle of a run that went on has signatures of nobody: see `_settled`.
        bundle.save(path, overwrite=earlier is not None)
    done.written[key] = path


def _settled(bundle: _core.Bundle, path: Path, key: str) -> bool:
    """Whether an earlier export needs no other. Raises if the file is something else."""
    records = bundle.records
    source = records[0].source if len(records) == 1 else None
    if source is None or source.get("run") != key:
        raise UsageError(f"`{path}` is not the bundle of run {key!r}", help="choose another folder")
    if records[0].status not in UNSETTLED:
        return True
    if bundle.statements:
        raise UsageError(
            f"`{path}` was signed while run {key!r} was {records[0].status}",
            help="move it away; then export again and mark the old record as superseded",
        )
    return False


def _exporter(tool: str) -> Callable[[str], Exporter]:
    if tool not in EXPORTERS:
        raise UsageError(f"there is no exporter {tool!r}", help=f"there are: {', '.join(EXPORTERS)}")
    try:
        made: Callable[[str], Exporter] = importlib.import_module(f"{__name__}.{tool}").Exporter
    except ImportError as error:
        raise UsageError(f"the client of {tool} cannot be imported: {error}", help=f"pip install {tool}") from error
    return made


def _file_name(key: str) -> str:
    name = re.sub(r"[^\w.-]+", "-", key).strip("-.")
    return name or "run"


