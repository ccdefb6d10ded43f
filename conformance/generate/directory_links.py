"""Layer `directory`: links, and folders of tools (directory.md)."""

from .cases import FULL
from .directory import BUNDLE, WEIGHTS
from .directory_files import EXTRA, OTHER, model

SYMLINK = "directory.symlink"


def add(suite):
    suite.in_layer("directory", "directory.md#links")
    case = lambda name, why, files, also=(), errors=(), **more: suite.case(name, why, files, errors=errors, also=also, tiers=[FULL], **more)
    one, weights = {BUNDLE: model().bytes()}, {"model.safetensors": WEIGHTS}
    inside = lambda name, why, files, *also: case(name, why, {**one, **files}, also)
    outside = lambda name, why, files, *also: case(name, why, {**one, **weights, **files}, also, [SYMLINK])
    inside("link-to-a-folder-inside", "links to folders are not followed, so nothing is read twice", {"sub/model.safetensors": WEIGHTS, "link": "sub"})
    inside("link-to-the-folder-itself", "nor without end", {**weights, "link": "."})
    inside("link-to-an-unknown-file", "a link is read as the file that it leads to", {**weights, "link": "notes.txt", "notes.txt": b"n"}, EXTRA)
    inside("link-to-a-link", "through several links", {**weights, "first": "second", "second": "model.safetensors"})
    inside("link-up-and-down", "a way that leads out and back in ends inside", {**weights, "sub/link": "../model.safetensors"})
    outside("link-to-a-folder-outside", "folders are no more part of what is passed on than files", {"link": "../verified"})
    outside("link-to-itself", "a link that ends nowhere", {"link": "link"})
    outside("link-to-a-link-outside", "through several links", {"first": "second", "second": "../verified/model.safetensors"})
    outside("link-to-an-absolute-path", "an absolute path lies outside on every other machine", {"link": "/etc/hostname"})
    inside("folder-of-the-hub", "the hub's own folder is no part of the model", {**weights, ".cache/huggingface/x": b"1"})
    inside("folders-like-those-of-tools", "only that one, and only at the top", {**weights, ".cache/x": b"1", "sub/.cache/huggingface/x": b"2", ".github/x": b"3"}, EXTRA)
    outside("folder-of-the-hub-is-a-link-outside", "a folder that is left out may not lead out either", {".cache/huggingface": "../../verified"})
    outside("folder-of-the-hub-is-a-link-nowhere", "nor nowhere", {".cache/huggingface": "gone"})
    # The bundle itself. Where it cannot be read, nothing more is said.
    case("bundle-is-a-link-inside", "a link to a file of the folder is read as that file", {BUNDLE: "store/bundle", "store/bundle": model().bytes(), **weights}, [EXTRA])
    case("bundle-is-a-link-outside", "what lies outside is not read, a bundle no more than weights", {BUNDLE: "../verified/experiment.expb"}, errors=[SYMLINK])
    case("bundle-is-a-link-nowhere", "a link to nothing", {BUNDLE: "gone.expb"}, errors=[SYMLINK])
    case("second-bundle-is-a-link-inside", "a second bundle is checked, also by way of a link", {**one, **weights, "other.expb": "store/other", "store/other": model(OTHER).bytes()}, [EXTRA], ["directory.bundles-disagree"])
    case("second-bundle-is-a-link-outside", "what lies outside is not read", {**one, **weights, "other.expb": "../broken-bundle/experiment.expb"}, errors=[SYMLINK])
