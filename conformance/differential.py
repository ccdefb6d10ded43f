"""Damages bundles at random and lets both verifiers judge them: `differential.py JUDGE [COUNT] [SEED]`.

JUDGE is the program `judge` (`cargo build --release -p expbundle --example judge`). Begins with the valid cases of the core tier and
changes them in three ways: bytes of the file; texts of entries, with names and checksums that fit again; payloads of statements, signed again. Both
verifiers have to agree on the state and on every error, in their order; where the toolkit refuses what the core tier does not look at, on the first of the
others. Stops with exit status 1 at the first disagreement and keeps the bundle.
"""

import base64
import json
import pathlib
import random
import re
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "reference")]

import container  # noqa: E402
from generate import build  # noqa: E402
from verify import Verifier  # noqa: E402

# What the core tier does not look at.
BEYOND = ("lineage.", "artifact.")
# The moment at which `judge` judges.
AT = "2026-12-01T00:00:00Z"
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+|\s+')
WORDS = [
    b"null", b"true", b"0", b"-0", b"1", b"-1", b"1.0", b"9007199254740992", b"1e400", b'""', b'"1.0"', b'"2.0"', b"[]", b"{}", b'"run"', b'"origin"', b'"tree"',
    b'"finished"', b'"2026-02-30T00:00:00Z"', b'"2026-11-23T09:00:00.5Z"', b'"record.json"', b'"\\ud800"', b'"\\u0041"', b'"a":1,', b",", b":", b"}", b"]", b"\xff", b"\n",
    b'"' + b"0" * 64 + b'"', b'"mediaType"', b'"digest"', b'"blinded"', b'"critical"', b'"prev"', b'"_type"',
]


def sources():
    for path in sorted((HERE / "cases").glob("*/*.json")):
        case = json.loads(path.read_text())
        if "core" in case["tiers"] and not case["expect"]["errors"]:
            data = (path.parent / case["input"]).read_bytes()
            if len(data) < 20_000:
                yield data


def damage(data, random):
    """Some bytes of it are others, gone, or there twice."""
    data = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        at = random.randrange(len(data) + 1)
        length = random.choice((1, 1, 2, 4, 8, 30, 100))
        match random.randrange(6):
            case 0 if at < len(data):
                data[at] ^= 1 << random.randrange(8)
            case 1 if at < len(data):
                data[at] = random.choice((0, 1, 0x20, 0x7F, 0xFF, random.randrange(256)))
            case 2:
                del data[at : at + length]
            case 3:
                data[at:at] = data[at : at + length]
            case 4:
                other = random.randrange(len(data) + 1)
                data[at : at + length] = data[other : other + length]
            case _:
                data[at:at] = random.choice(WORDS)
    return bytes(data)


def alter_text(text, random):
    """A text of JSON with other tokens in it."""
    if random.random() < 0.5:
        return damage(text, random)
    tokens = TOKEN.findall(text) or [b""]
    for _ in range(random.choice((1, 1, 2))):
        at = random.randrange(len(tokens))
        match random.randrange(4):
            case 0:
                tokens[at] = random.choice(WORDS)
            case 1:
                tokens[at] = random.choice(tokens)
            case 2:
                tokens.insert(at, random.choice(WORDS))
            case _:
                del tokens[at]
                if not tokens:
                    return b""
    return b"".join(tokens)


def rebuild(data, random):
    """The same bundle with an altered entry, whose name, sections and checksum fit again."""
    objects = {name: content for name, (content, _) in container.read(data).items()}
    if not objects:
        return data
    name = random.choice(sorted(objects))
    content = objects[name]
    if name.startswith("statements/") and random.random() < 0.8:
        envelope = json.loads(content)
        payload = alter_text(base64.b64decode(envelope["dsseEnvelope"]["payload"]), random)
        key = random.choice((build.ADA, build.ADA, build.ADA, build.BEN))
        content = build.sign(payload, key, keyid=random.choice(("own", None, "")))
    else:
        content = alter_text(content, random)
    folder, identity, *rest = name.split("/")
    digest = build.name_of(content)
    del objects[name]
    match folder:
        case "statements":
            objects[f"statements/{digest}.json"] = content
        case "artifacts":
            objects[f"artifacts/{digest}"] = content
        case _ if rest == ["record.json"]:
            objects = {other.replace(identity, digest) if other.startswith("records/") else other: data for other, data in objects.items()}
            objects[f"records/{digest}/record.json"] = content
        case _:
            # The record has to list the altered section, so it is altered too, and its id with it.
            record = json.loads(objects.pop(f"records/{identity}/record.json"))
            record["sections"][rest[0]] = build.section(content, record["sections"][rest[0]]["mediaType"])
            text = build.fixed(record)
            moved = build.name_of(text)
            objects = {other.replace(identity, moved) if other.startswith("records/") else other: data for other, data in objects.items()}
            objects[f"records/{moved}/record.json"], objects[f"records/{moved}/{rest[0]}"] = text, content
    return build.Container(objects).bytes()


def reference(data):
    verifier = Verifier(at=AT)
    state = verifier.verify(data)
    return state, [finding["code"] for finding in verifier.findings if finding["severity"] == "error"]


def toolkit(report):
    """The state, the errors that the core tier knows, and whether there are others."""
    errors = [finding for finding in report["findings"] if finding["severity"] == "error"]

    def is_beyond(finding):
        of_section = finding["code"] == "schema.invalid" and not (finding["entry"] or "").endswith("/record.json")
        return finding["code"].startswith(BEYOND) or of_section

    codes = [finding["code"] for finding in errors if not is_beyond(finding)]
    return report["state"], codes, len(codes) < len(errors)


def agree(ours, theirs):
    (said, codes, beyond), (state, errors) = ours, theirs
    # What only the full tier refuses the core tier cannot see, nor what follows from it: an `artifacts.json` that was refused speaks of nothing.
    if beyond:
        first = lambda codes: next((code for code in codes if code != "container.unlisted"), None)
        return said == "malformed" and first(codes) == first(errors)
    return said == state and codes == errors


def main():
    judge, count, seed = sys.argv[1], int((sys.argv[2:] or [20_000])[0]), int((sys.argv[3:] or [1])[0])
    chance, bundles = random.Random(seed), list(sources())
    process = subprocess.Popen([judge], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    states, codes = {}, set()
    for number in range(count):
        data = chance.choice(bundles)
        data = damage(data, chance) if chance.random() < 0.3 else rebuild(data, chance)
        process.stdin.write(struct.pack("<I", len(data)) + data)
        process.stdin.flush()
        ours, theirs = toolkit(json.loads(process.stdout.readline())), reference(data)
        if not agree(ours, theirs):
            path = pathlib.Path(f"disagreement-{seed}-{number}.expb")
            path.write_bytes(data)
            print(f"{path}: the toolkit says {ours[0]} {ours[1][:3]}, the reference {theirs[0]} {theirs[1][:3]}")
            return 1
        states[theirs[0]] = states.get(theirs[0], 0) + 1
        codes.update(theirs[1])
    process.stdin.close()
    process.wait()
    print(f"{count} bundles, {states}, {len(codes)} different errors: both verifiers agree on every state and error")
    return 0


if __name__ == "__main__":
    sys.exit(main())
