"""The list of devices, as ``openclaw devices list --json`` of 2026.9.6 prints it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.devices import (
    DevicesUnreadable,
    Policy,
    UnknownRequest,
    approve_argv,
    list_argv,
    parse,
    rotate_argv,
)
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.errors import InvalidValue

REQUEST = "3280fc33-9eba-4f48-8418-885d6f15a42c"
OUTPUT = json.dumps(
    {
        "pending": [
            {
                "requestId": REQUEST,
                "deviceId": "89c2",
                "publicKey": "E-khu",
                "displayName": "Chrome",
                "platform": "linux",
                "clientId": "openclaw-control-ui",
                "clientMode": "ui",
                "role": "operator",
                "roles": ["operator"],
                "scopes": ["operator.read"],
                "remoteIp": "203.0.113.7",
                "silent": False,
                "isRepair": False,
                "ts": 1795338126950,
            }
        ],
        "paired": [
            {
                "deviceId": "ef12",
                "clientId": "cli",
                "role": "operator",
                "scopes": ["operator.read"],
                "approvedVia": "silent",
                "approvedAtMs": 1795338095784,
                "connected": True,
                "tokens": [],
            }
        ],
    }
)


def test_both_lists_are_read() -> None:
    devices = parse(OUTPUT)
    [pending], [paired] = devices.pending, devices.paired
    assert (pending.device_id, pending.display_name, pending.remote_ip) == ("89c2", "Chrome", "203.0.113.7")
    assert (paired.device_id, paired.approved_via, paired.connected) == ("ef12", "silent", True)


def test_only_the_exact_request_is_chosen() -> None:
    devices = parse(OUTPUT)
    assert devices.choose(REQUEST, "89c2") is devices.pending[0]
    with pytest.raises(UnknownRequest, match=rf"pending: {REQUEST} \(Chrome, 203.0.113.7\)"):
        devices.choose(REQUEST[:8])
    with pytest.raises(UnknownRequest, match="is of another device"):
        devices.choose(REQUEST, "ef12")


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ("", "empty"),
        ("Gateway not reachable", "Gateway not reachable"),
        ('{"ok":false,"error":{"type":"x","message":"ECONNREFUSED 127.0.0.1"}}', "ECONNREFUSED"),
        ("[]", "no list of pending devices"),
    ],
)
def test_what_is_no_list_is_told(output: str, why: str) -> None:
    with pytest.raises(DevicesUnreadable, match=why):
        parse(output)


def test_commands_are_argv() -> None:
    assert list_argv() == ["openclaw", "devices", "list", "--json"]
    assert approve_argv(REQUEST) == ["openclaw", "devices", "approve", REQUEST, "--json"]
    assert rotate_argv("d", scopes=("operator.read",))[3:] == [
        "--device", "d", "--role", "operator", "--scope", "operator.read", "--json",
    ]  # fmt: skip


WAITING = {
    "requestId": "r1", "deviceId": "d1", "clientId": "openclaw-control-ui", "role": "operator",
    "scopes": ["operator.read"], "remoteIp": "203.0.113.7", "platform": "MacIntel", "ts": 1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "changed", "allowed"),
    [
        ({"networks": ["203.0.113.0/24"]}, {}, True),
        ({"networks": ["198.51.100.0/24"]}, {}, False),
        ({"networks": ["2001:db8::/32"]}, {"remoteIp": "2001:db8::1"}, True),
        ({"networks": ["203.0.113.0/24"]}, {"remoteIp": ""}, False),
        ({"networks": ["203.0.113.0/24"], "client_ids": ["openclaw-control-ui"]}, {"clientId": "cli"}, False),
        ({"networks": ["203.0.113.0/24"]}, {"role": "node"}, False),
        ({"networks": ["203.0.113.0/24"], "roles": ["node"]}, {"role": "node"}, True),
        ({"networks": ["203.0.113.0/24"], "scopes": ["operator.read"]}, {"scopes": ["operator.admin"]}, False),
        ({"networks": ["203.0.113.0/24"]}, {"isRepair": True}, False),
        ({"networks": ["203.0.113.0/24"], "repairs": True}, {"isRepair": True}, True),
        ({"platforms": ["MacIntel"]}, {}, True),
    ],
)
def test_a_policy_lets_in_whom_it_names(policy: dict[str, Any], changed: dict[str, Any], allowed: bool) -> None:
    pending = parse({"pending": [{**WAITING, **changed}], "paired": []}).pending
    assert Policy.parse(policy).allowed(pending) == (list(pending) if allowed else [])


@pytest.mark.parametrize("policy", [{}, {"roles": ["operator"], "scopes": ["operator.read"]}, {"networks": ["office"]}])
def test_a_policy_that_says_too_little_is_none(policy: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        Policy.parse(policy)
