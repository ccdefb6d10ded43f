"""What is raised. Every error has a stable code of ``spec/codes.toml``, a place and a next step."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._core import Finding, Report

__all__ = ["ExpbundleError", "NotAsRequired", "NotFound", "NotIntact", "UsageError"]


class ExpbundleError(Exception):
    """Something could not be done: a file cannot be read, a key cannot be used, a limit is reached."""

    code: str
    """A stable code, such as ``cli.io``."""
    place: str | None
    """Where: a file, a member, a line."""
    help: str | None
    """What to do next."""
    findings: list[Finding]
    """What was found, where there is more than one thing to say."""

    def __init__(self, message: str, code: str = "cli.usage", place: str | None = None, help: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.place = place
        self.help = help
        self.findings = []

    def __str__(self) -> str:
        text = f"[{self.code}] {self.args[0]}"
        if self.place:
            text += f"\n  at: {self.place}"
        if self.help:
            text += f"\n  help: {self.help}"
        return text


class UsageError(ExpbundleError, ValueError):
    """The arguments make no sense, or do not say which of several things is meant."""


class NotFound(ExpbundleError, FileNotFoundError):
    """A path is not there."""

    def __init__(self, message: str, code: str = "cli.io", place: str | None = None, help: str | None = None) -> None:
        super().__init__(message, code, place, help)
        self.errno = errno.ENOENT
        self.filename = place


class NotIntact(ExpbundleError):
    """A bundle is not what it claims to be: something was changed, cut off or contradicts itself."""


class NotAsRequired(ExpbundleError):
    """:meth:`expbundle.Report.raise_for_state`: the state that was asked for does not hold."""

    report: Report

    def __init__(self, report: Report) -> None:
        super().__init__(report.line, "cli.state", help="print(report) has everything that was found")
        self.report = report
        self.findings = report.findings
