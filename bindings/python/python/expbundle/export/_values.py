"""Values of clients as numbers, as trees of sections, and as times."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["LARGEST_EXACT", "moment", "number", "plain"]

LARGEST_EXACT = 2**53 - 1
"""Larger integers are not all 64-bit floats, which JSON has for numbers."""

NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""How servers write these numbers, which JSON has not; and how a typed tree does (spec/json.md)."""


def number(value: Any) -> Any:
    """What a server means by a value of a metric: a scalar of an array, and ``"NaN"``, are numbers."""
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "shape", None) == ():
        value = item()
    return NOT_FINITE.get(value, value) if isinstance(value, str) else value


def plain(value: Any) -> Any:
    """The value as a typed tree has it; what has no form there either becomes its text."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) <= LARGEST_EXACT else {"$integer": str(int(value))}
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return {"$float": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    if isinstance(value, Mapping):
        members = {str(name): plain(item) for name, item in value.items()}
        # A single name like that would make it one of the two forms above.
        return {f"${name}" if len(members) == 1 and name.startswith("$") else name: item for name, item in members.items()}
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
