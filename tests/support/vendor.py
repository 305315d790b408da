"""Stands in for ngrok, cloudflared, tailscaled and tailscale, by the name under which it is called.

Reads what the real program would read, and lets through what that would: so a config that is too wide shows. The
vendor's edge reaches it by the socket NAME.sock beside it, where the real program would have dialled out; `Edge` of
tunnel.py is that edge. Each start is noted in starts.jsonl beside it: program, argv, names in the environment, and a
digest of each value. It imports only what Python has, because it runs in machines.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

HOME = Path(sys.argv[0]).parent
PROGRAM = Path(sys.argv[0]).name
CLIENT = "203.0.113.7"
TAILNET = "tunnel.localhost"
Route = Callable[[str, str], "tuple[int, str] | None"]
"""Host and path to the port it leads to in the machine and the path there."""


def note() -> None:
    digests = {name: hashlib.sha256(value.encode()).hexdigest() for name, value in os.environ.items()}
    entry = {"program": PROGRAM, "argv": sys.argv[1:], "env": digests, "pid": os.getpid()}
    with (HOME / "starts.jsonl").open("a") as file:
        file.write(json.dumps(entry) + "\n")


def option(name: str) -> str:
    for index, word in enumerate(sys.argv):
        if word == name:
            return sys.argv[index + 1]
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return ""


def secret(name: str) -> None:
    if not os.environ.get(name):
        sys.exit(f"{PROGRAM}: {name} is not set")


def port_of(url: str) -> int:
    return int(captured(r"http://127\.0\.0\.1:(\d+).*", url))


def captured(pattern: str, text: str) -> str:
    found = re.fullmatch(pattern, text)
    if not found:
        sys.exit(f"{PROGRAM}: {text!r} is not {pattern}")
    return found[1]


def cloudflared() -> None:
    """The first ingress rule that fits; paths are searched for, not matched whole."""
    secret("TUNNEL_CRED_CONTENTS")
    rules = json.loads(Path(option("--config")).read_text())["ingress"]

    def route(host: str, path: str) -> tuple[int, str] | None:
        for rule in rules:
            if rule.get("hostname") in (None, host) and re.search(rule.get("path", ""), path):
                service = rule["service"]
                return None if service.startswith("http_status:") else (port_of(service), path)
        return None

    serve(rules[0]["hostname"], route)


def allowed(policy: dict[str, Any]) -> Callable[[str], bool]:
    """The one form of expression that this knows: !req.url.path.matches('PATTERN')."""
    rules = policy.get("on_http_request", [])
    patterns = [captured(r"!req\.url\.path\.matches\('(.*)'\)", rule["expressions"][0]) for rule in rules]
    return lambda path: all(re.search(pattern, path) for pattern in patterns)


def ngrok() -> None:
    secret("NGROK_AUTHTOKEN")
    if sys.argv[1] == "http":
        port, host = int(sys.argv[2]), option("--domain")
        file = option("--traffic-policy-file")
        policy = json.loads(Path(file).read_text()) if file else {}
    else:
        (endpoint,) = json.loads(Path(option("--config")).read_text())["endpoints"]
        host, port = endpoint["url"].removeprefix("https://"), port_of(endpoint["upstream"]["url"])
        policy = endpoint.get("traffic_policy", {})
    passes = allowed(policy)
    serve(host, lambda name, path: (port, path) if name == host and passes(path) else None)


def tailscaled() -> None:
    """Mounts are prefixes, and are taken from the path before the target's is put in front."""
    mounts: dict[str, str] = {}
    node: dict[str, str] = {}
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(option("--socket"))
    listener.listen()

    def route(host: str, path: str) -> tuple[int, str] | None:
        clean = os.path.normpath(path)
        while True:
            for mount in (f"{clean.rstrip('/')}/", clean):
                if mount in mounts:
                    target = mounts[mount]
                    rest = path[len(mount) :]
                    return port_of(target), f"/{target.split('/', 3)[3]}{rest}"
            if clean == "/":
                return None
            clean = os.path.dirname(clean)

    while True:
        asked, _ = listener.accept()
        with asked, asked.makefile("rw") as stream:
            words = json.loads(stream.readline())
            given = dict(word.lstrip("-").split("=", 1) for word in words if word.startswith("--") and "=" in word)
            if words[0] == "up":
                key = Path(given["auth-key"].removeprefix("file:")).read_text().strip()
                node["name"] = f"{given['hostname']}.{TAILNET}" if key else ""
                threading.Thread(target=serve, args=(node["name"], route), daemon=True).start()
            elif words[1:] == ["reset"]:
                mounts.clear()
            else:
                mounts[given["set-path"]] = words[-1]
            stream.write("0\n" if node.get("name") else "1\n")


def tailscale() -> None:
    asked = socket.socket(socket.AF_UNIX)
    asked.connect(option("--socket"))
    words = list(sys.argv[1:])
    if words[0] == "--socket":
        del words[:2]
    else:
        del words[0]
    with asked, asked.makefile("rw") as stream:
        stream.write(json.dumps(words) + "\n")
        stream.flush()
        sys.exit(int(stream.readline()))


def serve(name: str, route: Route) -> None:
    """Take the edge's connections, one request each."""
    path = HOME / f"{name}.sock"
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    os.chdir(path.parent)
    listener.bind(path.name)
    listener.listen()
    while True:
        stream, _ = listener.accept()
        threading.Thread(target=answer, args=(stream, name, route), daemon=True).start()


def answer(stream: socket.socket, name: str, route: Route) -> None:
    with stream, contextlib.suppress(OSError):
        head = b""
        while b"\r\n\r\n" not in head:
            chunk = stream.recv(65536)
            if not chunk:
                return
            head += chunk
        top, _, rest = head.partition(b"\r\n\r\n")
        first, *fields = top.decode("latin-1").split("\r\n")
        method, target, protocol = first.split()
        headers = dict(field.split(": ", 1) for field in fields)
        path, mark, query = target.partition("?")
        leads = route(headers.get("Host", "").partition(":")[0], path)
        if leads is None:
            stream.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        port, inside = leads
        headers |= {"Host": name, "X-Forwarded-For": CLIENT, "X-Forwarded-Host": name, "X-Forwarded-Proto": "https"}
        if "Upgrade" not in headers:
            headers["Connection"] = "close"
        lines = [f"{method} {inside}{mark}{query} {protocol}", *(f"{key}: {value}" for key, value in headers.items())]
        with socket.create_connection(("127.0.0.1", port)) as service:
            service.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + rest)
            other = threading.Thread(target=pump, args=(stream, service), daemon=True)
            other.start()
            pump(service, stream)


def pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)
        sink.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    note()
    print(f"{PROGRAM}: the stand-in runs", flush=True)
    {"cloudflared": cloudflared, "ngrok": ngrok, "tailscaled": tailscaled, "tailscale": tailscale}[PROGRAM]()
