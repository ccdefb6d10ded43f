"""Weights & Biases runs as bundles, when they end.

>>> import expbundle.wandb  # doctest: +SKIP
>>> run = wandb.init(project="digits")  # doctest: +SKIP
>>> bundle = expbundle.wandb.finish(run, "run.expb", key="~/.ssh/id_ed25519")  # doctest: +SKIP
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import _core
from ._hooks import opened

__all__ = ["finish"]


def finish(
    run: Any = None,
    path: str | os.PathLike[str] | None = None,
    *,
    key: str | os.PathLike[str] | _core.Key | None = None,
    name: str | None = None,
    inputs: Mapping[str, Any] | None = None,
    outputs: Mapping[str, Any] | None = None,
    files: Sequence[str | os.PathLike[str]] = (),
    exit_code: int | None = None,
) -> _core.Bundle:
    """Finishes a run, and converts what W&B wrote of it on this machine.

    ``run`` is the current one by default. ``inputs`` and ``outputs`` are files that W&B did not
    record, by role: ``{"model": "model.safetensors"}``. With ``path`` the bundle is saved, with
    ``key`` signed. It is read from the run's folder, so it works for offline runs as well. A key that
    cannot be opened raises before the run is finished.
    """
    import wandb

    run = run or wandb.run
    if run is None:
        from .errors import UsageError

        raise UsageError("there is no W&B run to finish", help="pass the run that `wandb.init` returned")
    key = opened(key)
    folder = Path(run.dir).resolve().parent
    run.finish(exit_code=exit_code)
    bundle = _core.source(folder, "wandb").convert(files=files, inputs=inputs, outputs=outputs).bundle
    if key is not None:
        bundle = bundle.sign(key, name=name)
    if path is not None:
        bundle.save(path)
    return bundle
