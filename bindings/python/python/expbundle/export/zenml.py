"""Runs of ZenML pipelines, by its own client: of a server, or of the local store.

Asked for are: the run, its steps with parameters, metadata and exceptions, the versions of artifacts that
went in and out, and their files. The client shows the newest value of a metadata key alone; histories
lie in the local store, which ``expbundle convert zenml`` reads. Tested with zenml 0.98.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from zenml.client import Client

from .. import _core
from .._types import Status
from ..errors import UsageError
from . import Options
from ._files import Folder, role_of
from ._told import MISTAKES, Told
from ._values import moment

__all__ = ["Exporter"]

STATUS: dict[str, Status] = {
    "initializing": "scheduled", "provisioning": "scheduled", "running": "running", "retrying": "running",
    "stopping": "running", "paused": "running", "completed": "finished", "cached": "finished", "failed": "failed",
    "retried": "failed", "stopped": "killed", "skipped": "finished",
}  # fmt: skip

PAGE = 100

ENVIRONMENT = {"os": "os", "python_version": "python"}
"""What of the client's environment has a place; the rest is kept raw."""

TOLD = ("config", "start_time", "end_time", "client_environment", "run_metadata")
"""Members of a run's metadata that have a place; the others are kept raw."""

TOLD_OF_STEP = ("config", "spec", "start_time", "end_time", "docstring", "exception_info", "run_metadata")


class Exporter:
    """A pipeline by its name, or a run by its name or id, of the server that the client is logged in to."""

    def __init__(self, place: str) -> None:
        self.place = place
        try:
            self.client: Any = Client()
            self.keys = _keys(self.client)
        except Exception as error:
            raise UsageError(f"ZenML's client cannot ask the server: {error}", help="run `zenml login`") from error

    def runs(self) -> Iterator[tuple[str, Any]]:
        """The runs in the order of their creation."""
        found = list(self._listed(pipeline=self.place))
        if not found:
            try:
                found = [self.client.get_pipeline_run(self.place, allow_name_prefix_match=False).id]
            except Exception as error:
                raise UsageError(
                    f"the server has no pipeline and no run {self.place!r}: {error}", help="`zenml pipeline runs list` lists them"
                ) from error
        for one in found:
            yield str(one), one

    def _listed(self, **wanted: Any) -> Iterator[Any]:
        page = 1
        while True:
            try:
                answer = self.client.list_pipeline_runs(sort_by="asc:created", page=page, size=PAGE, **wanted)
            except (KeyError, ValueError):
                # There is no pipeline of this name.
                return
            yield from (run.id for run in answer.items)
            if page >= answer.total_pages:
                return
            page += 1

    def bundle(self, run: Any, folder: Folder, options: Options) -> _core.Bundle:
        """One run, with all that the server has of it."""
        run = self.client.get_pipeline_run(run, hydrate=True)
        told = Told(
            "zenml", str(run.id), run.name, started=moment(run.start_time), layout="server",
            version=(run.client_environment or {}).get("zenml_version"), keys=self.keys, options=options,
        )  # fmt: skip
        told.attempt("run", partial(_run, told, run))
        told.attempt("steps", partial(self._steps, told, run, folder, options))
        status = STATUS.get(str(run.status.value))
        if status is None:
            told.raw("run field", "status", str(run.status.value))
        else:
            told.mapped("run field")
        return told.finish(status or "unknown", moment(run.end_time))

    def _steps(self, told: Told, run: Any, folder: Folder, options: Options) -> None:
        steps = sorted(run.steps.items())
        for name, step in steps:
            _step(told, name, step)
        # First what steps of this run made, which others of them took in; a cached step made nothing now.
        made = [(name, step.outputs, step.original_step_run_id is None) for name, step in steps]
        took = [(name, step.inputs, False) for name, step in steps]
        listed: set[str] = set()
        for name, artifacts, is_new in sorted(made, key=lambda one: not one[2]) + took:
            for key, versions in sorted(artifacts.items()):
                for version in versions:
                    identity = str(version.id)
                    if identity not in listed:
                        listed.add(identity)
                        _artifact(told, f"{name}/{key}", version, is_new, folder, options)


def _keys(client: Any) -> list[str | None]:
    """Credentials of the client, none of which may enter a bundle."""
    configuration = getattr(client.zen_store, "config", None)
    return [str(value) for name in ("api_key", "api_token", "password") if (value := getattr(configuration, name, None))]


def _document(model: Any) -> dict[str, Any]:
    """A model of the client as JSON has it."""
    document: dict[str, Any] = model.model_dump(mode="json")
    return document


def _kept(told: Told, kind: str, place: str, members: Mapping[str, Any]) -> None:
    """What says something and has no other place."""
    for name, value in members.items():
        if value not in (None, "", [], {}):
            told.raw(kind, f"{place}{name}", value)


def _run(told: Told, run: Any) -> None:
    context = told.context
    context["tags"] = sorted(tag.name for tag in run.tags)
    told.mapped("tag", len(context["tags"]))
    groups = [("project", getattr(run, "project", None)), ("pipeline", run.pipeline), ("model version", run.model_version)]
    context["groups"] = [{"kind": kind, "name": _name(one), "id": str(one.id)} for kind, one in groups if one is not None]
    if run.stack is not None:
        context["labels"] = {"stack": run.stack.name}
    told.mapped("run field", 2 + len(context["groups"]) + (run.stack is not None))
    user = run.user
    # The user of every local store.
    if user is not None and user.name != "default":
        told.identity["user"] = user.name
    told.times("run field", {"start_time": run.start_time, "end_time": run.end_time})
    metadata = _document(run.get_metadata())
    environment = dict(metadata.get("client_environment") or {})
    packages = environment.pop("python_packages", None)
    told.packages(packages.splitlines() if isinstance(packages, str) else packages or [])
    for name, place in ENVIRONMENT.items():
        if environment.get(name):
            told.recipe.setdefault("environment", {})[place] = environment.pop(name)
            told.mapped("environment")
    _kept(told, "environment", "", environment)
    configuration = dict(metadata.get("config") or {})
    told.params("parameter", configuration.pop("parameters", None) or {})
    _kept(told, "pipeline setting", "", configuration)
    told.results("metadata", run.run_metadata or {})
    _kept(told, "run field", "", {name: value for name, value in metadata.items() if name not in TOLD})
    code = run.code_reference
    if code is not None:
        told.recipe["code"] = {"commit": code.commit, "repository": code.code_repository.name}
        told.mapped("code reference")


def _name(one: Any) -> str:
    model = getattr(one, "model", None)
    return f"{model.name}:{one.name}" if model is not None else str(one.name)


def _step(told: Told, name: str, step: Any) -> None:
    metadata = _document(step.get_metadata())
    configuration = dict(metadata.get("config") or {})
    told.params("step parameter", {f"{name}/{key}": value for key, value in (configuration.pop("parameters", None) or {}).items()})
    told.results("step metadata", {f"{name}/{key}": value for key, value in (step.run_metadata or {}).items()})
    facts = {"status": str(step.status.value), "started": moment(step.start_time), "ended": moment(step.end_time), "docstring": step.docstring}
    told.raw("step", name, {key: value for key, value in facts.items() if value})
    _kept(told, "step setting", f"{name}/", configuration)
    _kept(told, "step field", f"{name}/", {key: value for key, value in metadata.items() if key not in TOLD_OF_STEP})
    failed = step.exception_info
    if failed is not None:
        details = {key: value for key, value in _document(failed).items() if value}
        told.raw("exception", name, details)


def _artifact(told: Told, name: str, version: Any, is_new: bool, folder: Folder, options: Options) -> None:
    """A version of an artifact: its files, if this run made it."""
    if told.unwanted("artifact", name):
        return
    kind = str(version.type.value)
    facts = {
        "version": str(version.version), "id": str(version.id), "materializer": version.materializer.import_path,
        "dataType": version.data_type.import_path, **(version.run_metadata or {}),
    }  # fmt: skip
    role = role_of(name, kind)
    known: dict[str, Any] = {"type": kind, "metadata": facts, "uris": [version.uri], "foreign": {"zenml": version.content_hash} if version.content_hash else {}}
    if not is_new or not options.files:
        told.artifact(direction="output" if is_new else "input", role=role, name=name, **known)
        told.mapped("artifact")
        return
    place = f"artifacts/{name}/{version.id}"
    try:
        files = _fetched(version, place, folder)
    except MISTAKES:
        raise
    except Exception as error:  # noqa: BLE001 - the account names the file
        told.lost("unreadable", place, f"{type(error).__name__}: {error}")
        told.dropped("artifact", "the server did not give it")
        return
    told.mapped("artifact")
    for path, on_disk in files.items():
        told.file("artifact file", on_disk, role=role_of(path, kind), name=f"{name}/{path}", path=f"{place}/{path}", **known)


def _fetched(version: Any, place: str, folder: Folder) -> dict[str, Path]:
    """The files of an artifact, by their names below it: the client packs them into a ZIP archive."""

    def get(scratch: Path) -> Path:
        version.download_files(str(scratch / "files.zip"))
        return scratch / "files.zip"

    packed = folder.fetch(f"{place}.zip", get)
    files = {}
    with zipfile.ZipFile(packed) as archive:
        for member in sorted(archive.namelist()):
            if member.endswith("/"):
                continue

            def unpacked(scratch: Path, member: str = member) -> Path:
                with archive.open(member) as source, (scratch / "file").open("wb") as target:
                    while block := source.read(1 << 20):
                        target.write(block)
                return scratch / "file"

            name = str(PurePosixPath(member.replace("\\", "/")))
            files[name] = folder.fetch(f"{place}/{name}", unpacked, size=archive.getinfo(member).file_size)
    packed.unlink()
    return files
