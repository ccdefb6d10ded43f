"""Hostile and huge sources of trackers, for `bounds.py`: what their own files hold, without the trackers."""

import json
import pathlib
import shutil
import sqlite3
import struct
import subprocess
import sys

import packs

ROOT = pathlib.Path(__file__).resolve().parent.parent


def convert(folder, tracker, path, *more):
    return [["convert", tracker, str(path), *more, "-o", str(folder / "out.expb")]]


def written(folder, name, data):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def copied(folder, fixture, *statements, rows=()):
    """A database of a fixture with more rows in it."""
    source = ROOT / "fixtures" / fixture
    path = folder / "source" / source.name
    shutil.copytree(source.parent, path.parent)
    for inside in path.parent.rglob("*"):
        inside.chmod(0o755 if inside.is_dir() else 0o644)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma foreign_keys = off")
    connection.execute("begin")
    for statement in statements:
        connection.execute(statement)
    for statement, values in rows:
        connection.executemany(statement, values)
    connection.execute("commit")
    connection.close()
    return path


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def crc32c(data, table=[]):
    if not table:
        for byte in range(256):
            for _ in range(8):
                byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
            table.append(byte)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def events(folder, values):
    """An event file of scalars: pairs of a tag and a step."""
    out = bytearray()
    for data in [b"\x09" + struct.pack("<d", 1.0) + field(3, b"brain.Event:2")] + [
        b"\x09" + struct.pack("<d", 1.0 + step) + b"\x10" + varint(step) + field(5, field(1, field(1, tag) + b"\x15" + struct.pack("<f", 0.5))) for tag, step in values
    ]:
        length = struct.pack("<Q", len(data))
        out += length + struct.pack("<I", crc32c(length)) + data + struct.pack("<I", crc32c(data))
    return convert(folder, "tensorboard", written(folder, "run/events.out.tfevents.1.host", bytes(out)).parent)


def comet(folder, lines):
    """The folder that a killed experiment leaves."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    return convert(folder, "comet", written(folder, "run/messages.json", text.encode()).parent)


def metric(name, step, context=None):
    point = {"metricName": name, "metricValue": 0.5, "step": step, "epoch": None}
    return {"payload": {"context": context, "local_timestamp": 1, "message_id": step, "metric": point}, "type": "metric_msg"}


def state(folder, members, history):
    text = json.dumps({**members, "global_step": 1, "log_history": history}, indent=2)
    return convert(folder, "transformers", written(folder, "trainer/trainer_state.json", text.encode()).parent)


def neptune(folder, operations):
    run = next((ROOT / "fixtures/neptune/digits-mlp/.neptune/offline").iterdir())
    to = folder / ".neptune/offline" / run.name
    to.mkdir(parents=True)
    shutil.copy(run / "metadata.json", to)
    lines = (json.dumps({"obj": operation, "version": number}) for number, operation in enumerate(operations, 1))
    (to / "data-1.log").write_text("\n".join(lines) + "\n")
    return convert(folder, "neptune", folder / ".neptune")


LOCK = b"schema: '2.0'\nstages: {}\n"


def project(folder, make):
    """A DVC project of one commit, and the commands that list and convert it."""
    pack = packs.Pack()
    path = pack.write(folder / "project", pack.object(packs.COMMIT, packs.commit(make(pack), message=b"first")))
    return [*convert(folder, "dvc", path), ["convert", "dvc", str(path), "--list"]]


def register(case):
    """Adds the inputs to the table of `bounds.py`."""

    @case([25_000, 50_000, 100_000], 400, "tensorboard: n scalars of one tag")
    def _(folder, n):
        return events(folder, ((b"loss", step) for step in range(n)))

    @case([5_000, 10_000, 20_000], 400, "tensorboard: n tags")
    def _(folder, n):
        return events(folder, ((b"tag%d" % number, 1) for number in range(n)))

    @case([1_000_000, 2_000_000, 4_000_000], 400, "tensorboard: a length of n bytes that is not there")
    def _(folder, n):
        length = struct.pack("<Q", 1 << 40)
        return convert(folder, "tensorboard", written(folder, "run/events.out.tfevents.1.host", length + struct.pack("<I", crc32c(length)) + bytes(n)).parent)

    @case([20_000, 40_000, 80_000], 400, "comet: n points of one series, n of others")
    def _(folder, n):
        return comet(folder, [*(metric("loss", step) for step in range(n)), *(metric(f"m{k}", 1, f"c{k % 100}") for k in range(n // 4))])

    @case([1_000_000, 2_000_000, 4_000_000], 400, "comet: a line of n levels, and one of n letters")
    def _(folder, n):
        data = b"[" * n + b"\n" + b'{"payload": {"name": "' + b"x" * n + b'"}, "type": "parameter"}\n'
        return convert(folder, "comet", written(folder, "run/messages.json", data + json.dumps(metric("loss", 1)).encode() + b"\n").parent)

    @case([20_000, 40_000, 80_000], 400, "neptune: n points, n fields")
    def _(folder, n):
        points = ({"type": "LogFloats", "path": ["m"], "values": [{"value": 0.5, "step": float(k), "ts": 1.0}]} for k in range(n))
        fields = ({"type": "AssignFloat", "path": ["f", str(k)], "value": 0.5} for k in range(n // 4))
        return neptune(folder, [*points, *fields])

    @case([1_000, 2_000, 4_000], 400, "neptune: a path of n parts, n times")
    def _(folder, n):
        return neptune(folder, [{"type": "AssignFloat", "path": ["p"] * 64 + [str(k)], "value": 0.5} for k in range(n)])

    @case([100_000, 200_000, 400_000], 400, "lightning: a metrics.csv of n rows")
    def _(folder, n):
        return convert(folder, "lightning", written(folder, "version_0/metrics.csv", b"epoch,step,loss\n" + b"".join(b"0,%d,0.5\n" % k for k in range(n))))

    @case([10_000, 20_000, 40_000], 400, "lightning: a metrics.csv of n columns")
    def _(folder, n):
        return convert(folder, "lightning", written(folder, "version_0/metrics.csv", b"step" + b"".join(b",m%d" % k for k in range(n)) + b"\n1" + b",0.5" * n + b"\n"))

    @case([20_000, 40_000, 80_000], 400, "transformers: a history of n entries")
    def _(folder, n):
        return state(folder, {}, [{"loss": 0.5, "learning_rate": 0.1, "epoch": 0.1, "step": k} for k in range(n)])

    @case([5_000, 10_000, 20_000], 400, "transformers: an entry of n members, a state of n members")
    def _(folder, n):
        return state(folder, {f"s{k}": k for k in range(n)}, [{f"m{k}": 0.5 for k in range(n)} | {"step": 1}])

    @case([1_000_000, 2_000_000, 4_000_000], 400, "transformers: brackets and quotes that have no end, n of them")
    def _(folder, n):
        data = b'{"log_history": [\n    {' + b'"a": [' * (n // 6) + b'"' + b"\n    {" * (n // 6)
        return convert(folder, "transformers", written(folder, "trainer/trainer_state.json", data).parent)

    @case([50_000, 100_000, 200_000], 400, "dvclive: a series of n rows")
    def _(folder, n):
        written(folder, "dvclive/metrics.json", b'{"loss": 0.5}')
        written(folder, "dvclive/plots/metrics/loss.tsv", b"step\tloss\n" + b"".join(b"%d\t0.5\n" % k for k in range(n)))
        return convert(folder, "dvc", folder / "dvclive")

    @case([500, 1_000, 2_000], 400, "dvclive: n series, a value of n levels")
    def _(folder, n):
        written(folder, "dvclive/metrics.json", b'{"a":' * n + b"0" + b"}" * n)
        for k in range(n):
            written(folder, f"dvclive/plots/metrics/m{k}.tsv", b"step\tm\n0\t0.5\n")
        return convert(folder, "dvc", folder / "dvclive")

    @case([8, 16, 32], 400, "dvc: n levels of folders, each in ten places, a lock in each of the last")
    def _(folder, n):
        return project(folder, lambda pack: pack.shared(pack.folder(("100644", "dvc.lock", pack.file(LOCK))), n))

    @case([8, 16, 32], 400, "dvc: n levels of folders, each in ten places, links in the last")
    def _(folder, n):
        def make(pack):
            lock = pack.file(LOCK)
            links = pack.folder(*(("120000", f"l{k}", lock) for k in range(10)))
            return pack.folder(("100644", "dvc.lock", lock), ("40000", "x", pack.shared(links, n)))

        return project(folder, make)

    @case([8, 16, 32], 400, "dvc: n levels of folders of series, of which the work tree has one file")
    def _(folder, n):
        def make(pack):
            values = pack.file(b'{"a":1}')
            series = pack.shared(pack.folder(("100644", "a.tsv", values)), n)
            plots = pack.folder(("40000", "metrics", series))
            return pack.folder(("40000", "dvclive", pack.folder(("100644", "metrics.json", values), ("40000", "plots", plots))))

        written(folder, "project/dvclive/metrics.json", b'{"a":1}')
        return project(folder, make)

    @case([16, 32, 64], 400, "dvc: n commits of 32 MB, each a difference to the one before")
    def _(folder, n):
        pack, rest = packs.Pack(), 32 << 20
        folders = [pack.folder(("100644", "dvc.lock", pack.file(LOCK + b"# %d" % k))) for k in range(n)]
        first = packs.commit(folders[0], message=b"x" * rest)
        head, size = pack.object(packs.COMMIT, first), len(first)
        for one in folders[1:]:
            begin = packs.commit(one, [head])
            head, size = pack.difference(begin, size, rest), len(begin) + rest
        path = pack.write(folder / "project", head)
        return [["convert", "dvc", str(path), "--list"], ["convert", "dvc", str(path), "--all", "-o", str(folder / "out")]]

    @case([16, 32, 64], 400, "dvc: n commits with messages and locks of 16 MB")
    def _(folder, n):
        pack, before = packs.Pack(), []
        for k in range(n):
            lock = pack.file(LOCK + b"# %d" % k + b"#" * (16 << 20))
            before = [pack.object(packs.COMMIT, packs.commit(pack.folder(("100644", "dvc.lock", lock)), before, b"x" * (16 << 20)))]
        path = pack.write(folder / "project", before[0])
        written(folder, "project/.dvc/cache/runs/00/0000/1111", b"cmd: a\nouts:\n- {path: m, md5: 0000000000000000000000000000000a}\n")
        return [["convert", "dvc", str(path), "--list"], ["convert", "dvc", str(path), "--all", "-o", str(folder / "out")]]

    @case([4, 8, 16], 400, "dvc: n files of 25 doublings by anchors, each with 100 lines behind them")
    def _(folder, n):
        bomb = "a0: &a0 [x, x]\n" + "".join(f"a{k}: &a{k} [*a{k - 1}, *a{k - 1}]\n" for k in range(1, 25))
        for k in range(n):
            written(folder, f"project/x{k}.dvc", (bomb + "".join(f"k{line}: 1\n" for line in range(100))).encode())
        written(folder, "project/dvc.lock", LOCK)
        return convert(folder, "dvc", folder / "project")

    @case([20_000, 40_000, 80_000], 400, "trackio: n rows of a run, each of three values")
    def _(folder, n):
        run = "5a50637fee2b4755b054bcc67bfdd598"
        insert = f"insert into metrics (run_id, timestamp, run_name, step, metrics) values ('{run}', '2026-11-23T09:05:28+00:00', 'digits-base', ?, ?)"
        path = copied(folder, "trackio/trackio/digits.db", rows=[(insert, ((k, b'{"a":0.5,"b":1,"c":2}') for k in range(n)))])
        return convert(folder, "trackio", path, "--run", run)

    @case([2_500, 5_000, 10_000], 400, "trackio: a row of n series, and one of n levels")
    def _(folder, n):
        run = "5a50637fee2b4755b054bcc67bfdd598"
        insert = f"insert into metrics (run_id, timestamp, run_name, step, metrics) values ('{run}', '2026-11-23T09:05:28+00:00', 'digits-base', 1, ?)"
        rows = [(json.dumps({f"k{k}": k for k in range(n)}).encode(),), (b'{"a":' * n + b"0" + b"}" * n,)]
        path = copied(folder, "trackio/trackio/digits.db", rows=[(insert, rows)])
        return convert(folder, "trackio", path, "--run", run)

    @case([25_000, 50_000, 100_000], 400, "zenml: n values of one key of a step")
    def _(folder, n):
        of = "select m.user_id, m.project_id, r.resource_id, r.resource_type from run_metadata m join run_metadata_resource r on r.run_metadata_id = m.id where r.resource_type = 'step_run' limit 1"
        source = sqlite3.connect(f"file:{ROOT}/fixtures/zenml/family/local_stores/default_zen_store/zenml.db?mode=ro&immutable=1", uri=True)
        user, project, resource, kind = source.execute(of).fetchone()
        run = source.execute("select pipeline_run_id from step_run where id = ?", (resource,)).fetchone()[0]
        values = ((f"{k:032x}", "2026-11-28 03:57:37", "2026-11-28 03:57:37", user, project, "loss", "0.5", "float") for k in range(n))
        links = ((f"{k:032x}", resource, kind, f"{k:032x}") for k in range(n))
        rows = [("insert into run_metadata (id, created, updated, user_id, project_id, key, value, type) values (?, ?, ?, ?, ?, ?, ?, ?)", values), ("insert into run_metadata_resource values (?, ?, ?, ?)", links)]
        path = copied(folder, "zenml/family/local_stores/default_zen_store/zenml.db", rows=rows)
        return convert(folder, "zenml", path, "--run", run)

    for form, head, row in (
        ("csv", b"run,step,loss\n", b"r%d,%d,0.5\n"),
        ("jsonl", b"", b'{"run": "r%d", "step": %d, "loss": 0.5}\n'),
    ):

        @case([500, 1_000, 2_000], 400, f"{form}: points of n runs, 50 of each")
        def _(folder, n, form=form, head=head, row=row):
            path = written(folder, f"points.{form}", head + b"".join(row % (k, step) for k in range(n) for step in range(50)))
            return [["convert", form, str(path), "--all", "-o", str(folder / "out")]]

    @case([500, 1_000, 2_000], 400, "parquet: n runs of a row, each in a row group of its own")
    def _(folder, n):
        path = folder / "runs.parquet"
        made = f"import pyarrow, pyarrow.parquet, sys; pyarrow.parquet.write_table(pyarrow.table({{'run': [f'r{{k}}' for k in range({n})], 'lr': [0.1] * {n}}}), sys.argv[1], row_group_size=1)"
        subprocess.run([sys.executable, "-c", made, str(path)], check=True)
        return [["convert", "parquet", str(path), "--all", "-o", str(folder / "out")]]

    @case([500, 1_000, 2_000], 400, "mlflow.db: n runs of 20 parameters, no table with an index")
    def _(folder, n):
        path = copied(folder, "mlflow/sqlite/mlflow.db")
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("pragma foreign_keys = off")
        connection.execute("begin")
        columns = [row[1] for row in connection.execute("pragma table_info(runs)")]
        run = list(connection.execute("select * from runs").fetchone())
        for table in ("runs", "params", "metrics", "tags", "latest_metrics"):
            connection.execute(f"create table bare as select * from {table} where 0")
            connection.execute(f"drop table {table}")
            connection.execute(f"alter table bare rename to {table}")
        for k in range(n):
            run[columns.index("run_uuid")] = f"{k:032x}"
            connection.execute(f"insert into runs values ({', '.join('?' * len(run))})", run)
        params = ((f"k{j}", "v", f"{k:032x}") for k in range(n) for j in range(20))
        connection.executemany("insert into params (key, value, run_uuid) values (?, ?, ?)", params)
        connection.execute("commit")
        connection.close()
        return [["convert", "mlflow", str(path), "--all", "-o", str(folder / "out")]]

    @case([250_000, 500_000, 1_000_000], 400, "swanlab: noise behind the first bytes of a log")
    def _(folder, n):
        log = next((ROOT / "fixtures/swanlab").rglob("*.swanlab")).read_bytes()
        path = written(folder, "swanlog/run-20261123_090344-quk2w020/run-quk2w020.swanlab", log[:40_000] + bytes(k * 7 % 251 for k in range(n)))
        return convert(folder, "swanlab", path.parent)
