"""Runs of a W&B server, by its own client.

Asked for are: the run itself with config and summary, the full history, system metrics, files,
console, logged and used artifacts with their digests, and the sweep. Tested with wandb 0.31.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

import wandb
from wandb.errors import CommError

from .. import _core
from .._types import Status
from ..errors import UsageError
from . import Options
from ._files import Folder, role_of
from ._told import MISTAKES, Told
from ._values import moment, number

__all__ = ["Exporter"]

MOST_SYSTEM_ROWS = 100_000
"""The client has no scan for system metrics, only a number of rows."""

STATUS: dict[str, Status] = {"finished": "finished", "failed": "failed", "crashed": "crashed", "killed": "killed", "running": "running"}

TOLD = {
    "config", "createdAt", "displayName", "group", "heartbeatAt", "id", "jobType", "name", "notes", "rawconfig", "state",
    "summaryMetrics", "sweepName", "tags", "user",
}  # fmt: skip
"""Members of the run's node that have a place; the others are kept raw."""

POSITIONS = ("_step", "_timestamp")


class Exporter:
    """``ENTITY/PROJECT`` or ``ENTITY/PROJECT/RUN`` of the server that the client is logged in to."""

    def __init__(self, place: str) -> None:
        if place.count("/") not in (1, 2) or not all(place.split("/")):
            raise UsageError(f"{place!r} names no W&B project or run", help="write ENTITY/PROJECT or ENTITY/PROJECT/RUN")
        self.place = place
        try:
            self.api = wandb.Api()
        except Exception as error:
            raise UsageError(f"W&B's client cannot ask the server: {error}", help="run `wandb login`") from error

    def runs(self) -> Iterator[tuple[str, Any]]:
        """The runs in the order of their creation."""
        try:
            is_run = self.place.count("/") == 2
            for run in [self.api.run(self.place)] if is_run else self.api.runs(self.place, order="+created_at", lazy=False):
                yield run.id, run
        except (CommError, ValueError) as error:
            raise UsageError(f"the server gives no runs of {self.place!r}: {error}", help="check the name and your access") from error

    def bundle(self, run: Any, folder: Folder, options: Options) -> _core.Bundle:
        """One run, with all that the server has of it."""
        run.load(force=True)
        started = moment(run.created_at)
        told = Told(
            "wandb", run.id, run.name or run.id, started=started, layout="server", version=_version(run),
            keys=[self.api.api_key], options=options,
        )  # fmt: skip
        _node(told, run)
        told.attempt("history", lambda: _history(told, run))
        told.attempt("system metrics", lambda: _system(told, run))
        told.attempt("sweep", lambda: _sweep(told, run))
        names: set[str] = set()
        told.attempt("files", lambda: names.update(_files(told, run, folder, options)))
        if "output.log" not in names:
            told.attempt("console", lambda: _console(told, run))
        told.attempt("logged artifacts", lambda: _artifacts(told, run, "output", folder, options))
        told.attempt("used artifacts", lambda: _artifacts(told, run, "input", folder, options))
        state = STATUS.get(run.state)
        if state is None:
            told.raw("run field", "state", run.state)
        else:
            told.mapped("run field")
        # The last heartbeat of a run that is over is the best that the server knows of its end.
        is_over = state not in (None, "running")
        return told.finish(state or "unknown", moment(run.heartbeat_at) if is_over else None)


def _version(run: Any) -> str | None:
    version = (run.rawconfig.get("_wandb") or {}).get("cli_version")
    return version if isinstance(version, str) else None


def _node(told: Told, run: Any) -> None:
    """The fields of the run."""
    attributes: Mapping[str, Any] = run._attrs
    told.params("config value", run.config)
    for name, value in run.rawconfig.items():
        if name not in run.config:
            told.raw("config value", name, value)
    told.results("summary value", {name: number(value) for name, value in run.summary_metrics.items()})
    context = told.context
    context["notes"] = attributes.get("notes") or None
    context["jobType"] = attributes.get("jobType") or None
    context["tags"] = sorted(attributes.get("tags") or [])
    told.mapped("tag", len(context["tags"]))
    groups = [("project", run.project), ("group", attributes.get("group")), ("sweep", attributes.get("sweepName"))]
    context["groups"] = [{"kind": kind, "name": name} for kind, name in groups if name]
    told.identity["organisation"] = run.entity
    user = attributes.get("user") or {}
    told.identity["user"] = user.get("username") or None
    if user.get("name"):
        told.identity["people"] = [{"name": user["name"], "role": "author"}]
    told.times("run field", {name: attributes.get(name) for name in ("createdAt", "heartbeatAt")})
    fields = ("displayName", "group", "jobType", "name", "notes", "sweepName", "user")
    told.mapped("run field", sum(1 for name in fields if attributes.get(name)))
    if attributes.get("commit"):
        told.recipe["code"] = {"commit": attributes["commit"]}
        told.mapped("run field")
    for name, value in attributes.items():
        # `id` is `Run:v1:ID:PROJECT:ENTITY` in Base64: all of it is told already.
        if name not in TOLD and name != "commit" and value not in (None, "", [], {}):
            told.raw("run field", name, value)


def _history(told: Told, run: Any) -> None:
    rows = 0
    for row in run.scan_history():
        rows += 1
        values = dict(_leaves(row))
        told.mapped("history value", sum(1 for name in POSITIONS if name in row))
        told.points("history value", values, step=row.get("_step"), time=row.get("_timestamp"))
    expected = run._attrs.get("historyLineCount")
    if isinstance(expected, int) and expected != rows:
        told.lost("loss", "history", f"the server counts {expected:,} rows of history and gave {rows:,}")


def _leaves(row: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Names joined by dots, as W&B's pages show them. Media objects stay whole."""
    for name, value in row.items():
        if not prefix and name in POSITIONS:
            continue
        if isinstance(value, Mapping) and value and "_type" not in value:
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _system(told: Told, run: Any) -> None:
    rows = run.history(samples=MOST_SYSTEM_ROWS, pandas=False, stream="system")
    for row in rows:
        values = {name.removeprefix("system."): value for name, value in _leaves(row)}
        told.mapped("system metric point", sum(1 for name in POSITIONS if name in row))
        told.points("system metric point", values, time=row.get("_timestamp"), system=True)
    if len(rows) >= MOST_SYSTEM_ROWS:
        told.lost("loss", "system metrics", f"the server has more than the {len(rows):,} rows that were asked for")


def _sweep(told: Told, run: Any) -> None:
    if run.sweep_name:
        sweep = run.sweep
        told.raw("sweep", run.sweep_name, {"config": sweep.config, "name": sweep.name})


def _console(told: Told, run: Any) -> None:
    lines = [[moment(line.timestamp), line.level, line.content] for line in run.console_logs()]
    if lines:
        told.raw("console", "lines", lines)


def _files(told: Told, run: Any, folder: Folder, options: Options) -> list[str]:
    """The files of the run, and what two of them say."""
    names = []
    for file in run.files(per_page=500):
        names.append(file.name)
        if told.unwanted("file", file.name):
            continue
        known = {"path": f"files/{file.name}", "name": file.name, "mediaType": file.mimetype or None}
        foreign = {"wandb-md5": file.md5} if file.md5 else {}
        if not options.files:
            told.artifact(direction="output", role=role_of(file.name), size=file.size, foreign=foreign, **known)
            told.mapped("file")
            continue

        def get(scratch: Path, file: Any = file) -> Path:
            file.download(root=str(scratch), replace=True).close()
            return scratch / str(file.name)

        path = _fetch(told, folder, "file", f"files/{file.name}", get, size=file.size, md5=file.md5)
        if path is not None:
            told.file("file", path, role=role_of(file.name), foreign=foreign, **known)
            if file.name in READERS:
                told.attempt(f"files/{file.name}", partial(READERS[file.name], told, path))
    return names


def _fetch(told: Told, folder: Folder, kind: str, name: str, get: Any, **expected: Any) -> Path | None:
    """A file on this disk; ``None`` if the server does not give it, which the account then says."""
    try:
        return folder.fetch(name, get, **expected)
    except MISTAKES:
        raise
    except Exception as error:  # noqa: BLE001 - one file that is missing does not cost the run
        told.lost("unreadable", name, f"{type(error).__name__}: {getattr(error, 'args', [error])[0]}")
        told.dropped(kind, "the server did not give it")
        return None


def _metadata(told: Told, path: Path) -> None:
    """Machine, program and git, as the client recorded them."""
    facts: dict[str, Any] = json.loads(path.read_text("utf-8"))
    git = facts.pop("git", None) or {}
    code = told.recipe.setdefault("code", {})
    code.update({member: value for member, value in (
        ("repository", git.get("remote")), ("commit", git.get("commit")), ("entryPoint", facts.pop("codePath", None)),
        ("arguments", facts.pop("args", None)),
    ) if value})  # fmt: skip
    environment = told.recipe.setdefault("environment", {})
    environment.update({name: facts.pop(name) for name in ("os", "python") if facts.get(name)})
    told.mapped("metadata field", len(code) + len(environment))
    if facts.get("host"):
        told.identity["host"] = facts.pop("host")
        told.mapped("metadata field")
    paths = {name: facts.pop(name) for name in ("program", "root", "executable") if facts.get(name)}
    if paths:
        told.identity["paths"] = paths
        told.mapped("metadata field", len(paths))
    for name, value in facts.items():
        told.raw("metadata field", name, value)


def _requirements(told: Told, path: Path) -> None:
    told.packages(path.read_text("utf-8").splitlines())


READERS = {"wandb-metadata.json": _metadata, "requirements.txt": _requirements}


def _artifacts(told: Told, run: Any, direction: Literal["input", "output"], folder: Folder, options: Options) -> None:
    """Artifacts that the run logged are downloaded; those that it used are listed with their digests."""
    for artifact in run.used_artifacts() if direction == "input" else run.logged_artifacts():
        # One that was deleted has no manifest, and costs none of the others.
        told.attempt(artifact.source_name, partial(_artifact, told, artifact, direction, folder, options))


def _artifact(told: Told, artifact: Any, direction: Literal["input", "output"], folder: Folder, options: Options) -> None:
    used, name = direction == "input", artifact.source_name
    kind = "used artifact" if used else "logged artifact"
    if told.unwanted(kind, name):
        return
    entries = sorted(artifact.manifest.entries.items())
    collection, _, version = name.partition(":")
    role = role_of("", artifact.type)
    about = {"name": collection, "version": version, "type": artifact.type, "direction": direction, "role": role}
    facts = {"id": artifact.id, "commitHash": artifact.commit_hash, "fileCount": artifact.file_count,
             "metadata": artifact.metadata, "tags": artifact.tags, "state": artifact.state.lower()}  # fmt: skip
    is_listed = {path: used or entry.ref is not None or not options.files for path, entry in entries}
    here = [path for path, _ in entries if _bytes(told, artifact, path, about, folder, listed=is_listed[path])]
    # The tracker's digest of the whole has those of its files in it.
    whole = {"wandb-manifest-md5": artifact.digest} if artifact.digest and len(here) == len(entries) else {}
    told.artifact(
        **about, aliases=sorted(artifact.aliases), description=artifact.description, time=moment(artifact.created_at),
        foreign=whole, metadata=facts, size=artifact.size, step=artifact.history_step,
        files=[_entry(path, entry) for path, entry in entries if path in here],
    )  # fmt: skip
    told.mapped(kind)


def _entry(path: str, entry: Any) -> dict[str, Any]:
    of_file = {"path": path, "size": entry.size, "uri": entry.ref, "foreign": {"wandb-entry": entry.digest}}
    return {name: value for name, value in of_file.items() if value is not None}


def _bytes(told: Told, artifact: Any, path: str, about: Mapping[str, Any], folder: Folder, *, listed: bool) -> bool:
    """One file of an artifact, hashed into the record unless it is only ``listed``. Whether it is in it."""
    if told.unwanted("artifact file", path):
        return False
    if listed:
        told.mapped("artifact file")
        return True
    entry = artifact.get_entry(path)
    is_md5 = "xxh" not in str(entry.digest_algorithm()).lower()

    def get(scratch: Path) -> Path:
        return Path(entry.download(root=str(scratch), skip_cache=True))

    place = f"artifacts/{about['name']}-{about['version']}/{path}"
    got = _fetch(told, folder, "artifact file", place, get, size=entry.size, md5=entry.digest if is_md5 else None)
    role = about["role"] if about["role"] != "file" else role_of(path)
    known = {"role": role, "path": place, "name": str(about["name"]), "version": about["version"]}
    # What the server does not give stays in the listing: the account and a finding name it.
    return got is None or told.file("artifact file", got, **known)
