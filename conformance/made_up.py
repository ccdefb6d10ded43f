"""Families of records, what is said of them, signers files and folders, all made up at random from a few values, so that they often meet.

Each is well formed; `differential.py` lets both verifiers judge them, and damages some. What a bundle means is decided by few rules that depend on
each other (who signed, what was taken back, which bytes are the same), so cases that nobody thought of are those in which several of them meet.
"""

import json
import os

from generate import build
from generate.build import ADA, BEN, EVE, Bundle, digests, fixed, listing, name_of, payload, sign
from generate.directory import pointer

KEYS = (ADA, BEN, EVE)
CONTENTS = [b"weights " * 40, b"another " * 30, b"data " * 20, b"rows\n" * 9, b"", b"{}\n", b"ab", b"abc", b"null", b"x" * 3]
ROLES = ["model", "model", "dataset", "checkpoint", "adapter", "config", "tokenizer", "acme", "https://example.org/role"]
RELATIONS = ["fine-tuned-from", "resumed-from", "evaluates", "part-of", "trained-on", "acme", "https://example.org/relation"]
LICENCES = ["MIT", "gpl-3.0-or-later", "GPL-2.0-only", "agpl-3.0+", "cc-by-nc-4.0", " apache-2.0 ", "cc-by-nd-4.0", "proprietary", "cc-by-sa-4.0", ""]
PATHS = ["model.safetensors", "a/model.safetensors", "config.json", "data.csv", "a.bin", "b/a.bin", "README.md", "vocab.txt", "100%.bin", "Model.safetensors", "ü.bin"]
TIMES = [f"2026-11-{day:02}T09:00:00Z" for day in range(20, 29)] + ["2026-11-24T09:00:00.5Z", "2026-12-02T00:00:00Z"]
MOMENTS = ["2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z", "2026-11-25T00:00:00Z", "2026-12-03T00:00:00Z", "2026-11-24T09:00:00.25Z"]
SOURCES = [{"tool": "mlflow", "run": run} for run in "ab"] + [{"tool": "wandb", "run": "a"}]


def maybe(random, chance, make, otherwise=None):
    return make() if random.random() < chance else otherwise


def without_none(members):
    return {name: value for name, value in members.items() if value is not None}


def some_digests(random, content):
    """Both digests of a content, or one; seldom with another's."""
    found = digests(content)
    dice = random.random()
    if dice < 0.15:
        found.pop(random.choice(sorted(found)))
    elif dice < 0.2:
        name = random.choice(sorted(found))
        found[name] = digests(random.choice(CONTENTS))[name]
    return found


class Family:
    """A bundle of up to five records and what is said of them."""

    def __init__(self, random):
        self.random, self.bundle, self.records, self.said, self.listings, self.folders = random, Bundle(), [], [], [], []
        for _ in range(random.choice((0, 1, 2, 2))):
            paths = random.sample(PATHS, random.choice((0, 1, 2, 3)))
            self.listings.append(listing({path.replace("%", "%25"): random.choice(CONTENTS) for path in paths}))
        for _ in range(random.choice((1, 1, 2, 3, 4, 5))):
            self.record()
        for _ in range(random.choice((0, 1, 2, 4, 8))):
            self.statement()
        for text in self.listings:
            is_named = any(name_of(text).encode() in record for record in self.records)
            if is_named and random.random() < 0.8:
                self.bundle.embed(text)

    # Records.

    def artifact(self):
        random = self.random
        if self.listings and random.random() < 0.3:
            text = random.choice(self.listings)
            found = {"role": random.choice(ROLES), "digest": some_digests(random, text), "size": len(text), "form": "tree"}
        else:
            content = random.choice(CONTENTS)
            found = {"role": random.choice(ROLES), "digest": some_digests(random, content), "size": len(content)}
        return {**found, **maybe(random, 0.05, lambda: {"size": random.choice((0, 2, 3))}, {}), **maybe(random, 0.1, lambda: {"common": True}, {})}

    def outputs(self):
        return [{**self.artifact(), **maybe(self.random, 0.3, lambda: {"passedOn": self.random.random() < 0.5}, {})} for _ in range(self.random.choice((0, 1, 1, 2)))]

    def described(self, inputs, outputs):
        """Items of `artifacts.json`: those of the record, with names, and others."""
        random = self.random
        items = [{**item, "direction": way} for way, artifacts in (("input", inputs), ("output", outputs)) for item in artifacts if random.random() < 0.7]
        items += [{**self.artifact(), "direction": random.choice(("input", "output"))} for _ in range(random.choice((0, 0, 1)))]
        named = []
        for item in items:
            item = {name: value for name, value in item.items() if name not in ("common", "passedOn")}
            if random.random() < 0.15:
                item.pop("digest")
            more = {"path": maybe(random, 0.6, lambda: random.choice(PATHS)), "name": maybe(random, 0.3, lambda: random.choice(PATHS)), "licence": maybe(random, 0.4, lambda: random.choice(LICENCES))}
            named.append({**item, **without_none(more)})
        return fixed({"artifacts": named})

    def parents(self):
        random = self.random
        known = random.sample(self.records, min(len(self.records), random.choice((0, 0, 1, 2))))
        found = [{"record": digests(parent), "relation": random.choice(RELATIONS)} for parent in known]
        if random.random() < 0.07:
            found.append({"record": digests(b"a record elsewhere"), "relation": random.choice(RELATIONS)})
        if found and random.random() < 0.04:
            found[0]["record"]["sha256"] = "0" * 64
        return found

    def record(self):
        random = self.random
        inputs, outputs = [self.artifact() for _ in range(random.choice((0, 1, 1, 2)))], self.outputs()
        sections = {"context.json": fixed({"title": random.choice("abc")}), **maybe(random, 0.6, lambda: {"artifacts.json": self.described(inputs, outputs)}, {})}
        members = {"started": maybe(random, 0.8, lambda: random.choice(TIMES)), "ended": maybe(random, 0.7, lambda: random.choice(TIMES)), "source": maybe(random, 0.4, lambda: random.choice(SOURCES))}
        body = build.body(sections, inputs=inputs, outputs=outputs, parents=self.parents(), **members)
        kept = {name: content for name, content in sections.items() if random.random() < 0.9}
        self.records.append(self.bundle.record(body, kept))
        if random.random() < 0.7:
            self.say("authorship", self.records[-1], random.choice((ADA, ADA, BEN, EVE)))

    # Statements.

    def say(self, kind, record, key, **members):
        random = self.random
        prev = [name_of(earlier) for earlier in random.sample(self.said, min(len(self.said), random.choice((0, 0, 0, 1, 2))))]
        prev += maybe(random, 0.03, lambda: [name_of(b"a statement elsewhere")], [])
        value = fixed(payload(record, kind, key, random.choice(TIMES), prev, **members))
        self.said.append(value)
        self.bundle.statement(sign(value, key))

    def statement(self):
        random = self.random
        record = maybe(random, 0.95, lambda: random.choice(self.records), b"a record elsewhere")
        kind = random.choice(("authorship", "review", "review", "link", "link", "supersession", "supersession", "revocation", "revocation", "revocation", "seal", "release", "release", "comment"))
        if kind == "release":
            self.release()
        else:
            self.say(kind, record, random.choice(KEYS), **getattr(self, kind, dict)())

    def comment(self):
        return {"text": "a remark"}

    def review(self):
        return {"verdict": self.random.choice(("approved", "rejected", "needs-changes"))}

    def link(self):
        random = self.random
        if random.random() < 0.1:
            return {"sameSigner": random.choice(KEYS).line}
        parent = digests(maybe(random, 0.9, lambda: random.choice(self.records), b"a record elsewhere"))
        relation, taken = maybe(random, 0.5, lambda: random.choice(RELATIONS)), maybe(random, 0.5, lambda: some_digests(random, random.choice(CONTENTS)))
        return {"parent": parent, "relation": relation, "artifact": taken}

    def supersession(self):
        successor = digests(maybe(self.random, 0.9, lambda: self.random.choice(self.records), b"a record elsewhere"))
        return {"successor": {**successor, **maybe(self.random, 0.03, lambda: {"sha256": "0" * 64}, {})}}

    def revocation(self):
        random = self.random
        what = random.choice(("record", "statement", "statement", "key"))
        named = {
            "record": lambda: name_of(random.choice(self.records)),
            "statement": lambda: name_of(random.choice(self.said)) if self.said else name_of(b"a statement elsewhere"),
            "key": lambda: random.choice(KEYS).line,
        }[what]()
        return {"revoked": {what: named}, "since": maybe(random, 0.3, lambda: random.choice(TIMES))}

    def seal(self):
        names = sorted(self.bundle.objects)
        return {"objects": self.random.sample(names, self.random.randint(0, len(names))) + maybe(self.random, 0.2, lambda: ["artifacts/" + "0" * 64], [])}

    def release(self):
        """Of a folder that is kept in `folders`, so that it can be there."""
        random = self.random
        self.folders.append(folder_files(random))
        text = listing({path.replace("%", "%25"): content for path, content in self.folders[-1].items() if path != "README.md" or random.random() < 0.1})
        key, earlier = random.choice((ADA, ADA, BEN, EVE)), [value for value in self.said if b"/release/" in value]
        prev = [name_of(value) for value in random.sample(earlier, min(len(earlier), random.choice((0, 1, 1))))]
        value = fixed(payload(None, "release", key, random.choice(TIMES), prev, subjects=[{"name": ".", "digest": some_digests(random, text) if random.random() < 0.05 else digests(text)}]))
        self.said.append(value)
        self.bundle.statement(sign(value, key))
        if random.random() < 0.9:
            self.bundle.embed(text)


# Signers files.

FRAGMENTS = [
    "ada", "ada@example.org", '"ada"', ",", " ", "\t", '"', "=", "\\", "#", "!", "*", "\r", "\n", "\u00a0", "\ufeff", "\0", "x", "cert-authority", 'namespaces="expbundle"', 'namespaces="git"',
    'valid-after="20261125"', 'valid-before="20200101"', "ssh-ed25519", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQA=",
]
OPTIONS = [
    "", "", "", 'namespaces="expbundle" ', 'namespaces="git" ', 'namespaces="exp*,!expbundle" ', 'valid-before="20261124" ', 'valid-after="20261130Z" ', 'valid-after="20261124090000",valid-before="20261202" ',
    "cert-authority ", 'valid-before="20261201" ', 'namespaces="git",valid-before="20200101" ',
]


def signers(random):
    """A file of some lines; now and then with something else in it."""
    lines = [f"{key.name}@example.org {random.choice(OPTIONS)}{key.line}\n" for key in random.choices(KEYS, (4, 3, 1), k=random.choice((0, 1, 1, 2, 3)))]
    text = "".join(lines)
    if random.random() < 0.15:
        for _ in range(random.choice((1, 1, 2))):
            at = random.randint(0, len(text))
            text = text[:at] + random.choice(FRAGMENTS) + text[at + random.choice((0, 0, 1, 5)) :]
    return text.encode()


# Folders.


def folder_files(random):
    return {path: random.choice(CONTENTS[:5]) for path in random.sample(PATHS, random.choice((0, 1, 2, 3, 4)))}


def files(random, data, folders=()):
    """What lies beside a bundle: a folder that was released, or files that it may speak of; what only looks like them; links."""
    made = dict(random.choice(folders)) if folders and random.random() < 0.7 else folder_files(random)
    if made and random.random() < 0.2:
        made[random.choice(sorted(made))] = random.choice(CONTENTS)
    for path in [path for path in made if random.random() < 0.12]:
        made[path] = pointer(random.choice(CONTENTS[:5]), size=maybe(random, 0.1, lambda: 7))
    if random.random() < 0.15:
        names = [random.choice([*PATHS, "../model.safetensors", 1]) for _ in range(random.choice((0, 1, 2)))]
        made["model.safetensors.index.json"] = random.choice((b"{}", b"{", json.dumps({"weight_map": {str(number): name for number, name in enumerate(names)}}).encode()))
    if random.random() < 0.1:
        made[random.choice(("link", "README.md", "a.bin", "a"))] = random.choice(("config.json", "a", "nowhere"))
    if random.random() < 0.1:
        made[random.choice((".git/x", ".git", ".cache/huggingface", ".eval_results/.yaml", "LICENSE.", ".gitignore", ".cache/huggingface/x", ".cache/x", "readme.md", "LICENSE", ".eval_results/a.yaml", "sub/README.md", "prompt.txt"))] = b"x"
    return {"experiment.expb": data, **made}


def write_folder(place, made):
    """Writes files, and links where the content is a text; what does not fit together is left out."""
    for path, content in made.items():
        target = os.path.join(place, path)
        try:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if isinstance(content, str):
                os.symlink(content, target)
            else:
                with open(target, "wb") as file:
                    file.write(content)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue
