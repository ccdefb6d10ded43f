"""Public suites of other projects, by path: `just peers --suites DIR`.

DIR holds clones of those that are to be run, under the names of their repositories:

- `JSONTestSuite` (nst/JSONTestSuite): what is not JSON is refused, what is JSON is read, but for what spec/json.md refuses beyond.
- `wycheproof` (C2SP/wycheproof): vectors of Ed25519.
- `ed25519-speccheck` (novifinancial/ed25519-speccheck): edge cases in which libraries differ.
- `dsse` (secure-systems-lab/dsse): envelopes; what they sign is what they say, and what spec/statements.md refuses beyond DSSE is refused.
- `sigstore-conformance` (sigstore/sigstore-conformance): Sigstore bundles of other kinds of keys and statements are none of ours.
- `libzip` (nih-at/libzip): archives that contradict themselves, and all others, are no bundles.

None of them is part of this repository.
"""

import base64
import json
import pathlib
import struct
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "conformance"))

from generate import build  # noqa: E402


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
    bundle = build.Bundle()
    bundle.record(build.body({"x.json": text}), {"x.json": text})
    return bundle.bytes()


def with_statement(text):
    """The smallest bundle with this text as a statement."""
    bundle = build.smallest()
    bundle.statement(text)
    return bundle.bytes()


def errors_of(judge, bundles):
    """The errors of each bundle, in the order of the report."""
    data = b"".join(struct.pack("<I", len(bundle)) + bundle for bundle in bundles)
    lines = subprocess.run([judge], input=data, capture_output=True, check=True).stdout.splitlines()
    return [[finding["code"] for finding in json.loads(line)["findings"] if finding["severity"] == "error"] for line in lines]


# What JSON allows and two readers could understand differently (spec/json.md, "Reading").
BEYOND_JSON = {"json.duplicate-key", "json.number", "json.encoding", "json.limit"}


def test_json_test_suite(suite, judge):
    files = sorted((suite("JSONTestSuite") / "test_parsing").glob("*.json"))
    counts, wrong = {"y": 0, "n": 0, "i": 0}, []
    for file, errors in zip(files, errors_of(judge, [in_bundle(file.read_bytes()) for file in files]), strict=True):
        codes, kind = set(errors), file.name[0]
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
    # Only the fourth holds without the cofactor and has neither a key nor an R of small order, and
    # canonical encodings.
    said = holds(ed25519, [(case["pub_key"], case["message"], case["signature"]) for case in cases])
    assert said == [index == 3 for index in range(len(cases))]


# What DSSE leaves open and spec/statements.md does not: one alphabet, one type of payload, one
# signature, a whole statement.
BEYOND_DSSE = {
    "single-signature": "statement.envelope", "url-safe-base64": "statement.base64", "payload-type-swapped": "statement.payload-type",
    "non-ascii-payload-type": "statement.payload-type", "empty-payload": "json.syntax", "empty-payload-type": "statement.payload-type",
    "threshold-two-distinct-keys": "signature.count", "threshold-two-one-key-twice": "signature.count",
    "threshold-two-without-keyids": "signature.count",
}


def test_dsse_vectors(suite, judge, ed25519):
    suite = json.loads((suite("dsse") / "testvectors" / "vectors.json").read_text())
    keys, vectors = suite["keys"], suite["vectors"]
    either_alphabet = lambda text: base64.b64decode(text.translate(str.maketrans("-_", "+/")))
    signatures = [
        (keys[signature["keyid"]]["public"], vector["pae"], either_alphabet(signature["sig"]).hex())
        for vector in vectors
        for signature in vector["envelope"]["signatures"]
        if "keyid" in signature
    ]
    assert all(holds(ed25519, signatures))
    files = [build.fixed({"dsseEnvelope": vector["envelope"], "mediaType": build.SIGSTORE}) for vector in vectors]
    said = {vector["id"]: errors for vector, errors in zip(vectors, errors_of(judge, map(with_statement, files)), strict=True)}
    print(f"{len(vectors)} envelopes, {len(signatures)} signatures")
    assert said == {name: [code] for name, code in BEYOND_DSSE.items()}


def test_sigstore_bundles_of_others(suite, judge):
    files = sorted((suite("sigstore-conformance") / "test" / "assets").rglob("*.sigstore*"))
    files = [file for file in files if file.is_file()]
    said = errors_of(judge, [with_statement(file.read_bytes()) for file in files])
    print(f"{len(files)} files")
    assert files and [file.name for file, errors in zip(files, said, strict=True) if not errors] == []


def test_archives_of_libzip(suite, judge):
    files = sorted(path for path in suite("libzip").rglob("*.zip") if path.is_file())
    said = errors_of(judge, [file.read_bytes() for file in files])
    print(f"{len(files)} archives")
    of_container = lambda errors: len(errors) == 1 and errors[0].startswith("container.")
    assert files and [(file.name, errors) for file, errors in zip(files, said, strict=True) if not of_container(errors)] == []
