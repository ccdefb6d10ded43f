"""A callback for Keras.

>>> from expbundle.keras import ExpbundleCallback  # doctest: +SKIP
>>> model.fit(x, y, callbacks=[ExpbundleCallback(key="~/.ssh/id_ed25519")])  # doctest: +SKIP
>>> model.save("model.keras")  # doctest: +SKIP
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from keras.callbacks import Callback

from . import _core
from ._hooks import Recording, harmless
from ._paths import expanded

__all__ = ["ExpbundleCallback"]


class ExpbundleCallback(Callback):  # type: ignore[misc]
    """Records a ``fit`` as the bundle ``path``, by default ``experiment.expb`` in the current folder.

    The record has the configuration of the optimizer, the numbers of each epoch, and the files
    ``outputs`` as outputs, such as ``model.keras``. If these are saved after ``fit``, the bundle
    waits for them: until :meth:`finish`, at the latest until the interpreter ends. Until it is saved,
    what it will have is in a journal beside it, called like it with the extension ``.expj``: if the
    training is killed, ``expbundle.Run.recover("experiment.expj").finish()`` makes a bundle of it;
    ``journal=False`` keeps none. Nothing that goes wrong here stops a training: it is a warning, and an event of kind ``gap``. Only the key is opened
    at once, and raises what :meth:`expbundle.Key.open` raises.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] = "experiment.expb",
        *,
        title: str | None = None,
        outputs: Sequence[str | os.PathLike[str]] = (),
        key: str | os.PathLike[str] | _core.Key | None = None,
        name: str | None = None,
        journal: bool = True,
    ) -> None:
        super().__init__()
        self.path = expanded(path)
        self.title = title
        self.outputs = [expanded(output) for output in outputs]
        self.recording = Recording(key, name, journal=journal)

    @property
    def bundle(self) -> _core.Bundle | None:
        """The bundle, once it is written."""
        return self.recording.bundle

    def finish(self) -> _core.Bundle | None:
        """Writes the bundle now, with the outputs that are on disk."""
        return self.recording.finish()

    @harmless
    def on_train_begin(self, logs: Any = None) -> None:
        params: dict[str, Any] = {"fit": dict(self.params or {})}
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is not None:
            params["optimizer"] = optimizer.get_config()
        params["model"] = {"name": self.model.name, "parameters": self.model.count_params()}
        self.recording.begin(self.title or self.model.name, "keras", self.path, params)

    @harmless
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.recording.log(logs or {}, epoch)

    @harmless
    def on_train_end(self, logs: Any = None) -> None:
        self.recording.ended(lambda: [output for output in self.outputs if output.exists()])
        if not self.outputs:
            self.recording.finish()
