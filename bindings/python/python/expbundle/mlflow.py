"""MLflow runs as bundles, when they end.

>>> import expbundle.mlflow  # doctest: +SKIP
>>> with mlflow.start_run() as run:  # doctest: +SKIP
...     mlflow.log_metric("loss", 0.5)
>>> bundle = expbundle.mlflow.convert(run, "run.expb", key="~/.ssh/id_ed25519")  # doctest: +SKIP
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from . import _core
from ._hooks import opened
from .errors import UsageError

__all__ = ["convert"]


def convert(
    run: Any = None,
    path: str | os.PathLike[str] | None = None,
    *,
    key: str | os.PathLike[str] | _core.Key | None = None,
    name: str | None = None,
    inputs: Mapping[str, Any] | None = None,
    outputs: Mapping[str, Any] | None = None,
    log_artifact: bool = False,
) -> _core.Bundle:
    """Converts a run of MLflow's own store: a folder or an SQLite database on this machine.

    ``run`` is a run or its id; by default the last one of this thread, which is ended first if it is
    active. ``inputs`` and ``outputs`` are files that MLflow did not record, by role. With ``path``
    the bundle is saved, with ``key`` signed; ``log_artifact`` puts the saved file among the
    artifacts of the run. A key that cannot be opened raises before the run is ended.
    """
    import mlflow

    if log_artifact and path is None:
        raise UsageError("`log_artifact` needs a `path`: the file that is logged")
    key = opened(key)

    if run is None:
        run = mlflow.active_run() or mlflow.last_active_run()
    if run is None:
        raise UsageError("there is no MLflow run to convert", help="pass a run, or its id")
    run_id = run if isinstance(run, str) else run.info.run_id
    active = mlflow.active_run()
    if active is not None and active.info.run_id == run_id:
        mlflow.end_run()
    store = _store(mlflow.get_tracking_uri())
    bundle = _core.source(store, "mlflow").convert(run_id, inputs=inputs, outputs=outputs).bundle
    if key is not None:
        bundle = bundle.sign(key, name=name)
    if path is not None:
        saved = bundle.save(path)
        if log_artifact:
            mlflow.MlflowClient().log_artifact(run_id, saved)
    return bundle


def _store(uri: str) -> Path:
    """Where a tracking URI has its runs."""
    parts = urlsplit(uri)
    if parts.scheme in ("", "file"):
        return Path(url2pathname(parts.path)) if parts.scheme else Path(uri)
    if parts.scheme == "sqlite":
        # Of `sqlite:///relative` and `sqlite:////absolute` the first slash does not belong to the path.
        return Path(unquote(parts.path.removeprefix("/")))
    raise UsageError(
        f"the runs of {parts.scheme}: are on a server",
        help="convert them from there: `expbundle.source(ADDRESS).convert(ID)`, or where the store is",
    )
