"""Finishing a run, with the real W&B, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import expbundle
import pytest

wandb: Any = pytest.importorskip("wandb")


def test_a_run_is_a_bundle_when_it_ends(tmp_path: Path, key: expbundle.Key, weights: Path) -> None:
    import expbundle.wandb

    run = wandb.init(project="digits", dir=tmp_path, mode="offline", config={"rate": 0.1}, name="small")
    for step in range(3):
        run.log({"loss": 1 / (step + 1)})
    bundle = expbundle.wandb.finish(run, tmp_path / "run.expb", key=key, outputs={"model": weights})
    assert bundle == expbundle.open(tmp_path / "run.expb")
    record = bundle.record()
    assert record.title == "small" and record.status == "finished"
    assert record.params["rate"] == 0.1
    assert record.metrics["loss"] == pytest.approx(1 / 3)
    assert [output["role"] for output in record.outputs if output["role"] == "model"] == ["model"]
    assert bundle.verify(trust=key.public_key).state == "trusted"
    with pytest.raises(expbundle.UsageError):
        expbundle.wandb.finish()
