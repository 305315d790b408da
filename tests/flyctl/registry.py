"""The few requests of a container registry that a push makes; what is pushed, the emulator has as an image."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    images: Path
    stand_in: str

    def do_HEAD(self) -> None:
        self._answer(404)

    def do_GET(self) -> None:
        self._answer(200 if self.path == "/v2/" else 404)

    def do_POST(self) -> None:
        self._body()
        self._answer(202, Location=f"{self.path.rstrip('/')}/1")

    def do_PATCH(self) -> None:
        length = len(self._body())
        self._answer(202, Location=self.path, Range=f"0-{max(length - 1, 0)}")

    def do_PUT(self) -> None:
        body = self._body()
        if "/manifests/" in self.path:
            name, _, tag = self.path.removeprefix("/v2/").partition("/manifests/")
            file = self.images / tag / "image.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps({"reference": f"{self.headers['Host']}/{name}:{tag}", "from": self.stand_in}))
        self._answer(201, **{"Docker-Content-Digest": f"sha256:{hashlib.sha256(body).hexdigest()}"})

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, status: int, **headers: str) -> None:
        self.send_response(status)
        headers |= {"Content-Length": "0", "Docker-Distribution-Api-Version": "registry/2.0"}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def registry(images: Path, stand_in: str) -> Iterator[str]:
    """Serve one on loopback; gives its host and port. Each image that is pushed is `stand_in` to the emulator."""
    handler = type("Handler", (_Handler,), {"images": images, "stand_in": stand_in})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
