"""The list of what the program is made of (SBOM): CycloneDX 1.6, as JSON."""

import datetime
import hashlib
import json
import urllib.parse
import uuid

from crates import PROGRAM, crates, version

# Of crates.io, in `cargo metadata`.
CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"


def rfc3339(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def purl(crate):
    """Package URL; `+` in a version has to be escaped."""
    return f"pkg:cargo/{crate.name}@{urllib.parse.quote(crate.version, safe='.-_~')}"


def component(crate):
    if crate.registry not in (None, CRATES_IO):
        raise ValueError(f"{crate.name} comes from {crate.registry}, which a package URL would have to name")
    made = {
        "type": "library",
        "bom-ref": purl(crate),
        "name": crate.name,
        "version": crate.version,
        "description": crate.description,
        "scope": "required" if crate.linked else "excluded",
        "licenses": [{"expression": crate.licence}],
        "purl": purl(crate),
    }
    if crate.checksum:
        made["hashes"] = [{"alg": "SHA-256", "content": crate.checksum}]
    if crate.repository:
        made["externalReferences"] = [{"type": "vcs", "url": crate.repository}]
    return made


def sbom(target, program, seconds):
    """The document as text. `program`: its bytes; `seconds`: since 1970, the time that it names."""
    all_ = crates(target)
    names = {(crate.name, crate.version): purl(crate) for crate in all_}
    main = next(crate for crate in all_ if crate.name == PROGRAM)
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": rfc3339(seconds),
            # When these crates were resolved and compiled.
            "lifecycles": [{"phase": "build"}],
            "component": component(main) | {
                "type": "application",
                "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(program).hexdigest()}],
            },
            "properties": [{"name": "expbundle:target", "value": target}],
        },
        "components": [component(crate) for crate in all_ if crate is not main],
        "dependencies": [{"ref": purl(crate), "dependsOn": sorted(names[other] for other in crate.uses)} for crate in all_],
    }
    # A name for this document, made from it, so that the same input gives the same bytes.
    content = json.dumps(document, sort_keys=True)
    document["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_URL, f"expbundle {version()} {content}").urn
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
