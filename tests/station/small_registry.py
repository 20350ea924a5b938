"""A registry of images on the loopback, for pulls by a real engine: one repository, one layer an image."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


class SmallRegistry:
    """What the registry holds: manifests by tag and digest, and blobs by digest."""

    def __init__(self, port: int) -> None:
        self.address = f"127.0.0.1:{port}"
        self.content: dict[str, bytes] = {}

    def push(self, tag: str, seed: int, size: int = 400_000) -> str:
        """Have an image of `size` random bytes under `tag`; its digest."""
        layer = io.BytesIO()
        with tarfile.open(fileobj=layer, mode="w") as archive:
            entry = tarfile.TarInfo("content")
            entry.size = size
            archive.addfile(entry, io.BytesIO(random.Random(seed).randbytes(size)))
        packed = gzip.compress(layer.getvalue(), mtime=0)
        config = {"architecture": "amd64", "os": "linux", "config": {}}
        config["rootfs"] = {"type": "layers", "diff_ids": [self.digest(layer.getvalue())]}
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self._keep(json.dumps(config).encode(), CONFIG),
            "layers": [self._keep(packed, LAYER)],
        }
        body = json.dumps(manifest).encode()
        self.content[f"manifests/{tag}"] = self.content[f"manifests/{self.digest(body)}"] = body
        return self.digest(body)

    def _keep(self, blob: bytes, kind: str) -> dict[str, object]:
        self.content[f"blobs/{self.digest(blob)}"] = blob
        return {"mediaType": kind, "size": len(blob), "digest": self.digest(blob)}

    @staticmethod
    def digest(content: bytes) -> str:
        return f"sha256:{hashlib.sha256(content).hexdigest()}"


@contextmanager
def small_registry(repository: str) -> Iterator[SmallRegistry]:
    """A registry that serves `repository` within the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            wanted = self.path.removeprefix(f"/v2/{repository}/")
            found = b"{}" if self.path == "/v2/" else registry.content.get(wanted)
            unknown = json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}).encode()
            body = unknown if found is None else found
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Type", MANIFEST if wanted.startswith("manifests/") else "application/json")
            self.send_header("Content-Length", str(len(body)))
            if found is not None:
                self.send_header("Docker-Content-Digest", registry.digest(body))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    registry = SmallRegistry(server.server_port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
