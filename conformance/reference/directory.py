"""spec/directory.md: what covers the files of a model directory, and what that amounts to."""

import hashlib
import posixpath

import record as rules
import strict_json
from folder import is_index, unescaped
from refused import Refused

ERROR, WARNING, INFO = "error", "warning", "info"
WEIGHTS = tuple(f".{ending}" for ending in "bin caffemodel cbm ckpt engine ggml gguf h5 hdf5 joblib keras llamafile mlmodel mnn msgpack nemo npz onnx pb pdiparams pdparams pickle pkl pt pte pth ptl rknn safetensors skops t7 tflite torchscript trt ubj weights".split())
MODEL_ROLES = ("model", "adapter", "checkpoint")
# Releases that follow something which is not here, and of which it is found out what follows all of them.
MOST_CUT = 64


class Output:
    """A file that a record put out: an output, or a file of an output tree. `paths` are those of a model, `origin` tells whether it was made."""

    def __init__(self, digests, size, is_model=False, paths=(), origin="made"):
        self.digests, self.size, self.is_model, self.paths, self.origin = digests, size, is_model, paths, origin


class Directory:
    """A folder judged by a bundle without errors: `bundle` is the Verifier that read it, `trust` what it found."""

    def __init__(self, folder, bundle, trust):
        self.folder, self.bundle, self.trust = folder, bundle, trust
        self.found, self.covered, self.pointers, self.is_broken = [], set(), set(), False

    def say(self, code, place, severity=WARNING):
        self.found.append((code, severity, place))
        self.is_broken |= severity == ERROR

    def verify(self):
        """The state; findings are in `found`."""
        self.named = [output for identity in self.bundle.read if self.may_be_named(identity) for output in self.outputs(identity)]
        self.covering = [output for identity in self.bundle.read if self.covers(identity) for output in self.outputs(identity) if output.origin == "made"]
        releases = self.releases()
        self.release = self.held_to(releases)
        self.listed = self.listing(self.release) if self.release else None
        if self.release and self.listed is None:
            self.say("directory.no-listing", self.release["file"], ERROR)
        self.judge_files()
        self.unread()
        self.shards()
        return self.whole()

    # What covers.

    def authorships(self, identity):
        return [statement for statement in self.trust.said if statement["kind"] == "authorship" and statement["record"]["blake3"] == identity and not self.trust.contradicts(statement["record"]) and self.trust.counts(statement)]

    def may_be_named(self, identity):
        return not self.trust.has_file or bool(self.authorships(identity))

    def covers(self, identity):
        superseded = any(statement["record"]["blake3"] == identity for statement in self.trust.superseded)
        is_revoked = ("record", identity) in self.trust.revoked
        return bool(self.authorships(identity)) and not superseded and not is_revoked and not self.is_rejected(identity)

    def is_rejected(self, identity):
        latest = {}
        for statement in self.trust.said:
            if statement["kind"] == "review" and statement["record"]["blake3"] == identity and self.trust.counts(statement) and statement["created"] <= self.trust.at:
                matter = statement["key"], statement["predicate"].get("scope"), statement["predicate"].get("role")
                latest[matter] = max(statement, latest.get(matter, statement), key=date_severity_and_id)
        return any(statement["predicate"]["verdict"] == "rejected" for statement in latest.values())

    def outputs(self, identity):
        graph = self.bundle.graph
        for output in graph.outputs[identity]:
            is_model, origin = output.role in MODEL_ROLES, graph.origin(output)
            if not output.is_tree:
                digests = dict(output.names)
                yield Output(digests, output.size, is_model, self.paths(identity, digests) if is_model else (), origin)
                continue
            for path, names, size in graph.every_file(output):
                of_file = graph.origin(graph.file(output, path, names, size))
                is_weights = is_model and looks_like_weights(path)
                # Of a tree that was passed on every file was; of one of unknown origin none is known to be made.
                worst = "passed on" if "passed on" in (origin, of_file) else of_file if origin else None
                yield Output(dict(names), size, is_weights, [unescaped(path)] if is_weights else (), worst)

    def paths(self, identity, digests):
        """What `artifacts.json` calls an output."""
        items = [item for item in self.bundle.described(identity) if item["direction"] == "output" and is_same_set(item.get("digest") or {}, digests)]
        return [item[name] for item in items for name in ("path", "name") if item.get(name) is not None]

    def is_output(self, file, outputs):
        """Those that a file is, by its size and BLAKE3, or SHA-256 if that is all that is known; a pointer by what it points to."""
        if file.is_pointer:
            there = file.points_to
            return [output for output in outputs if there and (output.digests.get("sha256"), output.size) == (there["sha256"], there["size"])]
        return [output for output in outputs if output.size == file.size and self.agree(file.digests, output.digests)]

    def agree(self, digests, others):
        known = [name for name in ("blake3", "sha256") if others.get(name) is not None]
        compared = known if self.bundle.all_digests else known[:1]
        return bool(compared) and all(digests[name] == others[name] for name in compared)

    # Releases.

    def releases(self):
        """Those that count and were not replaced."""
        every = [statement for statement in self.trust.said if statement["kind"] == "release"]
        every = [release for release in every if not self.trust.is_apart(release)]
        # Without a signers file each key speaks for itself.
        keys = {None} if self.trust.has_file else {release["key"] for release in every}
        return [release for key in keys for release in self.last([release for release in every if key in (None, release["key"])])]

    def last(self, order):
        """Of the releases of one order those that count and were not replaced."""
        here = {statement["id"] for statement in self.trust.said if not self.trust.is_apart(statement)}
        counted = [release for release in order if self.trust.counts(release)]
        behind = {release["id"]: {release["id"], *(other["id"] for other in followed(release, order))} for release in order}
        named = {identity for release in counted for identity in behind[release["id"]] - {release["id"]}}
        left = [release for release in counted if release["id"] not in named]
        cut = {release["id"] for release in counted if not here.issuperset(release["predicate"].get("prev", []))}
        behind_all = [release for release in left if cut <= behind[release["id"]]]
        if not cut or behind_all and len(cut) <= MOST_CUT:
            return behind_all
        # Any of these may be the last.
        rivals = [release for release in left if cut & behind[release["id"]]]
        other = [release for release in rivals if not self.is_same_folder(self.listing(release))]
        return other or rivals

    def held_to(self, releases):
        """The release whose folder is the same, else the latest."""
        same = [release for release in releases if self.is_same_folder(self.listing(release))]
        return max(same or releases, key=date_and_id, default=None)

    def listing(self, release):
        """The files that a release lists, by path; None if its listing is not here, by both digests, or is none."""
        named = release["record"]
        content = self.bundle.sound_artifacts.get(named["blake3"])
        if content is None or hashlib.sha256(content).hexdigest() != named["sha256"]:
            return None
        try:
            return {unescaped(path): file for path, file in rules.listing(content).items()}
        except Refused:
            return None

    def is_same_folder(self, listed):
        folder = self.folder
        if listed is None or folder.links or folder.unreadable or folder.alike or set(listed) != set(folder.files):
            return False
        return all(not file.is_pointer and self.is_listed(file, listed[path]) for path, file in folder.files.items())

    def is_listed(self, file, listed):
        return bool(self.is_output(file, [Output(listed, listed["size"])]))

    # Files.

    def judge_files(self):
        folder = self.folder
        self.here = {name for file in folder.files.values() for name in self.names(file)}
        self.pointed_to = {name for file in folder.files.values() if file.is_pointer for name in self.names(file)}
        listed = self.listed or {}
        for path in sorted({*folder.files, *listed}, key=str.encode):
            if path in folder.files:
                self.judge(folder.files[path], listed.get(path))
            else:
                self.say("directory.missing", path, ERROR)

    def judge(self, file, listed):
        expected = [Output(listed, listed["size"])] if listed else [] if self.release else self.covering
        is_alike, is_known = file.path in self.folder.alike, bool(self.is_output(file, expected))
        # Without a release a pointer may also be to what a record put out that covers nothing.
        is_meant = is_known or not self.release and bool(self.is_output(file, self.named))
        if is_meant and is_alike:
            return
        if is_meant and file.is_pointer:
            self.pointers.add(file.path)
            self.say("artifact.pointer", file.path)
        elif is_known:
            self.covered.add(file.path)
        elif listed or not self.release and self.is_in_place_of_a_model(file):
            self.say("artifact.changed", file.path, ERROR)
        elif not is_alike:
            self.say("directory.uncovered", file.path)

    def names(self, file):
        """The digests of what is here, or is pointed to."""
        if file.is_pointer:
            return [("sha256", file.points_to["sha256"])] if file.points_to else []
        return [(name, file.digests[name]) for name in ("blake3", "sha256")]

    def is_model_here(self, model):
        # What has a BLAKE3 is known by that, unless a pointer stands for it.
        by_sha256 = self.pointed_to if model.digests.get("blake3") else self.here
        return ("blake3", model.digests.get("blake3")) in self.here or ("sha256", model.digests.get("sha256")) in by_sha256

    def is_in_place_of_a_model(self, file):
        if self.is_output(file, self.named):
            return False
        gone = [path for model in self.models() if not self.is_model_here(model) for path in model.paths]
        return any(file.path in model.paths for model in self.models()) or last_name(file.path) in map(last_name, gone)

    def models(self):
        return [output for output in self.named if output.is_model and output.origin != "passed on"]

    def unread(self):
        for path in sorted(self.folder.links, key=str.encode):
            self.say("directory.symlink", path)
        for path in sorted(self.folder.unreadable):
            self.say("directory.unreadable", path)
        for path in sorted(self.folder.alike, key=str.encode):
            self.say("directory.alike", path)

    def shards(self):
        self.lacks_shards = False
        for path, file in sorted(self.folder.files.items()):
            if file.is_pointer or not is_index(path):
                continue
            names = weight_map(file)
            for name in [path] if names is None else sorted({posixpath.join(posixpath.dirname(path), name) for name in names}):
                if names is None or name not in self.covered:
                    self.lacks_shards = True
                    self.say("directory.shard", name)

    # The verdict.

    def is_called_a_model(self, file):
        return any(output.is_model for output in self.is_output(file, self.named))

    def is_weights(self, file):
        return looks_like_weights(file.path) or self.is_called_a_model(file)

    def whole(self):
        folder = self.folder
        has_weights = any(self.is_weights(folder.files[path]) and folder.files[path].size for path in self.covered)
        if not has_weights:
            self.say("directory.no-weights", "")
        if not self.release and self.has_model() and not self.has_changed() and not any(self.is_here(file) for file in folder.files.values()):
            self.say("directory.no-output", "", ERROR)
        if self.covered and not self.release:
            self.say("directory.not-released", "", INFO)
        if self.is_broken:
            return "malformed"
        is_whole = len(self.covered) == len(folder.files) and not folder.links and not folder.unreadable and not folder.alike
        return ("trusted" if self.trust.has_file else "signed") if is_whole and has_weights and not self.lacks_shards else "intact"

    def has_model(self):
        """Whether a record that may be named has a model among its outputs."""
        graph = self.bundle.graph
        return any(output.role in MODEL_ROLES and graph.origin(output) != "passed on" for identity in self.bundle.read if self.may_be_named(identity) for output in graph.outputs[identity])

    def has_changed(self):
        return any(code == "artifact.changed" for code, _, _ in self.found)

    def is_here(self, file):
        return self.is_weights(file) and (bool(self.is_output(file, self.named)) or file.path in self.pointers)


def date_severity_and_id(review):
    severity = ["approved", "needs-changes", "rejected"].index(review["predicate"]["verdict"])
    return review["created"], severity, review["id"]


def date_and_id(statement):
    return statement["created"], statement["id"]


def followed(release, releases):
    """All that a release follows, by way of releases."""
    by_id, found, to_do = {other["id"]: other for other in releases}, {}, [release]
    while to_do:
        for identity in to_do.pop()["predicate"].get("prev", []):
            if identity in by_id and identity not in found:
                found[identity] = by_id[identity]
                to_do.append(by_id[identity])
    return list(found.values())


def is_same_set(digests, others):
    return all(digests.get(name) == others.get(name) for name in ("blake3", "sha256"))


def looks_like_weights(path):
    return rules.lower(path).endswith(WEIGHTS)


def last_name(path):
    return path.rsplit("/", 1)[-1]


def weight_map(file):
    """The shards that an index names, relative to its folder; None if it cannot be read."""
    if file.text is None:
        return None
    try:
        index = strict_json.parse(file.text)
    except Refused:
        return None
    shards = index.get("weight_map") if isinstance(index, dict) else None
    return list(shards.values()) if isinstance(shards, dict) and all(map(rules.is_text, shards.values())) else None
