"""The pages of the API: made without a warning, and nothing of the package is left out."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import expbundle
import pytest

from conftest import ROOT


def test_the_pages_of_the_api_are_made_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("pdoc")
    script = ROOT / "bindings" / "python" / "api_pages.py"
    told = subprocess.run([sys.executable, script, tmp_path], capture_output=True, text=True, check=False)
    assert told.returncode == 0 and not told.stderr, told.stderr
    page = (tmp_path / "expbundle.html").read_text()
    assert not [name for name in expbundle.__all__ if f'id="{name}"' not in page]
    # Types, documentation and links of the extension are those of its stub.
    assert "Checks a bundle, or a model folder with one" in page
    assert 'href="#Report"' in page and not re.search(r"\b_core\b", page)
    assert ":class:" not in page and ":meth:" not in page
    hooks = sorted(path.stem for path in (tmp_path / "expbundle").iterdir())
    assert hooks == ["errors", "hub", "keras", "lightning", "mlflow", "transformers", "wandb"]
