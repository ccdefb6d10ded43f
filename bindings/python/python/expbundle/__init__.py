"""Experiment bundles: record, sign and verify where a model comes from.

A bundle (``.expb``) is a small, hashed and signed file that carries the history of a model: code,
data, parameters, metrics, cost, the models it came from, and who approved it.

>>> import expbundle
>>> run = expbundle.Run("a line through 100 points", clock=False)
>>> run.params({"rate": 0.1})
>>> for step in range(3):
...     run.log({"loss": 1 / (step + 1)}, step=step)
>>> bundle = run.finish()
>>> bundle.record().metrics
{'loss': 0.3333333333333333}
>>> bundle.verify().state
'intact'
"""

from __future__ import annotations

from . import _core
from ._core import (
    Bundle,
    Change,
    Conversion,
    Diff,
    Finding,
    Key,
    Lineage,
    Record,
    Report,
    Run,
    Series,
    Source,
    Why,
    attach,
    detach,
    diff,
    lineage,
    merge,
    open,
    release,
    source,
    trackers,
    verify,
    why,
)
from ._types import Status
from .errors import ExpbundleError, NotAsRequired, NotFound, NotIntact, UsageError

__version__: str = _core.VERSION

__all__ = [
    "Bundle",
    "Change",
    "Conversion",
    "Diff",
    "ExpbundleError",
    "Finding",
    "Key",
    "Lineage",
    "NotAsRequired",
    "NotFound",
    "NotIntact",
    "Record",
    "Report",
    "Run",
    "Series",
    "Source",
    "Status",
    "UsageError",
    "Why",
    "__version__",
    "attach",
    "detach",
    "diff",
    "lineage",
    "merge",
    "open",
    "release",
    "source",
    "trackers",
    "verify",
    "why",
]
