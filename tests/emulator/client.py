"""A small client of the emulator for its own tests."""

from __future__ import annotations

import http.client
import itertools
import json
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from support.hang import HANG

from fly_emulator.thread import EmulatorThread

TOKEN = "emulator-token"
SLEEP = "registry.fly.io/scratch:sleep"
GATEWAY = "registry.fly.io/featherweight:1"
_numbers = itertools.count(1)


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def error(self) -> str:
        return str(self.json.get("error") or self.json.get("message"))


def until(check: Callable[[], Any], what: str, seconds: float = HANG) -> Any:
    """Poll until `check` gives something true; fail with `what` when time is over."""
    deadline = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        time.sleep(0.02)
    return found


class Client:
    """Requests to one emulator with the default token."""

    def __init__(self, thread: EmulatorThread) -> None:
        self.thread = thread
        self.emulator = thread.emulator

    def request(
        self, method: str, path: str, body: Any = None, token: str | None = f"Bearer {TOKEN}", **headers: str
    ) -> Answer:
        host = self.thread.api_url.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=HANG)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["Authorization"] = token
        try:
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.request("POST", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.request("PUT", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Answer:
        return self.request("DELETE", path, **headers)

    def advance(self, seconds: float) -> None:
        assert self.post("/emulator/v1/clock", {"advance": seconds}).status == 200

    def app(self, name: str = "") -> App:
        name = name or f"app-{next(_numbers)}"
        answer = self.post("/v1/apps", {"name": name, "org_slug": "personal"})
        assert answer.status == 201, answer.text
        return App(self, name)

    def edge(
        self,
        method: str,
        host: str,
        path: str = "/",
        tls: bool = True,
        body: Any = None,
        source: str = "127.0.0.1",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """A request to the public edge, for the app that `host` names."""
        port = self.emulator.edge_https_port if tls else self.emulator.edge_http_port
        raw = socket.create_connection(("127.0.0.1", port), 30, (source, 0))
        if tls:
            raw = ssl.create_default_context(cafile=str(self.emulator.ca_file)).wrap_socket(raw, server_hostname=host)
        connection = http.client.HTTPConnection(host, timeout=HANG)
        connection.sock = raw
        try:
            connection.request(method, path, body, {"Host": f"{host}:{port}", **(headers or {})})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())
        finally:
            connection.close()


class App:
    """One app of the emulator."""

    def __init__(self, client: Client, name: str) -> None:
        self.client = client
        self.name = name
        self.path = f"/v1/apps/{name}"

    def ip(self, kind: str) -> str:
        answer = self.client.post(f"{self.path}/ip_assignments", {"type": kind})
        assert answer.status == 200, answer.text
        return str(answer.json["ip"])

    def volume(self, **fields: Any) -> dict[str, Any]:
        answer = self.client.post(f"{self.path}/volumes", {"name": "data", "region": "iad", "size_gb": 1, **fields})
        assert answer.status == 200, answer.text
        return dict(answer.json)

    def machine(self, wait: bool = True, fields: dict[str, Any] | None = None, **config: Any) -> Machine:
        body = {"region": "iad", "config": {"image": SLEEP, **config}, **(fields or {})}
        answer = self.client.post(f"{self.path}/machines", body)
        assert answer.status == 200, answer.text
        machine = Machine(self, answer.json)
        if wait:
            machine.wait("started")
        return machine

    def gateway(self, command: tuple[str, ...] = (), **config: Any) -> Machine:
        """The stand-in for OpenClaw, public on 80 and 443."""
        words = ["node", "dist/index.js", "gateway", "--allow-unconfigured", "--port", "3000", "--bind", "lan"]
        return self.machine(
            **{
                "image": GATEWAY,
                "init": {"cmd": [*words, *command]},
                "services": [service(3000)],
                "env": {"OPENCLAW_GATEWAY_TOKEN": "0123456789abcdef0123456789abcdef"},
                **config,
            }
        )

    def logs(self) -> list[str]:
        answer = self.client.get(f"/api/v1/apps/{self.name}/logs")
        return [line["attributes"]["message"] for line in answer.json["data"]]


class Machine:
    """One machine."""

    def __init__(self, app: App, created: dict[str, Any]) -> None:
        self.app = app
        self.client = app.client
        self.id = str(created["id"])
        self.created = created
        self.path = f"{app.path}/machines/{self.id}"

    def view(self) -> dict[str, Any]:
        return dict(self.client.get(self.path).json)

    def wait(self, state: str, timeout: int = 30, version: str = "") -> None:
        version = version or self.view()["instance_id"]
        answer = self.client.get(f"{self.path}/wait?state={state}&timeout={timeout}&version={version}")
        assert answer.status == 200, f"{answer.text}\n{self.view()}"

    def post(self, action: str, body: Any = None, **headers: str) -> Answer:
        return self.client.post(f"{self.path}/{action}", body, **headers)

    def update(self, config: dict[str, Any], wait: bool = True, **fields: Any) -> dict[str, Any]:
        answer = self.client.post(self.path, {"config": config, **fields})
        assert answer.status == 200, answer.text
        if wait:
            self.wait("started", version=answer.json["instance_id"])
        return dict(answer.json)

    def sh(self, script: str, stdin: str = "") -> str:
        answer = self.post("exec", {"command": ["sh", "-c", script], "stdin": stdin})
        assert answer.status == 200, answer.text
        assert answer.json["exit_code"] == 0, answer.text
        return str(answer.json["stdout"])

    def events(self) -> list[tuple[str, str]]:
        """(type, status), oldest first."""
        return [(event["type"], event["status"]) for event in reversed(self.view()["events"])]


def service(port: int, **fields: Any) -> dict[str, Any]:
    """A public http service as fly.toml's [http_service] makes it."""
    return {
        "internal_port": port,
        "protocol": "tcp",
        "autostop": "off",
        "autostart": True,
        "ports": [{"port": 80, "handlers": ["http"], "force_https": True}, {"port": 443, "handlers": ["http", "tls"]}],
        **fields,
    }
