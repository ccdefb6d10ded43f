"""Tasks of a ClearML server, by its own client.

Asked for are: the task itself, all events (scalars, plots, debug samples, console), the models that
went in and out, and the files of artifacts and models. Tested with clearml 2.1, which
``clearml-init`` sets up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from clearml import StorageManager
from clearml.backend_api import Session

from .. import _core
from .._types import Status
from ..errors import ExpbundleError, UsageError
from . import Options
from ._files import Folder, role_of
from ._told import MISTAKES, Told
from ._values import moment

__all__ = ["Exporter"]

PAGE = 500

STATUS: dict[str, Status] = {"completed": "finished", "published": "finished", "closed": "finished", "failed": "failed", "stopped": "killed",
          "in_progress": "running"}  # fmt: skip

SYSTEM = ":monitor:"
"""How titles of system metrics begin."""

TOLD = ("comment", "completed", "execution", "hyperparams", "id", "models", "name", "script", "started", "status", "tags", "type")
"""Members of a task that have a place; the others are kept raw."""


class Exporter:
    """A project by its full name, or a task by its id of 32 hex digits."""

    def __init__(self, place: str) -> None:
        self.place = place
        try:
            self.session: Any = Session()
        except Exception as error:
            raise UsageError(f"ClearML's client cannot ask the server: {error}", help="run `clearml-init`") from error

    def runs(self) -> Iterator[tuple[str, Any]]:
        """The ids of the tasks in the order of their creation, archived ones too."""
        if re.fullmatch("[0-9a-f]{32}", self.place):
            yield self.place, self.place
            return
        exact = {"name": f"^{re.escape(self.place)}$", "only_fields": ["id", "name"], "search_hidden": True}
        projects = [one["id"] for one in self.ask("projects.get_all", **exact)["projects"] if one["name"] == self.place]
        if not projects:
            raise UsageError(f"the server has no project {self.place!r}", help="write its full name, or the id of a task")
        page = 0
        while True:
            asked = {"project": projects, "order_by": ["created", "id"], "only_fields": ["id"], "page": page, "page_size": PAGE}
            tasks = self.ask("tasks.get_all", **asked, search_hidden=True)["tasks"]
            yield from ((task["id"], task["id"]) for task in tasks)
            if len(tasks) < PAGE:
                return
            page += 1

    def ask(self, call: str, **asked: Any) -> dict[str, Any]:
        """The answer of the server. Raises :class:`expbundle.ExpbundleError` if it refuses."""
        service, action = call.split(".")
        response = self.session.send_request(service, action, method="post", json=asked)
        answer = response.json() if response.content else {}
        if response.status_code != 200:
            said = (answer.get("meta") or {}).get("result_msg") or f"HTTP {response.status_code}"
            raise ExpbundleError(f"the server refuses `{call}`: {said}", "source.unreadable", help="check your access")
        data: dict[str, Any] = answer.get("data") or {}
        return data

    def events(self, task: str, kind: str) -> Iterator[dict[str, Any]]:
        """All events of a kind, in the server's order."""
        scroll = None
        while True:
            asked = {"task": task, "event_type": kind, "batch_size": PAGE, "order": "asc"}
            answer = self.ask("events.get_task_events", **asked, **({"scroll_id": scroll} if scroll else {}))
            yield from answer.get("events") or []
            scroll = answer.get("scroll_id")
            if not answer.get("events") or not scroll:
                return

    def bundle(self, run: Any, folder: Folder, options: Options) -> _core.Bundle:
        """One task, with all that the server has of it."""
        task = self.ask("tasks.get_by_id", task=run)["task"]
        started = moment(task.get("started"))
        told = Told(
            "clearml", run, task.get("name") or run, started=started, layout="server", options=options,
            keys=[self.session.access_key, self.session.secret_key, self.session.token],
        )  # fmt: skip
        _task(told, task)
        told.attempt("scalars", partial(self._scalars, told, run))
        told.attempt("console", partial(self._console, told, run))
        for kind in ("plot", "training_debug_image", "vector"):
            told.attempt(kind, partial(self._others, told, run, kind))
        execution = task.get("execution") or {}
        for artifact in execution.pop("artifacts", None) or []:
            _artifact(told, artifact, folder, options)
        for name, value in execution.items():
            if value:
                told.raw("execution field", name, value)
        for direction, models in (task.get("models") or {}).items():
            for model in models or []:
                told.attempt(f"model {model.get('name')}", partial(self._model, told, direction, model, folder, options))
        status = STATUS.get(task.get("status") or "")
        if status is None:
            told.raw("task field", "status", task.get("status"))
        else:
            told.mapped("task field")
        return told.finish(status or "unknown", moment(task.get("completed")))

    def _scalars(self, told: Told, task: str) -> None:
        for event in self.events(task, "training_stats_scalar"):
            metric, variant = event.get("metric") or "", event.get("variant") or ""
            is_system = metric.startswith(SYSTEM)
            time = event["timestamp"] / 1000 if event.get("timestamp") else None
            told.points("scalar", {f"{metric}/{variant}": event.get("value")}, step=event.get("iter"), time=time, system=is_system)

    def _console(self, told: Told, task: str) -> None:
        lines = [[event.get("timestamp"), event.get("level"), event.get("msg")] for event in self.events(task, "log")]
        if lines:
            told.raw("console", "events", lines)

    def _others(self, told: Told, task: str, kind: str) -> None:
        for event in self.events(task, kind):
            told.raw(kind, f"{event.get('metric')}/{event.get('variant')}/{event.get('iter')}", event)

    def _model(self, told: Told, direction: str, named: Mapping[str, Any], folder: Folder, options: Options) -> None:
        model = self.ask("models.get_by_id", model=named["model"])["model"]
        came_in = direction == "input"
        uri = model.pop("uri", None)
        known = {"name": model.get("name") or named.get("name"), "type": "model", "metadata": model, "uris": [uri] if uri else []}
        if came_in or not uri or not options.files:
            told.artifact(direction="input" if came_in else "output", role="model", **known)
            told.mapped("model")
            return
        path = f"models/{named['model']}/{uri.rsplit('/', 1)[-1]}"
        _file(told, "model", path, uri, folder, role="model", known=known)


def _task(told: Told, task: Mapping[str, Any]) -> None:
    context = told.context
    context["notes"] = task.get("comment") or None
    context["jobType"] = task.get("type") or None
    context["tags"] = sorted(task.get("tags") or [])
    told.mapped("tag", len(context["tags"]))
    told.mapped("task field", sum(1 for name in ("comment", "id", "name", "type") if task.get(name)))
    told.times("task field", {name: task.get(name) for name in ("started", "completed")})
    for section, values in (task.get("hyperparams") or {}).items():
        for name, one in values.items():
            # The server has texts, and the name of the type that they had.
            told.params("parameter", {f"{section}/{name}": one.get("value")})
    script = dict(task.get("script") or {})
    places = {"repository": "repository", "branch": "branch", "version_num": "commit", "entry_point": "entryPoint"}
    code = {place: script.pop(name) for name, place in places.items() if script.get(name)}
    if code:
        told.recipe["code"] = code
        told.mapped("script field", len(code))
    pip = (script.get("requirements") or {}).get("pip")
    if isinstance(pip, str):
        told.packages(line.replace(" == ", "==") for line in pip.splitlines() if not line.lstrip().startswith("#"))
    for name, value in script.items():
        if value:
            told.raw("script field", name, value)
    for name, value in task.items():
        if name not in TOLD and value not in (None, "", [], {}):
            told.raw("task field", name, value)


def _artifact(told: Told, artifact: Mapping[str, Any], folder: Folder, options: Options) -> None:
    key, uri = str(artifact.get("key")), artifact.get("uri")
    if told.unwanted("artifact", key):
        return
    kind = str(artifact.get("type") or "")
    facts = {name: value for name, value in artifact.items() if name not in ("key", "uri", "content_size", "hash") and value}
    digest = artifact.get("hash") or None
    known = {"name": key, "type": kind, "metadata": facts, "uris": [uri] if uri else [], "foreign": {"clearml-sha256": digest} if digest else {}}
    came_in = artifact.get("mode") == "input"
    role = role_of(uri or key, f"{kind} {key}")
    if came_in or not uri or not options.files:
        told.artifact(direction="input" if came_in else "output", role=role, size=artifact.get("content_size"), **known)
        told.mapped("artifact")
        return
    path = f"artifacts/{key}/{uri.rsplit('/', 1)[-1]}"
    _file(told, "artifact", path, uri, folder, role=role, known=known, size=artifact.get("content_size"), sha256=digest)


def _file(
    told: Told, kind: str, path: str, uri: str, folder: Folder, *, role: str, known: Mapping[str, Any], **expected: Any
) -> None:
    """Downloads a file with ClearML's storage client, which knows the server's and the user's stores."""

    def get(scratch: Path) -> Path:
        if StorageManager.download_file(uri, local_folder=str(scratch), overwrite=True) is None:
            raise FileNotFoundError(uri)
        (file,) = (one for one in scratch.rglob("*") if one.is_file())
        return file

    try:
        fetched = folder.fetch(path, get, **expected)
    except MISTAKES:
        raise
    except Exception as error:  # noqa: BLE001 - the account names the file
        told.lost("unreadable", path, f"{type(error).__name__}: {error}")
        told.dropped(kind, "the server did not give it")
        return
    told.file(kind, fetched, role=role, path=path, **known)
