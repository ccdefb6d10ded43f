"""What a tracker said of a run, on its way into a bundle; and the account of it.

Every item is told once and ends as mapped, kept raw or dropped with a reason, as it does in the
converters of files.
"""

from __future__ import annotations

import datetime
import fnmatch
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from .. import _core
from .._types import Status
from ..errors import ExpbundleError
from ._files import digest_of
from ._options import Options
from ._values import LARGEST_EXACT, moment, number, plain

__all__ = ["Told"]

KEY_REMOVED = "[secret removed: api-key]"

MISTAKES = (AssertionError, AttributeError, MemoryError, NameError, TypeError)
"""Errors of this package and not of a server."""

HOLDS_SECRET = "is or holds a secret"
"""What the gate says of such a file."""

LEFT_OUT = "left out on request"


class Told:
    """A run as its tracker tells it; :meth:`finish` makes the bundle.

    ``keys`` are the credentials of the client: where one stands in a value, a marker takes its
    place.
    """

    def __init__(
        self,
        tool: str,
        run: str,
        title: str,
        *,
        started: str | None = None,
        version: str | None = None,
        layout: str,
        keys: Iterable[str | None] = (),
        options: Options,
    ) -> None:
        self.keys = [key for key in keys if key]
        self.leave_out = options.leave_out
        self.partial = options.partial
        self.run = _core.Run(self.clean(title) or run, tool=tool, run=run, started=started, clock=False)
        self.run.allow_secrets(*options.allow_secrets)
        self.started = started
        self.context: dict[str, Any] = {"title": self.clean(title) or run}
        self.recipe: dict[str, Any] = {}
        self.identity: dict[str, Any] = {}
        self.declared: dict[str, Any] = {}
        self.artifacts: list[dict[str, Any]] = []
        self.source: dict[str, Any] = {"tool": tool, "version": version, "layout": layout}
        self.items: dict[str, dict[str, Any]] = {}
        self.raws: dict[str, dict[str, Any]] = {}
        self.damage: list[dict[str, str]] = []

    # The account.

    def mapped(self, kind: str, count: int = 1) -> None:
        """Items that have a place in a section."""
        if count:
            line = self._line(kind)
            line["total"] += count
            line["mapped"] += count

    def dropped(self, kind: str, reason: str, count: int = 1) -> None:
        """Items that are not kept, and why."""
        if count:
            line = self._line(kind)
            line["total"] += count
            reasons: dict[str, int] = line["dropped"]
            reasons[reason] = reasons.get(reason, 0) + count

    def raw(self, kind: str, name: str, value: Any) -> None:
        """An item that no section has a place for: kept as it was."""
        if self.unwanted(kind, name):
            return
        line = self._line(kind)
        line["total"] += 1
        line["raw"] += 1
        of_kind = self.raws.setdefault(kind, {})
        unused, number = name, 2
        while unused in of_kind:
            unused, number = f"{name} ({number})", number + 1
        of_kind[unused] = self.clean(plain(value))

    def times(self, kind: str, values: Mapping[str, Any]) -> None:
        """Start and end, which :meth:`finish` takes: one that cannot be read is kept raw."""
        for name, value in values.items():
            if moment(value) is not None:
                self.mapped(kind)
            elif value:
                self.raw(kind, name, value)

    def lost(self, code: Literal["damaged", "loss", "missing", "unreadable"], place: str, detail: str) -> None:
        """Something that is broken, missing or incomplete on the server; it stands in the record."""
        self.damage.append({"code": f"source.{code}", "place": place, "detail": str(self.clean(detail))})

    def attempt(self, place: str, ask: Callable[[], None]) -> None:
        """Asks the server for a part of the run. What it does not give is named by :meth:`finish`."""
        try:
            ask()
        except MISTAKES:
            raise
        except Exception as error:  # noqa: BLE001 - clients raise whatever they like
            self.lost("unreadable", place, f"the server did not give it: {type(error).__name__}: {error}")

    def unwanted(self, kind: str, name: str) -> bool:
        """Whether the user wants this item left out; then it is counted."""
        if any(fnmatch.fnmatchcase(name, one) or fnmatch.fnmatchcase(f"{kind}: {name}", one) for one in self.leave_out):
            self.dropped(kind, LEFT_OUT)
            return True
        return False

    # The content.

    def params(self, kind: str, values: Mapping[str, Any]) -> None:
        """Parameters, nested as they come."""
        for name, value in values.items():
            if not self.unwanted(kind, name):
                self.recipe.setdefault("parameters", {})[name] = self.clean(plain(value))
                self.mapped(kind)

    def results(self, kind: str, values: Mapping[str, Any]) -> None:
        """What the tracker itself calls its summary."""
        for name, value in values.items():
            if not self.unwanted(kind, name):
                self.declared[name] = self.clean(plain(value))
                self.mapped(kind)

    def points(
        self, kind: str, values: Mapping[str, Any], *, step: int | None = None, time: Any = None, system: bool = False
    ) -> None:
        """A row of metrics, or of system metrics. ``time`` is in seconds since 1970, or RFC 3339."""
        row: dict[str, Any] = {}
        for name, value in values.items():
            if self.unwanted(kind, name):
                continue
            row[name] = self._value(value)
            self.mapped(kind)
        if row:
            tell = self.run.observe if system else self.run.log
            tell(row, step=step, time=moment(time))

    def file(
        self,
        kind: str,
        on_disk: Path,
        *,
        direction: Literal["input", "output"] = "output",
        role: str = "file",
        **known: Any,
    ) -> bool:
        """A file on this disk: hashed into the record, described as the tracker knows it, and counted.

        One that is or holds a secret stays outside, its digests too; then it is ``False``.
        """
        try:
            (self.run.input if direction == "input" else self.run.output)(role, on_disk)
        except ExpbundleError as error:
            # The same bytes under another name: the record lists them once, the section both names.
            if HOLDS_SECRET in str(error):
                self.dropped(kind, f"the file {HOLDS_SECRET}")
                self.damage.append({"code": "source.secret", "place": str(known.get("path", "")), "detail": f"the file {HOLDS_SECRET}"})
                return False
            if "is there already" not in str(error):
                raise
        # The strong digest ties what the tracker calls the file to the output or input of the record.
        digest = {"sha256": digest_of(on_disk, "sha256").hex()}
        self.artifact(direction=direction, role=role, size=on_disk.stat().st_size, digest=digest, **known)
        self.mapped(kind)
        return True

    def artifact(self, **known: Any) -> None:
        """What is known of an artifact, in the members of ``artifacts.json``."""
        kept = {name: self.clean(plain(value)) for name, value in known.items() if value not in (None, "", [], {})}
        self.artifacts.append(kept)

    def packages(self, lines: Iterable[str]) -> None:
        """Packages as ``pip freeze`` writes them, a line each."""
        packages = []
        for line in filter(None, (line.strip() for line in lines)):
            name, _, version = line.partition("==")
            is_pinned = bool(version) and not set(version) & set(" ;,")
            packages.append({"name": name, "version": version} if is_pinned else {"name": line.split()[0], "requirement": line})
        self.recipe.setdefault("environment", {})["packages"] = sorted(packages, key=lambda one: (one["name"], repr(one)))
        self.mapped("package", len(packages))

    def clean(self, value: Any) -> Any:
        """The value without the credentials of the client."""
        if isinstance(value, str):
            for key in self.keys:
                value = value.replace(key, KEY_REMOVED)
            return value
        if isinstance(value, dict):
            return {self.clean(name): self.clean(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.clean(item) for item in value]
        return value

    def finish(self, status: Status, ended: str | None = None) -> _core.Bundle:
        """Makes the bundle, unsigned and checked.

        Raises :class:`expbundle.ExpbundleError` if the server did not give all that it has, unless
        that was asked for; or if something looks like a secret.
        """
        missing = [f"{one['place']}: {one['detail']}" for one in self.damage if one["code"] == "source.unreadable"]
        if missing and not self.partial:
            raise ExpbundleError(
                "; ".join(missing), "source.unreadable", help="export again; with `--partial` the record names what is missing"
            )
        if ended is not None and self.started is not None and _instant(ended) < _instant(self.started):
            self.lost("damaged", "end", f"the server has an end before the start: {ended}")
            ended = None
        account = {kind: self._closed(line) for kind, line in sorted(self.items.items())}
        damage = sorted(self.damage, key=lambda one: (one["place"], one["code"], one["detail"]))
        sections = {
            "context.json": self.context,
            "recipe.json": self.recipe,
            "identity.json": self.identity,
            "summary.json": {"declared": self.declared} if self.declared else {},
            "artifacts.json": {"artifacts": self.artifacts} if self.artifacts else {},
            "source.json": {**self.source, "account": {"items": account}, "raw": self.raws or None, "damage": damage or None},
        }
        for name, content in sections.items():
            if content:
                self.run.section(name, self.clean(_without_nothing(content)))
        return self.run.finish(status, ended=ended)

    def _line(self, kind: str) -> dict[str, Any]:
        return self.items.setdefault(kind, {"total": 0, "mapped": 0, "raw": 0, "dropped": {}})

    def _closed(self, line: dict[str, Any]) -> dict[str, Any]:
        dropped = [{"reason": reason, "count": count} for reason, count in sorted(line["dropped"].items())]
        total = line["mapped"] + line["raw"] + sum(one["count"] for one in dropped)
        if total != line["total"]:
            raise ExpbundleError(f"the account does not add up: {line}", help="please report this")
        return {"total": line["total"], "mapped": line["mapped"], "raw": line["raw"], "dropped": dropped}

    def _value(self, value: Any) -> float | str:
        value = number(value)
        if isinstance(value, float) or (type(value) is int and abs(value) <= LARGEST_EXACT):
            return value
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            # An integer that a float cannot hold is kept as its digits.
            return str(self.clean(str(value)))
        return json.dumps(self.clean(plain(value)), ensure_ascii=False, sort_keys=True)


def _instant(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def _without_nothing(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if value is not None}
