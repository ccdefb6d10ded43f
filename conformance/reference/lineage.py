"""spec/lineage.md, and the licences of spec/family.md: the graph of records, computed from what counts, and the findings of step 8."""

import functools
import hashlib
import itertools
import pathlib
import re
import tomllib
from dataclasses import dataclass

import licences
import record as rules

ERROR, WARNING, INFO = "error", "warning", "info"
SEVERITIES = {
    "container.limit": ERROR, "artifact.digest-conflict": ERROR, "lineage.parent-absent": INFO, "lineage.licence-unknown": INFO, "lineage.licence-withheld": WARNING,
    "lineage.licence-conflict": WARNING, "lineage.two-records": WARNING, "lineage.seen-twice": INFO, "lineage.cycle": ERROR, "lineage.child-before-parent": WARNING, "lineage.unaccounted-input": INFO,
}
MOST_LOOKS = 4_194_304
FEWEST_BYTES = 3
# Names, in lower case, that are the same for many, and beginnings and ends of such: spec/record.md,
# "Marks".
COMMON_NAMES = frozenset("""
    .dockerignore .ds_store .dvcignore .editorconfig .python-version __init__.py adapter_config.json added_tokens.json cachedir.tag chat_template.jinja chat_template.json
    conda.yaml config.json config_sentence_transformers.json desktop.ini dockerfile environment.yaml environment.yml feature_extractor_config.json
    generation_config.json image_processor_config.json input_example.json lookups.bin makefile merges.txt mlmodel model_index.json modules.json normalizer.json package.json
    preprocessor_config.json processor_config.json py.typed pyproject.toml python_env.yaml quantization_config.json quantize_config.json requirements.txt scaler.pt scheduler.pt scheduler_config.json sentence_bert_config.json
    sentencepiece.bpe.model sentencepiece.model serving_input_example.json setup.cfg source.spm special_tokens_map.json spiece.model spm.model target.spm tekken.json thumbs.db
    tokenizer.bin tokenizer.json tokenizer.model tokenizer_config.json training_args.bin video_preprocessor_config.json vocab.bpe vocab.json vocab.txt
""".split())
COMMON_STARTS = ("random_states", "rng_state", ".git")
DOCUMENT = re.compile("(authors|changelog|citation|contributing|copying|licence|license|notice|readme)(.*)", re.DOTALL)
TEXTS = (".html", ".pdf", ".rst", ".txt")
DATA = tuple(
    f".{ending}" for ending in """arrow avro bin bz2 caffemodel cbm ckpt csv engine feather ggml gguf gz h5 hdf5 joblib jsonl keras lance llamafile mds mlmodel mnn msgpack ndjson nemo
    npy npz onnx orc parquet pb pdiparams pdparams pickle pkl pt pte pth ptl rknn safetensors skops t7 tar tflite tfrecord tgz torchscript trt tsv ubj weights xz zip zst""".split()
)


@functools.cache
def specified(name):
    return tomllib.loads((pathlib.Path(__file__).resolve().parent.parent.parent / "spec" / name).read_text())


def registry():
    return specified("relations.toml")


def carries_lineage(role):
    return registry()["roles"].get(role, {}).get("lineage", False)


def may_go_on_beside(relation):
    return registry()["relations"].get(relation, {}).get("after") == "start"


def both_digests(data):
    from blake3 import blake3

    return {("blake3", blake3(data).hexdigest()), ("sha256", hashlib.sha256(data).hexdigest())}


def for_nothing():
    """Contents that tools write for nothing: spec/nothing.toml."""
    known = specified("nothing.toml")
    for text in (text + end for text in known["texts"] for end in ("", "\n", "\r\n")):
        yield text.encode()
        yield from (f"\ufeff{text}".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
    yield from ((text * times).encode() for text in known["repeated"] for times in range(1, known["most"] + 1))
    yield from (bytes(512 * blocks) for blocks in range(1, known["blocks"] + 1))
    yield from (bytes(1 << power) for power in range(known["largest"].bit_length()))
    yield from arrays(**known["npy"])
    yield from (bytes.fromhex(file) for files in known["files"].values() for file in files)


def arrays(types, sides, zeros):
    """Arrays of `numpy.save` that have no elements, or a few zeros."""
    empty = [("0,", 0), *((f"0, {side}", 0) for side in sides)]
    few = [("", 1), *((f"{count},", count) for count in zeros)]
    for (name, size), (shape, count) in itertools.product(types, empty + few):
        head = f"{{'descr': '{name}', 'fortran_order': False, 'shape': ({shape}), }}".ljust(117)
        yield b"\x93NUMPY\x01\x00v\x00" + head.encode() + b"\n" + bytes(count * size)


@functools.cache
def known_files():
    """The digests of no bytes, and of contents that tools write for nothing."""
    return both_digests(b""), set().union(*map(both_digests, for_nothing()))


def has_common_name(path):
    name = rules.lower(path.rstrip(" ").replace("\\", "/").rsplit("/", 1)[-1])
    return name in COMMON_NAMES or name.endswith((".md", ".py", ".index.json")) or name.startswith(COMMON_STARTS) or is_document(name)


def is_document(name):
    found = DOCUMENT.fullmatch(name)
    if not found or name.endswith(DATA):
        return False
    rest = found[2]
    goes_on = re.match("[a-z0-9_]", rest)
    return not goes_on or "." not in rest or rest.endswith(TEXTS)


def is_own(path, names, size):
    """Whether a file of a tree is not one that others have by chance."""
    return size >= FEWEST_BYTES and not is_hidden(path) and not has_common_name(path) and not names & known_files()[1]


def is_hidden(path):
    """Whether a part of a path begins with a dot."""
    return any(part.startswith(".") for part in path.replace("\\", "/").split("/"))


def names_of(digests):
    """A digest set as algorithms with digests."""
    return frozenset((name, digests[name]) for name in ("blake3", "sha256") if digests.get(name) is not None)


@dataclass(frozen=True)
class Artifact:
    """An input or output of a record, or a file of the tree that one is; role and marks are then those of the tree."""

    record: str
    names: frozenset
    size: int | None
    role: str
    common: bool = False
    passed_on: bool | None = None
    is_tree: bool = False
    path: str | None = None
    # Of a file of a tree: the names of the tree.
    tree: frozenset = frozenset()
    # Of a tree: whether its listing is here and has a file that others do not have by chance.
    has_own: bool = False

    @property
    def is_empty(self):
        return bool(self.names & known_files()[0])

    def proves(self):
        """Whether nobody else has these bytes by chance."""
        if not carries_lineage(self.role) or self.common or self.is_empty or self.names & known_files()[1]:
            return False
        return self.has_own if self.is_tree else self.size >= FEWEST_BYTES and (self.path is None or rules.lower(self.path).endswith(DATA) and not is_hidden(self.path) and not has_common_name(self.path))


def are_same(names, others):
    """The table of spec/digests.md: one digest equal, and none different."""
    return bool(names & others) and not conflict(names, others)


def conflict(names, others):
    ours, theirs = dict(names), dict(others)
    return bool(names & others) and any(ours[name] != theirs[name] for name in ours.keys() & theirs.keys())


class Lineage:
    """The graph of some records: `records` by id, digests of each `record.json`, items of `artifacts.json` (None if it is not here), listings by BLAKE3."""

    def __init__(self, records, sha256, described, listings, links, supersessions):
        self.records, self.sha256, self.described, self.listings = records, sha256, described, listings
        self.links = [link for link in links if link["record"]["blake3"] in records]
        self.supersessions = [statement for statement in supersessions if statement["record"]["blake3"] in records]
        self.found, self.read, self.inside, self.joining, self.own = [], {}, {}, {}, {}
        self.inputs, self.outputs = ({identity: self.whole(identity, way) for identity in sorted(records)} for way in ("inputs", "outputs"))
        self.disputed = set()

    def say(self, code, place):
        self.found.append((code, SEVERITIES[code], place))

    def findings(self):
        """In the order of the table: by code, then by record."""
        self.conflicts()
        self.declared()
        self.producers_by_name()
        self.proven()
        self.times()
        self.one_run()
        self.seen_twice()
        self.circles()
        self.licences()
        self.gaps()
        order = list(SEVERITIES)
        return sorted(self.found, key=lambda finding: (order.index(finding[0]), finding[2]))

    # Facts.

    def whole(self, identity, way):
        found = {}
        for item in self.records[identity][way]:
            names, size, role, is_tree = names_of(item["digest"]), item["size"], item["role"], item.get("form") == "tree"
            # Items that agree in all but their marks are one.
            marks = found.setdefault((names, size, role, is_tree), ([], []))
            marks[0].append(item.get("common", False))
            marks[1].append(item.get("passedOn"))
        return [
            Artifact(identity, names, size, role, any(common), False if False in passed_on else True if True in passed_on else None, is_tree, has_own=is_tree and self.has_own(names))
            for (names, size, role, is_tree), (common, passed_on) in found.items()
        ]

    def has_own(self, names):
        """Whether the listing of a tree is here and has a file that others do not have by chance."""
        blake3 = dict(names).get("blake3")
        if blake3 not in self.listings:
            return False
        if blake3 not in self.own:
            files = self.files_of(blake3)
            self.own[blake3] = any(is_own(path, digests, size) for path, digests, size in files)
        return self.own[blake3]

    def listing(self, artifact):
        """The files of a tree, by path; None if its listing is not here."""
        return self.listings.get(dict(artifact.names).get("blake3")) if artifact.is_tree else None

    def each(self):
        for artifacts in (self.inputs, self.outputs):
            for identity in artifacts:
                yield from artifacts[identity]

    @functools.cached_property
    def wholes(self):
        """Every digest of a whole artifact: only files that share one can join records."""
        return set().union(*(artifact.names for artifact in self.each()))

    def files_of(self, blake3):
        """Path, digests and size of each file of a listing, which is read once."""
        if blake3 not in self.read:
            self.read[blake3] = [(path, names_of(file), file["size"]) for path, file in self.listings[blake3].items()]
        return self.read[blake3]

    def names_in(self, blake3):
        if blake3 not in self.inside:
            self.inside[blake3] = set().union(*(names for _, names, _ in self.files_of(blake3)))
        return self.inside[blake3]

    def files_that_join(self, blake3):
        if blake3 not in self.joining:
            self.joining[blake3] = [file for file in self.files_of(blake3) if file[1] & self.wholes]
        return self.joining[blake3]

    def files(self, tree):
        """The files of a tree that can join records."""
        if self.listing(tree) is None:
            return []
        files = self.files_that_join(dict(tree.names)["blake3"])
        return [self.file(tree, *file) for file in files]

    def every_file(self, tree):
        """Path, digests and size of each file of a tree; none if its listing is not here."""
        return self.files_of(dict(tree.names)["blake3"]) if self.listing(tree) is not None else []

    @staticmethod
    def file(tree, path, names, size):
        return Artifact(tree.record, names, size, tree.role, tree.common, tree.passed_on, path=path, tree=tree.names)

    def described_inputs(self, identity):
        return [item for item in self.described.get(identity) or [] if item["direction"] == "input"]

    # Conflicts.

    def conflicts(self):
        where, sizes = {}, {}
        for artifact in self.each():
            self.remember(where, artifact.names, artifact.record)
            self.remember_size(sizes, artifact.names, artifact.size, artifact.record)
        looked_at = set()
        for artifact in self.each():
            if self.listing(artifact) is not None and artifact.names not in looked_at:
                looked_at.add(artifact.names)
                for _, names, size in self.files_of(dict(artifact.names)["blake3"]):
                    self.remember(where, names, artifact.record)
                    self.remember_size(sizes, names, size, artifact.record)
        for name, sets in where.items():
            if len(sets) > 1:
                self.disputed.add(name)
                self.say("artifact.digest-conflict", min(sets.values()))
        for names, claimed in sizes.items():
            # What is known by one digest is held against what is known by both.
            both = [other for known, other in sizes.items() if len(names) == 1 and len(known) == 2 and set(names) < set(known) and not self.disputed & set(names)]
            against = [other for other in both if len(claimed) == len(other) == 1 and claimed.keys() != other.keys()]
            if len(claimed) > 1 or against:
                self.say("artifact.digest-conflict", min([*claimed.values(), *(record for other in against for record in other.values())]))
        self.too_many_looks()

    @staticmethod
    def remember(where, names, record):
        """Under each digest the sets with both digests that have it, with the lowest record."""
        if len(names) == 2:
            for name in names:
                known = where.setdefault(name, {})
                known[names] = min(record, known.get(names, record))

    @staticmethod
    def remember_size(sizes, names, size, record):
        """Under each set of digests the sizes that are given for it, with the lowest record."""
        known = sizes.setdefault(names, {})
        known[size] = min(record, known.get(size, record))

    def too_many_looks(self):
        for artifacts in (self.inputs, self.outputs):
            trees = [dict(artifact.names)["blake3"] for identity in artifacts for artifact in artifacts[identity] if self.listing(artifact) is not None]
            looks = sum(len(self.files_that_join(tree)) * (trees.count(tree) - 1) for tree in set(trees))
            if artifacts is self.outputs:
                looks += sum(len(self.files_of(tree)) * (len(others) - 1) for tree, others in self.compared().items())
            if looks > MOST_LOOKS:
                self.say("container.limit", min(self.records))

    def compared(self):
        """Of each listing that was put out and whose first file is not made, the listings that records took in with which it is compared."""
        found = {}
        for output in (output for identity in self.outputs for output in self.outputs[identity]):
            if output.passed_on is not None or output.common or not carries_lineage(output.role) or not self.is_made_by_itself(output):
                continue
            first = next((self.file(output, *file) for file in self.every_file(output) if is_own(*file)), None)
            if first and not self.is_made_by_itself(first):
                taken = (dict(artifact.names)["blake3"] for artifact in self.inputs[output.record] if self.listing(artifact))
                found.setdefault(dict(output.names)["blake3"], set()).add(frozenset(taken))
        return found

    # Declared and asserted links.

    def declared(self):
        """Parents by name: of each record pairs of a parent and a relation."""
        self.named = {identity: [] for identity in self.records}
        absent = {}
        for child, parent, relation in self.namings():
            if self.is_here(parent, child):
                self.named[child].append((parent["blake3"], relation))
            elif parent["blake3"] not in self.records:
                absent[parent["blake3"]] = min(child, absent.get(parent["blake3"], child))
        for statement in self.supersessions:
            self.is_here(statement["predicate"]["successor"], statement["record"]["blake3"])
        for child in absent.values():
            self.say("lineage.parent-absent", child)

    def namings(self):
        for child in sorted(self.records):
            for parent in self.records[child]["parents"]:
                yield child, parent["record"], parent["relation"]
        for link in self.links:
            if link["predicate"].get("parent") is not None:
                yield link["record"]["blake3"], link["predicate"]["parent"], link["predicate"].get("relation")

    def is_here(self, named, by):
        """Whether a record is here under both digests. Under another SHA-256 nothing follows from the name."""
        if named["blake3"] not in self.records:
            return False
        if self.sha256(named["blake3"]) != named["sha256"]:
            self.say("artifact.digest-conflict", by)
            return False
        return True

    # Same bytes.

    def producers_by_name(self):
        """Outputs, and files of output trees, that can prove a link, by each of their digests."""
        self.made = {}
        for identity in self.outputs:
            for output in self.outputs[identity]:
                for artifact in [output, *self.files(output)]:
                    if artifact.proves() and self.is_made(artifact):
                        for name in artifact.names:
                            self.made.setdefault(name, []).append(artifact)

    def is_made(self, output):
        """Whether its record made an output. What was passed on, or may have been, proves nothing; nor does a tree of nothing but that."""
        if not self.is_made_by_itself(output):
            return False
        own = [file for file in self.every_file(output) if is_own(*file)]
        return not own or any(self.is_made_by_itself(self.file(output, *file)) for file in own)

    def is_made_by_itself(self, output):
        return self.origin(output) == "made"

    def origin(self, output):
        """Whether its record made an output or was given it, by the table; `None` if that is not known."""
        inputs = self.inputs[output.record]
        if any((output.names | output.tree) & artifact.names for artifact in inputs):
            return "passed on"
        if output.passed_on is None:
            trees = [artifact for artifact in inputs if artifact.is_tree and not artifact.is_empty]
            described = [names_of(item["digest"]) for item in self.described_inputs(output.record) if item.get("digest")]
            in_trees = [self.names_in(dict(tree.names)["blake3"]) for tree in trees if self.listing(tree) is not None]
            if any(output.names & names for names in [*described, *in_trees]):
                return "passed on"
            # Of unknown origin: what is known by one algorithm only is compared with nothing that
            # is known by the other only.
            known = [artifact.names for artifact in inputs] + described
            if any(not {name for name, _ in names} & {name for name, _ in output.names} and not names & known_files()[0] for names in known):
                return None
            is_withheld = "artifacts.json" in self.records[output.record]["sections"] and self.described[output.record] is None
            if is_withheld or self.has_hidden_tree(output.record):
                return None
        return "passed on" if output.passed_on else "made"

    def has_hidden_tree(self, identity):
        """Whether it took in a tree, not empty, whose files are not known."""
        trees = [artifact for artifact in self.inputs[identity] if artifact.is_tree and not artifact.is_empty]
        return any(self.listing(tree) is None for tree in trees) or self.has_tree_apart(identity)

    def has_hidden_output(self, identity):
        """Whether it put out a tree, not empty, whose files are not known."""
        return any(output.is_tree and not output.is_empty and self.listing(output) is None for output in self.outputs[identity])

    def has_tree_apart(self, identity):
        """Whether `artifacts.json` has an input tree, not empty, that `record.json` does not list: it is not looked into."""
        trees = [names_of(item.get("digest") or {}) for item in self.described_inputs(identity) if item.get("form") == "tree"]
        listed = self.listed(identity)
        return any(not names & listed and not names & known_files()[0] for names in trees)

    def listed(self, identity):
        """Every digest of an input in `record.json`."""
        return set().union(*(artifact.names for artifact in self.inputs[identity]))

    def producers(self, taken):
        """The records that made the bytes of an input, or of a file of an input tree."""
        if not taken.proves():
            return set()
        found = {made for name in taken.names for made in self.made.get(name, ())}
        return {made.record for made in found if self.joins(made, taken)}

    def joins(self, made, taken):
        if made.path is not None and taken.path is not None or not are_same(made.names, taken.names) or made.size != taken.size:
            return False
        # Known by a disputed digest alone: nobody can tell which description is right.
        alone = [artifact.names for artifact in (made, taken) if len(artifact.names) == 1 and artifact.names & self.disputed]
        return not alone or made.names == taken.names

    def proven(self):
        """Of each record what was taken in, as whole artifacts and as files of trees, with who made it."""
        self.taken = {
            identity: [(artifact, self.producers(artifact)) for whole in self.inputs[identity] for artifact in [whole, *self.files(whole)]] for identity in self.inputs
        }
        self.parents = {
            identity: {parent for parent, _ in self.named[identity]} | {record for _, records in self.taken[identity] for record in records - {identity}}
            for identity in self.records
        }

    # Times.

    def time(self, identity, member):
        text = self.records[identity].get(member)
        return rules.moment(text) if text else None

    def start(self, identity):
        return self.time(identity, "started")

    def end(self, identity):
        """A record without an end is taken by its start."""
        return self.time(identity, "ended") or self.start(identity)

    def times(self):
        for child in self.records:
            started = self.start(child)
            moments = [*self.moments_by_name(child), *self.moments_by_bytes(child)]
            if started and any(moment and started < moment for moment in moments):
                self.say("lineage.child-before-parent", child)

    def moments_by_name(self, child):
        return [self.start(parent) if may_go_on_beside(relation) else self.end(parent) for parent, relation in self.named[child] if parent != child]

    def moments_by_bytes(self, child):
        """For each input the moment of the earliest of those who made it, unless it is named as a parent or its time is unknown."""
        named = {parent for parent, _ in self.named[child]}
        for artifact, producers in self.taken[child]:
            moment = self.start if artifact.role == "checkpoint" else self.end
            moments = [(moment(producer), producer) for producer in producers]
            if moments and all(ready for ready, _ in moments):
                ready, earliest = min(moments)
                if earliest not in named and earliest != child:
                    yield ready

    # One run, one record.

    def one_run(self):
        runs = {}
        for identity in sorted(self.records):
            source = self.records[identity].get("source")
            if source:
                runs.setdefault((source["tool"], source["run"]), []).append(identity)
        for records in runs.values():
            unsettled = [identity for identity in records if not self.is_settled(identity, records)]
            if len(unsettled) > 1:
                self.say("lineage.two-records", unsettled[0])

    def seen_twice(self):
        """Runs that several tools recorded: by the outputs that records of them made."""
        made = {}
        for artifact in {id(one): one for found in self.made.values() for one in found}.values():
            record = self.records[artifact.record]
            if len(artifact.names) == 2 and record["kind"] == "run" and record.get("source"):
                made.setdefault((artifact.names, artifact.size), []).append(artifact)
        groups = {}
        for artifacts in made.values():
            makers = {artifact.record for artifact in artifacts}
            runs = {self.run_of(identity) for identity in makers}
            is_whole = any(artifact.path is None for artifact in artifacts)
            if len(runs) > 1 and is_whole and len({tool for tool, _ in runs}) == len(runs) and self.may_be_one(makers):
                joined = runs.union(*(groups.get(run, {run}) for run in runs))
                groups.update((run, joined) for run in joined)
        for group in {frozenset(group) for group in groups.values()}:
            if len({tool for tool, _ in group}) == len(group):
                self.say("lineage.seen-twice", min(identity for identity in self.records if self.run_of(identity) in group))

    def run_of(self, identity):
        source = self.records[identity].get("source")
        return (source["tool"], source["run"]) if source else None

    def may_be_one(self, makers):
        """Their times meet, and none names another as its parent."""
        starts = [self.start(identity) for identity in makers if self.start(identity)]
        ends = [self.end(identity) for identity in makers if self.end(identity)]
        named = {parent["record"]["blake3"] for identity in makers for parent in self.records[identity]["parents"]}
        named |= {link["predicate"]["parent"]["blake3"] for link in self.links if link["predicate"].get("parent") and link["record"]["blake3"] in makers}
        return (not starts or not ends or max(starts) <= min(ends)) and not named & makers

    def is_settled(self, identity, records):
        """Whether another record of the same run took its place or went on from it."""
        others = [other for other in records if other != identity]
        successors = [statement["predicate"]["successor"] for statement in self.supersessions if statement["record"]["blake3"] == identity]
        resumed = [parent["record"] for other in others for parent in self.records[other]["parents"] if parent["relation"] == "resumed-from"]
        is_it = lambda named, record: named["blake3"] == record and named["sha256"] == self.sha256(record)
        return any(is_it(named, other) for named in successors for other in others) or any(is_it(named, identity) for named in resumed)

    # Circles.

    def circles(self):
        for circle in circles(self.parents):
            self.say("lineage.cycle", min(circle))
        for identity in self.records:
            if identity in self.parents[identity]:
                self.say("lineage.cycle", identity)

    # Licences.

    def licences(self):
        stated = {identity: [item["licence"] for item in self.described_outputs(identity) if licences.is_stated(item.get("licence"))] for identity in self.records}
        absent = {child for child, parent, _ in self.namings() if parent["blake3"] not in self.records}
        for child in self.records:
            has_gap = child in absent or any(self.gaps_of(child))
            if stated[child] and (has_gap or any(not stated[parent] for parent in self.parents[child])):
                self.say("lineage.licence-unknown", child)
        withheld = [
            identity for identity in self.records
            if "artifacts.json" in self.records[identity]["sections"] and self.described[identity] is None
            or any(stated.values()) and (self.has_hidden_tree(identity) or self.has_hidden_output(identity))
        ]
        if withheld:
            self.say("lineage.licence-withheld", min(withheld))
        passed_on = licences.passed_on(stated, self.parents)
        for child in self.records:
            if any(licences.conflict(one, own) for one in passed_on[child] for own in stated[child]):
                self.say("lineage.licence-conflict", child)

    def described_outputs(self, identity):
        return [item for item in self.described.get(identity) or [] if item["direction"] == "output" and carries_lineage(item["role"])]

    # Gaps.

    def gaps(self):
        unknown = {}
        for identity in sorted(self.records):
            for gap in self.gaps_of(identity):
                unknown.setdefault(gap, identity)
        for identity in unknown.values():
            self.say("lineage.unaccounted-input", identity)

    def gaps_of(self, identity):
        yield from self.unaccounted(identity)
        yield from self.unaccounted_by_description(identity)

    def unaccounted(self, identity):
        for whole in self.inputs[identity]:
            is_made = self.producers(whole) - {identity} or self.are_files_made(whole)
            if self.needs_account(whole) and not is_made and not self.is_linked(identity, whole.names):
                yield whole.names

    def are_files_made(self, tree):
        """Whether each file of its own of a tree was made by another record; one at least it has."""
        own = (self.file(tree, *file) for file in self.every_file(tree) if is_own(*file))
        first = next(own, None)
        return first is not None and all(self.producers(file) - {tree.record} for file in itertools.chain([first], own))

    def unaccounted_by_description(self, identity):
        """Inputs that `artifacts.json` alone has: by name, or by a digest that `record.json` does not list."""
        listed = self.listed(identity)
        for number, item in enumerate(self.described_inputs(identity)):
            names = names_of(item.get("digest") or {})
            is_linked = bool(names) and self.is_linked(identity, names)
            if carries_lineage(item["role"]) and not names & listed and not names & known_files()[0] and not is_linked:
                yield names or (identity, number)

    @staticmethod
    def needs_account(artifact):
        return carries_lineage(artifact.role) and not artifact.common and not artifact.is_empty

    def is_linked(self, identity, names):
        """Whether a statement says which record here an input is from."""
        return any(
            link["record"]["blake3"] == identity and link["predicate"].get("artifact") and are_same(names_of(link["predicate"]["artifact"]), names)
            and link["predicate"]["parent"]["blake3"] in self.records and self.sha256(link["predicate"]["parent"]["blake3"]) == link["predicate"]["parent"]["sha256"]
            for link in self.links
        )


def circles(parents):
    """The sets of records that descend from each other (Kosaraju, without recursion)."""
    children = {record: [] for record in parents}
    for child, of_child in parents.items():
        for parent in of_child:
            children[parent].append(child)
    order, seen = [], set()
    for record in parents:
        order += reached(record, parents, seen)
    seen = set()
    for record in reversed(order):
        circle = reached(record, children, seen)
        if len(circle) > 1:
            yield circle


def reached(start, edges, seen):
    """What can be reached and was not seen before, each behind all that it leads to."""
    done, stack = [], [] if start in seen else [(start, iter(edges[start]))]
    seen.add(start)
    while stack:
        record, others = stack[-1]
        further = next((other for other in others if other not in seen), None)
        if further is None:
            done.append(record)
            stack.pop()
        else:
            seen.add(further)
            stack.append((further, iter(edges[further])))
    return done
