"""Exporting runs that lie only on a W&B server, with the real client and a stand-in server."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import expbundle
import pytest
from expbundle.export import Options, export
from expbundle.export.__main__ import main

from wandb_server import KEY, Server, md5

pytest.importorskip("wandb")

METADATA = {
    "os": "Linux-6.1", "python": "CPython 3.11.7", "host": "machine-seven", "codePath": "train.py", "args": ["--lr", "0.1"],
    "git": {"remote": "https://example.org/digits.git", "commit": "c" * 40}, "gpu": "NVIDIA H200", "program": "/home/ada/train.py",
}  # fmt: skip


def run_of(key: str, **node: Any) -> dict[str, Any]:
    history = [{"_step": step, "_timestamp": 1793527200.5 + step, "loss": 1 / (step + 1), "deep": {"a": step}} for step in range(5)]
    history[4]["loss"] = "NaN"
    history[4]["note"] = "the last"
    of_node = {
        "id": "x", "projectId": "1", "name": key, "displayName": f"digits {key}", "state": "finished", "tags": ["small", "first"],
        "config": json.dumps({"lr": {"value": 0.1}, "layers": {"value": [64, 32]}, "_wandb": {"value": {"cli_version": "0.31.0"}}}),
        "summaryMetrics": json.dumps({"loss": 0.25, "best": {"max": 0.9}}), "systemMetrics": "{}", "group": "g1", "jobType": "train",
        "commit": "c" * 40, "readOnly": False, "createdAt": "2026-11-01T10:00:00", "heartbeatAt": "2026-11-01T10:05:00",
        "description": "a field that no section has", "notes": f"my key is {KEY}", "sweepName": None, "historyLineCount": 5,
        "user": {"name": "Ada Lovelace", "username": "ada"}, "historyKeys": {"lastStep": 4, "keys": {}}, **node,
    }  # fmt: skip
    return {
        "node": of_node,
        "history": history,
        "events": [{"_timestamp": 1793527201.0, "_runtime": 1, "system.cpu": 12.5, "system.gpu.0.memory": 7}],
        "console": ["hello"],
        "files": {
            "wandb-metadata.json": json.dumps(METADATA).encode(),
            "requirements.txt": b"numpy==2.1.0\nlocal @ file:///x\n",
            "output.log": b"hello\n",
        },
        "logged": [{"name": "digits-model:v3", "type": "model", "files": {"model.safetensors": bytes(range(256)) * 20}}],
        "used": [{"name": "digits-data:v1", "type": "dataset", "files": {"train.csv": b"1,2\n"}, "refs": {"big": "s3://bucket/big"}}],
    }


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server()
    folders = {f"WANDB_{name}_DIR": str(tmp_path / "client" / name) for name in ("CACHE", "CONFIG", "DATA", "ARTIFACT")}
    for name, value in {"WANDB_BASE_URL": server.url, "WANDB_API_KEY": KEY, "WANDB_SILENT": "true", **folders}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    server.runs["r1"] = run_of("r1")
    yield server
    server.stop()


def account(bundle: expbundle.Bundle) -> dict[str, Any]:
    items: dict[str, Any] = bundle.record().section("source.json")["account"]["items"]
    for line in items.values():
        assert line["total"] == line["mapped"] + line.get("raw", 0) + sum(one["count"] for one in line.get("dropped", []))
    return items


def test_what_lies_on_the_server_is_in_the_bundle(server: Server, tmp_path: Path, key: expbundle.Key) -> None:
    done = export("wandb", "team/digits", tmp_path / "out")
    assert done.failed == {} and list(done.written) == ["r1"], done
    bundle = expbundle.open(done.written["r1"])
    record = bundle.record()
    assert bundle.sign(key).verify(trust=key.public_key).state == "trusted"
    assert record.title == "digits r1" and record.status == "finished" and record.tags == ["first", "small"]
    assert record.source == {"tool": "wandb", "run": "r1"}
    assert record.started and record.started.isoformat() == "2026-11-01T10:00:00+00:00"
    assert record.ended and record.ended.isoformat() == "2026-11-01T10:05:00+00:00"
    assert record.params == {"lr": 0.1, "layers": [64, 32]}
    series = record.series()
    assert series and sorted(series.keys) == ["deep.a", "loss", "note"] and len(series) == 11
    assert [point[:3] for point in series.points("loss")[:2]] == [(0, 1793527200.5, 1.0), (1, 1793527201.5, 0.5)]
    telemetry = record.series("telemetry")
    assert telemetry and "gpu.0.memory" in telemetry.keys
    recipe = record.section("recipe.json")
    assert recipe["code"] == {"arguments": ["--lr", "0.1"], "commit": "c" * 40, "entryPoint": "train.py", "repository": "https://example.org/digits.git"}
    assert {"name": "numpy", "version": "2.1.0"} in recipe["environment"]["packages"]
    identity = record.section("identity.json")
    assert identity["host"] == "machine-seven" and identity["organisation"] == "team"
    source = record.section("source.json")
    assert source["raw"]["run field"]["description"] == "a field that no section has"
    assert source["raw"]["metadata field"]["gpu"] == "NVIDIA H200"
    assert "damage" not in source
    assert [output["role"] for output in record.outputs].count("model") == 1
    used = [one for one in record.section("artifacts.json")["artifacts"] if one["direction"] == "input"]
    assert [(one["name"], one["version"]) for one in used] == [("digits-data", "v1")]
    assert [file["path"] for file in used[0]["files"]] == ["big", "train.csv"]
    named = [one for one in record.section("artifacts.json")["artifacts"] if one.get("path", "").endswith("model.safetensors")]
    assert named[0]["digest"]["sha256"] == record.outputs[[one["role"] for one in record.outputs].index("model")]["digest"]["sha256"]
    items = account(bundle)
    assert items["history value"]["total"] == 5 * 4 + 1 and items["artifact file"]["total"] == 3
    assert (tmp_path / "out/r1/artifacts/digits-model-v3/model.safetensors").read_bytes() == bytes(range(256)) * 20


def test_no_key_enters_a_bundle(server: Server, tmp_path: Path) -> None:
    server.runs["r1"]["node"]["config"] = json.dumps({"wandb_login": {"value": KEY}})
    server.runs["r1"]["history"][0]["note"] = f"logged in with {KEY}"
    bundle = expbundle.open(export("wandb", "team/digits/r1", tmp_path).written["r1"])
    record = bundle.record()
    texts = [json.dumps(record.section(name), ensure_ascii=False) for name in record.sections if name.endswith(".json")]
    series = record.series()
    assert series
    texts += [str(series.points(name)) for name in series.keys]
    assert not [text for text in texts if KEY in text]
    assert record.notes == "my key is [secret removed: api-key]"


def test_another_secret_fails_the_run_and_can_be_left_out(server: Server, tmp_path: Path) -> None:
    token = "hf_" + "abcdEFGHijklMNOPqrstUVWXyz01234567"
    server.runs["r1"]["node"]["config"] = json.dumps({"hub": {"value": token}, "lr": {"value": 1}})
    server.runs["r2"] = run_of("r2")
    done = export("wandb", "team/digits", tmp_path)
    assert list(done.written) == ["r2"] and "recipe.json/parameters/hub" in done.failed["r1"]
    done = export("wandb", "team/digits", tmp_path, options=Options(leave_out=("config value: hub",)))
    assert list(done.written) == ["r1"] and list(done.kept) == ["r2"]
    items = account(expbundle.open(done.written["r1"]))
    assert items["config value"]["dropped"] == [{"reason": "left out on request", "count": 1}]


def test_an_export_goes_on_where_it_was(server: Server, tmp_path: Path) -> None:
    first = export("wandb", "team/digits", tmp_path).written["r1"]
    before = first.read_bytes()
    weights = [path for path in server.asked if path.startswith("artifacts/")]
    assert len(weights) == 1 and server.asked[weights[0]] == 1
    assert list(export("wandb", "team/digits", tmp_path).kept) == ["r1"]
    first.unlink()
    (tmp_path / "r1/files/output.log").write_bytes(b"cut o")
    assert list(export("wandb", "team/digits", tmp_path).written) == ["r1"]
    assert server.asked[weights[0]] == 1, "the weights were here"
    assert first.read_bytes() == before, "the same server gives the same bytes"


def test_an_export_that_was_killed_goes_on(server: Server, tmp_path: Path) -> None:
    server.may_send.clear()
    command = [sys.executable, "-m", "expbundle.export", "wandb", "team/digits", "-o", str(tmp_path / "out")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while not any(path.startswith("artifacts/") for path in server.asked):
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.02)
    finally:
        process.kill()
        process.wait()
        server.may_send.set()
    assert not (tmp_path / "out/r1.expb").exists()
    done = export("wandb", "team/digits", tmp_path / "out")
    assert list(done.written) == ["r1"]
    assert server.asked["r1/files/requirements.txt"] == 1, "this file was here"
    assert not list((tmp_path / "out").rglob("*.part"))
    assert done.written["r1"].read_bytes() == export("wandb", "team/digits", tmp_path / "again").written["r1"].read_bytes()


def test_a_run_that_went_on_is_exported_again(server: Server, tmp_path: Path, key: expbundle.Key) -> None:
    server.runs["r1"]["node"]["state"] = "running"
    path = export("wandb", "team/digits", tmp_path).written["r1"]
    assert expbundle.open(path).record().status == "running" and expbundle.open(path).record().ended is None
    expbundle.open(path).sign(key).save(path)
    server.runs["r1"]["node"]["state"] = "finished"
    assert "was signed while" in export("wandb", "team/digits", tmp_path).failed["r1"]
    path.unlink()
    export("wandb", "team/digits", tmp_path)
    assert expbundle.open(path).record().status == "finished"


def test_what_the_server_does_not_give_is_named(server: Server, tmp_path: Path) -> None:
    run = server.runs["r1"]
    run["node"]["historyLineCount"] = 7
    run["files"]["../outside"] = b"x"
    run["logged"][0]["files"] = {"gone.bin": b"y"}
    contents = Server.contents
    server.contents = lambda: {name: data for name, data in contents(server).items() if data != b"y"}  # type: ignore[method-assign]
    failed = export("wandb", "team/digits", tmp_path / "out").failed["r1"]
    assert "gone.bin" in failed and "outside" in failed and "--partial" in failed
    assert not (tmp_path / "out/r1.expb").exists()
    done = export("wandb", "team/digits", tmp_path / "out", options=Options(partial=True))
    bundle = expbundle.open(done.written["r1"])
    damage = {one["place"]: one for one in bundle.record().section("source.json")["damage"]}
    assert damage["history"]["detail"] == "the server counts 7 rows of history and gave 5"
    assert "files/../outside" in damage and not (tmp_path / "out/outside").exists()
    assert "artifacts/digits-model-v3/gone.bin" in damage
    items = account(bundle)
    assert items["file"]["dropped"][0]["count"] == 1 and items["artifact file"]["dropped"][0]["count"] == 1


def test_wrong_use_says_what_to_do(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["wandb", "digits", "-o", str(tmp_path)]) == 2
    assert "write ENTITY/PROJECT" in capsys.readouterr().err
    assert main(["wandb", "team/digits/none", "-o", str(tmp_path)]) == 2
    assert "check the name" in capsys.readouterr().err
    with pytest.raises(expbundle.UsageError, match="there is no exporter"):
        export("another", "x", tmp_path)
    assert main(["wandb", "team/digits", "-o", str(tmp_path), "--no-files"]) == 0
    assert "1 run: 1 exported" in capsys.readouterr().out


def test_an_artifact_that_was_deleted_costs_no_other(server: Server, tmp_path: Path) -> None:
    run = server.runs["r1"]
    run["logged"].insert(0, {"name": "gone:v0", "type": "model", "files": {}})
    contents = Server.contents
    server.contents = lambda: {name: data for name, data in contents(server).items() if name != "manifest/gone:v0"}  # type: ignore[method-assign]
    assert "gone:v0" in export("wandb", "team/digits", tmp_path).failed["r1"]
    done = export("wandb", "team/digits", tmp_path, options=Options(partial=True))
    record = expbundle.open(done.written["r1"]).record()
    assert [output["role"] for output in record.outputs].count("model") == 1
    assert "gone:v0" in [one["place"] for one in record.section("source.json")["damage"]]


def test_a_file_with_a_secret_stays_outside(server: Server, tmp_path: Path) -> None:
    run = server.runs["r1"]
    secret = b"token: hf_" + b"abcdEFGHijklMNOPqrstUVWXyz01234567\n"
    run["files"]["output.log"] = secret
    run["logged"][0]["files"][".env"] = secret
    bundle = expbundle.open(export("wandb", "team/digits", tmp_path).written["r1"])
    items = account(bundle)
    for kind in ("file", "artifact file"):
        assert items[kind]["dropped"] == [{"reason": "the file is or holds a secret", "count": 1}]
    listed = json.dumps(bundle.record().section("artifacts.json"))
    assert md5(secret) not in listed and ".env" not in listed and "wandb-manifest-md5" not in json.dumps(
        [one for one in bundle.record().section("artifacts.json")["artifacts"] if one["direction"] == "output"]
    )
    places = {one["place"] for one in bundle.record().section("source.json")["damage"]}
    assert places == {"files/output.log", "artifacts/digits-model-v3/.env"}


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("2026-11-01T10:00:00", "2026-11-01T10:00:00Z"),
        ("2026-11-01T10:00:00.5Z", "2026-11-01T10:00:00.500000Z"),
        ("2026-11-01T12:00:00.123456789+02:00", "2026-11-01T10:00:00.123456Z"),
        (0.5, "1970-01-01T00:00:00.500000Z"),
        ("yesterday", None),
        (True, None),
        (1e300, None),
    ],
)
def test_times_are_read_or_refused(given: Any, read: str | None) -> None:
    from expbundle.export._values import moment

    assert moment(given) == read


def test_a_time_that_cannot_be_read_is_kept(server: Server, tmp_path: Path) -> None:
    server.runs["r1"]["node"]["heartbeatAt"] = "long ago"
    record = expbundle.open(export("wandb", "team/digits", tmp_path).written["r1"]).record()
    assert record.ended is None and record.section("source.json")["raw"]["run field"]["heartbeatAt"] == "long ago"
