"""A finding fails the task unless it is waived, for a reason and until a date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .conftest import Gateway

ID = "audit:gateway.auth_no_rate_limit"


def day(offset: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=offset)).isoformat()


def waiver(identity: str, expires: str, reason: str = "until the new clients are there") -> dict[str, Any]:
    return {"id": identity, "reason": reason, "expires": expires}


@pytest.mark.parametrize("identity", [ID, "audit"])
def test_a_waiver_holds_until_its_day(public: Gateway, identity: str) -> None:
    with public.config(lambda config: config["gateway"]["auth"].pop("rateLimit")):
        for expires in (day(0), day(30)):
            result = public.prove("audit", waivers=[waiver(identity, expires)])
            assert "failed" not in result
            assert result["checks"][0]["status"] == "waived"
            assert result["checks"][0]["waived"][0].endswith(f"until {expires}, until the new clients are there")
        result = public.prove("audit", waivers=[waiver(identity, day(-1))])
        assert result["failed"]
        assert public.warnings == [f"The waiver {identity} expired on {day(-1)} and does not count any more."]
        assert public.prove("audit", waivers=[waiver("audit:something.else", day(30))])["failed"]


def test_the_failure_says_what_and_what_to_do(public: Gateway) -> None:
    result = public.prove("login", token="f" * 64)
    assert result["msg"] == (
        f"app {public.site.app} (public) is not proved: 1 finding. [login] the token: refused, AUTH_TOKEN_MISMATCH. "
        "The machine has another token: run site.yml."
    )
    assert result["error"] == {"kind": "Exposed", "findings": ["login"]}


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (waiver("nothing", day(1)), "no check has this id"),
        (waiver(ID, day(1), " "), "the waiver has no reason"),
        (waiver(ID, "soon"), "the waiver has no expiry date"),
    ],
)
def test_a_waiver_must_be_whole(public: Gateway, entry: dict[str, Any], told: str) -> None:
    assert told in public.prove("addresses", waivers=[entry])["msg"]
