"""A bundle as Python's own zipfile shows it. Nothing here knows more of the format than names of files."""

import io
import json
import zipfile


def rank(name):
    """The order of entries: artifacts, sections, records, statements; each by its name."""
    return {"artifacts": 0, "records": 1, "statements": 3}[name.split("/")[0]] + name.endswith("/record.json"), name.encode()


def write(path, content):
    """The canonical layout, by Python's own zipfile."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        names = ["mimetype", *sorted((name for name in content if name != "mimetype"), key=rank)]
        for name in names:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.create_version, info.extract_version, info.external_attr = 3, 10, 10, 0o100644 << 16
            archive.writestr(info, content[name])
    path.write_bytes(out.getvalue())


class Bundle:
    def __init__(self, path):
        with zipfile.ZipFile(path) as archive:
            self.entries = {name: archive.read(name) for name in archive.namelist()}

    def records(self):
        """The records: their id, record.json as an object, and their sections as bytes, by name."""
        for name, data in self.entries.items():
            if name.startswith("records/") and name.endswith("/record.json"):
                folder = name.removesuffix("record.json")
                sections = {
                    other.removeprefix(folder): content
                    for other, content in self.entries.items()
                    if other.startswith(folder) and other != name
                }
                yield folder.split("/")[1], json.loads(data), sections
