"""Misspelt variables: recognised by their prefix or by what they are like."""

from __future__ import annotations

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._preflight.variables import _nearest, suspects


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
        ("fly_app_wholly_else", ""),
    ],
)
def test_a_misspelt_variable_is_suspect(name: str, near: str) -> None:
    assert suspects([name, "inventory_hostname", "fly_app_name"]) == (name,)
    assert _nearest(name) == near


@pytest.mark.parametrize(
    "name",
    [
        "fly_app_exposure", "openclaw_config_layer_10_fleet", "fly_api_token", "openclaw_fly_own_variables", "groups",
        "fly_apps_of_ours", "openclaw_version", "fly_team", "our_fly_app_region", "omit", "foo",
    ],
)  # fmt: skip
def test_what_is_known_or_another_name_is_not(name: str) -> None:
    assert suspects([name]) == ()
