"""The callback, with the real trainer of Lightning."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import expbundle
import pytest

lightning: Any = pytest.importorskip("lightning")

SCRIPT = """
import lightning.pytorch as pl
from lightning.pytorch.demos.boring_classes import BoringModel

class Model(BoringModel):
    def __init__(self, rate=0.1):
        super().__init__()
        self.save_hyperparameters()
    def training_step(self, batch, index):
        out = super().training_step(batch, index)
        self.log("train/loss", out["loss"])
        return out

trainer = pl.Trainer(max_epochs=2, limit_train_batches=8, limit_val_batches=2, log_every_n_steps=2, accelerator="cpu",
                     enable_progress_bar=False, enable_model_summary=False, logger=False)
trainer.fit(Model())
"""


def test_a_fit_is_recorded_without_a_change_of_the_code(tmp_path: Path) -> None:
    import os

    for asked in ("0", "1"):
        folder = tmp_path / asked
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-c", SCRIPT], cwd=folder, env={**os.environ, "EXPBUNDLE": asked}, check=True, capture_output=True
        )
        assert (folder / "experiment.expb").exists() == (asked == "1")
    bundle = expbundle.open(tmp_path / "1" / "experiment.expb")
    record = bundle.record()
    assert record.title == "Model" and record.status == "finished"
    assert record.params["model"] == {"rate": 0.1}
    series = record.series()
    assert series is not None
    assert [step for step, _, _, _ in series.points("train/loss")][-1] == 16
    assert [output["role"] for output in record.outputs] == ["model"]


def test_a_fit_that_fails_is_a_record_that_says_so(tmp_path: Path) -> None:
    from expbundle.lightning import ExpbundleCallback
    from lightning.pytorch.demos.boring_classes import BoringModel

    class Model(BoringModel):  # type: ignore[misc]
        def training_step(self, batch: Any, index: int) -> Any:
            raise RuntimeError("out of luck")

    callback = ExpbundleCallback("fails")
    trainer = lightning.pytorch.Trainer(
        max_epochs=1, accelerator="cpu", enable_progress_bar=False, enable_model_summary=False, logger=False,
        default_root_dir=tmp_path, callbacks=[callback],
    )
    with pytest.raises(RuntimeError, match="out of luck"):
        trainer.fit(Model())
    record = expbundle.open(tmp_path / "experiment.expb").record()
    assert record.status == "failed"
    assert [event["kind"] for event in record.section("events.json")["events"]] == ["error"]
