"""The pure parts of the Fly.io client."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._base import clock
from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError
from ansible_collections.openclaw.fly.plugins.module_utils._fly.client import errors, wireguard
from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.answer import Answer
from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.auth import authorization
from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.log_filter import choose
from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.throttle import Throttle
from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.token import Scope
from ansible_collections.openclaw.fly.plugins.module_utils._fly.facts import guests
from ansible_collections.openclaw.fly.plugins.module_utils._resources.certificate import dns_records

LEASE = "machine ID 1 lease currently held by a@b.c, expires at 2026-01-01T00:00:00Z"


class Time:
    """A clock that only sleeping moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.time = 1000.0
        monkeypatch.setattr(clock, "monotonic", lambda: self.time)
        monkeypatch.setattr(clock, "now", lambda: self.time)
        monkeypatch.setattr(clock, "sleep", self.pass_by)

    def pass_by(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch)


def seconds_for(time: Time, *requests: tuple[str, str]) -> float:
    throttle, began = Throttle(), time.time
    for method, path in requests:
        throttle.wait(method, path)
    return time.time - began


LEASE_PATH = "/v1/apps/a/machines/1/lease"


@pytest.mark.parametrize(
    ("requests", "seconds"),
    [
        ([("POST", LEASE_PATH)] * 3, 0),
        ([("POST", LEASE_PATH)] * 6, 3),
        ([("POST", LEASE_PATH)] * 3 + [("POST", LEASE_PATH.replace("1", "2"))] * 3, 0),
        ([("POST", LEASE_PATH)] * 3 + [("POST", "/v1/apps/a/machines/1/stop")] * 3, 0),
        ([("POST", "/v1/apps/a/machines/1/exec")] * 5, 2),
        ([("GET", "/v1/apps/a/machines/1")] * 10, 0),
        ([("GET", "/v1/apps/a/machines/1")] * 15, 1),
        ([("DELETE", f"/v1/apps/a/ip_assignments/{n}") for n in range(5)], 2),
        ([("POST", "/graphql")] * 50, 0),
        ([("GET", "/api/v1/apps/a/logs")] * 50, 0),
    ],
    ids=["burst", "one a second", "machines", "actions", "execs", "reads", "many reads", "an app's", "graphql", "logs"],
)
def test_throttle(time: Time, requests: list[tuple[str, str]], seconds: float) -> None:
    assert seconds_for(time, *requests) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (401, {"error": "Authenticate: token validation error"}, errors.Unauthorized, "fly tokens create deploy"),
        (403, {"error": "unauthorized"}, errors.Forbidden, "scope"),
        (403, {"error": "organization quota exceeded"}, errors.QuotaReached, "billing"),
        (422, {"error": "You have reached the maximum number of machines"}, errors.QuotaReached, "Remove what"),
        (
            422,
            {"error": "To create more than 1 machine per app please add a payment method."},
            errors.QuotaReached,
            "billing",
        ),
        (
            403,
            {"error": "which is over the allowed quota. please consider other regions"},
            errors.QuotaReached,
            "Choose another region",
        ),
        (422, {"error": "taken", "status": "name_taken"}, errors.NameTaken, "another name"),
        (404, "404 page not found", errors.NotFound, "https://api.test does not know this path"),
        (404, {"error": "app not found"}, errors.NotFound, "run again"),
        (408, {"error": "deadline_exceeded: x"}, errors.TimedOut, "408"),
        (409, {"status": "error", "message": LEASE, "code": "invalid"}, errors.LeaseHeld, "held by a@b.c"),
        (409, {"error": "already_exists: unique machine name violation"}, errors.Conflict, "unique machine name"),
        (412, {"error": "failed_precondition: machine getting replaced"}, errors.WrongState, "getting replaced"),
        (412, {"error": "x", "status": "insufficient_capacity"}, errors.NoCapacity, "another region"),
        (400, {"error": "x", "status": "volume_placement_capacity"}, errors.NoCapacity, "another region"),
        (418, "<html>a teapot</html>", errors.FlyError, "Correct the value"),
        (307, None, errors.NotTheApi, "without a redirection"),
        (429, {"error": "rate limit exceeded, reached the limit"}, errors.RateLimited, "forks"),
        (500, {"error": "could not reserve resource for machine: x"}, errors.NoCapacity, "another region"),
        (
            412,
            {"error": "insufficient resources to create new machine with existing volume"},
            errors.NoCapacity,
            "fork the volume to another host with fly_volume fork_from",
        ),
        (400, {"error": "deploys to this host are temporarily disabled"}, errors.NoCapacity, "data stay where"),
    ],
)
def test_what_an_answer_means(status: int, body: Any, kind: type[errors.FlyError], said: str) -> None:
    error = errors.from_response("POST", "/v1/apps/a/machines", Answer(status, body, "01HX"), "https://api.test")
    assert type(error) is kind
    assert said in str(error) and "POST /v1/apps/a/machines" in str(error) and "(request 01HX)" in str(error)


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/v1/apps/a", "app a"),
        ("/v1/apps/a/machines", "machines of a"),
        ("/v1/apps/a/machines/m1/exec", "machine m1 of a"),
        ("/v1/apps/a/volumes/vol_1/extend", "volume vol_1 of a"),
        ("/v1/apps/a/ip_assignments/2a09%3A%3A1", "address 2a09::1 of a"),
        ("/v1/apps/a/secrets", "secrets of a"),
        ("/v1/apps/a/certificates/acme", "certificates of a"),
        ("/v1/apps/a/certificates/h.example/check", "certificate for h.example of a"),
        ("/v1/apps", "apps of the organization"),
        ("/v1/platform/regions", "regions of Fly.io"),
        ("/v1/tokens/current", "the API token"),
        ("/api/v1/apps/a/logs", "logs of a"),
        ("/api/v1/releases/12", "releases"),
        ("/other", "GET /other"),
    ],
)
@pytest.mark.parametrize("status", [400, 404, 408, 409, 412, 422, 429, 500, 502, 503, 504])
def test_every_error_names_the_users_thing_first_and_says_what_to_do(path: str, where: str, status: int) -> None:
    error = errors.from_response("GET", path, Answer(status, {"error": "no"}, "01HX"))
    assert error.where.startswith(where) and f"GET {path}" in error.where
    assert error.todo and error.what and error.why == "no"
    assert str(error).startswith(where)


@pytest.mark.parametrize(
    ("status", "path", "text", "todo"),
    [
        (404, "/v1/apps/a", "app not found", "fly_app creates an app"),
        (404, "/v1/apps/a/machines/m", "machine not found", "fly machine list"),
        (404, "/v1/apps/a/volumes/v", "volume not found", "fly_volume_info"),
        (408, "/v1/apps/a/machines/m/exec", "deadline_exceeded", "in the background"),
        (408, "/v1/apps/a/machines/m/wait", "deadline_exceeded", "fly machine status"),
        (
            412,
            "/v1/apps/a/volumes/v",
            "failed_precondition: volume is currently bound to machine: m",
            "Destroy the mach",
        ),
        (412, "/v1/apps/a/machines/m/start", "machine getting replaced, refusing to start", "wait a moment"),
        (409, "/v1/apps/a/machines/m", "aborted: could not reserve resource for machine: x", "fork_from"),
        (422, "/v1/apps/a/volumes", "size_gb", "Correct the value that Fly.io names"),
        (503, "/v1/apps/a/volumes", "", "status.flyio.net"),
    ],
)
def test_what_to_do(status: int, path: str, text: str, todo: str) -> None:
    error = errors.from_response("POST", path, Answer(status, {"error": text}, None))
    assert todo in error.todo


@pytest.mark.parametrize(
    ("token", "header"),
    [
        ("fo1_abc", "Bearer fo1_abc"),
        ("FlyV1 fm2_abc,fm2_def", "FlyV1 fm2_abc,fm2_def"),
        ("fm2_abc", "FlyV1 fm2_abc"),
        ("Bearer x\n", "Bearer x"),
    ],
)
def test_how_a_token_is_sent(token: str, header: str) -> None:
    assert authorization(token) == header


@pytest.mark.parametrize("token", [None, "", "FlyV1 ", "two words", "línea"])
def test_what_is_no_token(token: str | None) -> None:
    with pytest.raises(CollectionError, match="token") as raised:
        authorization(token)
    assert not token or token not in str(raised.value)


@pytest.mark.parametrize(
    ("scope", "app", "org", "create", "why"),
    [
        (Scope(frozenset({"o"}), frozenset(), "me", ""), "a", "o", True, ""),
        (Scope(frozenset({"o"}), frozenset(), "me", ""), "a", "p", False, "it belongs to o, not to p"),
        (Scope(frozenset({"o"}), frozenset({"a"}), "", ""), "a", "o", False, ""),
        (Scope(frozenset({"o"}), frozenset({"a"}), "", ""), "b", "o", False, "it is a deploy token of a"),
        (Scope(frozenset({"o"}), frozenset({"a"}), "", ""), "a", "o", True, "cannot create apps"),
        (Scope(frozenset(), frozenset(), "", "m1"), "a", None, False, "it is limited to the machine m1"),
        (Scope(frozenset({"jane-doe"}), frozenset(), "me", ""), "a", "personal", True, ""),
    ],
)
def test_what_a_token_may_not(scope: Scope, app: str, org: str | None, create: bool, why: str) -> None:
    refusal = scope.refusal(app, org, create)
    assert refusal == why if not why else why in refusal


def test_prices_are_those_of_the_price_page() -> None:
    prices = {size["name"]: size["monthly_dollars"] for size in guests.sizes("iad")}
    page = {"shared-cpu-2x": 3.89, "shared-cpu-4x": 7.78, "performance-1x": 31.0, "performance-16x": 496.0}
    assert page.items() <= prices.items()
    assert {size["monthly_dollars"] for size in guests.sizes("xxx")} == {None}


def test_wireguard_file() -> None:
    private = wireguard.new_key()
    peer = {"peerip": "fdaa:9:1:a7b:d:0:a:102", "endpointip": "ams1.gateway.6pn.dev", "pubkey": "PUBLIC="}
    text = wireguard.wg_quick(private, peer)
    assert text.splitlines() == [
        "[Interface]", f"PrivateKey = {private}", "Address = fdaa:9:1:a7b:d:0:a:102/120", "DNS = fdaa:9:1::3", "",
        "[Peer]", "PublicKey = PUBLIC=", "AllowedIPs = fdaa:9:1::/48", "Endpoint = ams1.gateway.6pn.dev:51820",
        "PersistentKeepalive = 15",
    ]  # fmt: skip
    assert (wireguard.key_of(text), wireguard.address_of(text)) == (private, peer["peerip"])
    half = wireguard.unfinished(private)
    assert (wireguard.key_of(half), wireguard.address_of(half)) == (private, "")
    assert wireguard.public_key("no key") == ""
    # The key pair of RFC 7748, section 6.1.
    alice = "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo="
    assert wireguard.public_key(alice) == "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo="


def line(timestamp: str, message: str, level: str = "info") -> dict[str, str]:
    return {"timestamp": timestamp, "message": message, "level": level, "instance": "m", "region": "iad", "meta": "x"}


def test_log_lines() -> None:
    lines = [line("2026-01-01T00:00:00Z", "a"), line("2026-01-02T00:00:00Z", "b", "error")]

    def chosen(**wishes: Any) -> str:
        return "".join(found["message"] for found in choose(lines, **wishes))

    assert chosen() == "ab"
    assert chosen(since="2026-01-01T12:00:00Z") == chosen(level="error") == "b"
    assert chosen(pattern="[b-z]") == chosen(limit=1) == "b"
    assert "meta" not in choose(lines)[0]


def test_dns_records() -> None:
    wanted = {
        "a": ["66.0.0.1"],
        "aaaa": [],
        "cname": "x.fly.dev",
        "acme_challenge": {"name": "_acme-challenge.h.example", "target": "h.example.x.flydns.net"},
        "ownership": {"name": "_fly-ownership.h.example", "app_value": "app-x"},
    }
    told = dns_records({"hostname": "h.example", "dns_requirements": wanted})
    assert [(one["type"], one["name"], one["value"]) for one in told] == [
        ("A", "h.example", "66.0.0.1"),
        ("CNAME", "_acme-challenge.h.example", "h.example.x.flydns.net"),
        ("TXT", "_fly-ownership.h.example", "app-x"),
    ]
    without = dns_records({"hostname": "h.example", "dns_requirements": {**wanted, "a": []}})
    assert (without[0]["type"], without[0]["value"]) == ("CNAME", "x.fly.dev")
