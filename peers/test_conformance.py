"""The conformance suite by its own tools: the generator writes what is committed, and the second verifier says what the cases expect."""

import json
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONFORMANCE = ROOT / "conformance"
sys.path.insert(0, str(CONFORMANCE / "reference"))

from verify import Verifier  # noqa: E402


def manifests(tier):
    for path in sorted((CONFORMANCE / "cases").glob("*/*.json")):
        case = json.loads(path.read_text())
        if tier in case["tiers"]:
            yield path, case


def contents(folder):
    """Every file by its path: its bytes, or where a link leads."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_symlink() or path.is_file())
    return {str(path.relative_to(folder)): str(path.readlink()) if path.is_symlink() else path.read_bytes() for path in paths}


def test_the_generator_writes_what_is_committed(tmp_path):
    subprocess.run([sys.executable, "-m", "generate", tmp_path / "cases"], cwd=CONFORMANCE, check=True)
    committed, written = contents(CONFORMANCE / "cases"), contents(tmp_path / "cases")
    assert sorted(committed) == sorted(written)
    assert [path for path, content in written.items() if committed[path] != content] == []


def test_git_leaves_out_no_case():
    """A case may hold a `.gitignore` of its own, and every clone would lack what that names."""
    ignored = subprocess.run(["git", "ls-files", "--others", "--ignored", "--exclude-standard", "conformance"], cwd=ROOT, check=True, capture_output=True, text=True)
    assert ignored.stdout.splitlines() == []


@pytest.mark.parametrize("tier", ["core", "sha256"])
def test_the_second_verifier_passes_its_tier(tier):
    wrong = []
    for path, case in manifests(tier):
        verifier = Verifier(case.get("digests", "blake3"), at=case.get("at"), sha256_only=tier == "sha256")
        state = verifier.verify((path.parent / case["input"]).read_bytes())
        errors = sorted({finding["code"] for finding in verifier.findings if finding["severity"] == "error"})
        if (state, errors) != (case["expect"]["state"], case["expect"]["errors"]):
            wrong.append((path.stem, state, errors))
    assert wrong == []


def test_both_verifiers_agree_on_damaged_bundles(judge, tmp_path):
    subprocess.run([sys.executable, CONFORMANCE / "differential.py", judge, "3000", "7"], cwd=tmp_path, check=True)
