"""The Hub's own library still reads a card that `expbundle attach` has edited, and finds there what we say.

Run with `EXPBUNDLE` naming the program: `EXPBUNDLE=target/release/expbundle pytest peers/test_card.py`.
"""

import json
import os
import pathlib
import shutil
import subprocess

import pytest
from huggingface_hub import ModelCard

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures" / "huggingface"
EXPBUNDLE = os.environ["EXPBUNDLE"]

# A card for each way to write what is added to.
HANDWRITTEN = {
    "flow": "---\nlicense: mit # mine\ntags: [a, 'b]'] # words\nlanguage: no\n---\n# T\n\n---\n\nrule\n",
    "scalar": "---\ntags:   a # one\nlicense: mit\n---\n# T\n",
    "indented": "---\nlicense: mit\ntags:\n    - a\n\n# about nothing\n---\n# T\n",
    "empty-value": "---\ntags:\nlicense: mit\n---\n",
    "no-block": "# T\n\nText\n",
}


def expbundle(*arguments, status=0):
    done = subprocess.run([EXPBUNDLE, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    return done.stdout


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def bundle(tmp_path):
    """A run that put out the weights of the fixture, with a result and inputs that the card can name."""
    weights = FIXTURES / "digits-base-64" / "model.safetensors"
    evaluations = tmp_path / "evaluations.json"
    result = {"task": "image-classification", "dataset": "acme/held-out", "split": "test", "metric": "f1", "value": 0.9375}
    evaluations.write_text(json.dumps({"evaluations": [result]}))
    path = tmp_path / "run.expb"
    expbundle(
        "create", "--title", "digits", "--output", f"model={weights}", "--section", f"evaluations.json={evaluations}", "-o", path
    )
    return path


@pytest.fixture(params=["digits-base-64", "digits-base-64-pointers", "digits-finetuned", "model-repo"])
def real_folder(request, tmp_path):
    folder = tmp_path / request.param
    shutil.copytree(FIXTURES / request.param, folder)
    return folder


@pytest.fixture(params=[(name, end) for name in HANDWRITTEN for end in ("\n", "\r\n")], ids=lambda param: f"{param[0]}-{len(param[1])}")
def handwritten_folder(request, tmp_path):
    name, end = request.param
    folder = tmp_path / name
    folder.mkdir()
    (folder / "README.md").write_bytes(HANDWRITTEN[name].replace("\n", end).encode())
    # The bundle is about these weights; a folder without them would not verify.
    shutil.copy(FIXTURES / "digits-base-64" / "model.safetensors", folder)
    return folder


def front_matter(folder):
    card = ModelCard.load(folder / "README.md")
    return card, card.data.to_dict()


def check(folder, bundle):
    before = contents(folder)
    old = ModelCard.load(folder / "README.md", ignore_metadata_errors=True).data.to_dict() if b"---" in before["README.md"][:4] else {}
    expbundle("attach", folder, bundle, "--yes")

    card, data = front_matter(folder)
    assert "expbundle" in data["tags"]
    assert data.get("license") == old.get("license"), "a licence is never set"
    for key, value in old.items():
        if key not in ("tags", "model-index"):
            assert data[key] == value, key
    # The line about the bundle stands behind the text.
    text, line, rest = (folder / "README.md").read_bytes().partition(b"<!-- expbundle: begin ")
    assert line and rest.rstrip().endswith(b"<!-- expbundle: end -->")
    assert text.removesuffix(b"\r\n").removesuffix(b"\n").endswith(before["README.md"].split(b"---")[-1].removesuffix(b"\n").removesuffix(b"\r")), "the text is untouched"
    results = [result for result in card.data.eval_results or [] if result.metric_type == "f1"]
    if "pipeline_tag" in old or "model-index" in old or results:
        (result,) = results
        assert (result.metric_value, result.dataset_name, result.dataset_split) == (0.9375, "acme/held-out", "test")

    after = contents(folder)
    expbundle("attach", folder, bundle, "--yes")
    assert contents(folder) == after, "attaching twice is attaching once"
    expbundle("verify", folder)
    expbundle("detach", folder, "--yes")
    assert contents(folder) == before, "detaching leaves no trace"


def test_real_cards(real_folder, bundle):
    if real_folder.name in ("digits-finetuned", "model-repo"):
        # These hold other weights under the same name, which `verify` must say.
        shutil.copy(FIXTURES / "digits-base-64" / "model.safetensors", real_folder)
    check(real_folder, bundle)


def test_handwritten_cards(handwritten_folder, bundle):
    check(handwritten_folder, bundle)


def test_a_changed_file_is_found(real_folder, bundle):
    shutil.copy(FIXTURES / "digits-base-64" / "model.safetensors", real_folder)
    expbundle("attach", real_folder, bundle, "--yes")
    weights = real_folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    report = json.loads(expbundle("verify", real_folder, "--json", status=1))
    assert "artifact.changed" in [finding["code"] for finding in report["findings"]]


def test_a_card_with_anchors_is_refused(tmp_path, bundle):
    card = "---\na: &x 1\nb: *x\n---\n"
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "README.md").write_text(card)
    done = subprocess.run([EXPBUNDLE, "attach", tmp_path / "model", bundle, "--yes"], capture_output=True, text=True)
    assert done.returncode != 0
    assert (tmp_path / "model" / "README.md").read_text() == card
