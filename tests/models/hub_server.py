"""A Hugging Face hub on the loopback: the part of its HTTP interface that downloads need, with its refusals.

Large files are redirected to a second server, as the hub does to its delivery network, so that what must not be sent
there shows.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REPOSITORY = "maker/small-reader"
TOKEN = "hf_good"
LARGE = (".safetensors", ".bin")
PATIENCE = 30.0


@dataclass
class Repository:
    """Commits of one repository, the newest last.

    Attributes:
        commits: files by path of each commit.
        gated: whether its terms must be accepted, which `TOKEN` has done.
        private: whether only `TOKEN` sees that it is there.
    """

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    gated: bool = False
    private: bool = False

    @property
    def newest(self) -> str:
        return list(self.commits)[-1]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    first: int
    token: str


@dataclass
class HubServer:
    """What the hub holds, how it behaves, and what it was asked.

    Attributes:
        cuts: bytes after which the connection breaks, by path of the file; each breaks once.
        held: path of a file that stops after `held_at` bytes until `release` is set; `reached` says that it has.
        spoilt: contents sent in place of a file's own, by path.
        refusals: statuses with which files are refused once each, by path.
        ranges: whether it goes on in the middle of a file.
        nonsense: whether it answers as the login page of a hotel does.
    """

    repositories: dict[str, Repository] = field(default_factory=dict)
    cuts: dict[str, list[int]] = field(default_factory=dict)
    held: str = ""
    held_at: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)
    spoilt: dict[str, bytes] = field(default_factory=dict)
    refusals: dict[str, list[int]] = field(default_factory=dict)
    ranges: bool = True
    nonsense: bool = False
    asked: list[Request] = field(default_factory=list)
    address: str = ""
    delivery: str = ""

    def push(self, files: dict[str, bytes], repository: str = REPOSITORY) -> str:
        """Commit `files` to the main branch; the commit."""
        commits = self.repositories.setdefault(repository, Repository()).commits
        commit = hashlib.sha1(f"{repository} {len(commits)}".encode()).hexdigest()
        commits[commit] = files
        return commit

    def loads(self, path: str) -> list[int]:
        """The byte at which each request for a file's content began."""
        return [one.first for one in self.asked if one.method == "GET" and one.path == path]


def digest(path: str, content: bytes) -> str:
    """By which the cache names a content."""
    if path.endswith(LARGE):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: HubServer

    def do_GET(self) -> None:
        if self.hub.nonsense:
            self._send(200, b"<html>Welcome to the hotel</html>", {"Content-Type": "text/html"})
        elif found := re.fullmatch(r"/api/models/([^/]+/[^/]+?)(?:/revision/([^/?]+))?(?:\?.*)?", self.path):
            self._model(found[1], found[2] or "")
        elif found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([0-9a-f]{40})/(.+)", self.path):
            self._file(found[1], found[2], found[3])
        elif found := re.fullmatch(r"/delivery/([^/]+/[^/]+)/([0-9a-f]{40})/(.+)", self.path):
            self._content(self.hub.repositories[found[1]].commits[found[2]][found[3]], found[3])
        else:
            self._send(404)

    do_HEAD = do_GET

    def _model(self, name: str, revision: str) -> None:
        repository = self._visible(name)
        if repository is None:
            return
        commit = revision or repository.newest
        if commit not in repository.commits:
            self._send(404, error="RevisionNotFound")
            return
        body = {
            "id": name,
            "sha": commit,
            "gated": "auto" if repository.gated else False,
            "siblings": [_sibling(path, content) for path, content in repository.commits[commit].items()],
        }
        self._send(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _file(self, name: str, commit: str, path: str) -> None:
        repository = self._visible(name)
        if repository is None:
            return
        if repository.gated and self._token != TOKEN:
            self._send(403 if self._token else 401, error="GatedRepo")
            return
        content = repository.commits[commit][path]
        known = {"X-Repo-Commit": commit, "ETag": f'"{digest(path, content)}"'}
        if path.endswith(LARGE):
            place = f"{self.hub.delivery}/delivery/{name}/{commit}/{path}"
            linked = {"X-Linked-ETag": known["ETag"], "X-Linked-Size": str(len(content)), "Location": place}
            self._send(302, headers=known | linked)
        else:
            self._content(content, path, known)

    def _visible(self, name: str) -> Repository | None:
        """The repository; None once it was refused."""
        repository = self.hub.repositories.get(name)
        if self._token and self._token not in {TOKEN, "hf_other"}:
            message = "Invalid credentials in Authorization header"
            self._send(401, headers={"X-Error-Message": message})
        elif repository is None or (repository.private and self._token != TOKEN):
            # The hub does not tell strangers what there is.
            self._send(404 if self._token else 401, error="RepoNotFound" if self._token else "")
        else:
            return repository
        return None

    def _content(self, content: bytes, path: str, headers: dict[str, str] | None = None) -> None:
        first = self._first
        self.hub.asked.append(Request(self.command, path, first, self._token))
        if refusals := self.hub.refusals.get(path):
            self._send(refusals.pop(0))
            return
        content = self.hub.spoilt.get(path, content)
        known = dict(headers or {})
        if first and self.hub.ranges:
            known["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
        body = content[first:] if self.hub.ranges else content
        self._head(206 if "Content-Range" in known else 200, known | {"Content-Length": str(len(body))})
        if self.command == "GET":
            self._pour(body, path)

    def _pour(self, body: bytes, path: str) -> None:
        if cuts := self.hub.cuts.get(path):
            self.wfile.write(body[: cuts.pop(0)])
            self.close_connection = True
        elif path == self.hub.held:
            self.wfile.write(body[: self.hub.held_at])
            self.hub.reached.set()
            self.hub.release.wait(PATIENCE)
            self.close_connection = True
        else:
            self.wfile.write(body)

    @property
    def _first(self) -> int:
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(found[1]) if found else 0

    @property
    def _token(self) -> str:
        return str(self.headers.get("Authorization", "")).removeprefix("Bearer ")

    def _send(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None, error: str = "") -> None:
        known = {"X-Error-Code": error} if error else {}
        self._head(status, known | {"Content-Length": str(len(body))} | (headers or {}))
        if self.command == "GET":
            self.wfile.write(body)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that leave are what some tests are about."""


def _sibling(path: str, content: bytes) -> dict[str, object]:
    told: dict[str, object] = {"rfilename": path, "size": len(content), "blobId": digest(".json", content)}
    if path.endswith(LARGE):
        told["lfs"] = {"sha256": digest(path, content), "size": len(content), "pointerSize": 130}
    return told


@contextmanager
def hub_server() -> Iterator[HubServer]:
    """A hub within the block."""
    hub = HubServer()
    handler = type("Handler", (_Handler,), {"hub": hub})
    servers = [_Server(("127.0.0.1", 0), handler) for _ in range(2)]
    hub.address, hub.delivery = (f"http://127.0.0.1:{one.server_port}" for one in servers)
    threads = [threading.Thread(target=one.serve_forever, args=(0.01,), daemon=True) for one in servers]
    for thread in threads:
        thread.start()
    try:
        yield hub
    finally:
        hub.release.set()
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()
