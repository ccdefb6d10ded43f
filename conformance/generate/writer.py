"""Layer `writer`: archives of any form that hold the objects of a bundle, and the one bundle that they are (container.md)."""

import io
import zipfile

from .build import Bundle, artifact, body, fixed, listing, says, signed, smallest
from .cases import WRITER


def archive(objects, method=zipfile.ZIP_STORED, order=sorted, comment=b"", folders=False, time=(2026, 11, 23, 9, 0, 0), mimetype=True, extra=b"", streamed=False):
    """The objects as some other tool zips them."""
    out = io.BytesIO()
    target = Unseekable(out) if streamed else out
    with zipfile.ZipFile(target, "w", method, compresslevel=0) as made:
        made.comment = comment
        names = list(order(objects))
        if folders:
            names += sorted({name.rsplit("/", 1)[0] + "/" for name in names})
        if mimetype:
            names.append("mimetype")
        for name in names:
            info = zipfile.ZipInfo(name, time)
            # What a ZIP library fills in differs between systems; here it does not.
            info.create_system, info.extra, info.compress_type = 3, extra, method
            info._compresslevel = 0
            made.writestr(info, b"application/vnd.expbundle.v1+zip" if name == "mimetype" else objects.get(name, b""))
    return out.getvalue()


class Unseekable(io.RawIOBase):
    """A pipe: sizes have to stand behind the data then."""

    def __init__(self, out):
        self.out = out

    def writable(self):
        return True

    def seekable(self):
        return False

    def write(self, data):
        return self.out.write(data)


def add(suite):
    suite.in_layer("writer", "container.md")
    whole = Bundle()
    tree = listing({"a": b"abc"})
    record = whole.record(body(outputs=[artifact(b"weights"), artifact(tree, form="tree")]))
    whole.embed(b"weights")
    whole.embed(tree)
    whole.statement(says(record))
    many = Bundle()
    for number in range(12):
        sections = {"context.json": fixed({"title": f"run {number}"}), "a.b": b"x%d" % number, "zz.txt": b"y%d" % number}
        many.record(body({name: data if name == "context.json" else {"mediaType": "text/plain", "size": len(data), "digest": artifact(data)["digest"]}
                          for name, data in sections.items()}), sections)
    write = lambda name, why, bundle, **form: suite.written(name, why, archive(bundle.objects, **form), bundle, tiers=[WRITER])
    write("stored", "as it is, with other times", whole)
    write("deflated", "compressed, in blocks that every library writes alike", whole, method=zipfile.ZIP_DEFLATED)
    write("backwards", "in another order", whole, order=lambda names: sorted(names, reverse=True))
    write("with-folders", "with entries for folders", whole, folders=True)
    write("with-comment", "with a comment", whole, comment=b"zipped by hand")
    write("with-extra-fields", "with times in extra fields", whole, extra=b"\x55\x54\x05\x00\x01\0\0\0\0")
    write("streamed", "with data descriptors", whole, method=zipfile.ZIP_DEFLATED, streamed=True)
    write("without-mimetype", "without its first entry", whole, mimetype=False)
    write("many-records", "a dozen records, whose names are sorted by their bytes", many, order=lambda names: sorted(names, key=lambda name: name[::-1]))
    write("smallest", "the smallest bundle", smallest(), method=zipfile.ZIP_DEFLATED)
    write("signed", "signatures hold in any wrapping", signed()[0], method=zipfile.ZIP_DEFLATED, folders=True)
    suite.written("already-written", "what is written right is left as it is", whole.bytes(), whole, tiers=[WRITER])
