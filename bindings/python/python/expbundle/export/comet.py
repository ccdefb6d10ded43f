"""Experiments of a Comet server, by its own client.

Asked for are: metadata, parameters, metrics of every context, others, system details, git, console,
assets, HTML, and the artifacts that went in and out. Tested with comet_ml 3.58.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from comet_ml.api import API

from .. import _core
from .._types import Status
from ..errors import UsageError
from . import Options
from ._files import Folder, role_of
from ._told import MISTAKES, Told
from ._values import moment

__all__ = ["Exporter"]

COUNTERS = ("curr_step", "curr_epoch")
"""Parameters that the client writes at each change of the step: the points have the step."""

SYSTEM = ("sys.", "process duration")
"""How names of system metrics begin."""

TOLD = ("durationMillis", "endTimeMillis", "experimentKey", "experimentName", "hasCrashed", "projectName", "running",
        "startTimeMillis", "userName", "workspaceName")  # fmt: skip
"""Members of the metadata that have a place; the others are kept raw."""


class Exporter:
    """``WORKSPACE/PROJECT`` or ``WORKSPACE/PROJECT/EXPERIMENT``."""

    def __init__(self, place: str) -> None:
        self.parts = place.split("/")
        if len(self.parts) not in (2, 3) or not all(self.parts):
            raise UsageError(
                f"{place!r} names no Comet project", help="write WORKSPACE/PROJECT or WORKSPACE/PROJECT/EXPERIMENT"
            )
        try:
            self.api: Any = API(cache=False)
        except Exception as error:
            raise UsageError(f"Comet's client cannot ask the server: {error}", help="run `comet login`") from error

    def runs(self) -> Iterator[tuple[str, Any]]:
        """The experiments in the order of their start; archived ones too."""
        workspace, project = self.parts[:2]
        try:
            found = [*self.api.get_experiments(workspace, project), *self.api.get_archived_experiments(workspace, project)]
        except Exception as error:
            raise UsageError(
                f"the server gives no experiments of {workspace}/{project}: {error}", help="check the name and your access"
            ) from error
        runs = {str(one.id): one for one in found if len(self.parts) == 2 or self.parts[2] in (one.id, one.name)}
        yield from sorted(runs.items(), key=lambda item: (item[1].start_server_timestamp or 0, item[0]))

    def bundle(self, run: Any, folder: Folder, options: Options) -> _core.Bundle:
        """One experiment, with all that the server has of it."""
        metadata: dict[str, Any] = run.get_metadata()
        told = Told(
            "comet", run.id, metadata.get("experimentName") or run.id, started=_time(metadata.get("startTimeMillis")),
            layout="server", keys=[self.api.api_key], options=options,
        )  # fmt: skip
        _metadata(told, metadata)
        parts = {
            "tags": _tags, "parameters": _parameters, "metrics": _metrics, "others": _others, "git": _git,
            "system details": _system, "console": _console, "artifacts": _lineage, "html": _html,
        }  # fmt: skip
        for place, ask in parts.items():
            told.attempt(place, partial(ask, told, run))
        told.attempt("assets", partial(_assets, told, run, folder, options))
        status: Status = "running" if metadata.get("running") else "crashed" if metadata.get("hasCrashed") else "finished"
        return told.finish(status, None if status == "running" else _time(metadata.get("endTimeMillis")))


def _time(milliseconds: Any) -> str | None:
    return moment(milliseconds / 1000) if isinstance(milliseconds, (int, float)) and milliseconds > 0 else None


def _metadata(told: Told, metadata: dict[str, Any]) -> None:
    told.context["groups"] = [{"kind": "project", "name": metadata["projectName"]}] if metadata.get("projectName") else []
    told.identity["organisation"] = metadata.get("workspaceName")
    told.identity["user"] = metadata.get("userName")
    told.mapped("experiment field", sum(1 for name in TOLD if metadata.get(name) is not None))
    for name, value in metadata.items():
        if name not in TOLD and value is not None:
            told.raw("experiment field", name, value)


def _tags(told: Told, run: Any) -> None:
    tags = sorted(run.get_tags() or [])
    told.context["tags"] = tags
    told.mapped("tag", len(tags))


def _parameters(told: Told, run: Any) -> None:
    for one in run.get_parameters_summary() or []:
        if one["name"] in COUNTERS:
            told.dropped("parameter", "a counter of the client; the points have the step")
        else:
            # The server has texts only.
            told.params("parameter", {one["name"]: one.get("valueCurrent")})


def _metrics(told: Told, run: Any) -> None:
    for one in run.get_metrics() or []:
        name, context = one["metricName"], one.get("runContext")
        is_system = name.startswith(SYSTEM)
        key = f"{context}_{name}" if context else name
        step, time = one.get("step"), _time(one.get("timestamp"))
        told.points("metric point", {key: _number(one.get("metricValue"))}, step=step, time=time, system=is_system)
        if one.get("epoch") is not None and not is_system:
            told.points("epoch", {f"{key}␟epoch": one["epoch"]}, step=step, time=time)


def _number(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def _others(told: Told, run: Any) -> None:
    others = {one["name"]: one.get("valueCurrent") for one in run.get_others_summary() or []}
    told.results("other", others)


def _git(told: Told, run: Any) -> None:
    git = run.get_git_metadata() or {}
    places = {"parent": "commit", "branch": "branch", "origin": "repository"}
    code = {places[name]: git[name] for name in places if git.get(name)}
    if code:
        told.recipe["code"] = code
        told.mapped("git field", len(code))
    for name, value in git.items():
        if name not in places and value:
            told.raw("git field", name, value)


def _system(told: Told, run: Any) -> None:
    details = dict(run.get_system_details() or {})
    told.packages(details.pop("installedPackages", None) or [])
    environment = told.recipe.setdefault("environment", {})
    for name, place in (("os", "os"), ("pythonVersion", "python")):
        if details.get(name):
            environment[place] = details.pop(name)
            told.mapped("system detail")
    if details.get("hostname"):
        told.identity["host"] = details.pop("hostname")
        told.mapped("system detail")
    if isinstance(details.get("command"), list):
        told.recipe.setdefault("code", {})["arguments"] = details.pop("command")
        told.mapped("system detail")
    for name, value in details.items():
        if name != "experimentKey" and value not in (None, "", [], {}):
            told.raw("system detail", name, value)


def _console(told: Told, run: Any) -> None:
    output = run.get_output()
    if output:
        told.raw("console", "output", output)


def _html(told: Told, run: Any) -> None:
    html = run.get_html()
    if html:
        told.raw("html", "html", html)


def _lineage(told: Told, run: Any) -> None:
    """Artifacts that went in and out, as the server has them: by name and version, without digests."""
    for name, value in (run.get_artifact_lineage() or {}).items():
        if value:
            told.raw("artifact lineage", name, value)


def _assets(told: Told, run: Any, folder: Folder, options: Options) -> None:
    for asset in run.get_asset_list():
        _asset(told, run, asset, folder, options)


def _asset(told: Told, run: Any, asset: dict[str, Any], folder: Folder, options: Options) -> None:
    """One file. Names are not unique on the server, so each has its asset's id as a folder."""
    name, identity = str(asset.get("fileName") or asset["assetId"]), str(asset["assetId"])
    if told.unwanted("asset", name):
        return
    kind = str(asset.get("type") or "")
    links = ("link", "compressedAssetLink", "s3Link", "curlDownload")
    facts = {key: value for key, value in asset.items() if key not in (*links, "fileName", "fileSize", "step") and value}
    known: dict[str, Any] = {"name": name, "type": kind, "metadata": facts, "step": asset.get("step"), "path": f"assets/{identity}/{name}"}
    role = "model" if kind.startswith("model") else "code" if kind == "source_code" else role_of(name)
    if asset.get("remote") or not options.files:
        uris = [asset["link"]] if asset.get("remote") and asset.get("link") else []
        told.artifact(direction="output", role=role, size=asset.get("fileSize"), uris=uris, **known)
        told.mapped("asset")
        return

    def get(scratch: Path) -> Path:
        response = run.get_asset(identity, return_type="response", stream=True)
        with (scratch / "file").open("wb") as file:
            for block in response.iter_content(1 << 20):
                file.write(block)
        return scratch / "file"

    try:
        path = folder.fetch(known["path"], get, size=asset.get("fileSize"))
    except MISTAKES:
        raise
    except Exception as error:  # noqa: BLE001 - the account names the file
        told.lost("unreadable", known["path"], f"{type(error).__name__}: {error}")
        told.dropped("asset", "the server did not give it")
        return
    told.file("asset", path, role=role, **known)
