"""Misspelt variables: recognised by their prefix or by what they are like."""

from __future__ import annotations

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._preflight.declaration import Variables
from ansible_collections.openclaw.fly.plugins.module_utils._preflight.variables import (
    _nearest,
    misspelt,
    suspects,
    unknown,
)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("fly_app_exposre", "fly_app_exposure"),
        ("fly_app_regoin", "fly_app_region"),
        ("openclaw_config_chanels", "openclaw_config_channels"),
        ("openclaw_confg_model", "openclaw_config_model"),
        ("fly_ap_name", "fly_app_name"),
        ("flyapp_region", "fly_app_region"),
        ("openclaw_config_layers_10", "openclaw_config_layer_NAME"),
        ("openclaw_config_layer_", "openclaw_config_layer_NAME"),
        ("openclaw_exposure_waiver", "openclaw_exposure_waivers"),
        ("fly_api_tokn", "fly_api_token"),
        ("fly_platform_check_regoin", "fly_platform_check_region"),
        ("fly_app_memroy", "fly_app_vm_memory"),
        ("fly_app_size", "fly_app_vm_size"),
        ("fly_app_token_file", "fly_app_gateway_token_file"),
        ("openclaw_config_proxies", "openclaw_config_trusted_proxies"),
        ("openclaw_config_timeuot", "openclaw_config_prove_timeout"),
        ("fly_app_wholly_else", ""),
    ],
)
def test_a_misspelt_variable_is_suspect(name: str, near: str) -> None:
    assert suspects([name, "inventory_hostname", "fly_app_name"]) == (name,)
    assert _nearest(name) == near


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("wait_for_requests", "wait_for_request"),
        ("request", "request_id"),
        ("requestid", "request_id"),
        ("gateway", "gateways"),
        ("fly_region", "fly_app_region"),
        ("fly_app_regoin", "fly_app_region"),
    ],
)
def test_a_misspelt_extra_variable_is_suspect(name: str, near: str) -> None:
    playbook = ("request_id", "wait_for_request")
    assert misspelt([name, *playbook, "gateways", "ansible_user", "our_thing", "fly_team"], playbook) == (name,)
    (problem,) = unknown(Variables((name,), of_playbook=playbook))
    assert f"Did you mean {near}?" in str(problem)


@pytest.mark.parametrize(
    "name",
    [
        "fly_app_exposure", "fly_platform_check_region", "openclaw_config_layer_10_fleet", "fly_api_token",
        "openclaw_fly_own_variables", "groups",
        "fly_apps_of_ours", "openclaw_version", "fly_team", "our_fly_app_region", "omit", "foo",
    ],
)  # fmt: skip
def test_what_is_known_or_another_name_is_not(name: str) -> None:
    assert suspects([name]) == ()
