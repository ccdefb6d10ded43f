"""Layer `directory`: folders that were put out, as their listings have them (directory.md)."""

from .build import Bundle, artifact, body, fixed, listing
from .cases import FULL
from .directory import BUNDLE

CHANGED, NO_OUTPUT, ABSENT, EXTRA = "artifact.changed", "directory.no-output", "artifact.absent", "directory.extra-file"
FILES = {"model.safetensors": b"weights " * 100, "config.json": b'{"layers": 3}', "README.md": b"# A model\n", ".gitattributes": b"* text\n", "empty.txt": b""}


def folder(files, role="model", embed=True, path="out", described=True):
    """A record that put out a folder."""
    tree = artifact(listing(files), role, form="tree")
    bundle = Bundle()
    text = fixed({"artifacts": [{"direction": "output", "role": role, "digest": tree["digest"], "form": "tree", **({"path": path} if path else {})}]})
    sections = {"artifacts.json": text} if described else {}
    bundle.record(body(sections, outputs=[tree]), sections)
    if embed:
        bundle.embed(listing(files))
    return bundle


def add(suite):
    suite.in_layer("directory", "directory.md#files")

    def case(name, why, files, also=(), errors=(), of=FILES, **more):
        suite.case(f"tree-{name}", why, {BUNDLE: folder(of, **more).bytes(), **files}, errors=errors, also=also, tiers=[FULL])

    def changed(name, content=b"something else"):
        return {**FILES, name: content}

    without = lambda *names: {name: data for name, data in FILES.items() if name not in names}
    in_out = lambda files: {f"out/{name}": data for name, data in files.items()}
    case("verified", "the folder as it was, at the top", FILES)
    case("verified-in-its-folder", "or in the folder that it was", in_out(FILES))
    case("verified-elsewhere", "bytes decide, not names", {f"somewhere/{name}": data for name, data in FILES.items()})
    case("weights-changed", "other weights at their path in the folder", changed("model.safetensors"), errors=[CHANGED])
    case("weights-changed-in-its-folder", "or below the folder's own path", in_out(changed("model.safetensors")), errors=[CHANGED])
    case("weights-deleted", "the folder without its weights belongs to no model", without("model.safetensors"), [ABSENT], [NO_OUTPUT])
    case("weights-renamed", "bytes decide, not names", {**without("model.safetensors"), "w.bin": FILES["model.safetensors"]})
    case("weights-moved-and-replaced", "the recorded weights were put aside, and others stand at their very path", {**changed("model.safetensors"), "old/model.safetensors": FILES["model.safetensors"]}, errors=[CHANGED])
    case("weights-by-last-name", "weights are recognised by the last name too", {**without("model.safetensors"), "v2/model.safetensors": b"something else"}, errors=[CHANGED])
    case("card-edited", "attaching edits the card, so it is another file and no more", changed("README.md"), [EXTRA])
    case("card-edited-in-its-folder", "attaching edits the card, so it is another file and no more", in_out(changed("README.md")), [EXTRA])
    case("attributes-edited", "as it does the attributes of git", changed(".gitattributes"), [EXTRA])
    case("configuration-edited", "another configuration is another model", changed("config.json"), errors=[CHANGED])
    case("configuration-edited-in-its-folder", "another configuration is another model", in_out(changed("config.json")), errors=[CHANGED])
    case("configuration-elsewhere", "a configuration is watched at its very path only", {**without("config.json"), "more/config.json": b"something else"}, [EXTRA])
    case("configuration-deleted", "what is only watched may be left out", without("config.json"))
    case("empty-file-filled", "an empty file is watched as well", changed("empty.txt"), errors=[CHANGED])
    case("nothing-of-it", "none of it is here", {"notes.txt": b"read"}, [ABSENT, EXTRA], [NO_OUTPUT])
    case("listing-elsewhere", "nobody knows what was in it, so nothing of it can be found", FILES, [ABSENT, EXTRA], [NO_OUTPUT], embed=False)
    case("listing-and-names-elsewhere", "where nobody says what it was called, anything that looks like weights stands there", FILES, [EXTRA], [CHANGED], embed=False, described=False)
    case("without-artifacts-json", "its files are known by the listing alone", FILES, described=False)
    case("without-a-path", "a folder that was the whole output", changed("config.json"), errors=[CHANGED], path=None)
    shards = {"a.bin": b"first half", "b.bin": b"second half", "index.json": b"{}"}
    case("one-shard-missing", "each file that looks like weights is expected", {name: data for name, data in shards.items() if name != "b.bin"}, [ABSENT], of=shards)
    case("one-shard-changed", "each file that looks like weights is expected", {**shards, "b.bin": b"other half!"}, errors=[CHANGED], of=shards)
    case("two-shards-missing", "and where none is here, the folder belongs to another model", {"index.json": b"{}"}, [ABSENT], [NO_OUTPUT], of=shards)
    plain = {"vocabulary.txt": b"one two", "merges.txt": b"t wo", "empty.txt": b""}
    case("without-weights", "where nothing looks like weights, each file that is not empty is expected", {"vocabulary.txt": b"one two", "empty.txt": b""}, [ABSENT], of=plain)
    case("without-weights-and-without-all", "where nothing looks like weights, each file that is not empty is expected", {"empty.txt": b""}, [ABSENT], [NO_OUTPUT], of=plain)
    case("of-a-tokenizer-absent", "a tokenizer is missed, and is no model", {"notes.txt": b"nothing of it"}, [ABSENT, EXTRA], of=plain, role="tokenizer")
    case("of-a-tokenizer-changed", "and changed like one", {**plain, "vocabulary.txt": b"three"}, errors=[CHANGED], of=plain, role="tokenizer")
