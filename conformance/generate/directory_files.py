"""Layer `directory`: which file stands where an output should, and pointers (directory.md)."""

from .build import ADA, AT, Bundle, artifact, body, digests, fixed, says
from .cases import FULL
from .directory import BUNDLE, WEIGHTS, pointer
from .lineage import described as describing, family

CHANGED, NO_OUTPUT = "artifact.changed", "directory.no-output"
ABSENT, EXTRA, POINTER = "artifact.absent", "directory.extra-file", "artifact.pointer"
OTHER = b"another " * 50


def model(data=WEIGHTS, role="model", path="model.safetensors", named=None, described=True, withheld=False, inputs=(), **changes):
    """A record with one output, and what `artifacts.json` says of it."""
    item = {**artifact(data, role), **changes}
    text = fixed({"artifacts": [{"direction": "output", "role": role, "digest": item["digest"], **({"path": path} if path else {}), **({"name": named} if named else {})}]})
    bundle = Bundle()
    sections = {"artifacts.json": text} if described else {}
    bundle.record(body(sections, outputs=[item], inputs=list(inputs)), {} if withheld else sections)
    return bundle


def add(suite):
    suite.in_layer("directory", "directory.md#files")

    def case(name, why, bundle, files, also=(), errors=(), **more):
        suite.case(name, why, {BUNDLE: bundle.bytes(), **files}, errors=errors, also=also, tiers=[FULL], **more)

    same = {"model.safetensors": WEIGHTS}
    case("size-differs", "the right digest, and a size that contradicts it", model(size=801), same, errors=["digest.size"])
    case("one-digest-differs", "one digest agrees and the other does not", model(digest={**digests(WEIGHTS), "sha256": "0" * 64}), same, errors=["artifact.digest-conflict"], digests="all")
    case("one-digest-differs-unasked", "SHA-256 is recomputed when asked", model(digest={**digests(WEIGHTS), "sha256": "0" * 64}), same)
    for algorithm in ("sha256", "blake3"):
        case(f"known-by-{algorithm}", "one digest is enough to recognise a file", model(digest={algorithm: digests(WEIGHTS)[algorithm]}), same)
    case("file-is-an-input", "what was taken in is known too", model(inputs=[artifact(OTHER, "config")]), {**same, "config.json": OTHER})
    for role in ("adapter", "checkpoint"):
        case(f"no-output-{role}", "weights of any kind", model(role=role), {"README.md": b"read"}, [ABSENT, EXTRA], [NO_OUTPUT])
    case("dataset-absent", "a data set need not travel with the model, and is missed", model(role="dataset", path="d.csv"), {"README.md": b"read"}, [ABSENT, EXTRA])
    case("figure-absent", "a figure need not", model(role="media", path="f.png"), {"README.md": b"read"}, [EXTRA])
    case("figure-changed", "what stands at the very path of an output is it, whatever its role", model(role="media", path="f.png"), {"f.png": b"other"}, errors=[CHANGED])
    case("figure-of-the-last-name", "a last name is nothing where the role carries no lineage", model(role="media", path="a/f.png"), {"b/f.png": b"other"}, [EXTRA])
    case("model-of-the-last-name", "weights are recognised by the last name too", model(path="out/model.bin"), {"model.bin": b"other"}, errors=[CHANGED])
    case("model-of-the-very-size", "weights are recognised by their size too", model(), {"x.dat": b"v" * len(WEIGHTS)}, errors=[CHANGED])
    case("model-of-nearly-the-size", "and by no other size", model(), {"x.dat": b"v" * (len(WEIGHTS) - 1)}, [ABSENT, EXTRA], [NO_OUTPUT])
    case("figure-of-the-very-size", "a size is nothing where the role carries no lineage", model(role="media", path="f.png"), {"x.dat": b"v" * len(WEIGHTS)}, [EXTRA])
    case("moved-and-replaced", "the recorded file was put aside, and another stands at its very path", model(), {"model.safetensors": OTHER, "backup/model.safetensors": WEIGHTS}, errors=[CHANGED])
    case("moved-and-another-of-its-name", "the recorded file is here, and another of its last name is another file", model(path="out/model.bin"), {"model.bin": OTHER, "out/moved.bin": WEIGHTS}, [EXTRA])
    case("figure-moved-and-replaced", "the very path counts for any output", model(role="media", path="f.png"), {"f.png": b"other", "old/f.png": WEIGHTS}, errors=[CHANGED])
    for ending in ("safetensors", "bin", "pt", "pth", "ckpt", "onnx", "gguf", "h5", "npz", "pkl"):
        case(f"artifacts-withheld-{ending}", "where nobody says what it was called, anything that looks like weights stands there", model(withheld=True), {f"w.{ending}": b"other"}, ["section.withheld"], [CHANGED])
    case("artifacts-withheld-upper-case", "endings are of any case", model(withheld=True), {"W.SafeTensors": b"other"}, ["section.withheld"], [CHANGED])
    for name in ("w.npy", "w.txt", "safetensors", "w.bin.txt"):
        case(f"artifacts-withheld-named-{name.replace('.', '-')}", "what does not look like weights stands nowhere", model(withheld=True), {name: b"other"}, ["section.withheld", ABSENT, EXTRA], [NO_OUTPUT])
    case("artifacts-withheld-and-here", "weights are recognised without a name", model(withheld=True), {"w.bin": WEIGHTS, "v.bin": OTHER}, ["section.withheld", EXTRA])
    case("artifacts-never-listed", "where nobody ever said what it was called, neither", model(described=False), {"w.bin": b"other"}, errors=[CHANGED])
    case("artifacts-without-a-path", "nor where `artifacts.json` does not", model(path=None), {"w.bin": b"other"}, errors=[CHANGED])
    case("model-of-its-name", "a name is a path too", model(path=None, named="model.onnx"), {"model.onnx": b"other"}, errors=[CHANGED])
    case("model-of-another-name", "and where there is one, another file is just that", model(path=None, named="model.onnx"), {"w.bin": b"other"}, [ABSENT, EXTRA], [NO_OUTPUT])
    ancestors(case)
    pointers(case)
    closed(case)
    other_bundles(suite, case)


def ancestors(case):
    x, y = artifact(WEIGHTS), artifact(OTHER)
    entry = lambda item, path: {"direction": "output", "role": "model", "digest": item["digest"], "path": path}
    chain = lambda: family({"outputs": [x], "on": 21, "end": 22, "sections": describing(entry(x, "a.bin"))}, {"inputs": [x], "outputs": [y], "sections": describing(entry(y, "b.bin"))})
    case("output-of-an-ancestor", "what an ancestor put out is somewhere else", chain(), {"b.bin": OTHER})
    case("output-of-an-ancestor-here", "and known where it is here", chain(), {"b.bin": OTHER, "base.bin": WEIGHTS})
    case("at-the-place-of-an-ancestor", "its path is nobody's", chain(), {"b.bin": OTHER, "a.bin": b"other"}, [EXTRA])
    two = family({"outputs": [x], "sections": describing(entry(x, "a.bin"))}, {"outputs": [y], "sections": describing(entry(y, "b.bin"))})
    case("two-heads", "two models in one folder", two, {"a.bin": WEIGHTS, "b.bin": OTHER})
    case("two-heads-of-which-one-is-here", "one of several models may travel alone", two, {"a.bin": WEIGHTS}, [ABSENT])
    circle = family({"inputs": [x], "outputs": [y], "on": None, "sections": describing(entry(y, "y.bin"))}, {"inputs": [y], "outputs": [x], "on": None, "sections": describing(entry(x, "x.bin"))})
    case("circle", "lineage is checked before files are", circle, {"x.bin": WEIGHTS, "y.bin": b"changed"}, errors=["lineage.cycle"])


def pointers(case):
    right = pointer(WEIGHTS)
    lines = right.splitlines(keepends=True)
    wrong = {
        "without-size": b"".join(lines[:2]), "size-before-oid": lines[0] + lines[2] + lines[1], "unknown-key": right + b"x y\n", "without-last-line-feed": right[:-1], "size-with-zero": right.replace(b"size 8", b"size 08"),
        "oid-in-capitals": pointer(WEIGHTS, oid=digests(WEIGHTS)["sha256"].upper()), "key-twice": right + lines[2], "not-ascii": right[:-1] + "é\n".encode(), "empty-line": right + b"\n", "oid-md5": right.replace(b"sha256:", b"md5:"),
        "of-1024-bytes": right + b"z " + b"z" * (1024 - len(right) - 3) + b"\n", "of-another-version": right.replace(b"spec/v1", b"spec/v2"), "with-space-at-the-end": right[:-1] + b" \n",
    }
    for name, text in wrong.items():
        case(f"pointer-{name}", "what begins like a pointer and breaks its form matches nothing", model(), {"model.safetensors": text}, errors=[CHANGED], clause="directory.md#git-lfs-pointers")
    case("pointer-under-another-name", "a pointer says which bytes are meant, whatever its name", model(), {"x": right}, [POINTER], clause="directory.md#git-lfs-pointers")
    case("pointer-that-was-recorded", "what is taken for a pointer is compared by what it points to, not by its own bytes", model(right), {"model.safetensors": right}, errors=[CHANGED], clause="directory.md#git-lfs-pointers")
    case("pointer-to-nothing-recorded", "a pointer to somebody else's file", model(), {"model.safetensors": WEIGHTS, "x": pointer(b"other")}, [EXTRA], clause="directory.md#git-lfs-pointers")
    case("pointer-to-what-is-known-by-blake3", "a pointer says a SHA-256, and the record none", model(digest={"blake3": digests(WEIGHTS)["blake3"]}), {"model.safetensors": right}, errors=[CHANGED], clause="directory.md#git-lfs-pointers")
    case("pointer-and-file", "what is claimed and what is proven", model(), {"model.safetensors": WEIGHTS, "copy": right}, [POINTER], clause="directory.md#git-lfs-pointers")


def closed(case):
    case("closed", "nothing is here that no record knows", model(), {"model.safetensors": WEIGHTS}, closed=True)
    case("closed-extra-file", "where nothing else may be here, a file that no record knows is an error", model(), {"model.safetensors": WEIGHTS, "evil.py": b"import os\n"}, errors=[EXTRA], closed=True)
    case("closed-pointer", "a pointer to a known file is known", model(), {"model.safetensors": pointer(WEIGHTS)}, [POINTER], closed=True)
    case("closed-second-bundle", "a second bundle is a file that no record knows", model(), {"model.safetensors": WEIGHTS, "b.expb": model().bytes()}, errors=[EXTRA], closed=True)
    case("closed-changed", "and a changed file is changed", model(), {"model.safetensors": OTHER}, errors=[CHANGED], closed=True)


def other_bundles(suite, case):
    unsigned = model(OTHER, path="other.bin")
    signed = model()
    signed.statement(says(next(data for name, data in signed.objects.items() if name.endswith("record.json"))))
    files = {"model.safetensors": WEIGHTS}
    clause = {"clause": "directory.md#other-bundles"}
    case("second-bundle-of-another-model", "each bundle speaks of its own files", model(), {**files, "b.expb": unsigned.bytes(), "other.bin": OTHER}, [EXTRA], **clause)
    case("second-bundle-unsigned", "the state is that of `experiment.expb`", signed, {**files, "b.expb": unsigned.bytes(), "other.bin": OTHER}, [EXTRA], require="signed", state="signed", **clause)
    case("second-bundle-in-a-folder", "bundles below the top are files", model(), {**files, "more/b.expb": b"no bundle at all"}, [EXTRA], **clause)
    case("pointer-and-bundles-disagree", "a pointer to what one bundle knows and another calls changed", model(), {"model.safetensors": pointer(WEIGHTS), "b.expb": model(OTHER).bytes()}, [EXTRA, POINTER], ["directory.bundles-disagree"], **clause)
    case("second-bundle-unknown", "signers of another bundle are not judged", signed, {**files, "b.expb": unsigned.bytes(), "other.bin": OTHER}, [EXTRA], signers=f"ada@example.org {ADA.line}\n", at=AT,
         state="trusted", **clause)
