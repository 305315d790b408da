"""Each of the twelve checks fails on a gateway that is broken in just that way, and passes on the mended one."""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from ansible_collections.openclaw.fly.plugins.module_utils._exposure import edge
from ansible_collections.openclaw.fly.plugins.module_utils._exposure.catalogue import CHECKS, IDS
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.endpoint import Endpoint

from .conftest import PUBLIC, Gateway


def status_of(result: dict[str, Any]) -> dict[str, str]:
    return {check["id"]: check["status"] for check in result["checks"]}


def test_there_are_twelve() -> None:
    assert len(IDS) == len(set(IDS)) == 12
    assert all(check.proves and check.how and check.fix for check in CHECKS)


def test_a_gateway_passes_them_all(reached: Gateway) -> None:
    result = reached.prove(*IDS)
    assert "failed" not in result, result
    assert result["exposure"] == reached.exposure
    skipped = {"public": ("name", "tunnels"), "private": ("tls", "tunnels")}[reached.exposure]
    assert status_of(result) == dict.fromkeys(IDS, "pass") | dict.fromkeys(skipped, "skip")
    assert all(check["evidence"] or check["reason"] for check in result["checks"])


def test_without_a_road_a_private_gateway_is_unreachable(private: Gateway) -> None:
    result = private.prove(*IDS)
    assert "failed" not in result, result
    assert result["exposure"] == "private"
    passed = {identity for identity, status in status_of(result).items() if status == "pass"}
    assert passed == {"addresses", "name", "ports", "brute_force", "audit"}


def test_a_sealed_gateway_has_no_way_in(sealed: Gateway) -> None:
    result = sealed.prove(*IDS)
    assert "failed" not in result, result
    assert result["exposure"] == "sealed"
    config = sealed.site.machine["config"]
    assert (sealed.site.addresses, config.get("services") or []) == ([], [])
    assert config["restart"]["policy"] == "always"
    assert list(config["checks"]) == ["gateway"]


# addresses


@contextmanager
def another_address(gateway: Gateway, kind: str) -> Iterator[str]:
    """Somebody allocates an address behind our back."""
    path = f"/v1/apps/{gateway.site.app}/ip_assignments"
    address = gateway.emulator.request("POST", path, {"type": kind})["ip"]
    try:
        yield address
    finally:
        gateway.emulator.request("DELETE", f"{path}/{address}")


def test_addresses_are_exact(public: Gateway, private: Gateway) -> None:
    with another_address(private, "v4") as address:
        assert private.findings("addresses") == [f"the app holds v4 {address}; none declared"]
        assert private.prove()["exposure"] == "public"
    assert private.status("addresses") == "pass"
    assert public.findings("addresses", addresses={**PUBLIC, "v4": 1}) == ["the app holds no v4; 1 declared"]


def test_services_go_with_the_exposure(private: Gateway, public: Gateway) -> None:
    def force(config: dict[str, Any], forced: bool) -> None:
        config["services"][0]["ports"][0]["force_https"] = forced

    private.update(lambda config: force(config, True))
    (found,) = private.findings("addresses")
    assert "force_https" in found
    private.update(lambda config: force(config, False))
    assert private.status("addresses") == "pass"
    public.update(lambda config: force(config, False))
    assert public.findings("addresses") == ["no service sends http to https (force_https)"]
    public.update(lambda config: force(config, True))
    assert public.status("addresses") == "pass"


def dial(gateway: Gateway, network: str, port: int) -> dict[str, Any]:
    asked = {"app": gateway.site.app, "network": network, "port": port, "path": "/healthz"}
    answer: dict[str, Any] = gateway.emulator.request("POST", "/emulator/v1/dial", asked)
    return answer


def test_the_guides_private_variant_fails(private: Gateway) -> None:
    """No service, a private v6, fly proxy 3000:3000: neither route leads to a gateway that listens on IPv4 only."""
    services: list[Any] = []

    def remove(config: dict[str, Any]) -> None:
        services.extend(config["services"])
        config["services"] = []

    assert dial(private, "flycast", 80)["status"] == 200
    private.update(remove)
    (found,) = private.findings("addresses")
    assert "leads nowhere: no machine has a service" in found
    assert "6PN is IPv6 only" in found and "IPv4 only (0.0.0.0:3000)" in found
    assert "error" in dial(private, "flycast", 80)
    if private.emulator.info["tier"] != "process":
        private.until(lambda: "listens on IPv4 only" in private.findings("addresses")[0])
        assert "error" in dial(private, "6pn", 3000)
    private.update(lambda config: config.update(services=services))
    assert private.status("addresses") == "pass"


def test_a_sealed_gateway_with_a_service_fails(sealed: Gateway) -> None:
    service = {"internal_port": 3000, "protocol": "tcp", "ports": [{"port": 80, "handlers": ["http"]}]}
    sealed.update(lambda config: config.update(services=[service]))
    assert sealed.findings("addresses") == ["a machine has services on tcp/80"]
    sealed.update(lambda config: config.update(services=[]))
    assert sealed.status("addresses") == "pass"


# name, ports


def test_a_private_name_leads_nowhere(private: Gateway) -> None:
    with another_address(private, "v6"):
        found = private.findings("name")
        assert [line.split(" ")[0].partition(":")[0] for line in found] == ["https", "http"]
        assert "200" in found[0]
    result = private.prove("name", hostnames=["does-not-exist.invalid"], connect_to=None)
    assert result["checks"][0]["evidence"] == ["does-not-exist.invalid does not resolve"]
    assert private.status("name") == "pass"


def test_ports_are_closed(private: Gateway, public: Gateway) -> None:
    with another_address(private, "v4") as address:
        assert private.findings("ports") == [f"{address}:80 is open", f"{address}:443 is open"]
    assert private.status("ports") == "pass"
    service = {"internal_port": 3000, "protocol": "tcp", "ports": [{"port": 3000}]}
    public.update(lambda config: config["services"].append(service))
    assert public.findings("ports") == ["a service publishes tcp/3000"]
    public.update(lambda config: config["services"].pop())
    assert public.status("ports") == "pass"


def test_an_open_port_is_seen(public: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway's own port on the app's address, here a listener that stands for it."""
    from ansible_collections.openclaw.fly.plugins.module_utils._exposure.target import EdgePorts

    with socket.create_server(("127.0.0.1", 0)) as listener:
        here = listener.getsockname()
        monkeypatch.setattr(EdgePorts, "to", lambda self, address, port: here if port == 3000 else None)
        assert {line.rpartition(":")[2] for line in public.findings("ports")} == {"3000 is open"}


@contextmanager
def one_off(gateway: Gateway, *ports: dict[str, Any]) -> Iterator[str]:
    """A machine as `fly machine run` makes it: without the metadata of deploys."""
    services = [{"internal_port": 3000, "protocol": "tcp", **({"ports": list(ports)} if ports else {})}]
    config = {**gateway.site.machine["config"], "services": services, "metadata": {}, "mounts": [], "checks": {}}
    path = f"/v1/apps/{gateway.site.app}/machines"
    machine = gateway.emulator.request("POST", path, {"config": {**config, "init": {"exec": ["sleep", "600"]}}})["id"]
    try:
        yield machine
    finally:
        gateway.emulator.request("DELETE", f"{path}/{machine}?force=true")


def test_every_machine_counts_whatever_made_it(private: Gateway, sealed: Gateway) -> None:
    with one_off(sealed, {"start_port": 5000, "end_port": 5009, "force_https": True}) as machine:
        found = sealed.prove("addresses")["checks"][0]["findings"]
        assert [finding["id"] for finding in found] == ["addresses:one_off"]
        assert f"one-off machine {machine} publishes tcp/5000-5009" in found[0]["what"]
        assert f"fly machine destroy {machine}" in found[0]["fix"]
        assert sealed.findings("ports") == ["a service publishes tcp/5000-5009"]
        assert sealed.prove()["exposure"] == "private"  # what the guard reads: nothing leads there yet
    with one_off(private):  # a service without ports leads nowhere
        assert private.status("addresses") == private.status("ports") == "pass"
        assert private.prove()["exposure"] == "private"
    assert sealed.status("addresses") == "pass"


def test_a_name_that_leads_elsewhere_is_not_contacted(
    public: Gateway, private: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any connection beyond this machine would be refused by the tests' own guard with another error."""
    elsewhere = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("203.0.113.9", 443))]
    resolve = socket.getaddrinfo

    def resolved(host: str, *args: Any, **options: Any) -> Any:
        return elsewhere if host == "name.example" else resolve(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    for gateway, check in ((private, "name"), (public, "tls")):
        found = gateway.prove(check, hostnames=["name.example"], connect_to=None)["checks"][0]["findings"]
        assert [finding["id"] for finding in found] == [f"{check}:address"]
        assert "name.example leads to 203.0.113.9, which is not an address of the app" in found[0]["what"]
    (found,) = public.findings("login", hostnames=["name.example"], connect_to=None)
    assert "not proved: name.example leads to 203.0.113.9" in found


def test_an_address_that_the_api_gave_is_contacted(private: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = socket.getaddrinfo
    with another_address(private, "v4") as address:

        def resolved(host: str, *args: Any, **options: Any) -> Any:
            here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]
            return here if host == "name.example" else resolve(host, *args, **options)

        monkeypatch.setattr(socket, "getaddrinfo", resolved)
        evidence = private.prove("name", hostnames=["name.example"], connect_to=None)["checks"][0]["evidence"]
        assert len(evidence) == 2 and all("does not connect" in line for line in evidence)


# tls


def test_http_leads_to_https(public: Gateway) -> None:
    def force(config: dict[str, Any], forced: bool) -> None:
        config["services"][0]["ports"][0]["force_https"] = forced

    public.update(lambda config: force(config, False))
    (found,) = public.findings("tls")
    assert "answers 200 instead of a redirect" in found
    public.update(lambda config: force(config, True))
    assert public.status("tls") == "pass"


def test_the_chain_is_valid(public: Gateway) -> None:
    (found,) = public.findings("tls", tls_ca_file=None)
    assert "certificate" in found


def test_names_of_its_own_need_hsts(public: Gateway) -> None:
    """Browsers keep to https below .dev by themselves, elsewhere when told."""
    name = [f"{public.site.app}.localhost"]
    (found,) = public.findings("tls", hostnames=name)
    assert "no Strict-Transport-Security" in found
    headers = {"securityHeaders": {"strictTransportSecurity": "max-age=31536000"}}
    with public.config(lambda config: config["gateway"].update(http=headers)):
        assert public.status("tls", hostnames=name) == "pass"


@contextmanager
def tls_server(ca: trustme.CA, version: ssl.TLSVersion) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    ca.issue_cert("old.localhost").configure_cert(context)
    context.minimum_version = version
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    stream = listener.accept()[0]
                except OSError:
                    return
                try:
                    context.wrap_socket(stream, server_side=True).close()
                except OSError:
                    stream.close()

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("old", [True, False])
def test_old_tls_is_seen(tmp_path: Path, old: bool) -> None:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    with tls_server(ca, ssl.TLSVersion.TLSv1 if old else ssl.TLSVersion.TLSv1_2) as port:
        endpoint = Endpoint.parse(f"https://old.localhost:{port}", ca_file=str(tmp_path / "ca.pem"))
        assert edge.handshake(endpoint, 5) in ("TLSv1.2", "TLSv1.3")
        assert edge.old_version_accepted(endpoint, 5) is old


# What the gateway itself is asked


@pytest.mark.parametrize(
    ("word", "check", "told"),
    [
        ("leak", "health", "/startupz reveals uptimeMs, version to unauth"),
        ("open", "login", "without a token: asked for approval only"),
        ("origin", "origin", "Origin https://attacker.invalid: .*any web page"),
        ("api", "http_api", "POST /tools/invoke answers 200 without authentication"),
        ("forwarding", "forwarding", "with forged headers /startupz takes an outside client for local"),
    ],
)
def test_an_unsafe_gateway_fails(reached: Gateway, word: str, check: str, told: str) -> None:
    with reached.broken(word):
        found = reached.findings(check)
        assert any(re.match(told, line) for line in found), found
    assert reached.status(check) == "pass"


TALKING = ("health", "login", "origin", "http_api", "forwarding")


def test_a_machine_that_answers_503_proves_nothing_and_is_left_at_once(private: Gateway) -> None:
    began = time.monotonic()
    with tunnel(lambda method, path: (503, b"no")) as url:
        route = {"private_url": "http://is-private.flycast", "private_connect_to": url.removeprefix("http://")}
        result = private.prove(*TALKING, wait_timeout=60, **route)
    assert time.monotonic() - began < 50, "it waited"
    assert status_of(result) == dict.fromkeys(TALKING, "fail")
    assert result["msg"].count("the gateway does not serve (status 503)") == 1, result["msg"]
    assert f"[{', '.join(TALKING)}] not proved" in result["msg"]
    assert "fly logs --app is-private" in result["msg"]


def test_an_app_without_a_machine_is_one_finding(public: Gateway) -> None:
    emulator = public.emulator
    emulator.request("POST", "/v1/apps", {"app_name": "nothing-yet", "org_slug": "personal"})
    result = public.prove(*IDS, app="nothing-yet")
    assert result["failed"] and "checks" not in result
    assert result["msg"] == (
        "app nothing-yet: there is no machine. Deploy it first: run the playbook openclaw.fly.site, or fly_deploy."
    )
    assert "there is no machine" in public.prove(*IDS, app="does-not-exist")["msg"]


@pytest.mark.parametrize("state", ["stop", "suspend"])
def test_a_machine_that_sleeps_is_not_started(reached: Gateway, state: str) -> None:
    app, machine = reached.site.app, reached.site.machine["id"]
    path = f"/v1/apps/{app}/machines/{machine}"
    reached.emulator.request("POST", f"{path}/{state}", {})
    word = {"stop": "stopped", "suspend": "suspended"}[state]
    reached.until(lambda: reached.site.machine["state"] == word)
    try:
        result = reached.prove(*IDS)
        assert result["failed"]
        assert f"{machine} is {word}" in result["msg"] and f"fly machine start {machine} --app {app}" in result["msg"]
        assert reached.site.machine["state"] == word
    finally:
        reached.emulator.request("POST", f"{path}/start", {})
        reached.settle()
    assert reached.status("health") == "pass"


def test_a_service_that_leads_elsewhere_is_named(public: Gateway) -> None:
    before = public.site.machine["config"]
    path = f"/v1/apps/{public.site.app}/machines/{public.site.machine['id']}"
    services = [{**service, "internal_port": 4000} for service in before["services"]]
    public.emulator.request("POST", path, {"config": {**before, "services": services}, "min_secrets_version": 1})
    public.emulator.get(f"{path}/wait?state=started&timeout=60")
    try:
        (found,) = public.findings("health")
        assert "status 503" in found or "status 502" in found, found
        assert "the service leads to port 4000, but the gateway listens on 3000 (fly_app_port)" in found
    finally:
        public.emulator.request("POST", path, {"config": before, "min_secrets_version": 1})
        public.settle()


def test_nine_503_answers_are_no_pass(private: Gateway) -> None:
    def answers(method: str, path: str) -> tuple[int, bytes]:
        return (200, b'{"ok":true,"status":"live"}') if path == "/healthz" else (503, b"no")

    with tunnel(answers) as url:
        route = {"private_url": "http://is-private.flycast", "private_connect_to": url.removeprefix("http://")}
        found = private.findings("http_api", **route)
    assert len(found) == 9 and all("not proved, it answers 503" in line for line in found)


def test_the_old_token_is_refused(reached: Gateway) -> None:
    """After a rotation that the machine never got, the old token still opens it."""
    token = reached.token
    found = reached.findings("login", token="f" * 64, previous_token=token)
    assert found == ["the token: refused, AUTH_TOKEN_MISMATCH", "the old token: accepted"]
    assert reached.status("login", previous_token="0" * 64) == "pass"


def test_no_pairing_request_is_left(reached: Gateway) -> None:
    assert "failed" not in reached.prove("login", "origin", "forwarding")
    assert not list(reached.site.data.rglob("*pending*"))


def test_an_untrusted_proxy_is_told(reached: Gateway) -> None:
    with reached.config(lambda config: config["gateway"].update(trustedProxies=["192.0.2.1"])):
        for check in ("health", "login", "origin", "http_api", "forwarding"):
            assert any("answers 403 to everything" in line for line in reached.findings(check)), check
    assert reached.status("health") == "pass"


def test_a_road_that_is_none(private: Gateway) -> None:
    assert "is not HOST:PORT" in private.prove("login", private_connect_to="localhost")["msg"]
    refused = private.findings("login", private_url="http://is-private.flycast", private_connect_to="127.0.0.1:9")
    assert "not proved: The gateway does not answer" in refused[0]


# brute_force


def test_a_limit_for_each_client(public: Gateway) -> None:
    with public.config(lambda config: config["gateway"]["auth"].pop("rateLimit")):
        assert public.findings("brute_force") == ["gateway.auth.rateLimit has no limit"]
    with public.config(lambda config: config["gateway"].update(trustedProxies=["172.16.0.0/12", "127.0.0.0/8"])):
        found = public.findings("brute_force")
        assert len(found) == len(PUBLIC) and all("a guessing client locks everybody out" in line for line in found)
    assert public.status("brute_force") == "pass"


def test_guessing_is_stopped_for_the_guesser_only(reached: Gateway) -> None:
    guess = {"brute_force": True, "brute_force_from": "127.0.0.66"}
    result = reached.prove("brute_force", **guess)
    assert result["checks"][0]["evidence"][1:] == [
        "from 127.0.0.66: stopped after 10 wrong tokens",
        "others are still served",
    ]
    assert reached.status("login") == "pass"
    unlimited = {"maxAttempts": 30, "windowMs": 1, "lockoutMs": 1}
    with reached.config(lambda config: config["gateway"]["auth"].update(rateLimit=unlimited)):
        assert reached.findings("brute_force", brute_force=True, brute_force_from="127.0.0.67") == [
            "30 wrong tokens in a row were answered"
        ]
    refused = reached.prove("brute_force", brute_force=True)
    assert "needs brute_force_from" in refused["msg"]


# tunnels


@contextmanager
def tunnel(answers: Callable[[str, str], tuple[int, bytes]]) -> Iterator[str]:
    """A stand-in for a tunnel's public end: method and path to status and body."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            status, body = answers(self.command, self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


WEBHOOK = "/voice/webhook"
NOT_OURS = (404, b"nothing here")


def test_a_tunnel_lets_only_its_paths_through(private: Gateway) -> None:
    def filtered(method: str, path: str) -> tuple[int, bytes]:
        return (401, b"no signature") if path == WEBHOOK else NOT_OURS

    def unsigned(method: str, path: str) -> tuple[int, bytes]:
        return (200, b"ok") if path == WEBHOOK else NOT_OURS

    def everything(method: str, path: str) -> tuple[int, bytes]:
        if path == "/control-ui-config.json":
            return 403, b'{"error": {"type": "unauthorized"}}'
        return (401, b"no signature") if path == WEBHOOK else (200, b"<!doctype html>")

    for answers, told in (
        (filtered, []),
        (unsigned, ["takes a webhook without a signature"]),
        (everything, ["reaches the gateway"] * 6),
        (lambda method, path: NOT_OURS, ["does not get through (404)"]),
    ):
        with tunnel(answers) as url:
            declared = {"tunnels": [{"url": url, "paths": [WEBHOOK]}]}
            found = private.findings("tunnels", **declared) if told else []
            assert len(found) == len(told) and all(part in line for part, line in zip(told, found, strict=True))
            assert told or private.status("tunnels", **declared) == "pass"


@pytest.mark.parametrize(
    ("status", "finding"), [(401, ""), (200, "answers 200 to an unauthenticated client, 401 expected")]
)
def test_a_tunnel_to_the_whole_gateway_is_guarded_by_it(private: Gateway, status: int, finding: str) -> None:
    with tunnel(lambda method, path: (status, b"{}")) as url:
        declared = {"tunnels": [{"url": url, "paths": ["/"]}]}
        if finding:
            assert [finding in line for line in private.findings("tunnels", **declared)] == [True]
        else:
            assert private.status("tunnels", **declared) == "pass"


def test_a_tunnel_to_everything_is_seen(public: Gateway) -> None:
    """The whole gateway behind a tunnel, here the edge itself."""
    url = f"https://{public.host}:{public.emulator.info['edge_https_port']}"
    found = public.findings("tunnels", tunnels=[{"url": url, "paths": []}])
    assert f"{url}/ reaches the gateway (200)" in found
    assert f"{url}: a WebSocket reaches the gateway" in found


# audit


def test_the_gateways_own_audit(public: Gateway) -> None:
    with public.config(lambda config: config["gateway"]["auth"].pop("rateLimit")):
        assert public.findings("audit") == ["warn: No auth rate limiting configured (gateway.auth_no_rate_limit)"]
    public.config_path.chmod(0o644)
    found = public.findings("audit")
    assert found[0] == "/data/openclaw.json has mode 644"
    assert "fs.config.perms_world_readable" in found[1]
    public.config_path.chmod(0o600)
    assert public.status("audit") == "pass"


def test_files_of_another_owner_are_found(public: Gateway) -> None:
    """All files have one owner here, so that it is the declared owner that differs."""
    found = [line for line in public.findings("audit", owner="4242:4242") if "not owned by 4242:4242" in line]
    assert len(found) == 1 and "/data" in found[0]


def test_an_unreadable_config_is_called_so(public: Gateway) -> None:
    text = public.config_path.read_text()
    public.config_path.write_text("{ not: JSON")
    try:
        found = public.findings("audit")
        assert any("openclaw.json cannot be read" in line for line in found), found
        assert not any("memory" in line for line in found)
    finally:
        public.config_path.write_text(text)


def test_the_state_directory_is_closed_again(public: Gateway) -> None:
    """A volume's root is readable for all in the machine until site.yml closes it."""
    public.config_path.parent.chmod(0o755)
    assert public.findings("audit") == ["warn: State dir is readable by others (fs.state_dir.perms_readable)"]
    assert public.site.converge().changed == 1
    assert public.config_path.parent.stat().st_mode & 0o777 == 0o700
    assert public.status("audit") == "pass"
    assert public.site.converge().changed == 0
