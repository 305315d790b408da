"""openclaw.json from inventory variables."""

from __future__ import annotations

from typing import Any

import pytest
from support import guide

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_rules import Facts, check
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.errors import InvalidValue
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.render import deep_merge, gateway_config

TOKEN_REF = {"source": "env", "provider": "default", "id": "OPENCLAW_GATEWAY_TOKEN"}


def test_the_guides_config() -> None:
    config = gateway_config({**guide.VARIABLES, "plugins": guide.VOICE_CALL})
    assert config["agents"] == {
        "defaults": {
            "model": {
                "primary": "anthropic/claude-opus-4-6",
                "fallbacks": ["anthropic/claude-sonnet-4-6", "openai/gpt-5.4"],
            },
            "maxConcurrent": 4,
        },
        "entries": {"main": {}},
    }
    assert config["auth"] == {"profiles": guide.VARIABLES["auth_profiles"]}
    assert config["bindings"] == guide.VARIABLES["bindings"]
    assert config["channels"] == guide.VARIABLES["channels"]
    assert config["plugins"] == {"entries": guide.VOICE_CALL}
    assert "meta" not in config
    assert check(config, Facts(hostnames=("my-openclaw.fly.dev",))) == []


def test_the_gateway_section_is_right_without_a_word_about_it() -> None:
    gateway = gateway_config({"hostnames": ["a.fly.dev"], "app_addresses": ["66.241.124.230"]})["gateway"]
    assert gateway == {
        "mode": "local",
        "bind": "lan",
        "port": 3000,
        "publicOrigin": "https://a.fly.dev",
        "auth": {
            "mode": "token",
            "token": TOKEN_REF,
            "rateLimit": {"maxAttempts": 10, "windowMs": 60000, "lockoutMs": 300000},
        },
        "trustedProxies": ["172.16.0.0/12", "66.241.124.230"],
        "controlUi": {"allowedOrigins": ["https://a.fly.dev", "http://localhost:3000", "http://127.0.0.1:3000"]},
    }


def test_origins_follow_the_host_names() -> None:
    variables = {
        "hostnames": ["App.localhost", "http://app.flycast", "own.example"],
        "https_port": 8443,
        "port": 4000,
        "allowed_origins": ["https://extra.example"],
    }
    gateway = gateway_config(variables)["gateway"]
    assert gateway["controlUi"]["allowedOrigins"] == [
        "https://app.localhost:8443",
        "http://app.flycast",
        "https://own.example:8443",
        "http://localhost:4000",
        "http://127.0.0.1:4000",
        "https://extra.example",
    ]
    assert gateway["publicOrigin"] == "https://app.localhost:8443"


def test_a_sealed_gateway_trusts_no_proxy_and_a_private_one_has_no_https_origin() -> None:
    assert "trustedProxies" not in gateway_config({"exposure": "sealed", "bind": "loopback"})["gateway"]
    private = gateway_config({"exposure": "private", "hostnames": ["http://a.flycast"]})["gateway"]
    assert "publicOrigin" not in private
    assert private["trustedProxies"] == ["172.16.0.0/12"]


def test_a_list_of_agents_becomes_entries() -> None:
    agents = [{"id": "main", "default": True}, {"id": "two", "model": "openai/gpt-5.4"}]
    assert gateway_config({"agents": agents})["agents"]["entries"] == {
        "main": {},
        "two": {"model": "openai/gpt-5.4"},
    }


def test_an_older_release_gets_the_layout_that_it_knows() -> None:
    config = gateway_config({**guide.VARIABLES, "release": "2026.7.1", "catalog_refresh": False})
    assert config["agents"]["list"] == [{"id": "main"}]
    assert "entries" not in config["agents"]
    assert config["agents"]["defaults"]["maxConcurrent"] == 4
    assert "publicOrigin" not in config["gateway"]
    assert "models" not in config


def test_number_keys_become_text() -> None:
    channels = {"discord": {"guilds": {123456789012345678: {"requireMention": False}}}}
    guilds = gateway_config({"channels": channels})["channels"]["discord"]["guilds"]
    assert guilds == {"123456789012345678": {"requireMention": False}}


def test_extra_is_merged_last_and_nothing_given_is_changed() -> None:
    extra = {"gateway": {"auth": {"rateLimit": {"maxAttempts": 3}}}, "logging": {"level": "debug"}}
    variables: dict[str, Any] = {"channels": {"telegram": {}}, "catalog_refresh": False, "extra": extra}
    config = gateway_config(variables)
    assert config["gateway"]["auth"]["rateLimit"] == {
        "maxAttempts": 3,
        "windowMs": 60000,
        "lockoutMs": 300000,
    }
    assert config["models"] == {"catalogRefresh": {"enabled": False}}
    config["channels"]["telegram"]["x"] = 1
    config["logging"]["level"] = "info"
    assert variables == {"channels": {"telegram": {}}, "catalog_refresh": False, "extra": extra}
    assert extra["logging"] == {"level": "debug"}


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"modle": "x"}, "'modle' is not a variable"),
        ({"channels": ["discord"]}, "openclaw_config_channels is a list, but must be a dictionary"),
        ({"model_fallbacks": "openai/gpt-5.4"}, "openclaw_config_model_fallbacks is text, but must be a list"),
        ({"exposure": "open"}, "Write public, private or sealed"),
        ({"agents": [{"name": "x"}]}, "has no id"),
        ({"token_env": "0123456789abcdef"}, "token_env is not the name of an environment variable"),
        ({"channels": None}, "openclaw_config_channels is null"),
        ({"channels": {"telegram": None}}, "openclaw_config_channels.telegram is null"),
        ({"hostnames": None}, "openclaw_config_hostnames is null"),
        ({"model": {"primary": "x"}}, "openclaw_config_model is a dictionary, but must be text"),
        ({"port": "three"}, "openclaw_config_port is text, but must be a whole number"),
        ({"max_concurrent": True}, "openclaw_config_max_concurrent is a boolean, but must be a whole number"),
        ({"catalog_refresh": "maybe"}, "openclaw_config_catalog_refresh is text, but must be true or false"),
        ({"agents": {"main": "opus"}}, "openclaw_config_agents.main is text, but must be a dictionary"),
        ({"agents": "main"}, "openclaw_config_agents is text"),
        ({"bindings": [None]}, "openclaw_config_bindings[0] is null"),
        ({"trusted_proxies": [["10.0.0.0/8"]]}, "openclaw_config_trusted_proxies[0] is a list, but must be text"),
        ({"layers": [3]}, "openclaw_config_layers[0] is a number, but must be a dictionary"),
        ({"extra": []}, "openclaw_config_extra is a list, but must be a dictionary"),
    ],
)
def test_bad_variables_are_named(variables: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValue) as raised:
        gateway_config(variables)
    assert message in str(raised.value)
    assert "0123456789abcdef" not in str(raised.value)


def test_all_bad_variables_are_named_at_once() -> None:
    with pytest.raises(InvalidValue) as raised:
        gateway_config({"channels": None, "bindings": "x", "modle": 1})
    assert all(
        name in str(raised.value) for name in ("openclaw_config_channels", "openclaw_config_bindings", "'modle'")
    )


def test_extra_vars_are_text() -> None:
    config = gateway_config(
        {"port": "3001", "catalog_refresh": "false", "update_check": "yes", "agents": {"main": None}}
    )
    assert config["gateway"]["port"] == 3001
    assert config["models"]["catalogRefresh"]["enabled"] is False
    assert config["update"]["checkOnStart"] is True
    assert config["agents"]["entries"] == {"main": {}}


def test_deep_merge_replaces_lists() -> None:
    assert deep_merge({"a": {"b": [1], "c": 1}}, {"a": {"b": [2]}}) == {"a": {"b": [2], "c": 1}}


def test_layers_merge_in_their_order() -> None:
    layers = [
        {"channels": {"defaults": {"groupPolicy": "open"}, "telegram": {"enabled": True}}},
        {"channels": {"defaults": {"groupPolicy": "allowlist"}}, "logging": {"level": "info"}},
    ]
    config = gateway_config({"hostnames": ["a.fly.dev"], "layers": layers, "extra": {"logging": {"level": "debug"}}})
    assert config["channels"] == {"defaults": {"groupPolicy": "allowlist"}, "telegram": {"enabled": True}}
    assert config["logging"] == {"level": "debug"}
    with pytest.raises(InvalidValue, match="layer"):
        gateway_config({"layers": ["text"]})


def test_cross_provider_sends_are_off_unless_somebody_wants_them() -> None:
    cross = {"message": {"crossContext": {"allowAcrossProviders": False}}}
    assert gateway_config({})["tools"] == cross
    assert "tools" not in gateway_config({"release": "2026.8.1"})
    on = {"tools": {"message": {"crossContext": {"allowAcrossProviders": True}}}}
    assert gateway_config({"extra": on})["tools"] == on["tools"]


def test_several_agents_are_owned_explicitly() -> None:
    several = {"agents": {"main": {}, "second": {}}}
    assert gateway_config(several)["agents"]["ownership"] == "explicit"
    assert "ownership" not in gateway_config({**several, "release": "2026.8.1"})["agents"]
    layer = {"agents": {"entries": {"second": {}}}}
    assert gateway_config({"layers": [layer]})["agents"]["ownership"] == "explicit"
    assert "ownership" not in gateway_config({})["agents"]
