"""Copies what a fuzz target begins with into its corpus: `seed.py TARGET FOLDER`."""

import hashlib
import pathlib
import sqlite3
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MOST_BYTES = 65_536
MOST_ROWS = 12
BETWEEN = b"\n===\n"


def bundles():
    for folder in (ROOT / "conformance" / "cases", ROOT / "crates" / "expbundle-format" / "tests" / "golden"):
        # Some are links that lead nowhere, or folders, on purpose.
        for path in filter(pathlib.Path.is_file, sorted(folder.rglob("*.expb"))):
            yield path.read_bytes()


def entries(fits):
    """Entries of the bundles, as far as zipfile can read them."""
    for folder in (ROOT / "conformance" / "cases", ROOT / "crates"):
        for path in sorted(folder.rglob("*.expb")):
            try:
                with zipfile.ZipFile(path) as archive:
                    for name in archive.namelist():
                        if fits(name):
                            yield name, archive.read(name)
            except Exception:  # noqa: BLE001, these are broken on purpose
                continue


def fixtures(pattern):
    return (path.read_bytes() for path in sorted((ROOT / "fixtures").rglob(pattern)) if path.is_file())


def small_databases():
    """The databases of the fixtures with the first rows of each table that has any, in pages as small as may be."""
    for path in sorted((ROOT / "fixtures").rglob("mlflow.db")):
        whole, small = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True), sqlite3.connect(":memory:")
        small.execute("PRAGMA page_size = 512")
        tables = whole.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
        for name, definition in tables.fetchall():
            # Without the columns that SQLite computes.
            columns = [f'"{column}"' for _, column, *_ in whole.execute(f'PRAGMA table_info("{name}")')]
            listed = ", ".join(columns)
            rows = whole.execute(f'SELECT {listed} FROM "{name}" LIMIT {MOST_ROWS}').fetchall()
            rows = [row for row in rows if sum(len(str(cell)) for cell in row) < 2048]
            if rows:
                small.execute(definition)
                small.executemany(f'INSERT INTO "{name}" ({listed}) VALUES ({", ".join("?" * len(columns))})', rows)
        small.commit()
        yield small.serialize()


SECTIONS = ["artifacts", "context", "cost", "evaluations", "events", "identity", "media", "recipe", "source", "summary"]


def seeds(target):
    is_json = lambda name: name.endswith(".json")
    match target:
        case "container" | "bundle":
            yield from bundles()
        case "json":
            yield from (data for _, data in entries(is_json))
        case "record":
            yield from (data for name, data in entries(is_json) if name.endswith("/record.json"))
        case "section":
            for name, data in entries(is_json):
                section = name.rsplit("/", 1)[-1].removesuffix(".json")
                if section in SECTIONS:
                    yield bytes([SECTIONS.index(section)]) + data
        case "statement" | "payload":
            for name, data in entries(lambda name: name.startswith("statements/")):
                yield data if target == "statement" else payload(data)
        case "signers":
            yield from (path.read_bytes() for path in sorted((ROOT / "conformance").rglob("*.signers")) if path.is_file())
        case "tree":
            yield from (data for name, data in entries(lambda name: name.startswith("artifacts/")) if data[64:65] == b" ")
        case "series" | "console":
            yield from (data for name, data in entries(lambda name: name.endswith(".parquet")))
        case "wandb_log":
            yield from fixtures("*.wandb")
        case "wandb_export":
            runs, histories = list(fixtures("run*.json")), list(fixtures("history*.csv"))
            yield from (run + BETWEEN + history for run in runs for history in histories[:2])
        case "table":
            yield from (data for pattern in ("*.csv", "*.jsonl", "*.parquet") for data in fixtures(pattern))
            yield b"step,time,a\r\n0,2026-01-01T00:00:00Z,0.5\r\n1,1795424400.5,NaN\r\n"
            yield b'key,step,time,value,text\na,1,,0.5,\n"b ""c""",,,,text\n'
            yield b'{"epoch": 1, "a": NaN, "b": "x"}\n{"key": "a", "value": 9007199254740993}\n'
        case "mlflow_files":
            metrics = next(fixtures("metrics/*"), b"1 0.5 0\n")
            yield from (meta + BETWEEN + metrics for meta in fixtures("meta.yaml"))
        case "mlflow_database":
            yield from small_databases()
        case "mlflow_export":
            yield from fixtures("run.json")
        case "huggingface":
            configs = list(fixtures("config.json"))
            yield from (card + BETWEEN + configs[0] for card in fixtures("README.md"))
        case "tracker":
            yield from sources()
        case "journal":
            yield JOURNAL
            yield JOURNAL[:-9]


JOURNAL = b"""{"expbundle-journal":1}
["set","record.json",{"spec":"1.0","kind":"run","inputs":[],"outputs":[],"parents":[]}]
["set","context.json",{"title":"a run"}]
["add","recipe.json",{"parameters":{"lr":0.1}}]
["add","events",{"events":[{"kind":"checkpoint","severity":"info"}]}]
["set","own.json",[1,2.5,null]]
["bytes","own.bin","AAEC"]
["redacted","recipe.json","recipe.json/parameters/token","github-token"]
["metrics",7,1764500000000000000,"loss",0.5,"note","warm","best",["NaN"],"id",[1.0,"1"]]
["telemetry",null,null,"gpu",97.5]
["final",null,null,"accuracy",0.93]
"""


def sources():
    """The small files of each folder of fixtures, as a source of each tracker: a wrong first byte is a try that costs little."""
    tools = sorted(path for path in (ROOT / "fixtures").iterdir() if path.is_dir())
    for folder in (folder for tool in tools for folder in sorted(tool.iterdir()) if folder.is_dir()):
        files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "expected.json"]
        parts, size = [], 0
        for path in files:
            data = path.read_bytes()
            size += len(data)
            if size < MOST_BYTES - 4096:
                parts += [path.relative_to(folder).as_posix().encode(), data]
        yield from (bytes([first]) + BETWEEN.join(parts) for first in range(len(tools)))


def payload(envelope):
    import base64
    import json

    try:
        return base64.b64decode(json.loads(envelope)["dsseEnvelope"]["payload"])
    except Exception:  # noqa: BLE001
        return b"{}"


def main():
    target, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    for data in seeds(target):
        if len(data) <= MOST_BYTES:
            (folder / hashlib.sha256(data).hexdigest()).write_bytes(data)


if __name__ == "__main__":
    main()
