"""Apps, addresses, secrets, tokens: the parts of the API without a process."""

from __future__ import annotations

import ipaddress

import pytest
from emulator.client import App, Client, until


def test_an_app_from_creation_to_deletion(fly: Client) -> None:
    assert fly.get("/v1/apps/first").status == 404
    created = fly.post(
        "/v1/apps?wait=true", {"name": "first", "org_slug": "personal", "network": "", "app_role_id": ""}
    )
    assert created.status == 201
    assert created.json["organization"]["slug"] == "personal"
    assert created.json["status"] == "pending"
    taken = fly.post("/v1/apps", {"name": "first", "org_slug": "personal"})
    assert (taken.status, taken.json["status"]) == (422, "name_taken")
    listed = fly.get("/v1/apps?org_slug=personal").json
    assert "first" in [app["name"] for app in listed["apps"]]
    assert listed["total_apps"] == len(listed["apps"])
    assert fly.delete("/v1/apps/first").status == 202
    until(lambda: fly.get("/v1/apps/first").status == 404, "the app goes")
    assert fly.delete("/v1/apps/first").status == 404


def test_a_name_that_others_hold(fly: Client) -> None:
    assert fly.get("/v1/apps/somebody-elses").json == {"error": "unauthorized"}
    assert fly.get("/v1/apps/somebody-elses").status == 403
    assert fly.post("/v1/apps", {"name": "somebody-elses", "org_slug": "personal"}).status == 422


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"name": "Bad_Name", "org_slug": "personal"}, 422, "lowercase"),
        ({"name": "fine"}, 400, "org_slug"),
        ({"name": "fine", "org_slug": "nobody"}, 404, "organization nobody"),
    ],
)
def test_bad_apps(fly: Client, body: dict[str, str], status: int, text: str) -> None:
    answer = fly.post("/v1/apps", body)
    assert answer.status == status
    assert text in answer.error


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Bearer emulator-token", 200), ("FlyV1 emulator-token", 200), ("Bearer FlyV1 emulator-token", 200),
        ("FlyV1 fm2_other,emulator-token", 200), ("Bearer wrong", 401), ("Basic emulator-token", 401), (None, 401),
    ],
)  # fmt: skip
def test_tokens(fly: Client, header: str | None, status: int) -> None:
    answer = fly.request("GET", "/v1/platform/regions", token=header)
    assert answer.status == status
    if status == 401:
        assert answer.json == {"error": "Authenticate: token validation error"}


def test_what_a_token_may_touch(fly: Client, app: App) -> None:
    assert fly.request("GET", app.path, token="Bearer other-org").status == 403
    assert fly.request("GET", app.path, token="Bearer fm2_one").status == 403
    minted = fly.post(f"{app.path}/deploy_token", {"expiry": "1h"}).json["token"]
    assert fly.request("GET", app.path, token=f"Bearer {minted}").status == 200
    assert fly.request("GET", "/v1/apps?org_slug=personal", token=f"Bearer {minted}").status == 403
    who = fly.request("GET", "/v1/tokens/current", token=f"Bearer {minted}").json["tokens"]
    assert [(token["org_slug"], token["apps"]) for token in who] == [("personal", [app.name])]


def test_every_answer_has_a_request_id_and_unknown_paths_are_gos(fly: Client) -> None:
    assert fly.get("/v1/platform/regions").headers["fly-request-id"].endswith("-iad")
    for method, path in (("GET", "/v1/nonsense"), ("PATCH", "/v1/apps"), ("GET", "/")):
        answer = fly.request(method, path, token=None)
        assert (answer.status, answer.text) == (404, "404 page not found\n")
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert answer.headers["fly-request-id"]


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/api/v1/cli_sessions/x", "ui-ex"),
        ("POST", "/v1/tokens/oidc", "token"),
        ("PUT", "/v1/apps/x/machines/y/memory", "memory"), ("GET", "/v1/apps/x/secretkeys/k", "secretkeys"),
    ],
)  # fmt: skip
def test_what_is_not_here_says_so(fly: Client, method: str, path: str, name: str) -> None:
    answer = fly.request(method, path)
    assert answer.status == 501
    assert name in answer.error


def test_addresses(app: App) -> None:
    fly = app.client
    v4, v6, private = app.ip("v4"), app.ip("v6"), app.ip("private_v6")
    refused = fly.post(f"{app.path}/ip_assignments", {"type": "shared_v4"})
    assert (refused.status, "dedicated IPv4" in refused.error) == (400, True)
    other = fly.app()
    shared = other.ip("shared_v4")
    assert other.ip("shared_v4") == shared
    assert other.ip("v4") and other.ip("v6")
    assert [ip["shared"] for ip in fly.get(f"{other.path}/ip_assignments").json["ips"]] == [False, False]
    assert app.ip("v6") != v6
    ips = {ip["ip"]: ip for ip in fly.get(f"{app.path}/ip_assignments").json["ips"]}
    assert len(ips) == 4
    # They belong to nobody: RFC 5737 and RFC 3849.
    assert ipaddress.ip_address(v4) in ipaddress.ip_network("198.51.100.0/24") or v4.startswith("192.0.2.")
    assert ipaddress.ip_address(shared) in ipaddress.ip_network("192.0.2.0/27")
    assert ipaddress.ip_address(v6) in ipaddress.ip_network("2001:db8::/32")
    assert ipaddress.ip_address(private) in ipaddress.ip_network("fdaa::/16")
    assert [ips[ip]["shared"] for ip in (v4, v6, private)] == [False, False, False]
    assert ips[private]["network"] == {"name": "", "org_slug": "personal"}
    assert ips[v6]["network"] is None
    assert not {"id", "type"} & set(ips[v4])
    assert fly.delete(f"{app.path}/ip_assignments/{v4}").status == 204
    assert fly.delete(f"{app.path}/ip_assignments/{v4}").status == 404
    unknown = fly.post(f"{app.path}/ip_assignments", {"type": "private_v6", "network": "nowhere"})
    assert (unknown.status, unknown.error) == (400, "network not found")
    assert fly.post(f"{app.path}/ip_assignments", {"type": "v5"}).status == 400
    assert fly.post(f"{app.path}/ip_assignments", {"type": "egress_v4"}).status == 501


def test_secrets_are_set_at_once_and_never_shown(app: App) -> None:
    fly = app.client
    set_two = fly.post(f"{app.path}/secrets", {"values": {"A": "alpha-value", "B": "beta-value"}})
    assert set_two.json["version"] == 1
    digests = {secret["name"]: secret["digest"] for secret in set_two.json["secrets"]}
    again = fly.post(f"{app.path}/secrets", {"values": {"A": "alpha-value", "B": None, "MISSING": None}}).json
    assert again["version"] == 2
    assert {secret["name"]: secret["digest"] for secret in again["secrets"]} == {"A": digests["A"]}
    changed = fly.post(f"{app.path}/secrets/A", {"value": "other"})
    assert changed.status == 201
    assert changed.json["digest"] != digests["A"]
    shown = fly.get(f"{app.path}/secrets?show_secrets=true").text
    assert "other" not in shown
    assert fly.get(f"{app.path}/secrets?min_version=9").status == 400
    assert fly.delete(f"{app.path}/secrets/A").json["version"] == 4
    assert fly.get(f"{app.path}/secrets/A").status == 404
    refused = fly.post(f"{app.path}/secrets", {"values": {"GOOD": "x", "1BAD": "y"}})
    assert refused.status == 400
    assert fly.get(f"{app.path}/secrets").json["secrets"] == []


def test_digests_cannot_be_computed_from_the_api(fly: Client) -> None:
    digests = set()
    for _ in range(2):
        app = fly.app()
        digests.add(fly.post(f"{app.path}/secrets", {"values": {"A": "same"}}).json["secrets"][0]["digest"])
    assert len(digests) == 2


def test_regions_and_room(fly: Client) -> None:
    regions = {region["code"]: region for region in fly.get("/v1/platform/regions").json["regions"]}
    assert {"iad", "ams", "lhr"} <= set(regions)
    assert fly.put("/emulator/v1/capacity", {"full": ["lhr"]}).json == {"full": ["lhr"]}
    app = fly.app()
    try:
        answer = fly.post(f"{app.path}/volumes", {"name": "data", "region": "lhr"})
        assert (answer.status, answer.json["status"]) == (400, "volume_placement_capacity")
        body = {"region": "lhr", "config": {"image": "registry.fly.io/scratch:sleep"}}
        assert fly.post(f"{app.path}/machines", body).json["status"] == "insufficient_capacity"
        placed = fly.post("/v1/platform/placements", {"org_slug": "personal", "region": "lhr,ams", "count": 2}).json
        assert [region["region"] for region in placed["regions"]] == ["ams"]
    finally:
        fly.put("/emulator/v1/capacity", {"full": []})
