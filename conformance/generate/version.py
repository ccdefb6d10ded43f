"""Layer `version`: earlier and later versions of the format (versions.md)."""

from .build import Bundle, body, smallest


def of(value, sections=None):
    bundle = Bundle()
    bundle.record({**body({}), **value}, sections or {})
    return bundle


def add(suite):
    suite.in_layer("version", "versions.md")
    suite.valid("minor-1", "a later minor version adds members that may be ignored", of({"spec": "1.1", "weather": "sunny"}))
    suite.valid("minor-4294967295", "a much later one", of({"spec": "1.4294967295"}))
    suite.valid("unknown-members", "members that a reader does not know are ignored and kept", of({"https://example.org/mood": {"a": [1, 2]}}))
    for name, spec in (("major-2", "2.0"), ("major-0", "0.9"), ("major-10", "10.0")):
        suite.refused(name, "another major version is another format", of({"spec": spec}), "version.unsupported")
    suite.refused("major-2-of-another-form", "the version decides how the rest is read, so it is read first", of({"spec": "2.0", "kind": "workflow", "sections": []}), "version.unsupported")
    for number in ("2", "0", "10", "11", "01"):
        suite.refused(f"container-v{number}", "another major version of the container",
                      smallest().container(mimetype=f"application/vnd.expbundle.v{number}+zip".encode()).bytes(), "version.unsupported", clause="container.md#names")
    for text in ("v", "v1.0", "v-1", "vI"):
        suite.refused(f"container-{text.replace('.', '-')}", "no number of a version", smallest().container(mimetype=f"application/vnd.expbundle.{text}+zip".encode()).bytes(), "container.mimetype", clause="container.md#names")
    for name, text in (("without-zip", "v2"), ("of-another-suffix", "v2+tar"), ("with-more", "v2+zip "), ("upper-case", "V2+zip")):
        suite.refused(f"container-v2-{name}", "a media type of another form", smallest().container(mimetype=f"application/vnd.expbundle.{text}".encode()).bytes(), "container.mimetype", clause="container.md#names")
    suite.refused("critical-extension", "an extension that a reader must understand", of({"critical": ["https://example.org/sharded"]}), "record.critical")
    suite.refused("two-critical-extensions", "and more of them", of({"critical": ["urn:a", "urn:b"]}), "record.critical")
    suite.refused("critical-is-a-text", "a list of URIs", of({"critical": "urn:a"}), "schema.invalid")
    mixed = smallest()
    mixed.record({**body({}), "spec": "2.0"}, {})
    suite.refused("one-record-of-another-version", "one record that cannot be read is enough", mixed, "version.unsupported")
