"""A callback for PyTorch Lightning.

With this package installed, ``EXPBUNDLE=1 python train.py`` records every ``fit`` of every trainer,
without a change of the code; or add the callback yourself:

>>> from expbundle.lightning import ExpbundleCallback  # doctest: +SKIP
>>> trainer = Trainer(callbacks=[ExpbundleCallback(key="~/.ssh/id_ed25519")])  # doctest: +SKIP
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from lightning.pytorch.callbacks import Callback

from . import _core
from ._hooks import Recording, harmless

__all__ = ["ExpbundleCallback", "factory"]


class ExpbundleCallback(Callback):  # type: ignore[misc]
    """Records a ``fit``, and puts its bundle beside the logs: ``experiment.expb``.

    The record has the hyperparameters of the module and the data module, the numbers that they log,
    and the checkpoints as outputs. With ``key`` it is signed. Until the bundle is saved, what it will
    have is in a journal beside it, ``experiment.expj``: if the training is killed,
    ``expbundle.Run.recover("…/experiment.expj").finish()`` makes a bundle of it; ``journal=False`` keeps
    none. A parameter that looks like a secret is replaced by a marker. Nothing that goes wrong here
    stops a training: it is a warning, and an event of kind ``gap``. Only the key is opened at once, and raises
    what :meth:`expbundle.Key.open` raises.
    """

    def __init__(
        self,
        title: str | None = None,
        *,
        key: str | os.PathLike[str] | _core.Key | None = None,
        name: str | None = None,
        journal: bool = True,
    ) -> None:
        self.title = title
        self.recording = Recording(key, name, journal=journal)

    @property
    def bundle(self) -> _core.Bundle | None:
        """The bundle, once it is written."""
        return self.recording.bundle

    def finish(self) -> _core.Bundle | None:
        """Writes the bundle now."""
        return self.recording.finish()

    @harmless
    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        if not trainer.is_global_zero:
            return
        params = {"model": dict(getattr(pl_module, "hparams", {}))}
        data = dict(getattr(getattr(trainer, "datamodule", None), "hparams", {}))
        if data:
            params["data"] = data
        params["trainer"] = {"max_epochs": trainer.max_epochs, "max_steps": trainer.max_steps}
        folder = Path(trainer.log_dir or trainer.default_root_dir)
        title = self.title or type(pl_module).__name__
        self.recording.begin(title, "lightning", folder / "experiment.expb", params)

    @harmless
    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        every = max(1, trainer.log_every_n_steps)
        if trainer.is_global_zero and trainer.global_step % every == 0:
            self.recording.log(trainer.logged_metrics, trainer.global_step)

    @harmless
    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        if trainer.is_global_zero and not trainer.sanity_checking:
            self.recording.log(trainer.callback_metrics, trainer.global_step)

    @harmless
    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        self.recording.event("error", type(exception).__name__)
        self.recording.ended(lambda: _checkpoints(trainer), "failed")
        self.recording.finish()

    @harmless
    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        self.recording.ended(lambda: _checkpoints(trainer))


def _checkpoints(trainer: Any) -> list[Path]:
    paths: set[Path] = set()
    for callback in trainer.checkpoint_callbacks:
        for name in ("best_model_path", "last_model_path"):
            path = getattr(callback, name, "")
            if path and Path(path).is_file():
                paths.add(Path(path).resolve())
    return sorted(paths)


def factory() -> list[Callback]:
    """What Lightning adds to every trainer: nothing, unless ``EXPBUNDLE=1`` is set."""
    return [ExpbundleCallback()] if os.environ.get("EXPBUNDLE") == "1" else []
