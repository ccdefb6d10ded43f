"""What several tests share."""

from __future__ import annotations

from pathlib import Path

import expbundle
import pytest

ROOT = Path(__file__).resolve().parents[3]
FIXTURES = ROOT / "fixtures"


@pytest.fixture
def key() -> expbundle.Key:
    return expbundle.Key.generate()


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    path.write_bytes(bytes(range(256)) * 40)
    return path


@pytest.fixture
def bundle(weights: Path) -> expbundle.Bundle:
    run = expbundle.Run("digits, 3 layers", clock=False)
    run.params({"rate": 0.1, "layers": [64, 32]})
    for step in range(5):
        run.log({"loss": 1 / (step + 1), "accuracy": step / 5}, step=step)
    run.output("model", weights)
    return run.finish()
