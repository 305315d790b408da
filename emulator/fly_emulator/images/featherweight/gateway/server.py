"""The listening gateway: HTTP surface, hot reload, clean end."""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import config as configuration
from .attribution import REFUSAL, client_of
from .limit import Limit
from .suspension import Suspension
from .websocket import Session, accept_key

HEAD_LIMIT = 64 * 1024
RESTART_KEYS = ("port", "bind", "tailscale", "tls", "mode")
PAGE = (
    "<!doctype html><html><head><title>OpenClaw Control (featherweight)</title></head><body><h1>Featherweight</h1>"
    "<p>This is the emulator's stand-in for the OpenClaw gateway, not the real one.</p></body></html>"
)


class StopSignals:
    """SIGTERM and SIGINT, read from a pipe by the thread that waits for them.

    A handler that printed or set an event would run in the main thread wherever that is: within its own print
    ("reentrant call", an exit code of 1 in place of 0) or while it holds the event's lock.
    """

    def __init__(self) -> None:
        self._read, write = os.pipe()
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)

    def wait(self, seconds: float | None) -> str:
        """The signal's name, or "" after so many seconds; None: no limit."""
        if not select.select([self._read], [], [], seconds)[0]:
            return ""
        return signal.Signals(os.read(self._read, 1)[0]).name


class Gateway:
    def __init__(self, version: str, config: dict[str, Any], path: Path, auth: configuration.Auth, port: int) -> None:
        self.version = version
        self.config = config
        self.path = path
        self.auth = auth
        self.port = port
        self.trusted = configuration.trusted_proxies(config)
        self.limit = Limit()
        self.suspension = Suspension(version)
        self.broken = frozenset(os.environ.get("FEATHER_BREAK", "").split(","))
        self.started = time.monotonic()
        self.ready = False
        self._told_unattributable = False
        self._ended = threading.Event()

    def log(self, line: str) -> None:
        sys.stdout.write(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} {line}\n")
        sys.stdout.flush()

    def allows_origin(self, origin: str) -> bool:
        return "origin" in self.broken or origin in self._allowed_origins()

    def _allowed_origins(self) -> list[str]:
        given = self.config.get("gateway", {}).get("controlUi", {}).get("allowedOrigins")
        return given or [f"http://localhost:{self.port}", f"http://127.0.0.1:{self.port}"]

    def serve(self, host: str, slow_start: float) -> int:
        """Listen until SIGTERM or SIGINT; returns the exit code. Listens after half of `slow_start` seconds."""
        stop = StopSignals()
        if self._stopped(stop, slow_start / 2):
            return 0
        self.log("[gateway] starting HTTP server...")
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, self.port))
        except OSError as error:
            self.log(
                f"another gateway instance is already listening on ws://{host}:{self.port} | listen {error.strerror}"
            )
            self.log(f"Port {self.port} is already in use.")
            return 1
        listener.listen(128)
        if host != "127.0.0.1":
            self.log("[gateway] ⚠️  Gateway is binding to a non-loopback address. "
                     "Ensure authentication is configured before exposing to public networks.")  # fmt: skip
        self.log(f"[gateway] http server listening (0 plugins; {time.monotonic() - self.started:.1f}s)")
        self.log("[gateway] starting channels and sidecars...")
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        threading.Thread(target=self._watch_config, daemon=True).start()
        if not self._stopped(stop, slow_start / 2):
            self.ready = True
            self.log("[gateway] ready")
            self._eat(stop, int(os.environ.get("FEATHER_EAT_MB", "0")))
        while not self._stopped(stop, None):
            pass
        listener.close()
        self.log("[shutdown] completed cleanly in 1ms")
        return 0

    def _stopped(self, stop: StopSignals, seconds: float | None) -> bool:
        """Whether it was told to stop, at the latest after so many seconds."""
        if not self._ended.is_set() and (name := stop.wait(seconds)):
            self.log(f"[gateway] received {name}; shutting down")
            self._ended.set()
        return self._ended.is_set()

    def _eat(self, stop: StopSignals, megabytes: int) -> None:
        eaten = []
        for _ in range(0, megabytes, 4):
            eaten.append(os.urandom(4096) * 1024)
            if self._stopped(stop, 0.005):
                return

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                stream, peer = listener.accept()
                threading.Thread(target=self._connection, args=(stream, peer[0]), daemon=True).start()

    def _connection(self, stream: socket.socket, peer: str) -> None:
        with contextlib.suppress(OSError, ValueError), stream:
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            reader = stream.makefile("rb")
            while self._request(stream, reader, peer):
                pass

    def _request(self, stream: socket.socket, reader: Any, peer: str) -> bool:
        """Serve one request; False ends the connection."""
        line = reader.readline(HEAD_LIMIT).decode("latin-1").split()
        if len(line) != 3:
            return False
        method, target, protocol = line
        headers: dict[str, str] = {}
        while (field := reader.readline(HEAD_LIMIT).decode("latin-1").strip()) != "":
            name, _, value = field.partition(":")
            name = name.strip().lower()
            headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
        reader.read(int(headers.get("content-length", "0")))
        path = target.partition("?")[0]
        keep = protocol == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
        if path in ("/health", "/healthz"):
            live: dict[str, Any] = {"ok": True, "status": "live"}
            self._respond(stream, method, 200 if method in ("GET", "HEAD") else 405, live, keep)
            return keep
        client = client_of(peer, headers, self.trusted)
        if "forwarding" in self.broken and headers.get("x-forwarded-for", "").startswith("127."):
            client = "127.0.0.1", True
        if client is None:
            if not self._told_unattributable:
                self._told_unattributable = True
                self.log(
                    f"[gateway] observed unattributable proxy-shaped traffic from {peer}; "
                    "configure gateway.trustedProxies"
                )
            self._respond(stream, method, 403, REFUSAL, keep)
            return keep
        if headers.get("upgrade", "").lower() == "websocket":
            accept = accept_key(headers.get("sec-websocket-key", ""))
            stream.sendall(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
            )
            Session(self, stream, headers, *client).run()
            return False
        self._respond(stream, method, *self._answer(method, path, headers, client[1]), keep)
        return keep

    def _answer(
        self, method: str, path: str, headers: Mapping[str, str], local: bool
    ) -> tuple[int, dict[str, Any] | str]:
        shown = headers.get("authorization", "").removeprefix("Bearer ").encode()
        authorized = hmac.compare_digest(shown, self.auth.secret.encode())
        local = local or "leak" in self.broken
        uptime = int((time.monotonic() - self.started) * 1000)
        closed = self.suspension.phase != "accepting"
        if path in ("/startup", "/startupz"):
            told: dict[str, Any] = {"version": self.version, "uptimeMs": uptime} if local or authorized else {}
            if not self.ready:
                return 503, {"ok": False, "status": "starting", **told, "pendingReason": "startup-sidecars"}
            if closed:
                return 503, {"ok": False, "status": "draining", **told}
            return 200, {"ok": True, "status": "started", **told}
        if path in ("/ready", "/readyz"):
            failing = ["startup-sidecars"] if not self.ready else ["gateway-draining"] if closed else []
            told = {"failing": failing, "uptimeMs": uptime} if local or authorized or failing else {}
            return 503 if failing else 200, {"ready": not failing, **told}
        if path == "/tools/invoke" and closed:
            return 503, {"error": {"message": "gateway is suspending", "type": "unavailable"}}
        if path in ("/control-ui-config.json", "/tools/invoke"):
            if not authorized and not (path == "/tools/invoke" and "api" in self.broken):
                return 401, {"error": {"message": "Unauthorized", "type": "unauthorized"}}
            return 200, {"serverVersion": self.version, "basePath": "", "featherweight": True}
        if path.startswith(("/v1/", "/api/")) or path == "/robots.txt":
            return 404, {"error": {"message": "Not Found", "type": "not_found"}}
        return (200, PAGE) if method in ("GET", "HEAD") else (405, {"error": {"message": "Method Not Allowed"}})

    def _respond(self, stream: socket.socket, method: str, status: int, body: dict[str, Any] | str, keep: bool) -> None:
        kind = "text/html" if isinstance(body, str) else "application/json"
        payload = (body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))).encode()
        head = (
            f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {kind}; charset=utf-8\r\n"
            f"Content-Length: {len(payload)}\r\nX-Frame-Options: DENY\r\nCache-Control: no-store\r\n"
            f"{self._hsts()}Connection: {'keep-alive' if keep else 'close'}\r\n\r\n"
        )
        stream.sendall(head.encode() + (b"" if method == "HEAD" else payload))

    def _hsts(self) -> str:
        headers = self.config.get("gateway", {}).get("http", {}).get("securityHeaders", {})
        value = headers.get("strictTransportSecurity")
        return f"Strict-Transport-Security: {value}\r\n" if value else ""

    def _watch_config(self) -> None:
        seen = _stamp(self.path)
        while not self._ended.wait(0.1):
            now = _stamp(self.path)
            if now != seen and now is not None:
                seen = now
                self._reload()

    def _reload(self) -> None:
        try:
            new = configuration.load(self.path)
        except (OSError, configuration.Invalid) as error:
            self.log(f"[reload] config reload skipped (invalid config): {error}")
            return
        before, after = self.config.get("gateway", {}), new.get("gateway", {})
        changed = [f"gateway.{key}" for key in sorted({*before, *after}) if before.get(key) != after.get(key)]
        changed += [key for key in sorted({*self.config, *new} - {"gateway"}) if self.config.get(key) != new.get(key)]
        if not changed:
            return
        names = ", ".join(changed)
        self.log(f"[reload] config change detected; evaluating reload ({names})")
        self.config = new
        self.trusted = configuration.trusted_proxies(new)
        if any(name == f"gateway.{key}" for key in RESTART_KEYS for name in changed):
            self.log(
                f"[reload] config change requires gateway restart ({names}); the stand-in applies it at its next start"
            )
        with contextlib.suppress(configuration.Refused):
            self.auth = configuration.auth(new, loopback=True)
        self.log(f"[reload] config hot reload applied ({names})")


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


_REASONS = {
    200: "OK",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    503: "Service Unavailable",
}
