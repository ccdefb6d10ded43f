"""A callback for the ``Trainer`` of Hugging Face Transformers.

Needs ``transformers`` and PyTorch, which only this module imports.

>>> from expbundle.transformers import ExpbundleCallback  # doctest: +SKIP
>>> trainer = Trainer(model, args, callbacks=[ExpbundleCallback(key="~/.ssh/id_ed25519")])  # doctest: +SKIP
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback

from . import _core
from ._hooks import Recording, harmless, weights_in

__all__ = ["ExpbundleCallback"]


class ExpbundleCallback(TrainerCallback):  # type: ignore[misc]
    """Records a training, and puts its bundle beside the model: ``experiment.expb`` in the output folder.

    The record has the arguments, the configuration of the model, every logged number, the
    checkpoints, and the weights as outputs. With ``key`` it is signed. The bundle is written when
    the training ends and the weights are on disk; if they are saved later, when the model is pushed
    or the interpreter ends, or when :meth:`finish` is called. Before ``push_to_hub`` uploads, the
    folder is attached, and with ``key`` released.

    Until the bundle is saved, what it will have is in a journal beside it, ``experiment.expj``: if the
    training is killed, ``expbundle.Run.recover("…/experiment.expj").finish()`` makes a bundle of it.
    ``journal=False`` keeps none. A parameter that looks like a secret is replaced by a marker.

    Nothing that goes wrong here stops a training: it is a warning, and an event of kind ``gap``. Only
    the key is opened at once, and raises what :meth:`expbundle.Key.open` raises.
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
        """Writes the bundle now, with the weights that are on disk."""
        return self.recording.finish()

    @harmless
    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        if not state.is_world_process_zero:
            return
        folder = Path(args.output_dir)
        params = {"training": args.to_dict()}
        if getattr(model, "config", None) is not None:
            params["model"] = model.config.to_dict()
        self.recording.begin(self.title or folder.resolve().name, "transformers", folder / "experiment.expb", params)

    @harmless
    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        self.recording.log(logs or {}, state.global_step)

    @harmless
    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.recording.event("checkpoint", f"step {state.global_step}", step=state.global_step)

    @harmless
    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        folder = Path(args.output_dir)
        best = state.best_model_checkpoint if args.load_best_model_at_end else None
        last = Path(best) if best else folder / f"checkpoint-{state.global_step}"
        begun = set(weights_in(folder))

        def weights() -> list[Path]:
            # What the user saves after the training goes before the checkpoint that it came from;
            # what was there before it is of another one.
            saved = [path for path in weights_in(folder) if path not in begun]
            return saved or weights_in(last)

        self.recording.ended(weights)

    @harmless
    def on_push_begin(
        self, args: Any, state: Any, control: Any, model: Any = None, processing_class: Any = None, **_: Any
    ) -> None:
        if not state.is_world_process_zero:
            return
        folder = Path(args.output_dir)
        # The trainer saves the same once more right after this call, and then uploads.
        if not weights_in(folder) and model is not None:
            model.save_pretrained(folder)
        if processing_class is not None:
            processing_class.save_pretrained(folder)
        torch.save(args, folder / "training_args.bin")
        bundle = self.recording.finish()
        if bundle is not None:
            # The bundle is of this very training, even if what is saved for the Hub has other bytes.
            _core.attach(folder, bundle, key=self.recording.key, name=self.recording.name, unrelated=True)
