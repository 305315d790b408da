"""fly_certificate against the emulator."""

from __future__ import annotations

import datetime

import pytest
import trustme
from support.platform import Platform

HOST = "claw.example.com"


@pytest.fixture(autouse=True)
def nothing_points_here(fly: Platform) -> None:
    point(fly, HOST, False)


def point(fly: Platform, hostname: str, here: bool = True) -> None:
    fly.control("PUT", f"/dns/{hostname}", {"configured": here})


def own(days: int, hostname: str = HOST) -> dict[str, str]:
    """A certificate and its key, of an authority of our own."""
    ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    issued = trustme.CA().issue_cert(hostname, not_after=ends)
    return {
        "fullchain": "".join(part.bytes().decode() for part in issued.cert_chain_pems),
        "private_key": issued.private_key_pem.bytes().decode(),
    }


def test_from_the_request_to_the_name_that_serves(fly: Platform, app: str) -> None:
    fly.module("fly_ips", app=app, shared_v4=True, v6=1)
    params = {"app": app, "hostname": HOST}
    assert fly.module("fly_certificate", check=True, **params).writes == []
    asked = fly.module("fly_certificate", **params)
    assert asked["changes"] == ["request it"] and not asked["configured"]
    assert {record["type"] for record in asked["dns_records"]} == {"A", "AAAA", "CNAME", "TXT"}
    assert f"A {HOST} " in asked["msg"]
    again = fly.module("fly_certificate", **params)
    assert (again.changed, again.writes) == (False, [])
    late = fly.module("fly_certificate", wait_timeout=30, **params)
    assert late.failed and "Set the DNS records" in late["msg"] and late["error"]["dns_records"]
    point(fly, HOST)
    there = fly.module("fly_certificate", wait_timeout=30, **params)
    assert there["configured"] and not there.changed and "msg" not in there.result
    assert fly.module("fly_certificate_info", app=app)["certificates"][0]["status"] == "active"
    gone = fly.module("fly_certificate", state="absent", **params)
    assert gone["changes"] == ["remove it"]
    assert fly.module("fly_certificate_info", app=app, hostname=HOST)["certificates"] == []
    assert not fly.module("fly_certificate", state="absent", **params).changed


def test_one_of_ones_own(fly: Platform, app: str) -> None:
    point(fly, HOST)
    first, second = own(30), own(60)
    done = fly.module("fly_certificate", app=app, hostname=HOST, **first)
    assert done["changes"] == ["bring it"] and done["configured"]
    assert first["private_key"] not in repr(done.result)
    assert not fly.module("fly_certificate", app=app, hostname=HOST, **first).changed
    assert fly.module("fly_certificate", app=app, hostname=HOST, **second)["changes"] == ["replace it"]
    assert fly.module("fly_certificate", app=app, hostname=HOST, state="absent").changed


@pytest.mark.parametrize("problem", ["not for", "does not belong", "not PEM", "is not a certificate"])
def test_says_what_is_wrong_with_it(fly: Platform, app: str, problem: str) -> None:
    given = own(30)
    if problem == "not for":
        given = own(30, "other.example.com")
    elif problem == "does not belong":
        given["private_key"] = own(30)["private_key"]
    elif problem == "not PEM":
        given["private_key"] = "nothing"
    else:
        given["fullchain"] = "nothing"
    outcome = fly.module("fly_certificate", app=app, hostname=HOST, **given)
    assert outcome.failed and problem in outcome["msg"]
    assert given["private_key"] not in repr(outcome.result) or problem == "not PEM"
