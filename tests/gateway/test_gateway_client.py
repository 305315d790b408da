"""Probes, client and devices against the real gateway, which is booted once: 10 to 60 seconds."""

from __future__ import annotations

import itertools
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.gateway_session import CallFailed, Session
from support.hang import HANG, LONG

from ansible_collections.openclaw.fly.plugins.module_utils._gateway.calls import SCOPES
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw import config_file, devices
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw import gateway_errors as errors
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.device_identity import DeviceIdentity
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.endpoint import Endpoint
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.gateway_client import Login, login
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.gateway_login import prove
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.probes import (
    HttpProbe,
    NotReady,
    ProbeFailed,
    ProxyAttributionRequired,
    TokenRefused,
)
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.releases import DEFAULT_RELEASE, Release, facts
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.render import gateway_config

from .forwarder import forwarder
from .installed import Installed, installed

pytestmark = pytest.mark.gateway

TOKEN = "gateway-test-token-0123456789abcdef"
ORIGIN = "https://my-openclaw.localhost:8443"
CLIENTS = itertools.count(1)
# Every 127.x address is loopback to the kernel; the first is the proxy that the gateway trusts.
TRUSTED, UNTRUSTED, ANYCAST = "127.0.0.2", "127.0.0.3", "66.241.124.230"


at = Endpoint.parse


@dataclass(frozen=True)
class Gateway:
    port: int
    state: Path
    log: Path
    release: Installed
    env: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cli(self, *words: str) -> Any:
        return self.release.cli(self.env, *words, "--json")

    def set_config(self, **variables: Any) -> None:
        known = {
            "hostnames": [ORIGIN],
            "port": self.port,
            "bind": "loopback",
            "trusted_proxies": [TRUSTED],
            "app_addresses": [ANYCAST],
            "rate_limit": {"maxAttempts": 4, "windowMs": 60_000, "lockoutMs": 60_000},
            "catalog_refresh": False,
        }
        new = self.state / "openclaw.json.new"
        new.write_text(config_file.text_of(gateway_config({**known, **variables})))
        new.chmod(0o600)
        new.replace(self.state / "openclaw.json")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    release, folder = installed(), tmp_path_factory.mktemp("gateway")
    state, home = folder / "data", folder / "home"
    home.mkdir()
    state.mkdir(mode=0o700)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = release.environment(
        state,
        home,
        OPENCLAW_GATEWAY_TOKEN=TOKEN,
        OPENCLAW_GATEWAY_PORT=str(port),
        FLY_APP_NAME="my-openclaw",
        FLY_MACHINE_ID="1",
    )
    gateway = Gateway(port, state, folder / "log", release, env)
    gateway.set_config()
    argv = release.argv("gateway", "--port", str(port), "--bind", "loopback")
    with gateway.log.open("wb") as log:
        process = subprocess.Popen(argv, cwd=release.package, env=env, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until_started(gateway, process)
        yield gateway
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_started(gateway: Gateway, process: subprocess.Popen[bytes]) -> None:
    probe, deadline = HttpProbe(at(gateway.url)), time.monotonic() + LONG
    while True:
        try:
            probe.startup()
            return
        except ProbeFailed as error:
            assert process.poll() is None, gateway.log.read_text()
            assert isinstance(error, NotReady) or "does not answer" in str(error), error
            assert time.monotonic() < deadline, gateway.log.read_text()
            time.sleep(0.3)
        finally:
            probe.close()


@pytest.fixture
def edge(gateway: Gateway) -> Iterator[str]:
    """The gateway through a trusted proxy, as a client of its own, so that failures count for one test only."""
    with forwarder(gateway.port, source=TRUSTED, client=f"203.0.113.{next(CLIENTS)}, {ANYCAST}") as port:
        yield f"http://my-openclaw.localhost:{port}"


@pytest.fixture
def untrusted(gateway: Gateway) -> Iterator[str]:
    with forwarder(gateway.port, source=UNTRUSTED, client="203.0.113.251") as port:
        yield f"http://my-openclaw.localhost:{port}"


@pytest.fixture
def local(gateway: Gateway) -> Iterator[Session]:
    """On direct loopback the token alone gives every scope."""
    with Session(at(gateway.url), Login(TOKEN, scopes=SCOPES)) as session:
        yield session


def test_the_log_has_the_ready_line(gateway: Gateway) -> None:
    release = facts(Release.parse(DEFAULT_RELEASE))
    deadline = time.monotonic() + HANG
    while not any(map(release.is_ready_line, gateway.log.read_text().splitlines())):
        assert time.monotonic() < deadline, gateway.log.read_text()
        time.sleep(0.2)


def test_http_probes_through_a_trusted_proxy(edge: str) -> None:
    probe = HttpProbe(at(edge))
    assert probe.startup() == {"ok": True, "status": "started"}
    assert probe.health()["status"] == "live"
    assert probe.ready()["ready"] is True
    assert probe.refuses()
    assert probe.auth(TOKEN)["serverVersion"]
    with pytest.raises(TokenRefused):
        probe.auth("another-token")
    with pytest.raises(ProbeFailed, match="a web page"):
        probe.startup("/no-such-probe")


def test_an_untrusted_proxy_is_named_though_health_passes(untrusted: str) -> None:
    probe = HttpProbe(at(untrusted))
    assert probe.health()["ok"] is True
    for ask in (probe.startup, probe.ready, probe.refuses, lambda: probe.auth(TOKEN)):
        with pytest.raises(ProxyAttributionRequired, match=r"gateway\.trustedProxies"):
            ask()
    with pytest.raises(errors.UntrustedProxy, match=r"gateway\.trustedProxies"):
        prove(at(untrusted), TOKEN)


def test_a_proof_leaves_nothing_behind(edge: str, local: Session) -> None:
    before = local.devices()
    # More often than failed logins are allowed: a proof is none.
    for _ in range(6):
        proof = prove(at(edge), TOKEN, origin=ORIGIN)
    assert proof.unauthenticated_refused
    assert proof.unauthenticated_reason == "AUTH_TOKEN_MISSING"
    assert proof.token_accepted
    assert proof.origin_accepted
    assert proof.server_version == local.hello.server_version
    assert local.devices() == before


def test_a_wrong_token_and_a_foreign_origin_are_found(edge: str) -> None:
    proof = prove(at(edge), "another-token", origin="https://evil.example")
    assert proof.unauthenticated_refused
    assert (proof.token_accepted, proof.reason) == (False, "AUTH_TOKEN_MISMATCH")
    assert proof.origin_accepted is False


def test_too_many_wrong_tokens_lock_out_that_client_only(edge: str, gateway: Gateway) -> None:
    def attempt(url: str) -> None:
        login(at(url), Login("another-token"))

    for _ in range(4):
        with pytest.raises(errors.TokenMismatch):
            attempt(edge)
    with pytest.raises(errors.LoginsLimited) as raised:
        attempt(edge)
    assert (raised.value.retry_after or 0) > 1
    with forwarder(gateway.port, source=TRUSTED, client=f"203.0.113.252, {ANYCAST}") as port:
        assert prove(at(f"http://my-openclaw.localhost:{port}"), TOKEN).token_accepted


def test_exactly_one_device_is_approved(edge: str, local: Session) -> None:
    mine, other = DeviceIdentity.generate(), DeviceIdentity.generate()
    scopes = ("operator.read", "operator.pairing")

    def connect(device: DeviceIdentity) -> Session:
        return Session(at(edge), Login(TOKEN, device, scopes=scopes))

    requests = {}
    for device in (mine, other):
        with pytest.raises(errors.PairingRequired) as raised:
            connect(device)
        requests[device.id] = raised.value.request_id or ""
    waiting = local.devices()
    assert waiting.choose(requests[mine.id], mine.id).remote_ip.startswith("203.0.113.")
    approve = {"requestId": requests[mine.id]}
    assert local.call("device.pair.approve", approve)["device"]["deviceId"] == mine.id
    with connect(mine) as client:
        assert set(client.hello.scopes) == set(scopes)
        # A paired device may do over the public edge what the token alone may not.
        assert [pending.device_id for pending in client.devices().pending] == [other.id]
    with pytest.raises(errors.PairingRequired):
        connect(other)
    with pytest.raises(CallFailed, match="INVALID_REQUEST"):
        local.call("device.pair.approve", approve)
    for method in ("device.token.rotate", "device.token.revoke"):
        local.call(method, {"deviceId": mine.id, "role": "operator"})
    local.call("device.pair.remove", {"deviceId": mine.id})
    assert mine.id not in [paired.device_id for paired in local.devices().paired]


def test_the_cli_lists_the_same(gateway: Gateway, local: Session) -> None:
    printed = devices.parse(json.dumps(gateway.cli(*devices.list_argv()[1:-1])))
    assert printed.pending == local.devices().pending


def test_the_token_alone_has_no_scope_from_outside(edge: str) -> None:
    with Session(at(edge), Login(TOKEN, scopes=SCOPES)) as client:
        assert client.hello.scopes == ()
        with pytest.raises(CallFailed, match=r"FORBIDDEN: missing scope: operator\.pairing"):
            client.devices()


def test_a_hot_change_is_taken_without_a_restart(gateway: Gateway, untrusted: str) -> None:
    with Session(at(gateway.url), Login(TOKEN, scopes=SCOPES)) as client:
        pid = client.call("system.info")["pid"]
    gateway.set_config(trusted_proxies=[TRUSTED, UNTRUSTED])
    deadline = time.monotonic() + HANG
    while True:
        try:
            assert HttpProbe(at(untrusted)).startup()["ok"] is True
            break
        except ProxyAttributionRequired:
            assert time.monotonic() < deadline, gateway.log.read_text()
            time.sleep(0.2)
    with Session(at(gateway.url), Login(TOKEN, scopes=SCOPES)) as client:
        assert client.call("system.info")["pid"] == pid
        while (config := client.call("config.get"))["configRevisionHash"] != config["appliedConfigHash"]:
            assert time.monotonic() < deadline, config["issues"]
            time.sleep(0.2)
        assert config["valid"] is True


def test_the_releases_own_validator_agrees(gateway: Gateway) -> None:
    gateway.set_config()
    verdict = gateway.cli("config", "validate")
    assert verdict["valid"] is True
    assert verdict["warnings"] == []


def test_unknown_methods_are_told(local: Session) -> None:
    with pytest.raises(CallFailed, match=r"no\.such\.method"):
        local.call("no.such.method")


def test_a_closed_connection_is_told(gateway: Gateway) -> None:
    with Session(at(gateway.url), Login(TOKEN)) as client:
        client.close()
        with pytest.raises(CallFailed, match="DISCONNECTED"):
            client.call("health")
