"""Layer `directory`: links, and the Hub's cache (directory.md)."""

from .directory import BUNDLE, NO_OUTPUT, NO_WEIGHTS, NOT_RELEASED, OTHER, SYMLINK, UNCOVERED, WEIGHTS, cases, digests, model


def add(suite):
    case = cases(suite, "directory.md#paths")
    same = {"model.safetensors": WEIGHTS}
    links = {
        "link-to-a-file": {"latest.safetensors": "model.safetensors"}, "link-to-a-folder": {"sub/notes": "../model.safetensors", "link": "sub"}, "link-to-the-folder-itself": {"link": "."},
        "link-to-a-link": {"first": "second", "second": "model.safetensors"}, "link-up-and-down": {"sub/link": "../model.safetensors"}, "link-outside": {"passwd": "../../../../../../../../etc/hostname"},
        "link-nowhere": {"latest": "gone"}, "link-to-itself": {"link": "link"}, "link-to-a-folder-outside": {"link": "../recorded"}, "link-to-an-absolute-path": {"link": "/etc/hostname"},
        "link-of-documentation": {"README.md": "../recorded/model.safetensors"}, "link-of-a-second-bundle": {"other.expb": "../recorded/experiment.expb"},
        "link-like-the-cache": {"config.json": "../../blobs/" + "0" * 40},
    }
    for name, files in links.items():
        case(name, "links are not followed, wherever they lead", model(), {**same, **files}, [SYMLINK, NOT_RELEASED])
    case("link-of-the-folder-of-the-hub", "a folder that is left out is not reported as a link", model(), {**same, ".cache/huggingface": "../../recorded"}, [SYMLINK, NOT_RELEASED])
    case("link-in-place-of-the-weights", "nothing is known of what a link leads to", model(), {"model.safetensors": "/dev/null"}, [SYMLINK, NO_WEIGHTS], [NO_OUTPUT])
    case("link-to-the-weights", "nor if it leads to covered bytes", model(), {"model.safetensors": "store/w", "store/w": WEIGHTS}, [SYMLINK, NOT_RELEASED])
    behind = {"orig/model.safetensors": WEIGHTS, "weights": "evil", "evil/model.safetensors": OTHER}
    case("link-in-place-of-a-folder", "what is behind a link is not here, and where it leads it is covered by nothing", model(path="weights/model.safetensors"), behind, [SYMLINK, UNCOVERED, NOT_RELEASED])
    cache(suite)


def cache(suite):
    case = cases(suite, "directory.md#paths")
    blob = digests(WEIGHTS)["sha256"]

    def snapshot(name, why, links, also, errors=(), repository="models--ada--digits", blobs=None, **more):
        """A snapshot of the Hub's cache, and its blobs."""
        revision = f"{repository}/snapshots/0123456789abcdef0123456789abcdef01234567"
        stored = {blob: WEIGHTS, "0" * 40: model().bytes(), **(blobs or {})}
        files = {f"{repository}/blobs/{name}": data for name, data in stored.items()}
        files |= {f"{revision}/{path}": target for path, target in links.items()}
        case(name, why, None, files, also, errors, inside=revision, **more)

    whole = {BUNDLE: f"../../blobs/{'0' * 40}", "model.safetensors": f"../../blobs/{blob}"}
    snapshot("cache", "a snapshot of the Hub's cache is followed into the blobs of its repository", whole, [NOT_RELEASED], state="signed")
    snapshot("cache-in-a-folder", "also from a folder in the snapshot", {**whole, "onnx/model.onnx": f"../../../blobs/{blob}"}, [NOT_RELEASED], state="signed")
    snapshot("cache-elsewhere", "and nowhere else", {**whole, "config.json": "../../refs/main"}, [SYMLINK, NOT_RELEASED])
    snapshot("cache-behind-a-slash", "nor where a slash makes a folder of a blob: such a link cannot be opened", {**whole, "config.json": f"../../blobs/{blob}/"}, [SYMLINK, NOT_RELEASED])
    snapshot("cache-of-another-repository", "not into another repository", {**whole, "config.json": f"../../../models--eve--x/blobs/{'1' * 40}"}, [SYMLINK, NOT_RELEASED])
    snapshot("cache-of-another-name", "blobs are named by digests", {**whole, "config.json": "../../blobs/evil.py"}, [SYMLINK, NOT_RELEASED], blobs={"evil.py": b"x"})
    snapshot("cache-of-no-repository", "the folder above is one of the cache", {BUNDLE: model().bytes(), "model.safetensors": f"../../blobs/{blob}"}, [SYMLINK, NO_WEIGHTS], [NO_OUTPUT], repository="project")
