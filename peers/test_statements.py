"""Statements verify with tools that are not ours, and statements that those tools sign are accepted.

DSSE by securesystemslib, the Statement by in-toto-attestation.
"""

import base64
import hashlib
import json
import os
import subprocess
import zipfile

import pytest
from blake3 import blake3
from bundle import write
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from google.protobuf import json_format
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

SIGSTORE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD = "application/vnd.in-toto+json"


def expbundle(*arguments, status=0):
    done = subprocess.run([os.environ["EXPBUNDLE"], *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == status, done.stdout + done.stderr


@pytest.fixture
def signed(tmp_path):
    weights = tmp_path / "weights.bin"
    weights.write_bytes(b"weights")
    path = tmp_path / "a.expb"
    expbundle("create", "--title", "a run", "--output", weights, "-o", path)
    expbundle("keygen", "-o", tmp_path / "key")
    expbundle("sign", path, "--key", tmp_path / "key", "--name", "Ada")
    return path


def entries(path):
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def ssh_key(line):
    """The 32 bytes of `ssh-ed25519 AAAA…`."""
    blob = base64.b64decode(line.split()[1])
    return blob[-32:]


def sslib_key(raw, keyid):
    return SSlibKey(keyid, "ed25519", "ed25519", {"public": raw.hex()})


def only_statement(path):
    [(name, file)] = [(name, file) for name, file in entries(path).items() if name.startswith("statements/")]
    assert name == f"statements/{blake3(file).hexdigest()}.json"
    return json.loads(file)


def test_our_envelope_verifies_with_securesystemslib_and_in_toto(signed):
    file = only_statement(signed)
    keyid = file["dsseEnvelope"]["signatures"][0]["keyid"]
    # `from_dict` takes what it is given apart.
    envelope = Envelope.from_dict(file["dsseEnvelope"])
    payload = json.loads(envelope.payload)
    signer = payload["predicate"]["signer"]["publicKey"]
    key = sslib_key(ssh_key(signer), keyid)
    assert keyid in envelope.verify([key], 1)

    statement = json_format.Parse(envelope.payload, statement_pb2.Statement())
    Statement.copy_from_pb(statement).validate()
    weights = hashlib.sha256(b"weights").hexdigest()
    assert any(subject.digest.get("sha256") == weights for subject in statement.subject), "the weights are a subject"

    envelope.payload = envelope.payload.replace(b"Ada", b"Eve")
    with pytest.raises(VerificationError):
        envelope.verify([key], 1)


def test_an_envelope_signed_by_securesystemslib_is_accepted(signed, tmp_path):
    content = entries(signed)
    [record] = [data for name, data in content.items() if name.endswith("/record.json")]
    unsigned = {name: data for name, data in content.items() if not name.startswith("statements/")}
    write(signed, unsigned)
    expbundle("verify", signed, "--require", "signed", status=3)

    signer = CryptoSigner.generate_ed25519()
    raw = bytes.fromhex(signer.public_key.keyval["public"]) if not signer.public_key.keyval["public"].startswith("---") else None
    if raw is None:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

        pem = load_pem_public_key(signer.public_key.keyval["public"].encode())
        raw = pem.public_bytes(Encoding.Raw, PublicFormat.Raw)
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + raw
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "record.json", "digest": {"blake3": blake3(record).hexdigest(), "sha256": hashlib.sha256(record).hexdigest()}}],
        "predicateType": "https://expbundle.github.io/statement/authorship/v1",
        "predicate": {
            "created": "2026-11-23T10:00:00Z",
            "signer": {"publicKey": f"ssh-ed25519 {base64.b64encode(blob).decode()}"},
            "prev": [],
        },
    }
    envelope = Envelope(json.dumps(statement).encode(), PAYLOAD, {})
    envelope.sign(signer)
    file = json.dumps({"mediaType": SIGSTORE, "verificationMaterial": {}, "dsseEnvelope": envelope.to_dict()}).encode()
    write(signed, {**unsigned, f"statements/{blake3(file).hexdigest()}.json": file})
    expbundle("verify", signed, "--require", "signed")

    # One bit of the signature, under the file's own new name.
    spoiled = json.loads(file)
    signature = bytearray(base64.b64decode(spoiled["dsseEnvelope"]["signatures"][0]["sig"]))
    signature[0] ^= 1
    spoiled["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(signature).decode()
    file = json.dumps(spoiled).encode()
    write(signed, {**unsigned, f"statements/{blake3(file).hexdigest()}.json": file})
    expbundle("verify", signed, status=1)
