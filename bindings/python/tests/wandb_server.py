"""A stand-in for a W&B server: as much of it as its real client asks to read a run."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "0123456789abcdef" * 2 + "01234567"


def md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content).digest()).decode()


class Server(ThreadingHTTPServer):
    """Runs by id: ``node`` as GraphQL has it, ``history``, ``events``, ``files``, ``logged``, ``used``."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.runs: dict[str, dict[str, Any]] = {}
        self.asked: Counter[str] = Counter()
        self.may_send = threading.Event()
        """Set while files of artifacts may be sent."""
        self.may_send.set()
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self.thread.join()

    def contents(self) -> dict[str, bytes]:
        """The bytes of all files, by the end of their address."""
        found = {}
        for key, run in self.runs.items():
            found.update({f"{key}/files/{name}": content for name, content in run["files"].items()})
            for artifact in run["logged"]:
                found[f"manifest/{artifact['name']}"] = json.dumps(manifest(artifact)).encode()
                found.update({hashlib.md5(content).hexdigest(): content for content in artifact["files"].values()})
            for artifact in run["used"]:
                found[f"manifest/{artifact['name']}"] = json.dumps(manifest(artifact)).encode()
        return found


def manifest(artifact: dict[str, Any]) -> dict[str, Any]:
    contents: dict[str, Any] = {path: {"digest": md5(data), "size": len(data)} for path, data in artifact["files"].items()}
    contents.update({path: {"digest": ref, "ref": ref} for path, ref in artifact.get("refs", {}).items()})
    return {"version": 1, "storagePolicy": "wandb-storage-policy-v1", "storagePolicyConfig": {}, "contents": contents}


def fragment(artifact: dict[str, Any]) -> dict[str, Any]:
    name, _, version = artifact["name"].partition(":v")
    project = {"__typename": "Project", "id": "p", "internalId": "1", "name": "digits", "entity": {"name": "team"}}
    sequence = {"__typename": "ArtifactSequence", "name": name, "project": project}
    alias = {"__typename": "ArtifactAlias", "id": "a", "alias": "latest", "artifactCollection": sequence}
    return {
        "__typename": "Artifact", "id": f"id-{artifact['name']}", "artifactSequence": sequence, "versionIndex": int(version),
        "artifactType": {"name": artifact["type"]}, "description": None, "metadata": '{"classes": 10}',
        "ttlDurationSeconds": -1, "ttlIsInherited": False, "tags": [], "historyStep": None, "state": "COMMITTED",
        "size": 1, "digest": "d" * 32, "commitHash": "c0ffee", "fileCount": len(artifact["files"]),
        "createdAt": "2026-11-01T10:00:00", "updatedAt": None, "aliases": [alias],
    }  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != "/graphql":
            return self.send(b"{}")
        asked = json.loads(body)
        named = re.search(r"query (\w+)", asked["query"])
        assert named
        self.server.asked[named[1]] += 1
        variables = asked.get("variables") or {}
        self.send(json.dumps({"data": self.answer(named[1], variables)}).encode())

    def answer(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        viewer = {"id": "VXNlcjox", "entity": "team", "username": "ada", "email": "a@example.org", "flags": "{}"}
        if query in ("Viewer", "GetDefaultEntity"):
            return {"viewer": {**viewer, "teams": {"edges": []}}}
        if query == "ServerFeaturesQuery":
            return {"serverInfo": {"features": []}}
        if query == "Runs":
            edges = [{"node": run["node"], "cursor": key} for key, run in self.server.runs.items()]
            runs = {"edges": edges, "pageInfo": {"endCursor": None, "hasNextPage": False}}
            return {"project": {"internalId": "1", "runCount": len(edges), "readOnly": False, "runs": runs}}
        if query == "FetchArtifactManifest":
            name = variables["id"].removeprefix("id-")
            return {"artifact": {"currentManifest": {"file": {"directUrl": f"{self.server.url}/manifest/{name}"}}}}
        run = self.server.runs.get(str(variables.get("name") or variables.get("runName") or variables.get("run")))
        return {"project": {"internalId": "1", "run": run and self.of_run(query, run)}}

    def of_run(self, query: str, run: dict[str, Any]) -> dict[str, Any]:
        page = {"endCursor": None, "hasNextPage": False}
        if query == "Run":
            return run["node"]  # type: ignore[no-any-return]
        if query == "RunHistoryKeys":
            return {"historyKeys": run["node"]["historyKeys"]}
        if query == "RunParquetHistory":
            return {"parquetHistory": {"parquetUrls": [], "liveData": run["history"]}}
        if query == "HistoryPage":
            return {"history": [json.dumps(row) for row in run["history"]]}
        if query == "RunFullHistory":
            return {"events": [json.dumps(row) for row in run["events"]]}
        if query == "RunConsoleLogPage":
            lines = [{"node": {"number": at, "timestamp": None, "level": "", "label": "", "line": text}} for at, text in enumerate(run["console"])]
            return {"logLineCount": len(lines), "logLines": {"edges": lines, "pageInfo": page}}
        if query == "RunFiles":
            edges = [{"node": self.file(run["node"]["name"], *item), "cursor": item[0]} for item in run["files"].items()]
            return {"fileCount": len(edges), "files": {"edges": edges, "pageInfo": page}}
        if query in ("RunOutputArtifacts", "RunInputArtifacts"):
            artifacts = run["logged" if "Output" in query else "used"]
            edges = [{"node": fragment(artifact)} for artifact in artifacts]
            return {"artifacts": {"totalCount": len(edges), "pageInfo": {"__typename": "PageInfo", **page}, "edges": edges}}
        raise AssertionError(f"the client asked {query}")

    def file(self, run: str, name: str, content: bytes) -> dict[str, Any]:
        url = f"{self.server.url}/{run}/files/{name}"
        return {
            "id": name, "name": name, "url": url, "directUrl": url, "sizeBytes": len(content),
            "mimetype": "application/octet-stream", "updatedAt": None, "md5": md5(content),
        }  # fmt: skip

    def do_GET(self) -> None:
        path = self.path.split("?")[0].lstrip("/")
        self.server.asked[path] += 1
        contents = self.server.contents()
        if path.startswith("artifacts/"):
            self.server.may_send.wait()
        self.send(contents.get(path, contents.get(path.rsplit("/", 1)[-1])))

    def send(self, body: bytes | None) -> None:
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        pass
