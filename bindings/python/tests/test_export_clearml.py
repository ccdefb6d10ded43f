"""Exporting tasks of a ClearML server, with the real client and a stand-in server (requirements-export.txt)."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import expbundle
import pytest
from expbundle.export import Options, export

pytest.importorskip("clearml")
jwt: Any = pytest.importorskip("jwt")

SECRET = "s3cr3tS3cr3ts3cr3tS3cr3ts3cr3tS3cr3t"
ID = "0" * 31 + "b"
WEIGHTS = bytes(range(256)) * 25


class Server(BaseHTTPRequestHandler):
    weights = WEIGHTS
    refused = ""
    url = ""

    def task(self) -> dict[str, Any]:
        artifact = {
            "key": "weights", "type": "custom", "mode": "output", "uri": f"{self.url}/files/model.safetensors",
            "content_size": len(WEIGHTS), "hash": hashlib.sha256(WEIGHTS).hexdigest(), "type_data": {"content_type": "x"},
        }  # fmt: skip
        return {
            "id": ID, "name": "small digits", "type": "training", "status": "stopped", "comment": f"with {SECRET}", "tags": ["b", "a"],
            "created": "2026-11-01T09:59:00Z", "started": "2026-11-01T10:00:00.5+00:00", "completed": "2026-11-01T10:05:00Z",
            "hyperparams": {"General": {"lr": {"section": "General", "name": "lr", "value": "0.1", "type": "float"}}},
            "script": {"repository": "https://example.org/d.git", "version_num": "c" * 40, "diff": "diff --git", "requirements": {"pip": "# Python 3.11\nnumpy == 2.1.0\n"}},
            "execution": {"artifacts": [artifact], "queue": "q1"}, "models": {"input": [{"name": "base", "model": "m1"}], "output": []},
            "runtime": {"a field": "that no section has"},
        }  # fmt: skip

    def events(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked.get("scroll_id"):
            return {"events": [], "scroll_id": "s"}
        scalars = [("train", "loss", step, 1 / (step + 1)) for step in range(3)] + [(":monitor:machine", "cpu_usage", 1, 12.5)]
        found: dict[str, list[dict[str, Any]]] = {
            "training_stats_scalar": [
                {"metric": metric, "variant": variant, "iter": step, "value": value, "timestamp": 1793527200000 + step}
                for metric, variant, step, value in scalars
            ],
            "log": [{"msg": "hello", "level": "INFO", "timestamp": 1793527200000}],
            "plot": [{"metric": "cm", "variant": "v", "iter": 2, "plot_str": "{}"}],
        }
        return {"events": found.get(asked["event_type"], []), "scroll_id": "s"}

    def answer(self, call: str, asked: dict[str, Any]) -> dict[str, Any]:
        if call == "auth.login":
            claims = {"identity": {"user": "u", "company": "c"}, "api_version": "2.30", "server_version": "2.0", "exp": 4102444800, "iat": 1}
            return {"token": jwt.encode(claims, "k" * 32, algorithm="HS256")}
        if call == "projects.get_all":
            return {"projects": [{"id": "p1", "name": "team/digits"}]}
        if call == "tasks.get_all":
            return {"tasks": [{"id": ID}] if asked["page"] == 0 else []}
        if call == "tasks.get_by_id":
            return {"task": self.task()}
        if call == "models.get_by_id":
            return {"model": {"id": "m1", "name": "base", "uri": "s3://bucket/base.bin"}}
        assert call == "events.get_task_events", call
        return self.events(asked)

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/files/"):
            return self.send(self.weights, 200)
        call = self.path.rsplit("/", 1)[-1].split("?")[0]
        status = 400 if call == self.refused else 200
        data = self.answer(call, json.loads(body or b"{}"))
        meta = {"id": "m", "trx": "m", "result_code": status, "result_subcode": 0, "result_msg": "not allowed" if status == 400 else "OK", "error_stack": ""}
        self.send(json.dumps({"meta": meta, "data": data if status == 200 else {}}).encode(), status)

    do_POST = do_GET
    do_HEAD = do_GET

    def send(self, body: bytes, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[type[Server]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    Server.url = f"http://127.0.0.1:{server.server_port}"
    Server.weights, Server.refused = WEIGHTS, ""
    for name in ("API", "WEB", "FILES"):
        monkeypatch.setenv(f"CLEARML_{name}_HOST", Server.url)
    monkeypatch.setenv("CLEARML_API_ACCESS_KEY", "K" * 20)
    monkeypatch.setenv("CLEARML_API_SECRET_KEY", SECRET)
    monkeypatch.setenv("CLEARML_CACHE_DIR", str(tmp_path / "cache"))
    yield Server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_task_is_a_bundle(server: type[Server], tmp_path: Path) -> None:
    done = export("clearml", "team/digits", tmp_path / "out")
    assert done.failed == {}
    record = expbundle.open(done.written[ID]).record()
    assert (record.title, record.status, record.tags) == ("small digits", "killed", ["a", "b"])
    assert record.notes == "with [secret removed: api-key]"
    assert record.started and record.ended and (record.ended - record.started).total_seconds() == 299.5
    assert record.params == {"General/lr": "0.1"}
    series, telemetry = record.series(), record.series("telemetry")
    assert series and [point[2] for point in series.points("train/loss")] == [1.0, 0.5, 1 / 3]
    assert telemetry and telemetry.keys == [":monitor:machine/cpu_usage"]
    recipe = record.section("recipe.json")
    assert recipe["code"]["commit"] == "c" * 40 and recipe["environment"]["packages"] == [{"name": "numpy", "version": "2.1.0"}]
    source = record.section("source.json")
    assert source["raw"]["task field"]["runtime"] == {"a field": "that no section has"}
    assert source["raw"]["script field"]["diff"] == "diff --git" and source["raw"]["console"]["events"][0][2] == "hello"
    assert source["account"]["items"]["scalar"] == {"total": 4, "mapped": 4, "raw": 0, "dropped": []}
    assert len(record.outputs) == 1
    (path,) = (tmp_path / "out" / ID).rglob("model.safetensors")
    assert path.read_bytes() == WEIGHTS
    assert [one["name"] for one in record.section("artifacts.json")["artifacts"] if one["direction"] == "input"] == ["base"]


def test_what_is_refused_or_damaged_fails_the_task(server: type[Server], tmp_path: Path) -> None:
    server.weights = bytes(len(WEIGHTS))
    assert "its SHA256 is not the one that the server says" in export("clearml", ID, tmp_path).failed[ID]
    server.refused = "events.get_task_events"
    done = export("clearml", ID, tmp_path, options=Options(partial=True))
    damage = expbundle.open(done.written[ID]).record().section("source.json")["damage"]
    assert {"scalars", "console"} < {one["place"] for one in damage}


def test_wrong_use_says_what_to_do(server: type[Server], tmp_path: Path) -> None:
    with pytest.raises(expbundle.UsageError, match="has no project 'other'"):
        export("clearml", "other", tmp_path)
