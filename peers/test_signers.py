"""Signers files: the suite by a second parser (conformance/reference/signers.py), and by OpenSSH.

Each signers file of conformance/generate/statement_signers.py, some hundred forms of lines, is given to `ssh-keygen -Y` with a signature by the
suite's author. Whoever is trusted here is trusted there. Where OpenSSH trusts and we do not, the reason is listed; a difference that is not
listed fails, and so does one that is listed and not there.
"""

import base64
import datetime
import fnmatch
import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "conformance" / "reference"))

import signers  # noqa: E402
from refused import Refused  # noqa: E402

CASES = [
    (path.stem, case, path.with_name(case["signers"]).read_bytes())
    for path in sorted((ROOT / "conformance" / "cases" / "statement").glob("signers-*.json"))
    for case in [json.loads(path.read_text())]
]

SKIPS = "OpenSSH skips a line that it cannot read, and goes on"
PATTERN = "a principal is shown as the signer's name, and a pattern names nobody"
HIDDEN = "OpenSSH reads bytes: to it, what cannot be seen is a letter"
BYTES = "OpenSSH reads bytes up to NUL, of whatever encoding, and takes a carriage return for a blank"
# What OpenSSH trusts and we do not: names of cases after `signers-`, and why.
STRICTER = {
    "bad-line-*": SKIPS,
    "cert-authority-*": SKIPS,
    "gpg-key": SKIPS,
    "key-of-ed25519-that-is-rsa": SKIPS,
    "option-after-flag": SKIPS,
    "rsa-key-*": SKIPS,
    "unknown-key-type-*": SKIPS,
    "weak-key-of-*": SKIPS,
    "pattern-*": PATTERN,
    "principal-and-pattern": PATTERN,
    "principal-star": PATTERN,
    "principal-with-question-mark": PATTERN,
    "character-*": HIDDEN,
    "byte-order-mark*": HIDDEN,
    "carriage-return-*": BYTES,
    "control-*": BYTES,
    "not-utf-8*": BYTES,
    "nul-*": BYTES,
    "principal-empty*": "OpenSSH ignores empty principals",
    "principal-of-blanks": "OpenSSH takes blanks for a name",
    "principal-quote-at-end": "OpenSSH lets a quote begin within a word",
    "principal-quote-before-key": "OpenSSH lets the closing quote end the word",
    "option-empty-*": "OpenSSH takes a comma too many where an option follows",
    "option-with-two-escaped-quotes": "OpenSSH reads a backslash before a quote",
    "time-of-second-6*": "OpenSSH counts on into the next minute",
    "time-that-is-none": "OpenSSH counts on into the next month",
    "time-with-small-z": "OpenSSH takes it for Z",
    "time-with-utc": "OpenSSH takes it for Z",
}


@pytest.fixture(scope="module")
def ada(tmp_path_factory):
    """The suite's author: the key, and a file that she signed with `ssh-keygen`."""
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"expbundle conformance ada").digest())
    folder = tmp_path_factory.mktemp("ada")
    key = folder / "key"
    key.touch(mode=0o600)
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    (folder / "message").write_bytes(b"a message")
    subprocess.run(["ssh-keygen", "-Y", "sign", "-q", "-n", "expbundle", "-f", key, folder / "message"], check=True, capture_output=True)
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), folder


def ssh_keygen(folder, file, at, *arguments):
    """UTC, as our times are."""
    command = ["ssh-keygen", "-Y", *arguments, "-f", file, "-s", folder / "message.sig", f"-Overify-time={at:%Y%m%d%H%M%S}"]
    return subprocess.run(command, capture_output=True, input=b"a message", env={**os.environ, "TZ": "UTC"})


def trusts(folder, file, at, principal):
    return ssh_keygen(folder, file, at, "verify", "-n", "expbundle", "-I", principal).returncode == 0


def ours(file, key, at):
    """Whom the second parser trusts; None if it refuses the file."""
    try:
        return signers.trusted(file, key, b"expbundle", at)
    except Refused:
        return None


def candidates(folder, file, at, text):
    """Names that OpenSSH might know the key by: what it says itself, and every word of the file."""
    said = ssh_keygen(folder, file, at, "find-principals").stdout.decode(errors="replace").splitlines()
    words = text.decode(errors="replace").replace("\0", "\n").replace('"', ",").replace("\n", ",").split(",")
    words += [part for word in words for part in word.split()]
    return [word for word in dict.fromkeys(said + words) if word and "AAAA" not in word]


def test_the_suite_by_a_second_parser(ada):
    key, _ = ada
    wrong = []
    for name, case, text in CASES:
        at = datetime.datetime.fromisoformat(case["at"])
        names = ours(text, key, at)
        expected = {None: None, "trusted": True, "intact": False}[case["expect"]["state"]]
        if (None if names is None else bool(names)) != expected:
            wrong.append((name, names, expected))
    assert not wrong
    assert len(CASES) > 200


def test_whoever_is_trusted_here_is_trusted_by_openssh(ada, tmp_path):
    key, folder = ada
    file = tmp_path / "signers"
    checked = 0
    for name, case, text in CASES:
        file.write_bytes(text)
        at = datetime.datetime.fromisoformat(case["at"])
        for principal in ours(text, key, at) or ():
            assert trusts(folder, file, at, principal), f"{name}: {principal}"
            checked += 1
    assert checked > 40


def test_where_openssh_trusts_more_is_known(ada, tmp_path):
    key, folder = ada
    file = tmp_path / "signers"
    more = set()
    for name, case, text in CASES:
        if case["expect"]["state"] == "trusted":
            continue
        file.write_bytes(text)
        at = datetime.datetime.fromisoformat(case["at"])
        if any(trusts(folder, file, at, principal) for principal in candidates(folder, file, at, text)):
            more.add(name)
    listed = {pattern: fnmatch.filter(more, f"signers-{pattern}") for pattern in STRICTER}
    assert sorted(more.difference(*listed.values())) == [], "OpenSSH trusts these, and no reason is listed"
    assert [pattern for pattern, names in listed.items() if not names] == [], "OpenSSH trusts none of these"


# Pieces of lines; what they are put together to is mostly wrong, and often only by one character.
PIECES = [
    "ada", "ada@example.org", '"ada"', '"Ada Lovelace,ada"', ",", " ", "\t", '"', "=", "\\", '\\"', "#", "!", "*", "?", "\r", "\n", "\u00a0", "\ufeff", "\0", "x",
    "KEY", "ssh-ed25519", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQA=", "cert-authority", "namespaces", 'namespaces="expbundle"', 'namespaces="*,!git"', 'namespaces="git"',
    'valid-after="20260101"', 'valid-before="20200101"', 'valid-before="20270101Z"', 'valid-before="20261201000060"', "NAMESPACES=", '"expbundle,git"', 'zone="moon"',
]
SOUND = ["ada KEY\n", 'ada namespaces="expbundle" KEY\n', 'ada,ben valid-after="20260101",valid-before="20270101Z",namespaces="exp*" KEY x\n', '"Ada Lovelace" KEY\n', "ben cert-authority KEY\n"]


def mutant(random):
    """A file of one or two lines, in which up to four places were changed."""
    text = "".join(random.choice(SOUND) for _ in range(random.randint(1, 2)))
    for _ in range(random.randint(0, 4)):
        at = random.randint(0, len(text))
        text = text[:at] + random.choice(["", random.choice(PIECES)]) + text[at + random.choice([0, 0, 1, 2, 10]) :]
    return text


def test_mutants_trusted_here_are_trusted_by_openssh(ada, tmp_path):
    key, folder = ada
    line = "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + key).decode()
    file = tmp_path / "signers"
    at = datetime.datetime(2026, 12, 1, tzinfo=datetime.timezone.utc)
    dice, trusted = random.Random(20261201), 0
    for _ in range(int(os.environ.get("MUTANTS", 2000))):
        text = mutant(dice).replace("KEY", line).encode()
        names = ours(text, key, at)
        if names:
            file.write_bytes(text)
            for principal in names:
                assert trusts(folder, file, at, principal), text
            trusted += 1
    assert trusted > 100
