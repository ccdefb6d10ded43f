"""A bundle is a plain ZIP whose names are BLAKE3 digests: shown with zipfile, unzip, the `blake3` package and hashlib."""

import hashlib
import io
import json
import pathlib
import shutil
import subprocess
import textwrap
import zipfile

import pytest
from blake3 import blake3
from bundle import Bundle, rank
from jsonschema import Draft202012Validator

ROOT = pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def paths(bundles):
    return [path for group in bundles.values() for path in group]


def digests(data):
    return {"blake3": blake3(data).hexdigest(), "sha256": hashlib.sha256(data).hexdigest()}


def test_there_is_something_to_check(bundles):
    assert {"mlflow/file-store", "mlflow/sqlite", "mlflow/export-import", "wandb/finetune", "wandb/online"} <= set(bundles)
    assert all(bundles.values()), "a fixture without a bundle"


def test_zipfile_finds_nothing_wrong(paths):
    for path in paths:
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            assert archive.comment == b""
            assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())
            assert len(set(archive.namelist())) == len(archive.namelist())


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not here; zipfile has read the same files")
def test_unzip_finds_nothing_wrong(paths):
    for path in paths:
        subprocess.run(["unzip", "-tqq", path], check=True)


def test_a_stock_writer_writes_the_same_bytes(paths):
    """The canonical layout needs nothing special: stored entries, `mimetype`, then names class by class, one time, one mode."""
    for path in paths:
        entries = Bundle(path).entries
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            for name in ["mimetype", *sorted(entries.keys() - {"mimetype"}, key=rank)]:
                entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                entry.create_system, entry.create_version, entry.extract_version = 3, 10, 10
                entry.external_attr = 0o100644 << 16
                archive.writestr(entry, entries[name])
        assert out.getvalue() == path.read_bytes(), path


def test_the_writer_on_the_page_writes_the_same_bytes(paths, tmp_path):
    """spec/implementers.md prints a writer in Python."""
    page = (ROOT / "spec" / "implementers.md").read_text()
    code = textwrap.dedent(page.split("```python\n")[-1].split("```")[0])
    names = {}
    exec(code, names)
    for path in paths:
        names["write"](tmp_path / "again.expb", {name: data for name, data in Bundle(path).entries.items() if name != "mimetype"})
        assert (tmp_path / "again.expb").read_bytes() == path.read_bytes(), path


def test_names_are_digests(paths):
    for path in paths:
        bundle = Bundle(path)
        for name, data in bundle.entries.items():
            kind, _, rest = name.partition("/")
            if kind == "statements":
                assert rest == blake3(data).hexdigest() + ".json"
            elif kind == "artifacts":
                assert rest == blake3(data).hexdigest()
            else:
                assert name == "mimetype" or kind == "records"
        for record_id, record, sections in bundle.records():
            assert record_id == blake3(bundle.entries[f"records/{record_id}/record.json"]).hexdigest()
            assert sections.keys() == record["sections"].keys()
            for name, data in sections.items():
                assert record["sections"][name]["digest"] == digests(data), name
                assert record["sections"][name]["size"] == len(data), name


def test_sections_follow_their_schemas(expbundle, paths):
    """With the reference validator of Python, and the schemas that the program prints."""
    validators = {}
    for path in paths:
        for _, record, sections in Bundle(path).records():
            documents = {name.removesuffix(".json"): json.loads(data) for name, data in sections.items() if name.endswith(".json")}
            for name, document in {"record": record, **documents}.items():
                if name not in validators:
                    schema = json.loads(expbundle("schema", name))
                    Draft202012Validator.check_schema(schema)
                    validators[name] = Draft202012Validator(schema)
                validators[name].validate(document)


def test_reports_follow_their_schema(expbundle, paths):
    validator = Draft202012Validator(json.loads(expbundle("schema", "report")))
    for path in paths:
        validator.validate(json.loads(expbundle("verify", path, "--json")))


def test_every_changed_byte_is_found_by_somebody(expbundle, paths, tmp_path):
    """Where `testzip` finds a flipped bit, so does `verify`; it finds those too that a ZIP tool does not look at."""
    path = min(paths, key=lambda path: path.stat().st_size)
    data = path.read_bytes()
    changed = tmp_path / "changed.expb"
    for position in range(0, len(data), max(1, len(data) // 200)):
        changed.write_bytes(data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :])
        expbundle("verify", changed, status=1)
