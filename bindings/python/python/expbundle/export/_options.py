"""What of each run is wanted."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Options"]


@dataclass(frozen=True)
class Options:
    """What of each run is wanted."""

    files: bool = True
    """Download the files, and hash them into the record. Without it they are listed by name."""
    partial: bool = False
    """Make a bundle even if the server does not give all that it lists; the record names the rest."""
    leave_out: tuple[str, ...] = ()
    """Patterns of items that are left out and counted: ``api_token``, ``config value: db*``."""
    allow_secrets: tuple[str, ...] = ()
    """False alarms: kinds of secrets, or places in the record, that are kept."""
