"""Host names of one's own: certificates by ACME and brought, and the edge that serves them."""

from __future__ import annotations

import ssl

import pytest
import trustme
from emulator.client import App, Client
from emulator.test_edge import echo

HOST = "claw.example.com"


@pytest.fixture
def named(fly: Client) -> App:
    app = fly.app()
    fly.put(f"/emulator/v1/dns/{HOST}", {"configured": False})
    return app


def path(app: App, end: str = "") -> str:
    return f"/v1/apps/{app.name}/certificates{end}"


def test_acme_from_the_request_to_the_edge(fly: Client, named: App) -> None:
    named.ip("shared_v4")
    machine = echo(named)
    machine.wait("started")
    asked = fly.post(path(named, "/acme"), {"hostname": HOST})
    assert (asked.status, asked.json["configured"], asked.json["status"]) == (201, False, "pending_validation")
    assert asked.json["dns_requirements"]["a"] and asked.json["validation_errors"]
    assert fly.post(path(named, "/acme"), {"hostname": HOST}).status == 422
    with pytest.raises(ssl.SSLError):
        fly.edge("GET", HOST)
    fly.put(f"/emulator/v1/dns/{HOST}", {})
    assert fly.post(path(named, f"/{HOST}/check")).json["configured"]
    (entry,) = fly.get(path(named, f"/{HOST}")).json["certificates"]
    assert entry["source"] == "fly" and entry["issued"][0]["type"] == "ecdsa"
    assert fly.edge("GET", HOST).status == 200
    assert fly.get(path(named)).json["certificates"][0]["has_fly_certificate"]
    assert fly.delete(path(named, f"/{HOST}")).status == 204
    assert fly.get(path(named, f"/{HOST}")).status == 404


def test_one_brought(fly: Client, named: App) -> None:
    issued, other = trustme.CA().issue_cert(HOST), trustme.CA().issue_cert("else.example.com")
    chain = "".join(part.bytes().decode() for part in issued.cert_chain_pems)
    key = issued.private_key_pem.bytes().decode()
    sent = {"hostname": HOST, "fullchain": chain, "private_key": key}
    for wrong in (
        {"hostname": "no name"},
        {"hostname": "else.example.com"},
        {"private_key": other.private_key_pem.bytes().decode()},
        {"fullchain": "no certificate"},
    ):
        refused = fly.post(path(named, "/custom"), {**sent, **wrong})
        assert refused.status == 422 and key not in refused.text, wrong
    taken = fly.post(path(named, "/custom"), sent)
    assert (taken.status, taken.json["certificates"][0]["source"]) == (201, "custom")
    assert key not in taken.text
    assert fly.post(path(fly.app(), "/acme"), {"hostname": HOST}).status == 422, "a name has one app"
    removed = fly.delete(path(named, f"/{HOST}/custom"))
    assert removed.status == 200 and removed.json["warning"]
    assert fly.delete(path(named, f"/{HOST}")).status == 204


def test_the_list_comes_in_pages(fly: Client, named: App) -> None:
    for number in range(3):
        fly.post(path(named, "/acme"), {"hostname": f"h{number}.example.org"})
    first = fly.get(path(named, "?limit=2")).json
    second = fly.get(path(named, f"?limit=2&cursor={first['next_cursor']}")).json
    names = [entry["hostname"] for entry in first["certificates"] + second["certificates"]]
    assert names == [f"h{number}.example.org" for number in range(3)]
    assert (first["total_count"], second["next_cursor"]) == (3, "")
