"""Uploading to the Hub and verifying from there, with the real client and a stand-in server."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import expbundle
import pytest

pytest.importorskip("huggingface_hub")


class Hub(BaseHTTPRequestHandler):
    """As much of the Hub as an upload of small files and a download need."""

    commits: dict[str, dict[str, bytes]] = {}

    def answer(self, value: object, headers: dict[str, str] | None = None) -> None:
        self.send(json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})

    def send(self, body: bytes, headers: dict[str, str], status: int = 200) -> None:
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.endswith("/repos/create"):
            self.answer({"url": f"http://{self.headers['Host']}/team/digits"})
        elif self.path.endswith("/validate-yaml"):
            self.answer({"errors": [], "warnings": []})
        elif "/preupload/" in self.path:
            files = json.loads(body)["files"]
            self.answer(
                {"files": [{"path": one["path"], "uploadMode": "regular", "shouldIgnore": False} for one in files]}
            )
        elif "/commit/" in self.path:
            files = {}
            for line in body.splitlines():
                item = json.loads(line)
                if item["key"] == "file":
                    files[item["value"]["path"]] = base64.b64decode(item["value"]["content"])
            oid = hashlib.sha1(body).hexdigest()
            self.commits[oid] = files
            self.answer({"success": True, "commitOid": oid, "commitUrl": f"http://{self.headers['Host']}/team/digits/commit/{oid}"})
        else:
            self.send(b"", {}, 404)

    def do_GET(self) -> None:
        path = self.path.split("?")[0].strip("/").split("/")
        if "resolve" in path:
            place = path.index("resolve")
            oid, name = path[place + 1], "/".join(path[place + 2 :])
            content = self.commits[oid][name]
            self.send(content, {"X-Repo-Commit": oid, "ETag": f'"{hashlib.sha1(content).hexdigest()}"'})
        elif "revision" in path and path[-1] in self.commits:
            files = [{"rfilename": name} for name in self.commits[path[-1]]]
            self.answer({"id": "team/digits", "sha": path[-1], "siblings": files, "tags": [], "private": False, "downloads": 0})
        elif "tree" in path and path[path.index("tree") + 1] in self.commits:
            files = self.commits[path[path.index("tree") + 1]]
            self.answer([{"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()} for name, data in files.items()])
        else:
            self.send(b"", {}, 404)

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    from huggingface_hub import constants

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    Hub.commits.clear()
    yield Hub
    server.shutdown()
    server.server_close()
    thread.join()


def test_what_was_uploaded_is_what_was_verified(
    hub: type[Hub], bundle: expbundle.Bundle, key: expbundle.Key, weights: Path, tmp_path: Path
) -> None:
    import expbundle.hub

    folder = tmp_path / "model"
    folder.mkdir()
    (folder / weights.name).write_bytes(weights.read_bytes())
    (folder / "README.md").write_text("# Digits\n")
    commit = expbundle.hub.upload(
        folder, "team/digits", [bundle.sign(key)], key=key, trust=key.public_key, token="none"
    )
    assert "experiment.expb" in hub.commits[commit.oid]
    report = expbundle.hub.verify("team/digits", revision=commit.oid, trust=key.public_key, token="none")
    assert report.state == "trusted", report.text


def test_what_does_not_verify_is_not_uploaded(
    hub: type[Hub], bundle: expbundle.Bundle, key: expbundle.Key, weights: Path, tmp_path: Path
) -> None:
    import expbundle.hub

    folder = tmp_path / "model"
    folder.mkdir()
    (folder / weights.name).write_bytes(weights.read_bytes())
    expbundle.attach(folder, bundle.sign(key), key=key)
    (folder / weights.name).write_bytes(b"other weights")
    with pytest.raises(expbundle.NotAsRequired):
        expbundle.hub.upload(folder, "team/digits", trust=key.public_key, token="none")
    assert hub.commits == {}


def test_what_was_changed_on_the_way_is_found(
    hub: type[Hub], bundle: expbundle.Bundle, key: expbundle.Key, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import expbundle.hub

    folder = tmp_path / "model"
    folder.mkdir()
    (folder / weights.name).write_bytes(weights.read_bytes())
    answer = Hub.answer

    def changing(self: Hub, value: object, headers: dict[str, str] | None = None) -> None:
        for files in self.commits.values():
            files[weights.name] = b"weights of somebody else"
        answer(self, value, headers)

    monkeypatch.setattr(Hub, "answer", changing)
    with pytest.raises(expbundle.NotAsRequired):
        expbundle.hub.upload(folder, "team/digits", [bundle.sign(key)], key=key, trust=key.public_key, token="none")


def test_a_hub_that_does_not_answer_is_said_so(
    hub: type[Hub], bundle: expbundle.Bundle, key: expbundle.Key, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import expbundle.hub
    from huggingface_hub import constants

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}"
    monkeypatch.setattr(constants, "ENDPOINT", nowhere)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", nowhere + "/{repo_id}/resolve/{revision}/{filename}")
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / weights.name).write_bytes(weights.read_bytes())
    for call in (
        lambda: expbundle.hub.upload(folder, "team/digits", [bundle.sign(key)], key=key, token="none"),
        lambda: expbundle.hub.verify("team/digits", token="none"),
    ):
        with pytest.raises(expbundle.ExpbundleError, match="cannot be reached") as raised:
            call()
        assert nowhere in str(raised.value) and "HF_ENDPOINT" in str(raised.value)
        assert raised.value.__cause__ is not None
    # The next call attaches nothing twice.
    assert expbundle.attach(folder, expbundle.open(folder), key=key).files == []
