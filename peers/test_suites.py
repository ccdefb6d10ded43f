"""Public suites of other projects, by path: `just peers --suites DIR`.

DIR holds clones of those that are to be run, under the names of their repositories:

- `JSONTestSuite` (nst/JSONTestSuite): what is no JSON is refused, what is JSON is read, but for what spec/json.md refuses beyond.
- `wycheproof` (C2SP/wycheproof): vectors of Ed25519.
- `ed25519-speccheck` (novifinancial/ed25519-speccheck): edge cases in which libraries differ.

None of them is part of this repository.
"""

import json
import pathlib
import struct
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture
def suite(request):
    folder = request.config.getoption("--suites")

    def path(name):
        if folder is None or not (pathlib.Path(folder) / name).is_dir():
            pytest.skip(f"no {name}; name a folder that holds it by --suites")
        return pathlib.Path(folder) / name

    return path


def in_bundle(text):
    """A bundle whose section `x.json` is this text."""
    import sys

    sys.path.insert(0, str(ROOT / "conformance"))
    from generate import build

    bundle = build.Bundle()
    bundle.record(build.body({"x.json": text}), {"x.json": text})
    return bundle.bytes()


# What JSON allows and two readers could understand differently (spec/json.md, "Reading").
BEYOND_JSON = {"json.duplicate-key", "json.number", "json.encoding", "json.limit"}


def test_json_test_suite(suite, judge):
    files = sorted((suite("JSONTestSuite") / "test_parsing").glob("*.json"))
    bundles = b"".join(struct.pack("<I", len(data)) + data for data in (in_bundle(file.read_bytes()) for file in files))
    lines = subprocess.run([judge], input=bundles, capture_output=True, check=True).stdout.splitlines()
    counts, wrong = {"y": 0, "n": 0, "i": 0}, []
    for file, line in zip(files, lines, strict=True):
        codes = {finding["code"] for finding in json.loads(line)["findings"] if finding["severity"] == "error"}
        kind = file.name[0]
        counts[kind] += 1
        if (kind == "n" and not codes) or (kind == "y" and codes - BEYOND_JSON):
            wrong.append((file.name, codes))
    print(counts)
    assert wrong == []


def holds(program, vectors):
    lines = "".join(f"{key} {message or '-'} {signature or '-'}\n" for key, message, signature in vectors)
    output = subprocess.run([program], input=lines, capture_output=True, text=True, check=True).stdout
    return [line == "true" for line in output.splitlines()]


def test_wycheproof_ed25519(suite, ed25519):
    groups = json.loads((suite("wycheproof") / "testvectors_v1" / "ed25519_test.json").read_text())["testGroups"]
    tests = [(group["publicKey"]["pk"], test) for group in groups for test in group["tests"]]
    said = holds(ed25519, [(key, test["msg"], test["sig"]) for key, test in tests])
    wrong = [test["tcId"] for (_, test), ok in zip(tests, said, strict=True) if ok != (test["result"] == "valid")]
    print(f"{len(tests)} vectors")
    assert wrong == []


def test_ed25519_speccheck(suite, ed25519):
    cases = json.loads((suite("ed25519-speccheck") / "cases.json").read_text())
    # Only the fourth holds without the cofactor and has neither a key nor an R of small order, and canonical encodings.
    said = holds(ed25519, [(case["pub_key"], case["message"], case["signature"]) for case in cases])
    assert said == [index == 3 for index in range(len(cases))]
