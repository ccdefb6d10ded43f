"""Values of clients as JSON and as times have them."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["moment", "plain"]


def plain(value: Any) -> Any:
    """The value as JSON has it; what JSON has no form for becomes its text."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        # Canonical JSON has no such numbers.
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=repr)
    if isinstance(value, datetime.datetime):
        return moment(value)
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "shape", None) == ():
        return plain(item())
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return str(value)


def moment(value: Any) -> str | None:
    """A time as RFC 3339 in UTC; ``None`` if it is none.

    Numbers are seconds since 1970. Times without a zone are UTC, as trackers mean them.
    """
    if isinstance(value, bool) or value is None:
        return None
    try:
        if isinstance(value, (int, float)):
            value = datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
        elif isinstance(value, str):
            # Python 3.10 takes 3 or 6 digits of a second and no `Z`.
            text = re.sub(r"\.(\d+)", lambda digits: f".{digits[1]:0<6.6}", value.replace("Z", "+00:00"))
            value = datetime.datetime.fromisoformat(text)
        elif not isinstance(value, datetime.datetime):
            return None
    except (ValueError, OverflowError, OSError):
        return None
    if value.tzinfo is None:
        value = value.replace(tzinfo=datetime.timezone.utc)
    return str(value.astimezone(datetime.timezone.utc).isoformat().replace("+00:00", "Z"))
