"""Layer `directory`: a model directory and its bundle (directory.md). Cases of the full tier; each is a folder."""

from .build import AT, ADA, Bundle, artifact, body, digests, fixed, listing, says
from .cases import FULL

WEIGHTS = b"weights " * 100
BUNDLE = "experiment.expb"


def pointer(data, size=None, oid=None):
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid or digests(data)['sha256']}\nsize {len(data) if size is None else size}\n".encode()


def described(name="model.safetensors", data=WEIGHTS):
    return {"artifacts.json": fixed({"artifacts": [{"direction": "output", "role": "model", "digest": digests(data), "size": len(data), "path": name, "name": name}]})}


def bundle(outputs=None, sections=None, **members):
    result = Bundle()
    sections = described() if sections is None else sections
    result.record(body(sections, outputs=[artifact(WEIGHTS)] if outputs is None else outputs, **members), sections)
    return result


def add(suite):
    suite.in_layer("directory", "directory.md")
    case = lambda name, why, files, also=(), errors=(), **more: suite.case(name, why, files, errors=errors, also=also, tiers=[FULL], **more)
    one = bundle().bytes()
    case("verified", "the file is the one that was recorded", {BUNDLE: one, "model.safetensors": WEIGHTS})
    case("renamed", "bytes decide, not names", {BUNDLE: one, "weights-v2.bin": WEIGHTS})
    case("in-a-folder", "wherever it lies", {BUNDLE: one, "onnx/model.safetensors": WEIGHTS})
    case("two-copies", "both are it", {BUNDLE: one, "model.safetensors": WEIGHTS, "copy.safetensors": WEIGHTS})
    signed = bundle()
    signed.statement(says(next(data for name, data in signed.objects.items() if name.endswith("record.json"))))
    case("signed", "and somebody vouches for it", {BUNDLE: signed.bytes(), "model.safetensors": WEIGHTS}, state="signed")
    case("extra-file", "a file that no record knows", {BUNDLE: one, "model.safetensors": WEIGHTS, "README.md": b"# A model\n"}, ["directory.extra-file"])
    case("changed", "another file under the name of the output", {BUNDLE: one, "model.safetensors": WEIGHTS + b"!"}, errors=["artifact.changed"])
    case("truncated", "half of it", {BUNDLE: one, "model.safetensors": WEIGHTS[:400]}, errors=["artifact.changed"])
    case("emptied", "nothing of it", {BUNDLE: one, "model.safetensors": b""}, errors=["artifact.changed"])
    case("one-bit", "one bit of it", {BUNDLE: one, "model.safetensors": bytes([WEIGHTS[0] ^ 1]) + WEIGHTS[1:]}, errors=["artifact.changed"])
    case("no-bundle", "a folder without a bundle", {"model.safetensors": WEIGHTS}, errors=["directory.no-bundle"])
    case("bundle-of-another-name", "the bundle is found by its name", {"model.expb": one, "model.safetensors": WEIGHTS}, errors=["directory.no-bundle"])
    case("no-output", "the bundle belongs to another model", {BUNDLE: one, "README.md": b"# Empty\n"}, ["artifact.absent", "directory.extra-file"], ["directory.no-output"])
    case("pointer", "a Git LFS pointer says which bytes are meant", {BUNDLE: one, "model.safetensors": pointer(WEIGHTS)}, ["artifact.pointer"])
    case("pointer-to-other-bytes", "a pointer with another oid", {BUNDLE: one, "model.safetensors": pointer(b"other")}, errors=["artifact.changed"])
    case("pointer-with-another-size", "a pointer whose size contradicts the record", {BUNDLE: one, "model.safetensors": pointer(WEIGHTS, size=1)}, ["artifact.pointer"], errors=["digest.size"])
    case("pointer-with-extension", "an oid of other bytes than the file's", {BUNDLE: one, "model.safetensors": pointer(WEIGHTS).replace(b"oid ", b"ext-0-x sha256:" + b"0" * 64 + b"\noid ")}, errors=["artifact.changed"])
    case("pointer-with-carriage-returns", "a pointer is of one form", {BUNDLE: one, "model.safetensors": pointer(WEIGHTS).replace(b"\n", b"\r\n")}, errors=["artifact.changed"])
    case("link-inside", "a link to a file of the folder is read as that file", {BUNDLE: one, "model.safetensors": WEIGHTS, "latest.safetensors": "model.safetensors"})
    case("link-outside", "what it leads to is not passed on", {BUNDLE: one, "model.safetensors": WEIGHTS, "passwd": "../../../../../../../../etc/hostname"}, errors=["directory.symlink"])
    case("link-nowhere", "a link to nothing", {BUNDLE: one, "model.safetensors": WEIGHTS, "latest": "gone"}, errors=["directory.symlink"])
    case("output-is-a-link-outside", "the weights themselves lie elsewhere", {BUNDLE: one, "model.safetensors": "/dev/null"}, ["artifact.absent"], ["directory.symlink", "directory.no-output"])
    other = bundle(outputs=[artifact(b"other weights")], sections=described(data=b"other weights")).bytes()
    case("bundles-disagree", "one says that it is as it should be, another that it is not", {BUNDLE: one, "other.expb": other, "model.safetensors": WEIGHTS}, ["directory.extra-file"], errors=["directory.bundles-disagree"])
    case("second-bundle-broken", "a second bundle is checked too", {BUNDLE: one, "other.expb": one[:-1], "model.safetensors": WEIGHTS}, ["directory.extra-file"], errors=["container.truncated"])
    two = bundle(outputs=[artifact(WEIGHTS), artifact(b"tokens", "tokenizer")])
    case("output-absent", "an output that is nowhere in the folder", {BUNDLE: two.bytes(), "model.safetensors": WEIGHTS}, ["artifact.absent"])
    case("broken-bundle", "the bundle itself is damaged", {BUNDLE: one[:-30], "model.safetensors": WEIGHTS}, errors=["container.truncated"])
    tree = listing({"model.safetensors": WEIGHTS, "config.json": b"{}"})
    whole = bundle(outputs=[artifact(tree, form="tree")], sections={})
    whole.embed(tree)
    case("files-of-a-tree", "files of a folder that was put out", {BUNDLE: whole.bytes(), "model.safetensors": WEIGHTS, "config.json": b"{}"})
    case("ignore-list-of-the-producer", "nothing is left out because the producer asked for it", {BUNDLE: one, "model.safetensors": WEIGHTS, ".dockerignore": b"*\n", "evil.py": b"import os\n"}, ["directory.extra-file"])
    case("trusted", "and by whom", {BUNDLE: signed.bytes(), "model.safetensors": WEIGHTS}, state="trusted", signers=f"ada@example.org {ADA.line}\n", at=AT)
