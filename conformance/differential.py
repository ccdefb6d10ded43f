"""Lets both verifiers judge what is damaged or made up at random: `differential.py JUDGE [COUNT] [SEED]`.

JUDGE is the program `judge` (`cargo build --release -p expbundle-directory --example judge`). Half of the questions begin with a valid case, which is
changed in several ways: bytes of the file; fields of headers, with extra fields and comments that are really there; texts of entries, with names and checksums that fit again;
payloads of statements, signed again, in several files, by keys of unknown algorithms; the union of two bundles. The other half are families of records that are
made up (`made_up.py`), some of which are changed too. With many comes a signers file, with some a folder around the bundle. Both verifiers have to agree on the state, on every error in
its order, and on every warning and info. Stops with exit status 1 at the first disagreement and keeps the question in a folder.
"""

import base64
import json
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "reference")]

import container  # noqa: E402
import made_up  # noqa: E402
import verify  # noqa: E402
from generate import build  # noqa: E402
from refused import Refused  # noqa: E402

TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+|\s+')
WORDS = [
    b"null", b"true", b"0", b"-0", b"1", b"-1", b"1.0", b"9007199254740992", b"1e400", b'""', b'"1.0"', b'"2.0"', b"[]", b"{}", b'"run"', b'"origin"', b'"tree"',
    b'"finished"', b'"2026-02-30T00:00:00Z"', b'"2026-11-23T09:00:00.5Z"', b'"record.json"', b'"\\ud800"', b'"\\u0041"', b'"a":1,', b",", b":", b"}", b"]", b"\xff", b"\n",
    b'"' + b"0" * 64 + b'"', b'"https://expbundle.github.io/statement/review/v2"', b'"publicKey": null', b'"certificate": {}', b'"sameSigner"', b'"relation"', b'"mediaType"', b'"digest"', b'"blinded"', b'"critical"', b'"prev"', b'"_type"',
]


def sources():
    """The bundles of valid cases."""
    for path in sorted((HERE / "cases").glob("*/*.json")):
        case = json.loads(path.read_text())
        if "full" in case["tiers"] and not case["expect"]["errors"] and case["expect"]["state"]:
            data = path.parent / case["input"]
            data = (data / "experiment.expb" if data.is_dir() else data).read_bytes()
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
        if random.random() < 0.2:
            payload = payload.replace(build.ADA.line.encode(), random.choice(KEYS).encode())
        key = random.choice((build.ADA, build.ADA, build.ADA, build.BEN))
        content = build.sign(payload, key, keyid=random.choice(("own", None, "")))
        if random.random() < 0.2:
            # The same payload in a second file, which holds or does not.
            other = build.sign(payload, random.choice((key, key, build.EVE)), keyid=None)
            objects[f"statements/{build.name_of(other)}.json"] = other
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


def headers(data, random):
    """Fields of headers with other values, extra fields and comments that are there, and other parts between."""
    archive = build.Container({name: content for name, (content, _) in container.read(data).items()})
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        entry = random.choice(archive.entries)
        header = random.choice((entry.local, entry.central, entry.central))
        match random.randrange(9):
            case 0 | 1:
                field = random.choice([field for field, _ in header.layout if field not in ("name_length", "extra_length")])
                header[field] = min(random.choice((0, 1, 3, 4, 8, 10, 20, 45, 0x21, 0xFF, 0xFFFF, 0xFFFFFFFF, header[field] ^ 1, header[field] + 1)), MOST[dict(header.layout)[field]])
            case 2 | 3:
                header.extra = random.choice(EXTRAS)(len(entry.data), header.values.get("offset", 0))
                if random.random() < 0.5:
                    for field in {"version", "made_by"} & set(header.values):
                        header[field] = random.choice((10, 20, 45))
                if random.random() < 0.5:
                    header["size"] = header["compressed"] = random.choice((len(entry.data), 0xFFFFFFFF))
            case 4:
                entry.comment = random.choice((b"", b"!", b"PK\5\6" + bytes(18)))
                entry.central["comment_length"] = random.choice((len(entry.comment), 1, 60_000))
            case 5:
                setattr(archive, random.choice(("before", "between", "before_end", "after")), random.choice(PARTS))
            case 6:
                archive.end_fields[random.choice([field for field, _ in build.END if field != "signature"])] = random.choice((0, 1, 3, 0xFFFF))
            case 7:
                entry.after_data = random.choice(PARTS)
            case _:
                setattr(entry, random.choice(("in_locals", "in_central")), False)
    return archive.bytes()


MOST = {"B": 0xFF, "H": 0xFFFF, "I": 0xFFFFFFFF}
PARTS = [b"", b"!", b"PK\5\6" + bytes(18), b"PK\6\6" + bytes(52), b"PK\6\7" + bytes(16), b"PK\1\2" + bytes(42), b"PK\3\4" + bytes(26), b"PK\7\x08" + bytes(12)]
EXTRAS = [
    lambda size, offset: build.extra(0x5455, b"\1" + bytes(4)), lambda size, offset: build.extra(0x5455, bytes(16)), lambda size, offset: build.extra(1, struct.pack("<QQ", size, size)),
    lambda size, offset: build.extra(1, struct.pack("<QQ", 2**32, size)), lambda size, offset: build.extra(1, struct.pack("<QQ", 2**32, 2**32)), lambda size, offset: build.extra(1, struct.pack("<Q", offset)),
    lambda size, offset: build.extra(1, struct.pack("<QQQ", size, size, offset)), lambda size, offset: b"\1", lambda size, offset: b"\1\0\x08\0" + bytes(16),
    lambda size, offset: build.extra(1, bytes(16)) + build.extra(0x5455, bytes(5)),
]
KEYS = [build.openssh(b"\4" + b"\1" * 64, b"ecdsa-sha2-nistp256"), build.openssh(b"\1" * 32, b"sk-ssh-ed25519@openssh.com"), build.openssh(b"\1", b"Ssh"), "ssh-mldsa-44 AAAA", build.BEN.line]


def union(data, other):
    """The objects of two bundles in one."""
    return build.Container({name: content for part in (data, other) for name, (content, _) in container.read(part).items()}).bytes()


def change(bundles, random):
    data = random.choice(bundles)
    match random.randrange(10):
        case 0 | 1 | 2:
            return damage(data, random)
        case 3 | 4:
            return headers(data, random)
        case 5:
            return union(data, random.choice(bundles))
        case 6:
            return rebuild(union(data, random.choice(bundles)), random)
        case _:
            return rebuild(data, random)


def ask(place, bundles, chance):
    """Writes a question into a folder; what both verifiers are asked."""
    if chance.random() < 0.5:
        data, folders = change(bundles, chance), ()
    else:
        family = made_up.Family(chance)
        data, folders = family.bundle.bytes(), family.folders
        if chance.random() < 0.15:
            data = rebuild(data, chance)
    question = {"path": str(place / "bundle.expb")}
    if chance.random() < (0.7 if folders else 0.25):
        question["path"] = str(place / "folder")
        (place / "folder").mkdir()
        made_up.write_folder(place / "folder", made_up.files(chance, data, folders))
    else:
        (place / "bundle.expb").write_bytes(data)
    if chance.random() < 0.5:
        question["signers"] = str(place / "signers")
        (place / "signers").write_bytes(made_up.signers(chance))
    if chance.random() < 0.2:
        question["digests"] = "all"
    return {**question, "at": chance.choice(made_up.MOMENTS)}


def reference(question):
    try:
        state, findings, _ = verify.verify(question["path"], question.get("signers"), question["at"], digests=question.get("digests", "blake3"))
    except (OSError, Refused):
        return answer(None, [])
    return answer(state, findings)


# Reported once or several times for one record: spec/lineage.md, "Findings".
ONCE_OR_MORE = ("lineage.licence-conflict", "lineage.child-before-parent", "lineage.unaccounted-input")
# Not laid down where there is a circle: spec/family.md, "Licences".
LICENCES = ("lineage.licence-conflict", "lineage.licence-unknown")


def answer(state, findings):
    """The state, the errors in their order, and what else is reported."""
    errors = [finding["code"] for finding in findings if finding["severity"] == "error"]
    others = [finding["code"] for finding in findings if finding["severity"] != "error"]
    if "lineage.cycle" in errors:
        others = [code for code in others if code not in LICENCES]
    others = [code for number, code in enumerate(others) if code not in ONCE_OR_MORE or code not in others[:number]]
    return state, errors, sorted(others)


def main():
    judge, count, seed = sys.argv[1], int((sys.argv[2:] or [20_000])[0]), int((sys.argv[3:] or [1])[0])
    chance, bundles = random.Random(seed), list(sources())
    process = subprocess.Popen([judge, "--questions"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    states, codes = {}, set()
    for number in range(count):
        place = pathlib.Path(tempfile.mkdtemp(prefix="differential-"))
        question = ask(place, bundles, chance)
        print(json.dumps(question), file=process.stdin, flush=True)
        theirs, report = reference(question), json.loads(process.stdout.readline())
        ours = answer(report["state"], report["findings"])
        if ours != theirs:
            kept = pathlib.Path(f"disagreement-{seed}-{number}").resolve()
            shutil.move(place, kept)
            (kept / "question.json").write_text(json.dumps(question).replace(str(place), str(kept)))
            print(f"{kept}:\nthe toolkit says   {ours}\nthe reference says {theirs}")
            return 1
        shutil.rmtree(place)
        states[theirs[0]] = states.get(theirs[0], 0) + 1
        codes.update(theirs[1] + theirs[2])
    process.stdin.close()
    process.wait()
    print(f"{count} questions, {states}, {len(codes)} different codes: both verifiers agree on every state and finding")
    return 0


if __name__ == "__main__":
    sys.exit(main())
