"""Gives the program hostile input of sizes n, 2n and 4n, and measures it: `bounds.py --program target/release/expbundle [--only NAME …]`.

Every input is made here, from a seedless recipe. The program runs as a child; its processor time and peak of resident memory are the kernel's
(`getrusage`). Prints a table, and ends with 1 where time or memory grew faster than the input, a command ended by a signal, a converted
bundle is one that `verify` refuses, or memory is beyond what SECURITY.md says. Needs the packages of conformance/requirements.txt, and pyarrow for tables.
"""

import argparse
import json
import os
import pathlib
import resource
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "conformance"))
import trackers  # noqa: E402
from generate.build import Bundle, artifact, body, digests, fixed, listing  # noqa: E402
from trackers import field, varint  # noqa: E402

# Below these a doubling is lost in what every start costs.
SECONDS, MEGABYTES = 0.4, 60
# Four times the input may take so many times as much, noise of a shared machine included.
GROWTH = 6.5
CASES = {}


def case(sizes, memory, name=None):
    """Registers a recipe: `sizes` are n; `memory` is the most MB that SECURITY.md allows at 4n."""

    def register(make):
        CASES[name or make.__name__.replace("_", " ")] = (sizes, memory, make)
        return make

    return register


# W&B: records in blocks of 32 KiB.


def whole(number, value):
    return varint(number << 3) + varint(value)


def wandb(folder, *records):
    """A log, and the command that converts it."""
    out = bytearray(bytes([0x3A, 0x57, 0x26, 0x42, 0xE1, 0xBE, 0x00]))
    for data in (field(17, field(1, b"abcdefgh")), *records):
        first = True
        while first or data:
            left = 32768 - len(out) % 32768
            if left < 7:
                out += bytes(left)
                left = 32768
            piece, data = data[: left - 7], data[left - 7 :]
            kind = {(True, True): 1, (True, False): 2, (False, False): 3, (False, True): 4}[(first, not data)]
            out += struct.pack("<IHB", zlib.crc32(bytes([kind]) + piece), len(piece), kind) + piece
            first = False
    path = folder / "run-abcdefgh.wandb"
    path.write_bytes(out)
    return [["convert", "wandb", str(path), "-o", str(folder / "out.expb")]]


def item(key, value, nested=False):
    keys = b"".join(field(2, part) for part in key) if nested else field(1, key)
    return field(1, keys + field(16, value))


@case([25_000, 50_000, 100_000], 400, "wandb: one configuration value of n keys")
def _(folder, n):
    return wandb(folder, field(5, item(b"c", b"{" + b",".join(b'"%d":0' % k for k in range(n)) + b"}")))


@case([25_000, 50_000, 100_000], 600, "wandb: n configuration values")
def _(folder, n):
    return wandb(folder, field(5, b"".join(item(b"c%d" % k, b'{"a":{"b":[{},{}]}}') for k in range(n))))


@case([25_000, 50_000, 100_000], 400, "wandb: n values of the summary")
def _(folder, n):
    return wandb(folder, *(field(3, item(b"s%d" % k, b"0")) for k in range(n)))


@case([25_000, 50_000, 100_000], 400, "wandb: a key of n parts")
def _(folder, n):
    parts = [b"k"] * n
    return wandb(folder, *(field(kind, item(parts, b"1", nested=True)) for kind in (2, 3, 5, 7)))


@case([1_000, 2_000, 4_000], 400, "wandb: n keys below one of n bytes")
def _(folder, n):
    inside = b"{" + b",".join(b'"%d":0' % k for k in range(n)) + b"}"
    records = [field(kind, item(b"K" * n, inside)) for kind in (3, 5)]
    return wandb(folder, *records, field(2, item(b"L" * n * 40, inside)), field(7, field(3, field(1, b"S" * n * 40) + field(16, inside))))


@case([25_000, 50_000, 100_000], 600, "wandb: n series of a history")
def _(folder, n):
    return wandb(folder, *(field(2, item(b"h%d" % k, b"1")) for k in range(n)))


@case([10_000, 20_000, 40_000], 600, "wandb: n media objects in a row")
def _(folder, n):
    return wandb(folder, field(2, b"".join(item([b"m%d" % k, b"_type"], b'"x"', True) + item([b"m%d" % k, b"v"], b"1", True) for k in range(n))))


@case([5_000, 10_000, 20_000], 600, "wandb: n definitions of metrics, n series")
def _(folder, n):
    definitions = (field(12, field(2, b"d%d*" % k) + field(4, b"step")) for k in range(n))
    return wandb(folder, *definitions, *(field(2, item(b"h%d" % k, b"1")) for k in range(n)))


@case([500_000, 1_000_000, 2_000_000], 400, "wandb: a console line of n bytes")
def _(folder, n):
    return wandb(folder, *(field(13, field(3, b"x" * 1000) + whole(1, 1)) for _ in range(n // 1000)), field(13, field(3, b"\r" * n) + whole(1, 1)))


@case([500_000, 1_000_000, 2_000_000], 400, "wandb: n bytes of console, the line rewritten at each")
def _(folder, n):
    return wandb(folder, *(field(13, field(3, b"progress\r") + whole(1, 1)) for _ in range(n // 9)))


@case([10_000, 20_000, 40_000], 600, "wandb: n artifacts, n used ones, n saved files")
def _(folder, n):
    logged = (field(8, field(1, b"run") + field(4, b"model") + field(5, b"a%d" % k) + field(6, b"digest%d" % k) + field(12, b"c%d" % k)) for k in range(n))
    used = (field(25, field(1, b"id%d" % k) + field(2, b"dataset") + field(3, b"u%d:v0" % k)) for k in range(n))
    return wandb(folder, *logged, *used, field(6, b"".join(field(1, field(1, b"f%d" % k)) for k in range(n))))


@case([10_000, 20_000, 40_000], 400, "wandb: n accelerators")
def _(folder, n):
    devices = b"".join(field(17, field(1, b"gpu %d" % k) + whole(2, k + 1)) for k in range(n))
    return wandb(folder, field(26, devices))


@case([25_000, 50_000, 100_000], 400, "wandb: n gaps between records")
def _(folder, n):
    return wandb(folder, *(whole(1, 2 * k + 2) + field(23, b"") for k in range(n)))


@case([1_000_000, 2_000_000, 4_000_000], 900, "wandb: a summary of n bytes of small objects")
def _(folder, n):
    return wandb(folder, field(3, item(b"a", b"[" + b",".join([b'{"a":1}'] * (n // 8)) + b"]")))


@case([8_000, 16_000, 32_000], 400, "wandb: names of n letters everywhere")
def _(folder, n):
    name = b"N" * n
    run = field(17, b"".join(field(k, name) for k in (1, 2, 3, 6, 7, 8, 9)))
    return wandb(folder, run, *(field(kind, item(name, b'"' + name + b'"')) for kind in (2, 3, 5)), field(13, field(3, name)))


def export(folder, name, text, run=None):
    (folder / "export").mkdir()
    (folder / "export" / "run.json").write_text(json.dumps({"id": "abcdefgh", "name": "abcdefgh", "displayName": "x", "state": "finished", "config": "{}", "summaryMetrics": "{}", **(run or {})}))
    (folder / "export" / name).write_text(text)
    return [["convert", "wandb", str(folder / "export"), "-o", str(folder / "out.expb")]]


@case([20_000, 40_000, 80_000], 600, "wandb export: a row of n keys, as JSON lines")
def _(folder, n):
    return export(folder, "scan_history.jsonl", json.dumps({"_step": 0, **{f"k{k}": k for k in range(n)}}) + "\n")


@case([20_000, 40_000, 80_000], 600, "wandb export: n columns of a CSV")
def _(folder, n):
    return export(folder, "history.csv", "_step," + ",".join(f"k{k}" for k in range(n)) + "\n" + "0" + ",1" * n + "\n" + "1" + ",2" * n + "\n")


@case([250, 500, 1_000], 600, "wandb export: a chart of n runs, 20 rows")
def _(folder, n):
    rows = "\n".join(f'"{step}"' + ',"0.5"' * n for step in range(20))
    (folder / "chart.csv").write_text('"Step"' + "".join(f',"run {k} - loss"' for k in range(n)) + "\n" + rows + "\n")
    return [["convert", "wandb", str(folder / "chart.csv"), "--all", "-o", str(folder / "out")]]


@case([25_000, 50_000, 100_000], 600, "wandb: a text of n beginnings of addresses")
def _(folder, n):
    units = enumerate(("git@a:", "https://?", "s3://?sv="))
    return wandb(folder, field(5, b"".join(item(b"k%d" % k, json.dumps(unit * n).encode()) for k, unit in units)))


@case([20_000, 40_000, 80_000], 600, "wandb export: a configuration of n keys")
def _(folder, n):
    return export(folder, "scan_history.jsonl", '{"_step": 0}\n', {"config": json.dumps({f"k{k}": {"value": k} for k in range(n)}), "summaryMetrics": json.dumps({f"s{k}": k for k in range(n)})})


# MLflow: databases.

RUN = "0123456789abcdef0123456789abcdef"


def database(folder, *statements, rows=()):
    path = folder / "mlflow.db"
    shutil.copy(ROOT / "fixtures/mlflow/sqlite/mlflow.db", path)
    path.chmod(0o644)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma foreign_keys = off")
    connection.execute("begin")
    run = connection.execute("select run_uuid from runs").fetchone()[0]
    for statement in statements:
        connection.execute(statement.replace(":run:", run))
    for statement, values in rows:
        connection.executemany(statement.replace(":run:", run), values)
    connection.execute("commit")
    connection.close()
    return [["convert", "mlflow", str(path), "--run", run, "-o", str(folder / "out.expb")], ["convert", "mlflow", str(path), "--list"]]


PARAMS = ("drop table params", "create table params (key varchar, run_uuid varchar)")


@case([500, 1_000, 2_000], 300, "mlflow.db: a default of 900,000 letters, read n times")
def _(folder, n):
    commands = database(folder, *PARAMS, rows=[("insert into params values (?, ':run:')", [(f"k{k}",) for k in range(n)])])
    connection = sqlite3.connect(folder / "mlflow.db")
    connection.execute("alter table params add column value varchar default '" + "A" * 900_000 + "'")
    connection.commit()
    connection.close()
    return commands


@case([4_000, 8_000, 16_000], 400, "mlflow.db: a default of 30,000 letters, read n times")
def _(folder, n):
    commands = database(folder, *PARAMS, rows=[("insert into params values (?, ':run:')", [(f"k{k}",) for k in range(n)])])
    connection = sqlite3.connect(folder / "mlflow.db")
    connection.execute("alter table params add column value varchar default '" + "A" * 30_000 + "'")
    connection.commit()
    connection.close()
    return commands


@case([50, 100, 200], 200, "mlflow.db: n generated values of 1 MB")
def _(folder, n):
    create = "create table params (key varchar, run_uuid varchar, value varchar generated always as (printf('%.*c', 1000000, 'x')) virtual)"
    return database(folder, "drop table params", create, rows=[("insert into params (key, run_uuid) values (?, ':run:')", [(f"k{k}",) for k in range(n)])])


@case([1, 2, 4], 200, "mlflow.db: a view without end in place of a table")
def _(folder, n):
    endless = "with recursive t(n) as (select 1 union all select n + 1 from t) select 'k' || n as key, n as value, ':run:' as run_uuid from t"
    return database(folder, "alter table params rename to other", f"create view params as {endless}")


@case([8_000, 16_000, 32_000], 600, "mlflow.db: n data sets, n tags of each edge, no index")
def _(folder, n):
    statements = ["drop table inputs", "drop table input_tags", "drop table datasets"]
    statements.append("create table inputs (input_uuid, source_type, source_id, destination_type, destination_id, step)")
    statements += ["create table input_tags (input_uuid, name, value)", "create table datasets (dataset_uuid, name, digest)"]
    rows = [
        ("insert into inputs values (?, 'DATASET', ?, 'RUN', ':run:', 0)", [(f"e{k}", f"d{k}") for k in range(n)]),
        ("insert into input_tags values (?, 'mlflow.data.context', 'x')", [(f"e{k}",) for k in range(n)]),
        ("insert into datasets values (?, 'name', 'digest')", [(f"d{k}",) for k in range(n)]),
    ]
    return database(folder, *statements, rows=rows)


@case([1_000, 2_000, 4_000], 400, "mlflow.db: n tables")
def _(folder, n):
    return database(folder, *(f"create table t{k} (a, b, c)" for k in range(n)))


@case([4, 8, 16], 600, "mlflow.db: n blobs of 2 MB")
def _(folder, n):
    return database(folder, rows=[("insert into params (key, value, run_uuid) values (?, zeroblob(2000000), ':run:')", [(f"k{k}",) for k in range(n)])])


@case([25_000, 50_000, 100_000], 600, "mlflow.db: n runs of a row of nulls")
def _(folder, n):
    columns = "run_uuid primary key, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time, source_version, lifecycle_stage, artifact_uri, experiment_id, deleted_time"
    return database(folder, "create table r2 (" + columns + ") without rowid", "insert into r2 select " + columns.replace(" primary key", "") + " from runs",
                    "drop table runs", "alter table r2 rename to runs", rows=[("insert into runs (run_uuid) values (?)", [(str(k),) for k in range(n)])])


@case([10_000, 20_000, 40_000], 400, "mlflow.db: a log of writes of n rows")
def _(folder, n):
    commands = database(folder)
    connection = sqlite3.connect(folder / "mlflow.db", isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma wal_autocheckpoint = 0")
    run = commands[0][4]
    connection.execute("begin")
    connection.executemany("insert into params (key, value, run_uuid) values (?, 'v', ?)", [(f"k{k}", run) for k in range(n)])
    connection.execute("commit")
    for suffix in ("", "-wal"):
        shutil.copy(folder / f"mlflow.db{suffix}", folder / f"copy.db{suffix}")
    connection.close()
    for suffix in ("", "-wal", "-shm"):
        (folder / f"mlflow.db{suffix}").unlink(missing_ok=True)
    for suffix in ("", "-wal"):
        (folder / f"copy.db{suffix}").rename(folder / f"mlflow.db{suffix}")
    return commands


# MLflow: file stores.


def store(folder, params=(), metrics=(), tags=(), meta=None):
    run = folder / "mlruns" / "0" / RUN
    for name, files in (("params", params), ("metrics", metrics), ("tags", tags), ("artifacts", ())):
        (run / name).mkdir(parents=True, exist_ok=True)
        for key, text in files:
            (run / name / key).write_text(text)
    (folder / "mlruns/0/meta.yaml").write_text("experiment_id: '0'\nname: Default\nlifecycle_stage: active\n")
    (run / "meta.yaml").write_text(meta or f"run_id: {RUN}\nexperiment_id: '0'\nstatus: 3\nstart_time: 1\nend_time: 2\nlifecycle_stage: active\n")
    return [["convert", "mlflow", str(folder / "mlruns"), "--run", RUN, "-o", str(folder / "out.expb")]]


@case([16, 20, 24], 200, "mlruns: a YAML bomb of n doublings")
def _(folder, n):
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{k}: &a{k} [*a{k - 1}, *a{k - 1}]\n" for k in range(1, n))
    return store(folder, meta=bomb + f"run_id: {RUN}\n")


@case([100_000, 200_000, 400_000], 300, "mlruns: a metric of n points")
def _(folder, n):
    return store(folder, metrics=[("m", "".join(f"{k} 0.5 {k}\n" for k in range(n)))])


@case([1_000_000, 2_000_000, 4_000_000], 300, "mlruns: a line of n bytes in a metric")
def _(folder, n):
    return store(folder, metrics=[("m", "1 0.5 1\n" + "9" * n + "\n2 0.5 2\n")])


@case([1_000_000, 2_000_000, 4_000_000], 300, "mlruns: texts of n letters")
def _(folder, n):
    return store(folder, params=[("p", "P" * n)], tags=[("mlflow.note.content", "N" * n), ("mlflow.runName", "R" * n)])


@case([500, 1_000, 2_000], 300, "mlruns: n runs that name each other as parent")
def _(folder, n):
    for k in range(n):
        run = folder / "mlruns" / "0" / f"{k:032x}"
        (run / "tags").mkdir(parents=True)
        (run / "tags" / "mlflow.parentRunId").write_text(f"{(k + 1) % n:032x}")
        (run / "meta.yaml").write_text(f"run_id: {k:032x}\nexperiment_id: '0'\nstatus: 3\nlifecycle_stage: active\n")
    (folder / "mlruns/0/meta.yaml").write_text("experiment_id: '0'\nname: Default\nlifecycle_stage: active\n")
    return [["convert", "mlflow", str(folder / "mlruns"), "--list"], ["convert", "mlflow", str(folder / "mlruns"), "--all", "-o", str(folder / "out")]]


@case([10, 20, 40], 200, "mlruns: n links in circles")
def _(folder, n):
    commands = store(folder)
    for k in range(n):
        (folder / "mlruns/0" / RUN / "artifacts" / f"l{k}").symlink_to("..")
        (folder / "mlruns/0" / RUN / "metrics" / f"l{k}").symlink_to("/dev/zero")
        (folder / "mlruns/0" / f"e{k}").symlink_to("..")
    return commands


# Hugging Face.


def model(folder, **files):
    (folder / "model").mkdir()
    for name, text in {"model.safetensors": "weights", **files}.items():
        path = folder / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [["convert", "huggingface", str(folder / "model"), "-o", str(folder / "out.expb")]]


@case([35, 70, 140], 200, "model: a configuration of n levels")
def _(folder, n):
    return model(folder, **{"config.json": '{"a":' * n + "0" + "}" * n, "adapter_config.json": "[" * n + "]" * n, "README.md": "---\nx: " + "[" * (n // 3) + "]" * (n // 3) + "\n---\n"})


@case([1_000_000, 2_000_000, 4_000_000], 900, "model: a configuration of n bytes of small objects")
def _(folder, n):
    return model(folder, **{"config.json": '{"a":[' + ",".join(['{"a":1}'] * (n // 8)) + "]}"})


@case([1_000_000, 2_000_000, 4_000_000], 400, "model: a card of n bytes")
def _(folder, n):
    return model(folder, **{"README.md": "---\ntags:\n" + "- tag\n" * (n // 12) + "---\n" + "word " * (n // 10)})


@case([125_000, 250_000, 500_000], 400, "model: texts without a line end that name a secret over and over, n bytes each")
def _(folder, n):
    parts = ["password=a&", "&password=S3cureab", "postgres://db/x?user=bob&password=S3cure&ssl=1 ", "jdbc:sqlserver://db;password=S3cure;", '[["password", "S3cure"]]', "secrets.a=", "author: Ada ", "a@b ~ % ", "x:~ a$ "]
    return model(folder, **{f"{k}.txt": (part * (n // len(part) + 1))[:n] for k, part in enumerate(parts)})


@case([2_000, 4_000, 8_000], 400, "model: a card with n base models and data sets")
def _(folder, n):
    names = "".join(f"- o/n{k}\n" for k in range(n))
    return model(folder, **{"README.md": f"---\nbase_model:\n{names}datasets:\n{names}---\n"})


@case([1_000, 2_000, 4_000], 400, "model: n files with results")
def _(folder, n):
    return model(folder, **{f".eval_results/r{k}.yaml": "- value: 1\n" for k in range(n)})


@case([50_000, 100_000, 200_000], 600, "model: an index of n shards")
def _(folder, n):
    return model(folder, **{"model.safetensors.index.json": json.dumps({"weight_map": {f"layer.{k}": f"model-{k}.safetensors" for k in range(n)}})})


# ClearML: an offline session, as a zip unless said otherwise.


def session(folder, task=None, metrics="", log="", files=None):
    identity = "offline-" + "ab" * 16
    named = {
        "task.json": json.dumps({"name": "t", "id": identity, "offline_folder": identity, **(task or {})}),
        "metrics.jsonl": metrics,
        "log.jsonl": log,
        **(files or {}),
    }
    target = folder / f"{identity}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in named.items():
            archive.writestr(name, text)
    return [["convert", "clearml", str(target), "-o", str(folder / "out.expb")]]


def scalar(n, **changes):
    return {"timestamp": 1_795_424_466_508 + n, "type": "training_stats_scalar", "task": "t", "iter": n, "metric": "train", "variant": "loss", "value": 0.5, **changes}


@case([50_000, 100_000, 200_000], 400, "clearml.zip: n points of one series, one line")
def _(folder, n):
    return session(folder, metrics=json.dumps([scalar(k) for k in range(n)]) + "\n")


@case([25_000, 50_000, 100_000], 600, "clearml.zip: n series of a point")
def _(folder, n):
    return session(folder, metrics="".join(json.dumps([scalar(k, variant=f"v{k}")]) + "\n" for k in range(n)))


@case([25_000, 50_000, 100_000], 600, "clearml.zip: n hyperparameters, n configurations")
def _(folder, n):
    parameters = {f"p{k}": {"section": "General", "name": f"p{k}", "value": str(k)} for k in range(n)}
    return session(folder, task={"hyperparams": {"General": parameters}, "configuration": {f"c{k}": {"name": f"c{k}", "value": "x"} for k in range(n // 10)}})


@case([1_000_000, 2_000_000, 4_000_000], 400, "clearml.zip: a configuration of n levels, a console line of n bytes")
def _(folder, n):
    log = json.dumps([{"timestamp": 1_795_424_466_508, "type": "log", "level": "info", "msg": "x" * n}]) + "\n"
    return session(folder, task={"configuration": {"c": {"name": "c", "value": "{a=" * (n // 100)}}}, log=log)


@case([100_000_000, 200_000_000, 400_000_000], 400, "clearml.zip: n zeros in metrics and in a file")
def _(folder, n):
    return session(folder, metrics="\0" * n, files={"data/x.bin": "\0" * n})


@case([5_000, 10_000, 20_000], 400, "clearml.zip: n files, n artifacts that name them")
def _(folder, n):
    artifacts = [{"key": f"a{k}", "type": "custom", "uri": f"file:///f{k}", "hash": "", "content_size": 1, "timestamp": 1} for k in range(n)]
    return session(folder, task={"execution": {"artifacts": artifacts}}, files={f"data/t/artifacts/a{k}/f{k}": "x" for k in range(n)})


# Bundles and folders.


def bundled(folder, bundle, files=None, at=None):
    """A bundle in a folder, and the commands on both."""
    target = folder / "d"
    target.mkdir()
    (target / "experiment.expb").write_bytes(bundle.bytes())
    for name, data in (files or {}).items():
        (target / name).write_bytes(data)
    path = str(target / "experiment.expb")
    return [["verify", path], ["verify", str(target), "--json"], *(at or [])]


@case([1_000, 2_000, 4_000], 300, "folder: a listing of n files under n paths")
def _(folder, n):
    tree = listing({f"f{k:07}.bin": b"%d" % k for k in range(n)})
    paths = [{"path": f"p{k:07}", "direction": "output", "role": "model", "digest": digests(tree), "form": "tree"} for k in range(n)]
    sections = {"context.json": fixed({"title": "x"}), "artifacts.json": fixed({"artifacts": paths})}
    bundle = Bundle()
    bundle.record(body(sections, outputs=[artifact(tree, form="tree")]), sections)
    bundle.embed(tree)
    return bundled(folder, bundle, {"x.txt": b"hi"})


@case([500, 1_000, 2_000], 300, "folder: n claims of one digest, n files of it")
def _(folder, n):
    bundle = Bundle()
    for record in range(max(1, n // 1_000)):
        sections = {"context.json": fixed({"title": f"t{record}"})}
        bundle.record(body(sections, outputs=[{"role": "log", "digest": digests(b"same bytes"), "size": 100 + k} for k in range(min(n, 1_000))]), sections)
    return bundled(folder, bundle, {f"f{k}": b"same bytes" for k in range(n)})


@case([2_000, 4_000, 8_000], 300, "folder: n uncovered files, an index that names n others")
def _(folder, n):
    bundle = Bundle()
    bundle.record()
    index = json.dumps({"weight_map": {f"l{k}": f"s{k}.safetensors" for k in range(n)}}).encode()
    return bundled(folder, bundle, {"model.safetensors.index.json": index, **{f"f{k}": b"%d" % k for k in range(n)}})


def nested(n):
    """Some n bytes of objects of one member."""
    return b",".join(b'"k%d":' % k + b'{"a":' * 57 + b"0" + b"}" * 57 for k in range(n // 360))


@case([1_000_000, 2_000_000, 4_000_000], 600, "bundle: recipe.json of n bytes of objects of one member")
def _(folder, n):
    sections = {"context.json": fixed({"title": "x"}), "recipe.json": b'{"parameters":{' + nested(n) + b"}}"}
    bundle = Bundle()
    bundle.record(body(sections), sections)
    path = str(folder / "d" / "experiment.expb")
    return bundled(folder, bundle, at=[["show", path], ["show", path, "recipe"], ["diff", path, path], ["lineage", path]])


@case([1_000_000, 2_000_000, 4_000_000], 900, "bundle: artifacts.json of n bytes of small artifacts")
def _(folder, n):
    one = b'{"direction":"output","role":"model"}'
    sections = {"context.json": fixed({"title": "x"}), "artifacts.json": b'{"artifacts":[' + b",".join([one] * (n // len(one))) + b"]}"}
    bundle = Bundle()
    bundle.record(body(sections), sections)
    path = str(folder / "d" / "experiment.expb")
    return bundled(folder, bundle, at=[["show", path], ["lineage", path], ["why", "nothing", "--with", path]])


@case([1_000, 2_000, 4_000], 300, "bundle: n sections that are not what the record says")
def _(folder, n):
    bundle = Bundle()
    sections = {f"s{k}.json": b"{}" for k in range(n)}
    bundle.record(body({name: b"[]" for name in sections}), sections)
    path = str(folder / "d" / "experiment.expb")
    return bundled(folder, bundle, at=[["show", path], ["repack", path, "-o", str(folder / "r.expb")]])


@case([8_000, 16_000, 32_000], 200, "bundle: titles, names and paths of n letters")
def _(folder, n):
    name = "N" * n
    sections = {
        "context.json": fixed({"title": name, "tags": [name], "groups": [{"kind": name, "name": name}]}),
        "artifacts.json": fixed({"artifacts": [{"path": "p" * n, "name": name, "direction": "output", "role": "model", "digest": digests(b"w")}]}),
        "recipe.json": fixed({"parameters": {name: name}}),
    }
    bundle = Bundle()
    bundle.record(body(sections, outputs=[artifact(b"w")], source={"tool": "x" * 60, "run": name}), sections)
    path = str(folder / "d" / "experiment.expb")
    return bundled(folder, bundle, {"w": b"w"}, at=[["show", path], ["lineage", path], ["log", path], ["why", str(folder / "d" / "w")], ["diff", path, path]])


# Series: what a small section can make of itself. It is the converter's own, so the log is part of
# the input.


def with_series(folder, *records):
    path = str(folder / "out.expb")
    return [*wandb(folder, *records), ["show", path, "metrics"], ["extract", path, "--csv"], ["diff", path, path]]


@case([1_000, 2_000, 4_000], 400, "series: n rows of a key of 4,000 letters")
def _(folder, n):
    key = b"K" * 4000
    return with_series(folder, *(field(2, item(key, b"1")) for _ in range(n)))


@case([5_000, 10_000, 20_000], 400, "series: n keys of 1,000 letters")
def _(folder, n):
    return with_series(folder, *(field(2, item(b"%06d" % k + b"K" * 994, b"1")) for k in range(n)))


@case([100_000, 200_000, 400_000], 400, "series: n rows of one value")
def _(folder, n):
    return with_series(folder, *(field(2, item(b"k", b"1")) for _ in range(n)))


@case([100_000, 200_000, 400_000], 500, "series: n empty lines of console")
def _(folder, n):
    return [*wandb(folder, field(13, field(3, b"\n" * n) + whole(1, 1))), ["show", str(folder / "out.expb"), "console"]]


# Tables of numbers, for `create`.


def table(folder, name, data):
    path = folder / name
    path.write_bytes(data) if isinstance(data, bytes) else data(path)
    return [["create", "--metrics", str(path), "--title", "t", "-o", str(folder / "out.expb"), "--force"]]


@case([20_000, 40_000, 80_000], 600, "table: a CSV of n columns")
def _(folder, n):
    return table(folder, "t.csv", ",".join(f"m{k}" for k in range(n)).encode() + (b"\n" + b",".join([b"0.5"] * n)) * 2)


@case([10_000_000, 20_000_000, 40_000_000], 400, "table: a CSV cell of n letters")
def _(folder, n):
    return table(folder, "t.csv", b"step,loss\n1," + b"x" * n + b"\n2,0.5\n")


@case([25_000, 50_000, 100_000], 400, "table: a CSV of n rows in the long form, keys of their own")
def _(folder, n):
    return table(folder, "t.csv", b"key,step,time,value,text\n" + b"".join(b"k%d,1,,0.5,\n" % k for k in range(n)))


@case([1_000_000, 2_000_000, 4_000_000], 400, "table: JSON lines of n levels, and of n bytes of members")
def _(folder, n):
    members = b",".join(b'"k%d":1' % k for k in range(n // 20))
    return table(folder, "t.jsonl", b'{"step":1,"loss":' + b"[" * n + b"]" * n + b"}\n{" + members + b"}\n")


def parquet(columns, n):
    """A Parquet file as pyarrow writes it. By a process of its own: what this one holds would count for its children."""
    made = f"import pyarrow as pa, pyarrow.parquet, sys; n = {n}; pyarrow.parquet.write_table(pa.table({columns}), sys.argv[1], compression='zstd')"
    return lambda path: subprocess.run([sys.executable, "-c", made, str(path)], check=True)


@case([15_000_000, 30_000_000, 60_000_000], 400, "table: Parquet with a text of n letters")
def _(folder, n):
    return table(folder, "t.parquet", parquet('{"step": [1], "loss": [0.5], "note": ["x" * n]}', n))


@case([64, 128, 256], 400, "table: Parquet with n rows of one text of 1 MB")
def _(folder, n):
    texts = "pa.DictionaryArray.from_arrays(pa.array([0] * n, pa.int32()), ['x' * 1_000_000])"
    return table(folder, "t.parquet", parquet(f'{{"key": ["k"] * n, "step": list(range(n)), "value": [0.5] * n, "text": {texts}}}', n))


@case([1_000, 2_000, 4_000], 400, "table: Parquet of n columns")
def _(folder, n):
    return table(folder, "t.parquet", parquet('{f"m{k}": [0.5, 0.25] for k in range(n)}', n))


@case([1_000_000, 2_000_000, 4_000_000], 400, "table: Parquet of n rows of one value")
def _(folder, n):
    return table(folder, "t.parquet", parquet('{"step": pa.array(range(n)), "loss": pa.array([0.5] * n)}', n))


@case([1_000, 2_000, 4_000], 400, "table: Parquet with n rows of one text of 4 kB full of quotes")
def _(folder, n):
    text = "pa.DictionaryArray.from_arrays(pa.array([0] * n, pa.int32()), ['{\\\\\"password\\\\\":\\\\\"' * 250])"
    return table(folder, "t.parquet", parquet(f'{{"key": ["k"] * n, "step": list(range(n)), "text": {text}}}', n))


@case([25, 50, 100], 400, "table: Parquet of n columns of 5,000 n nulls")
def _(folder, n):
    columns = '{"step": pa.array([1] * (5000 * n)), **{f"m{k}": pa.nulls(5000 * n, pa.float64()) for k in range(n)}}'
    return table(folder, "t.parquet", parquet(columns, n))


def history(folder, columns, n):
    shutil.copy(ROOT / "fixtures" / "wandb" / "api-export" / "run.json", folder / "run.json")
    parquet(columns, n)(folder / "history.parquet")
    return [["convert", "wandb", str(folder), "-o", str(folder / "out.expb")]]


@case([2, 4, 8], 600, "wandb export: a Parquet of n columns, 20 texts of a megabyte")
def _(folder, n):
    return history(folder, '{"_step": list(range(20)), **{f"t{k}": ["a" * 1_000_000] * 20 for k in range(n)}}', n)


@case([25, 50, 100], 600, "wandb export: a Parquet of n columns of 5,000 n nulls")
def _(folder, n):
    return history(folder, '{"_step": pa.array([1] * (5000 * n)), **{f"m{k}": pa.nulls(5000 * n, pa.float64()) for k in range(n)}}', n)


@case([250_000, 500_000, 1_000_000], 900, "clearml.zip: n empty events, n empty lines")
def _(folder, n):
    return session(folder, log="[{}]\n" * n + "\n" * n)


# Signers files, and cards.


def signed(folder, signers, card=None):
    bundle = Bundle()
    bundle.record()
    bundled(folder, bundle, {"README.md": card} if card else None)
    (folder / "signers").write_bytes(signers)
    path = str(folder / "d" / "experiment.expb")
    return [["verify", path, "--trust", str(folder / "signers")], ["trust", "list", str(folder / "signers")]]


KEY = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDxLQVHnXI4BKi/qVSqgYtEQHTqSiwPxGHhVo1NjQmO7"


@case([50_000, 100_000, 200_000], 400, "signers: a file of n lines")
def _(folder, n):
    return signed(folder, b"".join(b"u%d@example.org %s\n" % (k, KEY) for k in range(n)))


@case([250_000, 500_000, 1_000_000], 400, "signers: a line of n patterns of names, and of n letters")
def _(folder, n):
    return signed(folder, b",".join(b"*?*%d*" % k for k in range(n // 8)) + b" " + KEY + b"\n" + b"x" * n + b"\n")


@case([250_000, 500_000, 1_000_000], 400, "model: attach to a card of n bytes of settings, and of n letters")
def _(folder, n):
    settings = b"".join(b"k%d: {a: [1, 2]}\n" % k for k in range(n // 20))
    signed(folder, b"", b"---\n" + settings + b"---\n" + b"<!-- " * (n // 5))
    path = folder / "d" / "experiment.expb"
    path.rename(folder / "x.expb")
    return [["attach", str(folder / "d"), str(folder / "x.expb")]]


trackers.register(case)


# Measuring.


def limit(seconds):
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))


def run(program, arguments, folder, seconds):
    """Exit status, seconds of processor time, MB at the peak, and bytes printed."""
    started = time.perf_counter()
    with open(folder / "stdout", "wb") as out, open(folder / "stderr", "wb") as errors:
        child = subprocess.Popen([program, *arguments], stdout=out, stderr=errors, stdin=subprocess.DEVNULL, cwd=folder,
                                 preexec_fn=lambda: limit(seconds))
        status, usage = None, None
        while status is None:
            pid, code, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                status = os.waitstatus_to_exitcode(code)
                status = "time" if status in (-signal.SIGXCPU, -signal.SIGKILL) else status
            elif time.perf_counter() - started > 10 * seconds:
                child.kill()
                _, code, usage = os.wait4(child.pid, 0)
                status = "time"
            else:
                time.sleep(0.005)
        child.returncode = 0
    printed = (folder / "stdout").stat().st_size + (folder / "stderr").stat().st_size
    return status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, printed


def bytes_in(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def measure(name, program, seconds):
    """Rows of the table, one for each command, and what is wrong."""
    sizes, memory, make = CASES[name]
    rows, wrong = {}, []
    for n in sizes:
        if any("ended by time" in line for line in wrong):
            break
        with tempfile.TemporaryDirectory() as at:
            folder = pathlib.Path(at)
            commands = make(folder, n)
            size = bytes_in(folder)
            for at, arguments in enumerate(commands):
                verb = " ".join(word for word in arguments[:2] if not word.startswith("/")) + (" --list" if "--list" in arguments else "") + (" --all" if "--all" in arguments else "")
                verb += " FOLDER" if arguments[0] == "verify" and not arguments[1].endswith(".expb") else ""
                status, spent, peak, printed = run(program, arguments, folder, seconds)
                rows.setdefault((at, verb), []).append((n, size, status, spent, peak, printed))
                if status in ("time",) or (isinstance(status, int) and (status < 0 or status > 3)):
                    wrong.append(f"{verb}, n = {n}: ended by {status}: {(folder / 'stderr').read_text(errors='replace')[-200:]}")
                if arguments[0] == "convert" and (folder / "out.expb").is_file() and at == 0:
                    checked = run(program, ["verify", str(folder / "out.expb")], folder, seconds)
                    if checked[0] != 0:
                        wrong.append(f"{verb}, n = {n}: what it wrote is refused: {(folder / 'stdout').read_text(errors='replace')[:200]}")
    for (_, verb), points in rows.items():
        first, last = points[0], points[-1]
        for what, at, least in (("time", 3, SECONDS), ("memory", 4, MEGABYTES), ("output", 5, 100_000)):
            if last[at] > least and last[at] > GROWTH * max(first[at], least / 4):
                wrong.append(f"{verb}: {what} grew from {first[at]:.2f} to {last[at]:.2f}")
        if last[4] > memory:
            wrong.append(f"{verb}: {last[4]:.0f} MB, more than {memory}")
    return rows, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--only", nargs="*", help="inputs whose name contains one of these")
    parser.add_argument("--seconds", type=float, default=120, help="processor time that one command may take")
    arguments = parser.parse_args()
    program = str(pathlib.Path(arguments.program).resolve())
    names = [name for name in CASES if not arguments.only or any(part in name for part in arguments.only)]
    print("| input | command | n | size | time | memory | grew |\n| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    failed = 0
    for name in names:
        rows, wrong = measure(name, program, arguments.seconds)
        for (_, verb), points in rows.items():
            first, last = points[0], points[-1]
            grew = f"{last[3] / max(first[3], 0.01):.1f}x, {last[4] / first[4]:.1f}x"
            print(f"| {name} | `{verb}` | {last[0]:,} | {last[1] / 1e6:.1f} MB | {last[3]:.2f} s | {last[4]:.0f} MB | {grew} |", flush=True)
        for line in wrong:
            failed += 1
            print(f"!! {name}: {line}", flush=True)
    print(f"\n{len(names)} inputs, {failed} faults")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
