"""What cases are made of: containers byte by byte, JSON by Python's own writer, signatures by hand. None of it is the toolkit's code."""

import base64
import copy
import hashlib
import json
import struct

from blake3 import blake3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MIMETYPE = b"application/vnd.expbundle.v1+zip"
FULL_16, FULL_32 = 0xFFFF, 0xFFFFFFFF
TIME = "2026-11-23T09:00:00Z"
SIGNED = "2026-11-23T10:00:00Z"
AT = "2026-12-01T00:00:00Z"


# Digests and JSON.


def digests(data):
    return {"blake3": blake3(data).hexdigest(), "sha256": hashlib.sha256(data).hexdigest()}


def name_of(data):
    return blake3(data).hexdigest()


def fixed(value):
    """The fixed form of json.md."""
    return (json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False) + "\n").encode()


# Containers. Each header is a list of fields that a case may change before it becomes bytes.


def crc32(data):
    import zlib

    return zlib.crc32(data)


def rank(name):
    """The order of entries: artifacts, sections, records, statements; each by its name."""
    folder = name.split("/")[0]
    return {"artifacts": 0, "records": 1, "statements": 3}.get(folder, 4) + name.endswith("/record.json"), name.encode()


class Header:
    """Fields by name, in the order of the layout."""

    def __init__(self, layout, name=b"", **values):
        self.layout, self.name, self.extra, self.values = layout, name, b"", dict(values)
        self.name_length = self.extra_length = None

    def __getitem__(self, field):
        return self.values[field]

    def __setitem__(self, field, value):
        if field not in self.values:
            raise KeyError(field)
        self.values[field] = value

    def bytes(self):
        values = dict(self.values)
        if "name_length" in dict(self.layout):
            values["name_length"] = len(self.name) if self.name_length is None else self.name_length
            values["extra_length"] = len(self.extra) if self.extra_length is None else self.extra_length
        head = b"".join(struct.pack("<" + form, values[field]) for field, form in self.layout)
        return head + self.name + self.extra


LOCAL = [
    ("signature", "I"), ("version", "H"), ("flags", "H"), ("method", "H"), ("time", "H"), ("date", "H"), ("crc", "I"),
    ("compressed", "I"), ("size", "I"), ("name_length", "H"), ("extra_length", "H"),
]
CENTRAL = [
    ("signature", "I"), ("made_by", "B"), ("made_on", "B"), ("version", "H"), ("flags", "H"), ("method", "H"), ("time", "H"), ("date", "H"),
    ("crc", "I"), ("compressed", "I"), ("size", "I"), ("name_length", "H"), ("extra_length", "H"), ("comment_length", "H"), ("disk", "H"),
    ("internal", "H"), ("external", "I"), ("offset", "I"),
]
END = [
    ("signature", "I"), ("disk", "H"), ("start_disk", "H"), ("here", "H"), ("entries", "H"), ("size", "I"), ("offset", "I"), ("comment_length", "H"),
]


class Entry:
    def __init__(self, name, data):
        self.name, self.data = name.encode() if isinstance(name, str) else name, data
        size = len(data)
        shared = {"flags": 0, "method": 0, "time": 0, "date": 0x21, "crc": crc32(data), "compressed": size, "size": size}
        self.local = Header(LOCAL, self.name, signature=0x04034B50, version=10, **shared)
        self.central = Header(
            CENTRAL, self.name, signature=0x02014B50, made_by=10, made_on=3, version=10, comment_length=0, disk=0, internal=0,
            external=0o100644 << 16, offset=0, **shared,
        )
        # Bytes behind the data, and behind the central header, which no bundle has.
        self.after_data = self.comment = b""
        self.in_locals = self.in_central = True

    def both(self, field, value):
        self.local[field] = self.central[field] = value


def twin(entry, data=None):
    """An entry of the same name, with the same data if no other is given."""
    return Entry(entry.name, entry.data if data is None else data)


class Container:
    """A container of entries that a case changes before `bytes`."""

    def __init__(self, objects, mimetype=MIMETYPE):
        self.entries = [Entry("mimetype", mimetype)] if mimetype is not None else []
        self.entries += [Entry(name, data) for name, data in sorted(objects.items(), key=lambda item: rank(item[0]))]
        self.before = self.between = self.after = self.before_end = b""
        self.end = Header(END, signature=0x06054B50, disk=0, start_disk=0, here=0, entries=0, size=0, offset=0, comment_length=0)
        # Fields of the end record and offsets that a case sets itself.
        self.end_fields, self.offsets = {}, {}
        self.central_order = None

    def __iter__(self):
        return iter(self.entries)

    def entry(self, ending):
        """The entry whose name ends so."""
        [found] = [entry for entry in self.entries if entry.name.endswith(ending.encode())]
        return found

    def bytes(self):
        out = bytearray(self.before)
        for entry in self.entries:
            if entry.in_locals:
                entry.central["offset"] = self.offsets.get(entry.name, len(out)) if entry.central["offset"] == 0 else entry.central["offset"]
                out += entry.local.bytes() + entry.data + entry.after_data
        out += self.between
        start = len(out)
        listed = [entry for entry in (self.central_order or self.entries) if entry.in_central]
        for entry in listed:
            out += entry.central.bytes() + entry.comment
        size = len(out) - start
        out += self.before_end
        for field, value in {"here": len(listed), "entries": len(listed), "size": size, "offset": start, **self.end_fields}.items():
            self.end[field] = value
        return bytes(out + self.end.bytes() + self.after)


def extra(tag, data):
    return struct.pack("<HH", tag, len(data)) + data


# Records and bundles.


def section(data, media_type="application/json"):
    return {"mediaType": media_type, "size": len(data), "digest": digests(data)}


def artifact(data, role="model", **more):
    return {"role": role, "digest": digests(data), "size": len(data), **more}


CONTEXT = fixed({"title": "the smallest run"})


def body(sections=None, **members):
    """What `record.json` says; members that are None are left out."""
    sections = {"context.json": CONTEXT} if sections is None else sections
    value = {
        "spec": "1.0", "kind": "run", "status": "finished", "started": TIME, "ended": "2026-11-23T09:00:01Z", "inputs": [], "outputs": [],
        "parents": [], "sections": {name: data if isinstance(data, dict) else section(data) for name, data in sections.items()}, **members,
    }
    return {name: member for name, member in value.items() if member is not None}


class Bundle:
    """Objects by name."""

    def __init__(self):
        self.objects = {}

    def record(self, value=None, sections=None, raw=None, **members):
        """Adds a record with its sections, and gives the bytes of `record.json`."""
        sections = {"context.json": CONTEXT} if sections is None else sections
        data = raw if raw is not None else fixed(value if value is not None else body(sections, **members))
        folder = f"records/{name_of(data)}"
        self.objects[f"{folder}/record.json"] = data
        for name, content in sections.items():
            if isinstance(content, bytes):
                self.objects[f"{folder}/{name}"] = content
        return data

    def statement(self, data):
        self.objects[f"statements/{name_of(data)}.json"] = data
        return data

    def embed(self, data):
        self.objects[f"artifacts/{name_of(data)}"] = data
        return data

    def container(self, **options):
        return Container(self.objects, **options)

    def bytes(self):
        return self.container().bytes()

    def copy(self):
        return copy.deepcopy(self)


def smallest():
    bundle = Bundle()
    bundle.record()
    return bundle


def listing(files, size=None):
    """The listing of a tree (digests.md). Files that are nowhere may be of any size."""
    lines = sorted((path, data) for path, data in files.items())
    sized = lambda data: len(data) if size is None or not data else size
    return b"".join(
        f"{digests(data)['blake3']} {digests(data)['sha256']} {sized(data)} {path}\n".encode() for path, data in lines
    )


# Statements.


class Key:
    """A key from a seed that everybody knows."""

    def __init__(self, name):
        self.name = name
        self.seed = hashlib.sha256(f"expbundle conformance {name}".encode()).digest()
        self.private = Ed25519PrivateKey.from_private_bytes(self.seed)
        self.raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def line(self):
        return openssh(self.raw)

    @property
    def fingerprint(self):
        return fingerprint(self.raw)

    def sign(self, message):
        return self.private.sign(message)

    @property
    def scalar(self):
        digest = bytearray(hashlib.sha512(self.seed).digest()[:32])
        digest[0] &= 248
        digest[31] = digest[31] & 127 | 64
        return int.from_bytes(digest, "little")


def wire(raw, kind=b"ssh-ed25519"):
    return struct.pack(">I", len(kind)) + kind + struct.pack(">I", len(raw)) + raw


def openssh(raw, kind=b"ssh-ed25519"):
    return f"{kind.decode()} {base64.b64encode(wire(raw, kind)).decode()}"


def fingerprint(raw):
    return "SHA256:" + base64.b64encode(hashlib.sha256(wire(raw)).digest()).decode().rstrip("=")


ADA, BEN, EVE = Key("ada"), Key("ben"), Key("eve")
INTOTO = "application/vnd.in-toto+json"
TYPES = "https://expbundle.github.io/statement/"
SIGSTORE = "application/vnd.dev.sigstore.bundle.v0.3+json"


def pae(payload_type, payload):
    return b"DSSEv1 %d %s %d %s" % (len(payload_type.encode()), payload_type.encode(), len(payload), payload)


def subject(record, name="record.json"):
    return {"name": name, "digest": digests(record)}


def payload(record, kind="authorship", key=ADA, created=SIGNED, prev=(), subjects=None, predicate_type=None, **says):
    signer = {"publicKey": key.line if isinstance(key, Key) else key}
    predicate = {"created": created, "signer": signer, "prev": list(prev), **says}
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "predicate": {name: value for name, value in predicate.items() if value is not None},
        "predicateType": predicate_type or f"{TYPES}{kind}/v1",
        "subject": subjects if subjects is not None else [subject(record)],
    }


def envelope(data, signature, keyid=None, payload_type=INTOTO, media_type=SIGSTORE, **more):
    signatures = [{"sig": base64.b64encode(signature).decode(), **({"keyid": keyid} if keyid is not None else {})}]
    return {
        "dsseEnvelope": {"payload": base64.b64encode(data).decode(), "payloadType": payload_type, "signatures": signatures},
        "mediaType": media_type,
        **more,
    }


def sign(value, key=ADA, keyid="own", payload_type=INTOTO, change=None):
    """The file of a statement. `change` may alter the envelope after it was signed."""
    data = value if isinstance(value, bytes) else fixed(value)
    named = key.fingerprint if keyid == "own" else keyid
    wrapped = envelope(data, key.sign(pae(payload_type, data)), named, payload_type)
    if change:
        wrapped = change(wrapped) or wrapped
    return fixed(wrapped)


def says(record, kind="authorship", key=ADA, **members):
    """A signed statement."""
    return sign(payload(record, kind, key, **members), key)


def statement_id(value):
    return name_of(value if isinstance(value, bytes) else fixed(value))


def signed():
    """The smallest bundle with an authorship statement by Ada: the bundle and the bytes of its record."""
    bundle = Bundle()
    record = bundle.record()
    bundle.statement(says(record))
    return bundle, record


# Arithmetic on the curve, for signatures that no honest signer makes.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def recover(y, odd):
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return P - x if x % 2 != odd else x


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    k = D * x1 * x2 * y1 * y2
    return ((x1 * y2 + x2 * y1) * pow(1 + k, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - k, -1, P) % P)


def multiply(point, scalar):
    result = (0, 1)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def encode(point):
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = (recover(4 * pow(5, -1, P) % P, 0), 4 * pow(5, -1, P) % P)
IDENTITY = encode((0, 1))


def order_eight():
    """A point of order 8: what is left of some point when its part in the large group is taken away."""
    for y in range(2, 100):
        x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
        if pow(x2, (P - 1) // 2, P) != 1:
            continue
        point = multiply((recover(y, 0), y), L)
        if multiply(point, 4) != (0, 1):
            return point
    raise AssertionError("there is one")


def challenge(r, public, message):
    return int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L
