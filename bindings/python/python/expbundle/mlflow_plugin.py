"""MLflow's runs as bundles, without a change of the code: by the tracking URI alone.

``MLFLOW_TRACKING_URI=expbundle+sqlite:///mlflow.db python train.py`` logs to the same store as
``sqlite:///mlflow.db``. When a run ends, its bundle is in ``mlflow.db.bundles/RUN_ID.expb``. The same
goes for ``expbundle+file:///…/mlruns`` and ``mlruns.bundles/``.

MLflow loads this module when it is imported. It does nothing unless a URI begins with ``expbundle+``,
and nothing that goes wrong here stops a training: it is a warning, told once for each store.
"""

from __future__ import annotations

import functools
import warnings
from pathlib import Path
from typing import Any

from . import _core
from .errors import UsageError

__all__ = ["BundleTag", "model_registry_store", "tracking_store"]

PREFIX = "expbundle+"

TAG = "expbundle.bundles"
"""The folder of the bundles, beside the store; a bundle is named by the id of its run."""


def tracking_store(store_uri: str | None = None, artifact_uri: str | None = None) -> Any:
    """MLflow's own store for the URI without the prefix, which also makes a bundle when a run ends."""
    from mlflow.tracking._tracking_service import utils

    uri = _plain(store_uri)
    # Not `get_store`: it shares its stores with everybody, and holds the lock that calls this.
    store = utils._tracking_store_registry.get_store_builder(uri)(store_uri=uri, artifact_uri=artifact_uri)
    update = store.update_run_info
    told: set[str] = set()

    @functools.wraps(update)
    def update_run_info(run_id: str, run_status: Any, *arguments: Any, **named: Any) -> Any:
        answer = update(run_id, run_status, *arguments, **named)
        try:
            if _is_over(run_status):
                _bundle(uri, run_id)
        except Exception as error:  # noqa: BLE001 - a training does not fail here
            _tell(told, error)
        return answer

    store.update_run_info = update_run_info
    return store


def model_registry_store(store_uri: str | None = None, **named: Any) -> Any:
    """MLflow's own registry of models: its URI is that of the runs unless it was set."""
    from mlflow.tracking._model_registry import utils

    uri = _plain(store_uri)
    registry = utils._get_store_registry()
    return registry.get_store_builder(uri)(store_uri=uri, **named)


class BundleTag:
    """Tags each run that is going to have a bundle with the folder where it will be."""

    def in_context(self) -> bool:
        """Whether the tracking URI asks for bundles."""
        return bool(self.tags())

    def tags(self) -> dict[str, str]:
        """The tag, or nothing."""
        try:
            import mlflow

            uri = mlflow.get_tracking_uri()
            return {TAG: _folder(_plain(uri)).name} if uri.startswith(PREFIX) else {}
        except Exception:  # noqa: BLE001 - MLflow has no way to hear of it; the store tells it at the end
            return {}


def _plain(uri: str | None) -> str:
    return (uri or "").removeprefix(PREFIX)


def _folder(uri: str) -> Path:
    from .mlflow import _store

    store = _store(uri).absolute()
    return store.with_name(f"{store.name}.bundles")


def _is_over(status: Any) -> bool:
    from mlflow.entities import RunStatus

    number = RunStatus.from_string(status) if isinstance(status, str) else status
    return number is not None and RunStatus.is_terminated(number)


def _bundle(uri: str, run_id: str) -> None:
    """Writes the bundle of a run; it replaces one from before the run was resumed or renamed."""
    from .mlflow import _store

    bundle = _core.source(_store(uri), "mlflow").convert(run_id).bundle
    path = _folder(uri) / f"{run_id}.expb"
    if path.exists():
        earlier = _core.open(path)
        if earlier == bundle:
            return
        if earlier.statements:
            raise UsageError(f"`{path}` was signed before run {run_id} went on", help="move it away and end the run again")
    path.parent.mkdir(exist_ok=True)
    bundle.save(path, overwrite=True)


def _tell(told: set[str], error: Exception) -> None:
    kind = getattr(error, "code", type(error).__name__)
    if kind not in told:
        told.add(kind)
        warnings.warn(f"expbundle made no bundle of this run: {error}", RuntimeWarning, stacklevel=4)
