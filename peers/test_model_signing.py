"""The same attacks on a model folder that `expbundle` released and that OpenSSF Model Signing signed, and what each of the two answers.

`ATTACKS` is the table of expectations. The first column of the table in SECURITY.md has its headings, and the last test compares the answers there with
those here. model_signing signs with an elliptic-curve key or a certificate, both offline, and is called by its command line with only the options that it
requires. Signing through Sigstore needs a network and is not tested.
"""

import base64
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import unicodedata

import model_signing
import pytest
from blake3 import blake3
from bundle import Bundle, write
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from model_signing._cli import main as model_signing_cli

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures" / "huggingface"
STORE = ROOT / "fixtures" / "mlflow" / "file-store-v3" / "mlruns"
# The run that made the weights of `digits-base-64`, and an older one of the same signer.
RUN, OLDER = "971d882522b546f6bc44c3ee5b26c9be", "0f721a15b0cf4b62b450603fa1d658cb"
MODELS = ["digits-base-64", "digits-finetuned", "model-repo"]
WEIGHTS = "model.safetensors"
# The fixture has no files like these, but many models do.
BESIDES = {
    "LICENSE": b"Apache-2.0\n",
    "notes/eval.txt": b"see the sweep\n",
    "onnx/model.onnx": b"the same in another format",
    "shards/model.safetensors.index.json": b'{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}',
    "shards/model-1.safetensors": b"one half",
    "shards/model-2.safetensors": b"the other half",
    "tokenizer.json": b'{"version": "1.0"}',
    unicodedata.normalize("NFC", "modèle.txt"): b"le mod\xc3\xa8le\n",
}
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:6f33d9b05e7847e0b0f878655f25460bc6ccc0888e24b1c6ae93f39b3c5d0f34\nsize 19560\n"


class Ours:
    """A folder released by `expbundle attach --key`, and what `expbundle verify --trust signers --require trusted` answers."""

    signature = "experiment.expb"

    def __init__(self, base, folder, keys):
        self.base, self.folder, self.keys, self.signers = base / type(self).__name__, folder, keys, keys / "signers"

    def run(self, *arguments):
        return subprocess.run([os.environ["EXPBUNDLE"], *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)

    def sign(self, folder, key="ada", run=None):
        # Attackers attach what did not make the weights, too.
        act = ["release", folder] if run is None else ["attach", folder, self.keys / f"{run}.expb", "--unrelated"]
        # Two releases within one second would have no order here.
        at = ["--at", "2025-01-01T00:00:00Z"] if run == "older" else []
        done = self.run(*act, "--key", self.keys / key, "--yes", *at)
        assert done.returncode == 0, done.stderr

    def verify(self):
        """The answer: the state, and the codes of all findings but what is unknown of the inputs of the run."""
        done = self.run("verify", self.folder, "--trust", self.signers, "--require", "trusted", "--json")
        if not done.stdout:
            return f"no answer: {done.stderr}"
        report = json.loads(done.stdout)
        assert done.returncode == {"trusted": 0, "malformed": 1, "refused": 2, "intact": 3, "signed": 3}[report["state"]], "the exit status is that of the state"
        shown = [finding for finding in report["findings"] if finding["severity"] != "info" or not finding["code"].startswith("lineage.")]
        codes = {finding["code"] for finding in shown} - {"policy.state"}
        return " ".join([report["state"], *sorted(codes)])

    def accepts(self, answer):
        return answer.split()[0] == "trusted"

    def trust(self, options):
        self.signers = self.keys / "other-signers"
        self.signers.write_text(f"ada@example.org {options} {(self.keys / 'ada.pub').read_text()}")

    def ignore(self, name):
        """There is nothing that a signer could leave out."""

    def expired(self):
        self.trust('namespaces="expbundle",valid-before="20200101Z"')

    def not_yet_valid(self):
        self.trust('namespaces="expbundle",valid-after="20990101Z"')

    def for_another_purpose(self):
        self.trust('namespaces="git"')

    def edit(self, before, after):
        """Changes a path in the listing that is signed; all names fit again, as far as that goes without the key."""
        content = Bundle(self.folder / self.signature).entries
        statement = self.latest_release(content)
        listing = f"artifacts/{self.payload(content[statement])['subject'][0]['digest']['blake3']}"
        changed = content.pop(listing).replace(f" {before}\n".encode(), f" {after}\n".encode())
        assert before.encode() in Bundle(self.folder / self.signature).entries[listing]
        name = blake3(changed).hexdigest()
        content[f"artifacts/{name}"] = changed
        file = json.loads(content.pop(statement))
        payload = json.loads(base64.b64decode(file["dsseEnvelope"]["payload"]))
        payload["subject"][0]["digest"] = {"blake3": name, "sha256": hash_of(changed)}
        self.put(content, file, payload)

    def accept_changed(self, name):
        """Changes the digests of a file in the listing, which keeps its name."""
        content = Bundle(self.folder / self.signature).entries
        listing = f"artifacts/{self.payload(content[self.latest_release(content)])['subject'][0]['digest']['blake3']}"
        data = (self.folder / name).read_bytes()
        lines = content[listing].decode().splitlines(keepends=True)
        [line] = [line for line in lines if line.endswith(f" {name}\n")]
        content[listing] = content[listing].replace(line.encode(), f"{blake3(data).hexdigest()} {hash_of(data)} {len(data)} {name}\n".encode())
        write(self.folder / self.signature, content)

    def pretend(self):
        """Writes the trusted signer's key into a release that a stranger signed."""
        content = Bundle(self.folder / self.signature).entries
        [name] = self.releases(content)
        signed = Bundle(self.base / "other" / self.signature).entries
        [other] = [json.loads(signed[name]) for name in self.releases(signed)]
        file = json.loads(content.pop(name))
        payload = self.payload(json.dumps(file))
        payload["predicate"]["signer"]["publicKey"] = " ".join((self.keys / "ada.pub").read_text().split()[:2])
        file["dsseEnvelope"]["signatures"][0]["keyid"] = other["dsseEnvelope"]["signatures"][0]["keyid"]
        self.put(content, file, payload)

    def put(self, content, file, payload):
        file["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
        data = json.dumps(file).encode()
        content[f"statements/{blake3(data).hexdigest()}.json"] = data
        write(self.folder / self.signature, content)

    def payload(self, file):
        return json.loads(base64.b64decode(json.loads(file)["dsseEnvelope"]["payload"]))

    def releases(self, content):
        statements = [name for name in content if name.startswith("statements/")]
        return [name for name in statements if self.payload(content[name])["predicateType"].endswith("/release/v1")]

    def latest_release(self, content):
        return max(self.releases(content), key=lambda name: self.payload(content[name])["predicate"]["created"])

    def reformat(self):
        content = Bundle(self.folder / self.signature).entries
        name = self.latest_release(content)
        content[name] = json.dumps(json.loads(content[name]), indent=4).encode()
        write(self.folder / self.signature, content)

    def without_release(self):
        content = Bundle(self.folder / self.signature).entries
        for name in self.releases(content):
            listing = self.payload(content.pop(name))["subject"][0]["digest"]["blake3"]
            content.pop(f"artifacts/{listing}", None)
        write(self.folder / self.signature, content)


class Theirs:
    """A folder signed by `model_signing sign key`, and what `model_signing verify key` answers."""

    signature = "model.sig"

    def __init__(self, base, folder, keys):
        self.base, self.folder, self.keys, self.by = base / type(self).__name__, folder, keys, ["key", "--public_key", keys / "ada.ec.pub"]

    def run(self, *arguments):
        return CliRunner().invoke(model_signing_cli, list(map(str, arguments)))

    def sign(self, folder, key="ada", run=None, ignored=()):
        ignore = [word for path in ignored for word in ("--ignore-paths", folder / path)]
        done = self.run("sign", "key", folder, "--signature", folder / self.signature, "--private_key", self.keys / f"{key}.ec", *ignore)
        assert done.exit_code == 0, done.output

    def verify(self):
        """The answer: what it prints, which begins with `Verification succeeded` if the exit status is 0, and not otherwise."""
        method, *by = self.by
        done = self.run("verify", method, self.folder, "--signature", self.folder / self.signature, *by)
        assert (done.exit_code == 0) == (done.output == "Verification succeeded\n"), done.output
        assert done.exit_code in (0, 1), done.output
        return done.output

    def accepts(self, answer):
        return answer == "Verification succeeded\n"

    def certified(self, begins, ends, digital_signature=True):
        """Signs with a certificate instead, issued by a root that is trusted."""
        root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        root_name, name = (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)]) for text in ("root", "ada"))

        def certificate(subject, public, begins, ends, extensions):
            builder = x509.CertificateBuilder(root_name, subject, public, x509.random_serial_number(), begins, ends)
            for extension in extensions:
                builder = builder.add_extension(extension, critical=True)
            return builder.sign(root_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

        others = dict.fromkeys(["content_commitment", "data_encipherment", "key_agreement", "crl_sign", "encipher_only", "decipher_only"], False)
        signs = x509.KeyUsage(digital_signature=digital_signature, key_encipherment=not digital_signature, key_cert_sign=False, **others)
        issues = x509.KeyUsage(digital_signature=False, key_encipherment=False, key_cert_sign=True, **others)
        root = certificate(root_name, root_key.public_key(), year(2000), year(2200), [x509.BasicConstraints(True, None), issues])
        leaf = certificate(name, key.public_key(), begins, ends, [x509.BasicConstraints(False, None), signs])
        for file, content in {"root.pem": root, "leaf.pem": leaf, "leaf.ec": private_pem(key)}.items():
            (self.keys / file).write_bytes(content)
        by = ["--private_key", self.keys / "leaf.ec", "--signing_certificate", self.keys / "leaf.pem", "--certificate_chain", self.keys / "root.pem"]
        done = self.run("sign", "certificate", self.folder, "--signature", self.folder / self.signature, *by)
        assert done.exit_code == 0, done.output
        self.by = ["certificate", "--certificate_chain", self.keys / "root.pem"]

    def ignore(self, name):
        self.sign(self.folder, ignored=[name])

    def expired(self):
        self.certified(year(2020), year(2021))

    def not_yet_valid(self):
        self.certified(year(2099), year(2100))

    def for_another_purpose(self):
        self.certified(year(2020), year(2100), digital_signature=False)

    def edit(self, before, after):
        self.edit_resource(before, {"name": after})

    def accept_changed(self, name):
        self.edit_resource(name, {"digest": hash_of((self.folder / name).read_bytes())})

    def pretend(self):
        file = json.loads((self.folder / self.signature).read_text())
        other = json.loads((self.base / "other" / self.signature).read_text())
        file["verificationMaterial"] = other["verificationMaterial"]
        (self.folder / self.signature).write_text(json.dumps(file))

    def edit_resource(self, name, change):
        file = json.loads((self.folder / self.signature).read_text())
        payload = json.loads(base64.b64decode(file["dsseEnvelope"]["payload"]))
        [resource] = [resource for resource in payload["predicate"]["resources"] if resource["name"] == name]
        resource.update(change)
        # The digest over all digests is no secret either.
        digests = b"".join(bytes.fromhex(resource["digest"]) for resource in payload["predicate"]["resources"])
        payload["subject"][0]["digest"]["sha256"] = hash_of(digests)
        file["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
        (self.folder / self.signature).write_text(json.dumps(file))

    def reformat(self):
        path = self.folder / self.signature
        path.write_text(json.dumps(json.loads(path.read_text()), indent=4))

    def without_release(self):
        (self.folder / self.signature).unlink()


def year(number):
    return datetime.datetime(number, 1, 1, tzinfo=datetime.timezone.utc)


def private_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def hash_of(data):
    digest = hashes.Hash(hashes.SHA256())
    digest.update(data)
    return digest.finalize().hex()


# What an attacker does; each returns what is called with one side, `Ours` or `Theirs`, whose folder
# is a copy.


def flip(name):
    def act(side):
        data = bytearray((side.folder / name).read_bytes())
        data[len(data) // 2] ^= 1
        (side.folder / name).write_bytes(data)

    return act


def put(name, data=b"print('evil')\n"):
    def act(side):
        path = os.fsencode(side.folder) + b"/" + (name if isinstance(name, bytes) else name.encode())
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)

    return act


def cut(name, size):
    return lambda side: os.truncate(side.folder / name, size)


def append(name):
    return lambda side: put(name, (side.folder / name).read_bytes() + b" ")(side)


def remove(*names):
    return lambda side: [(side.folder / name).unlink() for name in names]


def move(name, to):
    def act(side):
        (side.folder / to).parent.mkdir(parents=True, exist_ok=True)
        (side.folder / name).rename(side.folder / to)

    return act


def swap(one, other):
    def act(side):
        a, b = (side.folder / one).read_bytes(), (side.folder / other).read_bytes()
        (side.folder / one).write_bytes(b)
        (side.folder / other).write_bytes(a)

    return act


def copy(name, to):
    return lambda side: put(to, (side.folder / name).read_bytes())(side)


def link(name, to):
    """A link in the place of a file, or a new one. `outside` is a copy of the file beside the folder."""

    def act(side):
        path, outside = side.folder / name, side.folder.parent / "outside"
        if path.exists():
            shutil.move(path, outside) if to in ("../outside", "absolute") else path.unlink()
        path.symlink_to(outside.resolve() if to == "absolute" else to)

    return act


def link_folder(name, to):
    def act(side):
        (side.folder / name).rename(side.folder / to)
        (side.folder / name).symlink_to(pathlib.Path(to).name if to[:2] != ".." else to)

    return act


def whole_folder_is_a_link(side):
    side.folder.rename(side.folder.parent / "elsewhere")
    side.folder.symlink_to("elsewhere")


def snapshot(side):
    """The folder as the Hub's own library lays it out in its cache."""
    repository = side.folder.parent / "models--team-a--digits"
    revision = repository / "snapshots" / ("0" * 40)
    (repository / "blobs").mkdir(parents=True)
    for path in [path for path in sorted(side.folder.rglob("*")) if path.is_file()]:
        blob, name = repository / "blobs" / hash_of(path.read_bytes()), revision / path.relative_to(side.folder)
        shutil.move(path, blob)
        name.parent.mkdir(parents=True, exist_ok=True)
        name.symlink_to(os.path.relpath(blob, name.parent))
    side.folder = revision


def fifo(name):
    def act(side):
        (side.folder / name).unlink(missing_ok=True)
        os.mkfifo(side.folder / name)

    return act


def folder_in_place(side):
    move(WEIGHTS, "x")(side)
    move("x", f"{WEIGHTS}/{WEIGHTS}")(side)


def hard_link(side):
    path = side.folder / WEIGHTS
    os.link(path, side.folder.parent / "other-name")


def signature_of(other):
    """The signature of another folder of the same signer."""
    return lambda side: shutil.copy(side.base / other / side.signature, side.folder)


def files_of(other):
    def act(side):
        for path in side.folder.rglob("*"):
            if path.is_file() and path.name != side.signature:
                path.unlink()
        ignore = shutil.ignore_patterns(side.signature)
        shutil.copytree(side.base / other, side.folder, dirs_exist_ok=True, ignore=ignore)

    return act


def no_signature(side):
    (side.folder / side.signature).unlink()


def signed_by_a_stranger(side):
    flip(WEIGHTS)(side)
    no_signature(side)
    side.sign(side.folder, "eve", "run")


def signed_by_a_stranger_alone(side):
    """Nothing of the signer's is left."""
    flip(WEIGHTS)(side)
    no_signature(side)
    side.sign(side.folder, "eve")


def both(*acts):
    return lambda side: [act(side) for act in acts]



UNCOVERED = [name for name in ["config.json", *BESIDES] if name != "LICENSE"]
OK = "Verification succeeded"
CHANGED, EXTRA, GONE, LINK, SPECIAL = "Hash mismatch for", "Extra files found", "Missing files", "because it is a symlink", "It could be a special file"
ADDED = "intact directory.uncovered"
NOTHING = "intact directory.no-weights directory.shard directory.uncovered"
RENAMED = "malformed directory.missing directory.uncovered"

# By the heading of the row in SECURITY.md: attack, what it does, answer of expbundle, part of the
# answer of model_signing.
ATTACKS = {
    "a file changed, truncated, emptied or swapped with another": [
        ("weights-one-bit", flip(WEIGHTS), "malformed artifact.changed", CHANGED),
        ("weights-cut-off", cut(WEIGHTS, 19559), "malformed artifact.changed", CHANGED),
        ("weights-longer", append(WEIGHTS), "malformed artifact.changed", CHANGED),
        ("weights-emptied", cut(WEIGHTS, 0), "malformed artifact.changed", CHANGED),
        ("weights-of-another-model", copy("onnx/model.onnx", WEIGHTS), "malformed artifact.changed", CHANGED),
        ("weights-of-an-older-run", lambda side: shutil.copy(side.base / "old" / WEIGHTS, side.folder), "malformed artifact.changed", CHANGED),
        ("config", append("config.json"), "malformed artifact.changed", CHANGED),
        ("tokenizer", flip("tokenizer.json"), "malformed artifact.changed", CHANGED),
        ("file-below", flip("onnx/model.onnx"), "malformed artifact.changed", CHANGED),
        ("text", flip("notes/eval.txt"), "malformed artifact.changed", CHANGED),
        ("two-swapped", swap("config.json", "tokenizer.json"), "malformed artifact.changed", CHANGED),
        ("blob-of-a-snapshot", both(snapshot, flip(WEIGHTS)), "malformed artifact.changed", LINK),
        ("shards-swapped", swap("shards/model-1.safetensors", "shards/model-2.safetensors"), "malformed artifact.changed directory.shard", CHANGED),
        ("shards-index", flip("shards/model.safetensors.index.json"), "malformed artifact.changed directory.shard", CHANGED),
        ("weights-swapped", swap(WEIGHTS, "onnx/model.onnx"), "malformed artifact.changed", CHANGED),
    ],
    "a file added: code, weights, settings, look-alike and odd names": [
        ("added-code", put("modeling.py"), ADDED, EXTRA),
        ("added-package", put("digits/__init__.py"), ADDED, EXTRA),
        ("added-bytecode", put("__pycache__/modeling.cpython-311.pyc"), ADDED, EXTRA),
        ("added-bin", put("pytorch_model.bin"), ADDED, EXTRA),
        ("added-safetensors", copy(WEIGHTS, "adapter_model.safetensors"), ADDED, EXTRA),
        ("added-second-model", both(copy(WEIGHTS, "evil/model.safetensors"), copy("config.json", "evil/config.json")), ADDED, EXTRA),
        ("added-index", put("model.safetensors.index.json", b'{"weight_map": {"a": "evil.safetensors"}}'), "intact directory.shard directory.uncovered", EXTRA),
        ("added-settings", put("adapter_config.json", b"{}"), ADDED, EXTRA),
        ("added-template", put("chat_template.jinja"), ADDED, EXTRA),
        ("added-requirements", put("requirements.txt", b"evil\n"), ADDED, EXTRA),
        ("added-empty", put("added_tokens.json", b""), ADDED, EXTRA),
        ("added-hidden", put(".hidden.py"), ADDED, EXTRA),
        ("added-in-cache", put(".cache/model.bin"), ADDED, EXTRA),
        ("added-in-hub-cache", put(".cache/huggingface/data.csv"), ADDED, EXTRA),
        ("added-git-below", put("onnx/.git/config"), ADDED, EXTRA),
        ("added-gitattributes-below", put("onnx/.gitattributes"), ADDED, EXTRA),
        ("added-gitmodules", put(".gitmodules"), ADDED, EXTRA),
        ("added-bundle-below", put("onnx/experiment.expb", b"PK"), ADDED, EXTRA),
        ("added-signature-below", put("onnx/model.sig", b"{}"), ADDED, EXTRA),
        ("added-pointer", put("pytorch_model.bin", POINTER.encode()), ADDED, EXTRA),
        ("readme-in-lower-case", put("readme.md"), "intact directory.alike", EXTRA),
        ("readme-below", put("onnx/README.md"), ADDED, EXTRA),
        ("readme-code", put("README.py"), ADDED, EXTRA),
        ("readme-folder", both(remove("README.md"), put("README.md/modeling.py")), ADDED, GONE),
        ("name-cyrillic", put("c\u043enfig.json"), ADDED, EXTRA),
        ("name-decomposed", put(unicodedata.normalize("NFD", "modèle.txt")), "intact directory.alike", EXTRA),
        ("name-in-upper-case", put("Config.json"), "intact directory.alike", EXTRA),
        ("name-folder-in-upper-case", put("ONNX/other.onnx"), "intact directory.alike", EXTRA),
        ("name-space-behind", put("config.json "), "intact directory.alike", EXTRA),
        ("name-dot-behind", put("config.json."), "intact directory.alike", EXTRA),
        ("name-invisible", put("config\u200b.json"), "intact directory.alike", EXTRA),
        ("name-backwards", put("config\u202enosj.py"), ADDED, EXTRA),
        ("name-space-before", put(" modeling.py"), ADDED, EXTRA),
        ("name-line-feed", put("modeling\n.py"), ADDED, EXTRA),
        ("name-backslash", put("onnx\\model.onnx"), ADDED, EXTRA),
        ("name-no-utf-8", put(b"model\xff.bin"), "intact directory.unreadable", EXTRA),
    ],
    "a file removed, renamed or moved": [
        ("removed-weights", remove(WEIGHTS), "malformed directory.missing", GONE),
        ("removed-shard", remove("shards/model-2.safetensors"), "malformed directory.missing directory.shard", GONE),
        ("removed-config", remove("config.json"), "malformed directory.missing", GONE),
        ("removed-all-but-weights", remove(*UNCOVERED), "malformed directory.missing", GONE),
        ("renamed-weights", move(WEIGHTS, "pytorch_model.bin"), RENAMED, EXTRA),
        ("renamed-decomposed", move(unicodedata.normalize("NFC", "modèle.txt"), unicodedata.normalize("NFD", "modèle.txt")), RENAMED, EXTRA),
        ("renamed-case", move("config.json", "Config.json"), RENAMED, EXTRA),
        ("moved-below", move(WEIGHTS, "onnx/model.safetensors"), RENAMED, EXTRA),
        ("moved-up", move("onnx/model.onnx", "model.onnx"), RENAMED, EXTRA),
        ("folder-renamed", move("onnx", "ONNX"), RENAMED, EXTRA),
        ("folder-in-place-of-file", folder_in_place, RENAMED, EXTRA),
    ],
    "a symlink or named pipe, added or in place of a file or folder": [
        (
            "link-to-a-file-inside",
            both(copy(WEIGHTS, "onnx/copy.bin"), link(WEIGHTS, "onnx/copy.bin")),
            "malformed directory.missing directory.symlink directory.uncovered",
            LINK,
        ),
        ("link-to-a-signed-file", link("config.json", "tokenizer.json"), "malformed directory.missing directory.symlink", LINK),
        ("link-outside", link(WEIGHTS, "../outside"), "malformed directory.missing directory.symlink", LINK),
        ("link-absolute", link(WEIGHTS, "absolute"), "malformed directory.missing directory.symlink", LINK),
        ("link-nowhere", link(WEIGHTS, "nowhere"), "malformed directory.missing directory.symlink", LINK),
        ("link-added", link("modeling.py", "/etc/hostname"), "intact directory.symlink", LINK),
        ("link-of-a-folder", link_folder("onnx", "onnx2"), "malformed directory.missing directory.symlink directory.uncovered", LINK),
        ("link-of-a-folder-outside", link_folder("onnx", "../onnx"), "malformed directory.missing directory.symlink", LINK),
        ("link-named-like-a-readme", both(remove("README.md"), link("README.md", "config.json")), "intact directory.symlink", LINK),
        ("link-named-git", link(".git", "onnx"), "intact directory.symlink", LINK),
        ("link-named-hub-cache", both(put(".cache/x"), remove(".cache/x"), link(".cache/huggingface", "../onnx")), "intact directory.symlink", LINK),
        ("pipe-in-place", fifo(WEIGHTS), "malformed directory.missing directory.unreadable", SPECIAL),
        ("pipe-added", fifo("pytorch_model.bin"), "intact directory.unreadable", SPECIAL),
    ],
    "a Git LFS pointer in place of a file": [
        ("pointer", put(WEIGHTS, POINTER.encode()), "intact artifact.pointer", CHANGED),
        ("pointer-to-other-bytes", put(WEIGHTS, POINTER.replace("6f33", "7f33").encode()), "malformed artifact.changed", CHANGED),
        ("pointer-cut-off", put(WEIGHTS, POINTER.encode()[:-1]), "malformed artifact.changed", CHANGED),
    ],
    "the signature removed, edited, made by another key, or taken from another folder or version": [
        ("signature-removed", no_signature, "refused directory.no-bundle", "No such file"),
        ("signature-emptied", lambda side: cut(side.signature, 0)(side), "refused container.not-a-bundle", "Verification failed"),
        ("signature-cut-off", lambda side: cut(side.signature, 500)(side), "malformed container.truncated", "Verification failed"),
        ("signature-of-another-model", signature_of("other"), "malformed artifact.changed directory.no-weights directory.shard directory.uncovered", EXTRA),
        ("signature-of-the-older-version", signature_of("old"), "malformed artifact.changed", CHANGED),
        (
            "signature-by-a-stranger",
            signed_by_a_stranger,
            "malformed artifact.changed directory.no-weights directory.shard directory.uncovered trust.unknown-signer",
            "Key mismatch",
        ),
        ("signature-by-a-stranger-alone", signed_by_a_stranger_alone, f"{NOTHING} trust.unknown-signer", "Key mismatch"),
        (
            "signature-by-a-stranger-in-her-name",
            both(signed_by_a_stranger_alone, lambda side: side.pretend()),
            "malformed container.unlisted signature.invalid",
            "Verification failed",
        ),
        ("signature-with-the-new-digest", both(flip(WEIGHTS), lambda side: side.accept_changed(WEIGHTS)), "malformed digest.artifact", "Verification failed"),
        ("signature-with-path-up", lambda side: side.edit("config.json", "../config.json"), "malformed container.unlisted signature.invalid", "Verification failed"),
        ("signature-with-path-absolute", lambda side: side.edit("config.json", "/etc/hostname"), "malformed container.unlisted signature.invalid", "Verification failed"),
        (
            "signature-with-path-added",
            both(move("config.json", "x.json"), lambda side: side.edit("config.json", "x.json")),
            "malformed container.unlisted signature.invalid",
            "Verification failed",
        ),
        ("older-files", files_of("old"), "malformed artifact.changed", CHANGED),
    ],
    "a key that the signer may not use for this": [
        ("key-for-another-purpose", lambda side: side.for_another_purpose(), f"{NOTHING} trust.namespace", "cannot be used for signing"),
    ],
    # Neither signature says which model was asked for, or that it is the newest; ours shows its
    # date.
    "an older version, or another model of the same signer, with its own valid signature": [
        ("older-files-and-signature", both(files_of("old"), signature_of("old")), "trusted", OK),
        ("other-files-and-signature", both(files_of("other"), signature_of("other")), "trusted", OK),
    ],
    # No loader reads them. Ours counts any others whose names begin with `.git`.
    "Git's own files at the top: `.git/`, `.gitattributes`, `.gitignore`": [
        ("git-folder", put(".git/hooks/post-checkout"), "trusted", OK),
        ("git-attributes", append(".gitattributes"), "trusted", OK),
        ("git-ignore", put(".gitignore", b"*.py\n"), "trusted", OK),
    ],
    # Nothing that a loader reads has changed.
    "an empty folder, a hard link": [
        ("empty-folder", lambda side: (side.folder / "empty").mkdir(), "trusted", OK),
        ("hard-link", hard_link, "trusted", OK),
    ],
    # Not counted by theirs unless the signer asks for it, but Python code may be there as anywhere.
    "a file added in `.github/`": [
        ("github-folder", put(".github/modeling.py"), ADDED, OK),
    ],
    # As the signer wanted. Ours has no such list, so that a verifier needs not look for one.
    "a file changed or added where the signer chose to ignore files": [
        ("ignored-changed", both(lambda side: side.ignore("notes"), flip("notes/eval.txt")), "malformed artifact.changed", OK),
        ("ignored-code-added", both(lambda side: side.ignore("notes"), put("notes/modeling.py")), ADDED, OK),
    ],
    # Ours has dates in the signers file. In theirs a bare key has none, and a certificate is judged
    # as of its first day.
    "a key that has expired or is not valid yet": [
        ("key-expired", lambda side: side.expired(), f"{NOTHING} trust.not-valid", OK),
        ("key-not-yet-valid", lambda side: side.not_yet_valid(), f"{NOTHING} trust.not-valid", OK),
    ],
    # Harmless. In a bundle every byte is hashed.
    "the signature file reformatted, with the same content": [
        ("signature-reformatted", lambda side: side.reformat(), "malformed container.unlisted digest.statement", OK),
    ],
    # Theirs is stricter. Ours does not count what no loader reads, so that a card can be edited
    # (spec/directory.md).
    "documentation changed, added or removed: `README.md`, `LICENSE`, `NOTICE`": [
        ("readme-changed", append("README.md"), "trusted", CHANGED),
        ("readme-removed", remove("README.md"), "trusted", GONE),
        ("licence-changed", append("LICENSE"), "trusted", CHANGED),
        ("notice-added", put("NOTICE"), "trusted", EXTRA),
    ],
    # Not of a model, but of a data set: `datasets` loads the files that its card chooses.
    "a card that chooses which files a loader of data sets reads": [
        ("readme-chooses-data", put("README.md", b"---\nconfigs:\n- config_name: default\n  data_files: notes/*\n---\n"), ADDED, CHANGED),
    ],
    # Theirs is stricter, and refuses a folder that was downloaded with `hf download --local-dir`
    # unless told to ignore these.
    "notes of the Hub's library in `.cache/huggingface/`, results in `.eval_results/`": [
        ("hub-cache", put(".cache/huggingface/download/config.json.metadata", b"1\n"), "trusted", EXTRA),
        ("hub-results", put(".eval_results/other.yaml", b"- a: 1\n"), "trusted", EXTRA),
    ],
    # Theirs is stricter: it looks at links before it ignores. Ours does not look into `.git/`; a
    # link that has this name itself is refused.
    "a symlink or named pipe in `.git/`": [
        ("link-in-git", both(put(".git/config"), link(".git/evil", "../config.json")), "trusted", LINK),
        ("pipe-in-git", both(put(".git/config"), fifo(".git/evil")), "trusted", SPECIAL),
    ],
    # Theirs is stricter. Ours follows the path that it is given, and no link below it.
    "the folder itself given as a symlink": [
        ("whole-folder-is-a-link", whole_folder_is_a_link, "trusted", LINK),
    ],
    # No attack. Ours follows links to the blobs of the same repository and no others; theirs
    # follows all or none.
    "an unchanged snapshot in the Hub's cache, whose files are symlinks": [
        ("snapshot", snapshot, "trusted", LINK),
    ],
    # Theirs is stricter: it has only one kind of signature. What runs made is trusted in ours
    # without a release, and the report says so.
    "the release removed from the bundle, and every file that no signed run made": [
        ("release-removed", both(lambda side: side.without_release(), remove(*UNCOVERED)), "trusted directory.not-released", "No such file"),
        (
            "release-removed-older-weights",
            both(lambda side: side.without_release(), remove(*UNCOVERED), lambda side: shutil.copy(side.base / "old" / WEIGHTS, side.folder)),
            "trusted directory.not-released",
            "No such file",
        ),
    ],
}

def state_of(side):
    """All that a verifier could see, so that no attack is accepted because it did nothing."""

    def look(path):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else path.is_symlink() and os.readlink(path)
        return os.fsencode(path), status.st_mode, status.st_nlink, content

    trust = side.signers if isinstance(side, Ours) else side.by
    return str(trust), [look(path) for path in sorted([side.folder, *side.folder.rglob("*")], key=os.fsencode)]


# In this order, so that the folder is first released with older weights.
VERSIONS = {"old": "older", "model": "run"}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Folders that were signed, by name, below `Ours` and `Theirs`; keys, and bundles of signed runs, below `keys`."""
    base = tmp_path_factory.mktemp("base")
    keys = base / "keys"
    keys.mkdir()
    ours, theirs = Ours(base, None, keys), Theirs(base, None, keys)
    for name in ("ada", "eve"):
        assert ours.run("keygen", "-o", keys / name).returncode == 0
        key = ec.generate_private_key(ec.SECP256R1())
        (keys / f"{name}.ec").write_bytes(private_pem(key))
        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        (keys / f"{name}.ec.pub").write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, spki))
    ours.signers.write_text(f'ada@example.org namespaces="expbundle" {(keys / "ada.pub").read_text()}')
    for name, run in {"run": RUN, "older": OLDER}.items():
        for command in (["convert", "mlflow", STORE, "--run", run, "-o"], ["sign", "--key", keys / "ada"]):
            assert ours.run(*command, keys / f"{name}.expb").returncode == 0
    [older] = STORE.glob(f"*/{OLDER}/artifacts/weights/{WEIGHTS}")
    for side in (ours, theirs):
        for name, run in VERSIONS.items():
            folder = side.base / name
            if name == "model":
                shutil.copytree(side.base / "old", folder)
                shutil.copy(FIXTURES / "digits-base-64" / WEIGHTS, folder)
            else:
                shutil.copytree(FIXTURES / "digits-base-64", folder)
                shutil.copy(older, folder)
                for path, content in BESIDES.items():
                    (folder / path).parent.mkdir(exist_ok=True)
                    (folder / path).write_bytes(content)
            side.sign(folder, run=run)
        shutil.copytree(FIXTURES / "digits-finetuned", side.base / "other")
        side.sign(side.base / "other")
    return base


@pytest.fixture(params=[Ours, Theirs], ids=["expbundle", "model_signing"])
def side(request, base, tmp_path):
    """A copy of the signed folder."""
    shutil.copytree(base / "keys", tmp_path / "keys")
    shutil.copytree(base / request.param.__name__ / "model", tmp_path / "model")
    return request.param(base, tmp_path / "model", tmp_path / "keys")


def cases():
    return [pytest.param(row, *attack, id=attack[0]) for row, attacks in ATTACKS.items() for attack in attacks]


@pytest.mark.parametrize("side_of", [Ours, Theirs], ids=["expbundle", "model_signing"])
@pytest.mark.parametrize("name", MODELS)
def test_each_fixture_is_signed_and_accepted_until_it_is_changed(side_of, name, base, tmp_path):
    shutil.copytree(FIXTURES / name, tmp_path / name)
    side = side_of(base, tmp_path / name, base / "keys")
    side.sign(side.folder)
    answer = side.verify()
    assert side.accepts(answer), answer
    flip(WEIGHTS)(side)
    answer = side.verify()
    assert not side.accepts(answer), answer


def test_an_untouched_folder_is_accepted(side):
    answer = side.verify()
    assert side.accepts(answer), answer


@pytest.mark.parametrize("name, attack, ours, theirs", [pytest.param(*attack, id=attack[0]) for attacks in ATTACKS.values() for attack in attacks])
def test_attack(side, name, attack, ours, theirs):
    before = state_of(side)
    attack(side)
    assert state_of(side) != before, "the attack did nothing"
    answer = side.verify()
    if isinstance(side, Ours):
        assert answer == ours
    else:
        assert theirs in answer


def test_nothing_left_out_of_a_bundle_helps(base, tmp_path):
    """The part of our signature that has no like in theirs: objects of the bundle, any of which an attacker may leave out."""
    shutil.copytree(base / "Ours" / "model", tmp_path / "model")
    side = Ours(base, tmp_path / "model", base / "keys")
    content = Bundle(side.folder / side.signature).entries
    assert len(content) > 15 and side.accepts(side.verify())
    flip(WEIGHTS)(side)
    for name in [name for name in content if name != "mimetype"]:
        write(side.folder / side.signature, {other: data for other, data in content.items() if other != name})
        answer = side.verify()
        assert not side.accepts(answer), f"without {name}: {answer}"


def test_pointers_are_not_released_but_signed_there(base, tmp_path):
    """Who forgot `git lfs pull` signs pointers with model_signing, and whoever has the weights is told that they are wrong."""
    for side_of in (Ours, Theirs):
        folder = tmp_path / side_of.__name__
        shutil.copytree(FIXTURES / "digits-base-64-pointers", folder)
        side = side_of(base, folder, base / "keys")
        if side_of is Ours:
            done = side.run("release", folder, "--key", side.keys / "ada", "--yes")
            assert done.returncode != 0 and "pointer" in done.stderr, done.stderr
            assert not (folder / side.signature).exists()
        else:
            side.sign(folder)
            assert side.verify().startswith(OK)
            shutil.copy(FIXTURES / "digits-base-64" / WEIGHTS, folder)
            assert CHANGED in side.verify()


def test_what_model_signing_can_be_asked_for(base, tmp_path):
    """Options for two of the differences: links are followed, and git's files are counted."""
    shutil.copytree(base / "Theirs" / "model", tmp_path / "model")
    side = Theirs(base, tmp_path / "model", base / "keys")
    snapshot(side)
    assert LINK in side.verify()
    side.by.append("--allow_symlinks")
    assert side.verify().startswith(OK)

    shutil.copytree(base / "Theirs" / "model", tmp_path / "other")
    side = Theirs(base, tmp_path / "other", base / "keys")
    put(".github/modeling.py")(side)
    assert side.verify().startswith(OK)
    # What was ignored when it was signed stays ignored, whatever the verifier asks for: the signer
    # has to ask too.
    side.by.append("--no-ignore-git-paths")
    assert side.verify().startswith(OK)
    signer = ["--private_key", side.keys / "ada.ec", "--no-ignore-git-paths"]
    assert side.run("sign", "key", side.folder, "--signature", side.folder / side.signature, *signer).exit_code == 0
    assert side.verify().startswith(OK)
    put(".github/other.py")(side)
    assert EXTRA in side.verify()


def test_security_md_says_what_is_so():
    """The table there has the headings of `ATTACKS`, in their order, and these answers."""
    text = (ROOT / "SECURITY.md").read_text()
    head = f"| attack | expbundle | model_signing {model_signing.__version__} |\n"
    assert head in text
    table = text.split(head)[1].split("\n\n")[0].splitlines()[1:]
    rows = []
    for row, attacks in ATTACKS.items():
        answers = {(ours.split()[0] == "trusted", theirs == OK) for _, _, ours, theirs in attacks}
        assert len(answers) == 1, f"{row}: one answer for a row"
        rows.append([row, *("accepted" if accepted else "refused" for accepted in answers.pop())])
    # A remark may follow the answer.
    assert [[cell.strip().split(":")[0] if number else cell.strip() for number, cell in enumerate(line.strip("|").split("|"))] for line in table] == rows
