"""Runs of an Aim repository, with parameters and series, which only Aim's own library can read.

Tested with aim 3.29. Repositories of Aim's remote server (``aim://``) are not read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from aim import Repo, Run
from aim.sdk.sequence import Sequence
from aim.storage.context import Context

from .. import _core
from ..errors import UsageError
from . import Options
from ._files import Folder
from ._told import Told
from ._values import moment

__all__ = ["Exporter"]

SYSTEM = "__system__"
"""How names of system metrics begin."""

TOLD = ("attrs", "contexts", "end_time", "traces", "typed_traces", "artifacts", "artifacts_uri")
"""What of a run's tree is told in other places."""


class Exporter:
    """The folder that has the folder ``.aim``."""

    def __init__(self, place: str) -> None:
        self.root = str(Path(place).parent if Path(place).name == ".aim" else Path(place))
        if not Repo.exists(self.root):
            raise UsageError(f"{place!r} has no folder `.aim`", help="name the folder that has it; `aim://` servers are not read")

    def runs(self) -> Iterator[tuple[str, Any]]:
        """The runs in the order of their ids: those too that Aim has not put into its index yet."""
        for key in sorted(Repo(self.root).list_all_runs()):
            yield key, key

    def bundle(self, run: Any, folder: Folder, options: Options) -> _core.Bundle:
        """One run: attributes, series of all kinds, texts, pictures and sounds, logs, artifacts."""
        repo = Repo(self.root)
        request = repo.request_tree
        # What the run wrote, and not the index, which may be behind or absent.
        repo.request_tree = lambda name, sub=None, **named: request(name, sub or run, **named)
        opened = Run(run, repo=repo, read_only=True)
        told = Told(
            "aim", run, opened.name or run, started=moment(opened.creation_time), layout="repository", options=options
        )
        _fields(told, opened)
        tree: Any = opened.meta_run_tree.collect() if list(opened.meta_run_tree.keys()) else {}
        if not tree:
            told.lost("missing", "meta", "Aim has the name of this run, and nothing that it tracked")
        told.params("attribute", tree.get("attrs") or {})
        for name, value in tree.items():
            if name not in TOLD:
                told.raw("run field", name, value)
        for name, artifact in (tree.get("artifacts") or {}).items():
            told.artifact(direction="output", role="file", name=name, uris=[str(getattr(artifact, "uri", artifact))])
            told.mapped("artifact")
        kinds = tuple(kind for kind in Sequence.registry if kind != "sequence")
        for kind, sequences in (opened.collect_sequence_info(kinds, skip_last_value=True) if tree else {}).items():
            for one in sorted(sequences, key=repr):
                told.attempt(_key(one), partial(_sequence, told, opened, kind, one, folder, options))
        # Aim records no failures: a run either has an end or has not.
        ended = moment(opened.end_time)
        return told.finish("finished" if ended else "unknown", ended)


def _fields(told: Told, run: Any) -> None:
    context = told.context
    context["notes"] = run.description or None
    context["tags"] = sorted(run.tags)
    told.mapped("tag", len(context["tags"]))
    if run.experiment:
        context["groups"] = [{"kind": "experiment", "name": run.experiment}]
    told.mapped("run field", sum(1 for value in (run.name, run.description, run.experiment, run.creation_time, run.end_time) if value))
    told.raw("run field", "archived", bool(run.archived))


def _key(one: Mapping[str, Any]) -> str:
    """The name of a series: ``loss{subset=train}``."""
    context = ",".join(f"{name}={value}" for name, value in sorted(one["context"].items()))
    return f"{one['name']}{{{context}}}" if context else str(one["name"])


def _sequence(told: Told, run: Any, kind: str, one: Mapping[str, Any], folder: Folder, options: Options) -> None:
    sequence = run._get_sequence(kind, one["name"], Context(one["context"]))
    steps, (values, epochs, times) = sequence.data.items_list()
    key = _key(one)
    is_system = kind == "metric" and key.startswith(SYSTEM)
    for step, value, epoch, time in zip(steps, values, epochs, times, strict=True):
        for number, item in enumerate(value if isinstance(value, list) else [value]):
            if kind in ("metric", "texts", "logs"):
                point = item if kind == "metric" else str(getattr(item, "data", item))
                noun = {"metric": "metric point", "texts": "text", "logs": "console line"}[kind]
                told.points(noun, {key.removeprefix(SYSTEM): point}, step=step, time=time, system=is_system)
            else:
                _object(told, kind, f"{key}/{step}" + (f"-{number}" if number else ""), item, folder, options)
        if epoch is not None and not math.isnan(epoch):
            told.points("epoch", {f"{key.removeprefix(SYSTEM)}␟epoch": epoch}, step=step, time=time, system=is_system)


def _object(told: Told, kind: str, name: str, item: Any, folder: Folder, options: Options) -> None:
    """A picture or sound becomes a file; of everything else Aim's own description is kept raw."""
    described: Any = item.json() if hasattr(item, "json") else str(item)
    stored: Any = item.storage.get("data", None) if hasattr(item, "storage") else None
    content = stored.load() if hasattr(stored, "load") else stored
    if kind not in ("images", "audios") or not isinstance(content, bytes):
        if isinstance(content, (bytes, str)) and isinstance(described, dict):
            described["data"] = content if isinstance(content, str) else content.hex()
        told.raw(kind, name, described)
        return
    if told.unwanted(kind, name):
        return
    if not options.files:
        told.artifact(direction="output", role="media", name=name, size=len(content), metadata=described)
        told.mapped(kind)
        return

    def write(scratch: Path) -> Path:
        (scratch / "file").write_bytes(content)
        return scratch / "file"

    safe = name.replace("/", "-").replace(":", "-").replace("\\", "-").lstrip(".")
    path = f"{kind}/{safe}.{described.get('format', 'bin')}"
    told.file(kind, folder.fetch(path, write, size=len(content)), role="media", name=name, path=path, metadata=described)
