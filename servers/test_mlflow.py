"""`convert mlflow http://…` against real servers, and against the stores that they keep."""

import functools
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = os.environ.get("EXPBUNDLE", str(ROOT / "target" / "release" / "expbundle"))
ENVIRONMENT = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet", "MLFLOW_ALLOW_FILE_STORE": "true"}
RUNS = 5
# What a server has no field for.
RUN_FIELDS = {"deleted", "source_type", "source_name", "source_version", "entry_point_name", "deleted_time"}


def expbundle(*arguments):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Server:
    """A server of MLflow on loopback, for as long as the block goes on."""

    def __init__(self, store, folder):
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", store, "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--artifacts-destination", str(folder / "mlartifacts"), "--workers", "1"]
        self.log = open(folder / "server.log", "w")
        self.process = subprocess.Popen(command, cwd=folder, stdout=self.log, stderr=self.log, env=ENVIRONMENT, start_new_session=True)

    def __enter__(self):
        for _ in range(600):
            assert self.process.poll() is None, pathlib.Path(self.log.name).read_text()
            try:
                with urllib.request.urlopen(f"{self.address}/health", timeout=2):
                    return self
            except OSError:
                time.sleep(0.2)
        raise AssertionError("the server does not start")

    def __exit__(self, *_):
        os.killpg(self.process.pid, 15)
        self.process.wait()
        self.log.close()


def fill(server):
    done = subprocess.run([sys.executable, ROOT / "servers" / "fill_mlflow.py", server.address], capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr


def sections(bundle, folder):
    """Every section of a bundle, without what a server does not tell."""
    folder.parent.mkdir(exist_ok=True)
    expbundle("extract", bundle, "--everything", "-o", folder)
    found = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = str(file.relative_to(folder))
        if name == "record.json":
            # It has the digests of the sections.
            continue
        found[name] = json.loads(file.read_bytes()) if name.endswith(".json") and "artifacts/" not in name else file.read_bytes()
    source = found["source.json"]
    findings = source.pop("damage", [])
    assert any("does not tell" in finding["detail"] for finding in findings) == (source.pop("layout") == "server")
    source["account"].pop("run field", None)
    run = source["raw"].get("run field", {})
    source["raw"]["run field"] = {name: value for name, value in run.items() if name not in RUN_FIELDS}
    # A store has them by columns, a server by its own members.
    traces = source["raw"].pop("trace", {})
    found["traces"] = {name: len(trace["spans"]) for name, trace in traces.items()}
    identity = found.get("identity.json", {})
    for name in [name for name in identity.get("paths", {}) if name.endswith("/storage")]:
        del identity["paths"][name]
    return found


def series(bundle, but):
    rows = expbundle("extract", bundle, "--csv", "-o", "-").splitlines()
    return [row for row in rows if row.split(",")[0] not in but]


def without(value, names):
    if isinstance(value, dict):
        return {name: without(one, names) for name, one in value.items() if name not in names}
    return [without(one, names) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("kind", ["sqlite", "files", "postgresql"])
def test_a_server_gives_what_its_store_has(kind, tmp_path, request):
    stores = {"sqlite": f"sqlite:///{tmp_path}/mlflow.db", "files": str(tmp_path / "mlruns")}
    store = stores.get(kind) or request.getfixturevalue("postgresql")
    with Server(store, tmp_path) as server:
        fill(server)
        listed = json.loads(expbundle("convert", "mlflow", server.address, "--list", "--json"))
        assert len(listed) == RUNS and sum(run["deleted"] for run in listed) == 1
        expbundle("convert", server.address, "--all", "-o", tmp_path / "server")
        # The same without a bundle of it.
        drawn = json.loads(expbundle("lineage", server.address, "--json"))
        shown = json.loads(expbundle("show", server.address, "--run", listed[0]["id"], "--json"))
        assert len(drawn["records"]) == RUNS and shown["id"] in {one["id"] for one in drawn["records"]}
    bundles = sorted((tmp_path / "server").iterdir())
    assert len(bundles) == RUNS
    for bundle in bundles:
        expbundle("verify", bundle)
    if kind == "postgresql":
        return
    at_hand = tmp_path / ("mlflow.db" if kind == "sqlite" else "mlruns")
    expbundle("convert", "mlflow", at_hand, "--files", tmp_path / "mlartifacts", "--all", "-o", tmp_path / "store")
    # Members that servers leave out where they say nothing, or that belong to the store alone.
    store_alone = ["lifecycle_stage", "modelDescription", "workspace", "id", "account"]
    # Over a file store, the server says step 0 of points with a data set, where the file has a step.
    mistaken = ["accuracy"] if kind == "files" else []
    for bundle in bundles:
        there = sections(bundle, tmp_path / "a" / bundle.stem)
        here = sections(tmp_path / "store" / bundle.name, tmp_path / "b" / bundle.stem)
        assert there.keys() == here.keys()
        if kind == "files":
            # The server keeps spans among its artifacts, and not in the store.
            there["traces"], here["traces"] = list(there["traces"]), list(here["traces"])
        if "metrics.parquet" in there:
            assert series(bundle, mistaken) == series(tmp_path / "store" / bundle.name, mistaken)
        for name in there.keys() - {"metrics.parquet"}:
            assert without(there[name], store_alone + mistaken) == without(here[name], store_alone + mistaken), f"{bundle.name}: {name}"


def test_what_is_no_server_is_named(tmp_path):
    def refused(address):
        done = subprocess.run([PROGRAM, "convert", "mlflow", address], capture_output=True, text=True)
        assert done.returncode == 2 and not done.stdout
        return done.stderr

    said = refused("http://ada:secret@127.0.0.1:1")
    assert "MLFLOW_TRACKING_PASSWORD" in said and "secret" not in said
    with Server(f"sqlite:///{tmp_path}/mlflow.db", tmp_path) as server:
        assert "answers 404" in refused(f"{server.address}/nowhere")
    assert "does not answer" in refused(server.address)


@pytest.fixture
def postgresql():
    """The address of a database that is gone afterwards."""
    folders = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders or os.geteuid() != 0:
        pytest.skip("PostgreSQL is not installed, or is not ours to start")
    # It does not run as root, and sees no folder of root.
    as_user = ["runuser", "-u", "postgres", "--"]
    with tempfile.TemporaryDirectory(prefix="postgresql") as folder:
        shutil.chown(folder, "postgres")
        port, data = free_port(), f"{folder}/data"
        run = functools.partial(subprocess.run, check=True, capture_output=True, cwd="/")
        run([*as_user, folders[-1] / "initdb", "-D", data, "-U", "mlflow", "-A", "trust"])
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder}"
        # Its output goes to the log; a pipe would stay open as long as the server.
        control = [*as_user, folders[-1] / "pg_ctl", "-D", data, "-w", "-l", f"{folder}/log"]
        run([*control, "-o", options, "start"], capture_output=False, stdout=subprocess.DEVNULL)
        try:
            yield f"postgresql+psycopg2://mlflow@127.0.0.1:{port}/postgres"
        finally:
            run([*control, "-m", "immediate", "stop"])
