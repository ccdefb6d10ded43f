"""Types that several modules name."""

from __future__ import annotations

from typing import Literal, TypeAlias

Status: TypeAlias = Literal["scheduled", "running", "finished", "failed", "killed", "crashed", "unknown"]
"""How a run ended, or that it did not."""
