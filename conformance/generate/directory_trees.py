"""Layer `directory`: folders that were put out, as their listings have them, and weights in several files (directory.md)."""

import json

from .build import Bundle, artifact, listing
from .directory import CHANGED, NO_OUTPUT, NO_WEIGHTS, NOT_RELEASED, SHARD, TRUST, UNCOVERED, WEIGHTS, cases, run

FILES = {"model.safetensors": WEIGHTS, "config.json": b'{"layers": 3}', "README.md": b"# A model\n", ".gitattributes": b"* text\n", "empty.txt": b""}


def folder(files, role="model", embed=True):
    """A signed record that put out a folder."""
    bundle = Bundle()
    run(bundle, [artifact(listing(files), role, form="tree")])
    if embed:
        bundle.embed(listing(files))
    return bundle


def add(suite):
    case = cases(suite, "directory.md#what-covers")
    changed = lambda name, content=b"something else": {**FILES, name: content}
    without = lambda *names: {name: data for name, data in FILES.items() if name not in names}
    case("tree", "the files of a folder that was put out", folder(FILES), FILES, [NOT_RELEASED], state="trusted", **TRUST)
    case("tree-in-a-folder", "wherever they lie", folder(FILES), {f"out/{name}": data for name, data in FILES.items() if not name.startswith((".", "R"))}, [NOT_RELEASED], state="trusted", **TRUST)
    case("tree-weights-changed", "other weights at their path in the listing", folder(FILES), changed("model.safetensors"), [NO_WEIGHTS, NOT_RELEASED], [CHANGED])
    case("tree-weights-below", "or under their last name", folder(FILES), {**without("model.safetensors"), "v2/model.safetensors": b"something else"}, [NO_WEIGHTS, NOT_RELEASED], [CHANGED])
    case("tree-weights-deleted", "the folder without its weights belongs to no model", folder(FILES), without("model.safetensors"), [NO_WEIGHTS, NOT_RELEASED], [NO_OUTPUT])
    case("tree-card-edited", "a card does not count", folder(FILES), changed("README.md"), [NOT_RELEASED], state="signed")
    case("tree-configuration-edited", "another configuration is not covered", folder(FILES), changed("config.json"), [UNCOVERED, NOT_RELEASED], **TRUST)
    case("tree-configuration-deleted", "a record does not say what has to be here", folder(FILES), without("config.json"), [NOT_RELEASED], state="signed")
    case("tree-listing-withheld", "nobody knows what was in it, so nothing of it is covered", folder(FILES, embed=False), FILES, [UNCOVERED, NO_WEIGHTS], [NO_OUTPUT])
    case("tree-empty", "an empty folder covers no weights", folder({}), {"model.safetensors": WEIGHTS}, [UNCOVERED, NO_WEIGHTS], [NO_OUTPUT], **TRUST)
    case("tree-of-a-data-set", "any tree covers", folder(FILES, "dataset"), FILES, [NOT_RELEASED], state="signed")
    shards(suite)


def shards(suite):
    case = cases(suite, "directory.md#the-verdict")
    index = lambda *names, **more: json.dumps({"metadata": {}, "weight_map": {f"layer.{number}": name for number, name in enumerate(names)}, **more}).encode()
    halves = {"model-00001-of-00002.safetensors": b"first half", "model-00002-of-00002.safetensors": b"second half"}
    name = "model.safetensors.index.json"
    whole = {**halves, name: index(*halves)}
    case("shards", "what the index names is here and covered", folder(whole), whole, [NOT_RELEASED], state="trusted", **TRUST)
    case("shards-in-a-folder", "beside the index", folder(whole), {f"unet/{path}": data for path, data in whole.items()}, [NOT_RELEASED], state="trusted", **TRUST)
    first = {path: data for path, data in whole.items() if "00002-of" not in path}
    case("shard-missing", "the weights are not complete without it", folder(whole), first, [SHARD, NOT_RELEASED], **TRUST)
    case("shard-changed", "nor with other bytes in its place", folder(whole), {**whole, "model-00002-of-00002.safetensors": b"other half!"}, [SHARD, NOT_RELEASED], [CHANGED], **TRUST)
    for bad, names in {"outside": ["../model.safetensors"], "absolute": ["/etc/hostname"], "a-link": ["link"]}.items():
        files = {"model.safetensors": WEIGHTS, name: index("model.safetensors", *names)}
        case(f"shard-{bad}", "a shard lies in the folder", folder(files), files, [SHARD, NOT_RELEASED], **TRUST)
    for bad, text in {"no-json": b"{", "no-map": b"{}", "map-is-a-list": b'{"weight_map": []}', "name-is-a-number": b'{"weight_map": {"a": 1}}', "twice": b'{"weight_map": {}, "weight_map": {}}'}.items():
        files = {"model.safetensors": WEIGHTS, name: text}
        case(f"shards-index-{bad}", "an index that cannot be read names nothing, and that is said", folder(files), files, [SHARD, NOT_RELEASED], **TRUST)
    binary = {"pytorch_model.bin.index.json": index("a.bin"), "model.safetensors": WEIGHTS}
    for form in ("model.safetensors.index.fp16.json", "tf_model.h5.index.json", "flax_model.msgpack.index.json", "Model.Safetensors.Index.FP16.JSON"):
        files = {form: index("a.bin"), "model.safetensors": WEIGHTS}
        case(f"shards-index-{form.lower().replace('.', '-')}-{'as-is' if form.islower() else 'in-any-case'}", "an index of a variant, or of another format", folder(files), files, [SHARD, NOT_RELEASED], **TRUST)
    for form in ("model.safetensors.index.a.b.json", "vectors.index.json", "model.safetensors.json"):
        files = {form: index("a.bin"), "model.safetensors": WEIGHTS}
        case(f"shards-no-index-{form.replace('.', '-')}", "what has another name is no index", folder(files), files, [NOT_RELEASED], state="trusted", **TRUST)
    case("shards-of-another-form", "the older form of an index", folder(binary), binary, [SHARD, NOT_RELEASED], **TRUST)
