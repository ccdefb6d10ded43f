"""The conformance suite by its own tools: the generator writes what is committed, and the second verifier says what the cases expect."""

import json
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONFORMANCE = ROOT / "conformance"
sys.path.insert(0, str(CONFORMANCE / "reference"))

import verify  # noqa: E402
from refused import Refused  # noqa: E402


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


def answer(path, case, tier):
    """What the second verifier says of a case, in the form of `expect`."""
    signers = path.parent / case["signers"] if "signers" in case else None
    try:
        state, findings, exit_status = verify.verify(
            path.parent / case["input"], signers, case.get("at"), case.get("require"), case.get("digests", "blake3"), sha256_only=tier == "sha256"
        )
    except Refused:
        return {"state": None, "errors": [], "also": [], "exit": 2}
    errors = [finding["code"] for finding in findings if finding["severity"] == "error"]
    first = {"first": errors[0]} if len(set(errors)) > 1 else {}
    also = sorted({finding["code"] for finding in findings if finding["severity"] != "error"})
    return {"state": state, "errors": sorted(set(errors)), **first, "also": also, "exit": exit_status}


@pytest.mark.parametrize("tier", ["core", "sha256", "full"])
def test_the_second_verifier_passes_its_tier(tier):
    wrong = []
    for path, case in manifests(tier):
        said, expected = answer(path, case, tier), case["expect"]
        # The other tiers may report fewer warnings and infos.
        if said != (expected if tier == "full" else {**expected, "also": said["also"]}):
            wrong.append((path.stem, said))
    assert wrong == []


def test_both_verifiers_agree(judge, tmp_path):
    """On what is damaged or made up at random."""
    subprocess.run([sys.executable, CONFORMANCE / "differential.py", judge, "3000", "7"], cwd=tmp_path, check=True)


def test_both_verifiers_agree_on_wrong_types(judge, tmp_path):
    """Of every member of a record and of each kind of statement."""
    subprocess.run([sys.executable, CONFORMANCE / "wrong_types.py", judge], cwd=tmp_path, check=True)
