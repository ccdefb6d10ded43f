"""Exporting experiments of a Comet server, with the real client and a stand-in server (requirements-export.txt)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import expbundle
import pytest
from expbundle.export import Options, export

pytest.importorskip("comet_ml")

KEY = "abcdefghij1234567890ABCDE"
ID = "0" * 31 + "a"
WEIGHTS = bytes(range(256)) * 30

METADATA = {
    "archived": False, "durationMillis": 60000, "startTimeMillis": 1793527200000, "endTimeMillis": 1793527260000,
    "experimentKey": ID, "experimentName": "small digits", "projectId": "p1", "projectName": "digits", "running": False,
    "hasCrashed": True, "workspaceName": "team", "userName": "ada", "optimizationId": None, "filePath": "train.py", "fileName": "train.py",
}  # fmt: skip


def metric(name: str, value: str, step: int, context: str | None = "train") -> dict[str, Any]:
    return {"metricName": name, "metricValue": value, "timestamp": 1793527200000 + step, "step": step, "epoch": 0, "runContext": context}


def summary(name: str, value: str) -> dict[str, Any]:
    return {"name": name, "valueCurrent": value, "valueMin": value, "valueMax": value}


ANSWERS: dict[str, Any] = {
    "experiment/metadata": METADATA,
    "experiments": {"experiments": [METADATA]},
    "experiment/tags": {"tags": ["small", "first"]},
    "experiment/parameters": {"values": [summary("lr", "0.1"), summary("curr_step", "4")]},
    "experiment/metrics/get-all": {
        "metrics": [metric("loss", str(1 / (step + 1)), step) for step in range(3)]
        + [metric("loss", "NaN", 0, "test"), metric("sys.cpu.percent.avg", "12.5", 1, None)]
    },
    "experiment/log-other": {"values": [summary("Name", "small digits"), summary("note", "hello")]},
    "experiment/git/metadata": {"branch": "refs/heads/main", "parent": "c" * 40, "origin": "https://example.org/d.git", "root": "r", "user": "Ada"},
    "experiment/system-details": {
        "experimentKey": ID, "hostname": "machine-seven", "os": "Linux-6.1", "pythonVersion": "3.11.7", "command": ["train.py", "--lr"],
        "installedPackages": ["numpy==2.1.0"], "osPackages": [], "totalRam": 1024, "env": None,
    },
    "experiment/output": {"output": f"logged in with {KEY}\n"},
    "experiment/html": {"html": None},
    "get/artifacts": {"artifacts": [{"artifactName": "data", "artifactVersion": "1.0.0"}]},
    "experiment/asset/list": {
        "assets": [{"assetId": "a1", "fileName": "weights/model.safetensors", "fileSize": len(WEIGHTS), "type": "model-element", "step": 2, "remote": False}]
    },
}  # fmt: skip


class Server(BaseHTTPRequestHandler):
    asked: list[str] = []
    weights = WEIGHTS

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        endpoint = parts.path.removeprefix("/api/rest/v2/").strip("/")
        Server.asked.append(endpoint)
        if endpoint == "experiment/asset/get-asset":
            return self.send(Server.weights, "application/octet-stream")
        if endpoint == "experiments" and parse_qs(parts.query).get("archived", ["false"])[0].lower() == "true":
            return self.send(b'{"experiments": []}', "application/json")
        if endpoint.endswith("isAlive/ver"):
            return self.send(b'{"version": "99.0.0"}', "application/json")
        if endpoint not in ANSWERS:
            return self.send(b"{}", "application/json", 404)
        self.send(json.dumps(ANSWERS[endpoint]).encode(), "application/json")

    def send(self, body: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Server]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    monkeypatch.setenv("COMET_URL_OVERRIDE", f"http://127.0.0.1:{server.server_port}/clientlib/")
    monkeypatch.setenv("COMET_API_KEY", KEY)
    Server.asked, Server.weights = [], WEIGHTS
    yield Server
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_experiment_is_a_bundle(server: type[Server], tmp_path: Path) -> None:
    done = export("comet", "team/digits", tmp_path)
    assert done.failed == {}, (done.failed, server.asked)
    record = expbundle.open(done.written[ID]).record()
    assert (record.title, record.status, record.tags) == ("small digits", "crashed", ["first", "small"])
    assert record.started and record.ended and (record.ended - record.started).total_seconds() == 60
    assert record.params == {"lr": "0.1"}
    series = record.series()
    assert series and [point[2] for point in series.points("train_loss")] == [1.0, 0.5, 1 / 3]
    assert "test_loss" in series.keys
    telemetry = record.series("telemetry")
    assert telemetry and telemetry.keys == ["sys.cpu.percent.avg"]
    assert record.section("recipe.json")["code"]["commit"] == "c" * 40
    assert record.section("identity.json")["host"] == "machine-seven"
    source = record.section("source.json")
    assert source["raw"]["console"]["output"] == "logged in with [secret removed: api-key]\n"
    assert source["account"]["items"]["parameter"]["dropped"][0]["count"] == 1
    assert [output["role"] for output in record.outputs] == ["model"]
    assert (tmp_path / ID / "assets/a1/weights/model.safetensors").read_bytes() == WEIGHTS
    assert source["raw"]["artifact lineage"]["artifacts"][0]["artifactName"] == "data"


def test_a_file_that_was_cut_fails_the_experiment(server: type[Server], tmp_path: Path) -> None:
    server.weights = WEIGHTS[:-1]
    failed = export("comet", f"team/digits/{ID}", tmp_path).failed[ID]
    assert "it has 7,679 bytes, the server says 7,680" in failed and not (tmp_path / f"{ID}.expb").exists()
    done = export("comet", "team/digits", tmp_path, options=Options(partial=True))
    items = expbundle.open(done.written[ID]).record().section("source.json")["account"]["items"]
    assert items["asset"]["dropped"] == [{"reason": "the server did not give it", "count": 1}]


def test_wrong_use_says_what_to_do(server: type[Server], tmp_path: Path) -> None:
    with pytest.raises(expbundle.UsageError, match="names no Comet project"):
        export("comet", "digits", tmp_path)
    with pytest.raises(expbundle.UsageError, match="has no runs"):
        export("comet", "team/digits/other", tmp_path)
