"""The private network as machines see it: names, 6PN and Flycast."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from emulator.client import App, Client, Machine, service, until

from fly_emulator.edge.dns import NotOurs, answer

ANSWER = """
import http.server, socket, sys
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"{sys.argv[3]} {self.client_address[0]} {self.headers['X-Forwarded-For']}".encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
Server((sys.argv[1], int(sys.argv[2])), Answer).serve_forever()
"""
GET = """
import sys, urllib.error, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())
except urllib.error.URLError as error:
    print("error:", error.reason)
"""
RESOLVE = """
import json, socket, sys
try:
    found = socket.getaddrinfo(sys.argv[1], 80, type=socket.SOCK_STREAM)
    print(json.dumps(sorted({item[4][0] for item in found})))
except socket.gaierror as error:
    print(json.dumps(None))
"""
CHECKED = {"checks": {"up": {"type": "tcp", "port": 3000}}}


@pytest.fixture(autouse=True)
def joined(fly: Client) -> None:
    guarantees = fly.get("/emulator/v1/info").json["guarantees"]
    if not guarantees["sixpn"]:
        pytest.skip(f"no 6PN in this tier: {'; '.join(guarantees['missing'])}")


def answers(app: App, bind: str, name: str = "hello", **config: Any) -> Machine:
    return app.machine(
        image="registry.fly.io/featherweight:1", init={"exec": ["node", "-c", ANSWER, bind, "3000", name]}, **config
    )


def python(machine: Machine, script: str, *words: str) -> str:
    answer = machine.post("exec", {"command": ["node", "-c", script, *words]})
    assert answer.json["exit_code"] == 0, answer.text
    return str(answer.json["stdout"]).strip()


def resolve(machine: Machine, name: str) -> Any:
    return json.loads(python(machine, RESOLVE, name))


def test_machines_reach_one_another_by_name_over_ipv6(fly: Client) -> None:
    server, lan, caller = fly.app(), fly.app(), fly.app()
    one, two, here = answers(server, "::"), answers(lan, "0.0.0.0", **CHECKED), python_machine(caller)
    until(lambda: two.view()["checks"][0]["status"] == "passing", "it listens on IPv4")
    url = f"http://{server.name}.internal:3000/"
    peer = here.view()["private_ip"]
    until(lambda: python(here, GET, url) == f"hello {peer} None", "it is reached from the caller's own address")
    # The guide's private variant: a gateway on 0.0.0.0 is not there for 6PN.
    assert "refused" in python(here, GET, f"http://{lan.name}.internal:3000/")
    assert resolve(here, f"{one.id}.vm.{server.name}.internal") == [one.view()["private_ip"]]
    assert resolve(here, f"iad.{server.name}.internal") == [one.view()["private_ip"]]
    assert resolve(here, f"top1.nearest.of.{server.name}.internal") == [one.view()["private_ip"]]
    assert resolve(here, f"ams.{server.name}.internal") is None
    assert resolve(here, "no-such-app.internal") is None
    one.post("stop")
    one.wait("stopped")
    assert resolve(here, f"{server.name}.internal") is None


def test_another_network_is_out_of_reach(fly: Client) -> None:
    other = "apart"
    assert fly.post("/v1/apps", {"name": other, "org_slug": "personal", "network": "apart"}).status == 201
    server = answers(App(fly, other), "::")
    here = python_machine(fly.app())
    assert resolve(here, f"{other}.internal") is None
    assert "unreachable" in python(here, GET, f"http://[{server.view()['private_ip']}]:3000/")


def test_flycast_leads_to_ipv4_and_starts_what_sleeps(fly: Client) -> None:
    app, here = fly.app(), python_machine(fly.app())
    url = f"http://{app.name}.flycast/"
    plain = service(3000, ports=[{"port": 80, "handlers": ["http"]}])
    machine = answers(app, "0.0.0.0", services=[plain])
    assert resolve(here, f"{app.name}.flycast") is None
    address = app.ip("private_v6")
    assert resolve(here, f"{app.name}.flycast") == [address]
    peer = here.view()["private_ip"]
    until(lambda: python(here, GET, url) == f"hello 172.19.0.1 {peer}, {address}", "Flycast answers, as Fly's proxy")
    machine.post("stop")
    machine.wait("stopped")
    assert python(here, GET, url).startswith("hello 172.19.0.1")
    assert machine.view()["state"] == "started"
    assert fly.delete(f"{app.path}/ip_assignments/{address}").status == 204
    until(lambda: python(here, GET, f"http://[{address}]/").startswith("error:"), "the address is gone")
    assert resolve(here, f"{app.name}.flycast") is None


def test_public_names_follow_the_addresses(fly: Client) -> None:
    app, here = fly.app(), python_machine(fly.app())
    name = f"{app.name}.fly.dev"
    assert resolve(here, name) is None
    address = app.ip("v6")
    assert address in resolve(here, name)
    asked = fly.get(f"/emulator/v1/dns?name={name}&type=AAAA").json
    assert asked == {"name": name, "type": "AAAA", "records": [address]}
    assert fly.get("/emulator/v1/dns?name=no-such-app.fly.dev").json["records"] is None


def python_machine(app: App) -> Machine:
    return app.machine(image="registry.fly.io/featherweight:1", init={"exec": ["sleep", "1000"]})


def query(name: str, kind: int) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", kind, 1)


def test_the_name_server_keeps_to_the_protocol() -> None:
    lookup = {("a.internal", "AAAA"): ["fdaa::1", "fdaa::2"], ("vms.a.internal", "TXT"): ["x" * 300]}.get
    found = answer(query("a.internal", 28), lambda *asked: lookup(asked))
    assert found is not None
    assert struct.unpack_from("!6H", found) == (7, 0x8500, 1, 2, 0, 0)
    assert found.endswith(bytes.fromhex("c00c001c0001000000050010" + "fdaa" + "0" * 27 + "2"))
    text = answer(query("vms.a.internal", 16), lambda *asked: lookup(asked))
    assert text is not None and text.endswith(b"\xff" + b"x" * 255 + b"\x2d" + b"x" * 45)
    missing = answer(query("b.internal", 28), lambda *asked: None)
    assert missing is not None and missing[3] & 15 == 3
    for junk in (b"", b"\0" * 12, query("a.internal", 28)[:20], found):
        assert answer(junk, lambda *asked: []) is None


def test_a_name_that_is_not_flys_is_left_to_the_next_server() -> None:
    def refuse(name: str, kind: str) -> list[str] | None:
        raise NotOurs

    refused = answer(query("example.com", 1), refuse)
    assert refused is not None and refused[3] & 15 == 5
