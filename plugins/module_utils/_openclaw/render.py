# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""openclaw.json from inventory variables, in the layout of the release that reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any, Final
from urllib.parse import urlsplit

from .channels import CHANNELS
from .errors import InvalidValue
from .paths import as_json
from .releases import CROSS_PROVIDER_SINCE, DEFAULT_RELEASE, ENTRIES_SINCE, OWNERSHIP_SINCE, Release, since
from .secret_refs import TOKEN_ENV
from .secrets import is_env_name, secret_ref
from .tunnels.declared import read as read_tunnels
from .tunnels.follow import follow
from .variables import checked

FLY_PROXY_RANGES: Final = ("172.16.0.0/12",)
"""Where Fly's proxy connects from, as seen in machines' logs (172.19.x.x); Fly documents no range."""

HSTS: Final = "max-age=31536000"
PRELOADED: Final = (".dev", ".app")
"""Top-level domains that browsers open over https only, whatever a server says (the HSTS preload list)."""

RATE_LIMIT: Final = {"maxAttempts": 10, "windowMs": 60_000, "lockoutMs": 300_000}


def gateway_config(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Build the declared openclaw.json.

    Holds no secret: the token is a SecretRef. ``meta`` is never part of it. What a person wrote himself (extra,
    channels and the like) is passed on as it is, whatever the release.

    :param variables: see ``variables.VARIABLES``; what is missing takes its default.
    :raises InvalidValue: for unknown variables and those of the wrong kind, all at once.
    """
    given = checked(variables)
    config: dict[str, Any] = {
        "agents": _agents(given),
        "gateway": _gateway(given),
        "update": {"checkOnStart": given.get("update_check", False)},
    }
    auth = {
        key: dict(given.get(name, {}))
        for key, name in (("profiles", "auth_profiles"), ("order", "auth_order"))
        if given.get(name)
    }
    entries = deep_merge(_installed(given.get("packages", {})), given.get("plugins", {}))
    plugins = {"entries": entries} if entries else {}
    sections = {
        "auth": auth,
        "bindings": deepcopy(list(given.get("bindings", ()))),
        "channels": given.get("channels", {}),
        "plugins": plugins,
        "hooks": given.get("hooks", {}),
    }
    config |= {name: deepcopy(section) for name, section in sections.items() if section}
    if "catalog_refresh" in given:
        config["models"] = {"catalogRefresh": {"enabled": given["catalog_refresh"]}}
    port = config["gateway"]["port"]
    config = follow(config, read_tunnels(given.get("tunnels", []), port)[0], port)
    release = Release.parse(str(given.get("release", DEFAULT_RELEASE)))
    if since(release, CROSS_PROVIDER_SINCE):
        # What an agent hears in one channel does not go out through another by default.
        config["tools"] = {"message": {"crossContext": {"allowAcrossProviders": False}}}
    config = in_layout_of(config, release)
    for layer in (*given.get("layers", ()), given.get("extra", {})):
        config = deep_merge(config, as_json(layer))
    agents = config["agents"]
    if since(release, OWNERSHIP_SINCE) and isinstance(agents, dict) and len(agents.get("entries") or ()) > 1:
        agents.setdefault("ownership", "explicit")
    return config


def in_layout_of(config: Mapping[str, Any], release: Release) -> dict[str, Any]:
    """The same for an older release: before 2026.8.1 agents are a list, and some keys are not known yet."""
    older = as_json(config)
    if release < Release.parse(ENTRIES_SINCE):
        entries = older.get("agents", {}).pop("entries", {})
        older["agents"]["list"] = [{"id": name, **agent} for name, agent in entries.items()]
        older["gateway"].pop("publicOrigin", None)
        older["gateway"].pop("http", None)
        if older.get("models", {}).pop("catalogRefresh", None) is not None and not older["models"]:
            del older["models"]
    return dict(older)


def deep_merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Both merged, ``over`` winning; objects merge, everything else replaces. Neither is changed."""
    merged = deepcopy(dict(base))
    for key, value in over.items():
        present = merged.get(key)
        if isinstance(present, Mapping) and isinstance(value, Mapping):
            merged[key] = deep_merge(present, value)
        else:
            merged[key] = deepcopy(value)
    return merged


def origins(hostnames: Iterable[str], https_port: int = 443) -> list[str]:
    """``app.fly.dev`` as ``https://app.fly.dev``; a name that brings its scheme stays as it is."""
    suffix = "" if https_port == 443 else f":{https_port}"
    return [name.rstrip("/").lower() if "://" in name else f"https://{name.lower()}{suffix}" for name in hostnames]


def needs_hsts(host: str) -> bool:
    """Whether browsers must be told that this name is https only; below .localhost as it would be on Fly.io."""
    return not host.removesuffix(".localhost").endswith(PRELOADED)


def local_origins(port: int) -> list[str]:
    """Origins of a browser that comes through ``fly proxy`` or a tunnel to its own machine."""
    return [f"http://localhost:{port}", f"http://127.0.0.1:{port}"]


def _agents(given: Mapping[str, Any]) -> dict[str, Any]:
    defaults: dict[str, Any] = {}
    model: dict[str, Any] = {}
    if given.get("model"):
        model["primary"] = given["model"]
    if given.get("model_fallbacks"):
        model["fallbacks"] = [str(name) for name in given.get("model_fallbacks", ())]
    if model:
        defaults["model"] = model
    if given.get("max_concurrent") is not None:
        defaults["maxConcurrent"] = given["max_concurrent"]
    defaults = deep_merge(defaults, given.get("agent_defaults", {}))
    agents: dict[str, Any] = {"entries": _entries(given.get("agents") or {"main": {}})}
    if defaults:
        agents["defaults"] = defaults
    return agents


def _entries(agents: Any) -> dict[str, Any]:
    """Keyed by id. The default marker of the older layout goes: the current one has none and says so."""
    if isinstance(agents, Mapping):
        return {str(name): deepcopy(dict(agent or {})) for name, agent in agents.items()}
    return {
        str(agent["id"]): deepcopy({key: value for key, value in agent.items() if key not in ("id", "default")})
        for agent in agents
    }


def _installed(packages: Mapping[str, Any]) -> dict[str, Any]:
    """As their installation writes it, so that no run takes it away again. Other packages' ids are not known here."""
    ids = [*CHANNELS, "voice-call"]
    return {name: {"enabled": True} for name in ids if f"@openclaw/{name}" in packages}


def _gateway(given: Mapping[str, Any]) -> dict[str, Any]:
    exposure = given.get("exposure", "public")
    if exposure not in ("public", "private", "sealed"):
        raise InvalidValue(f"exposure is '{exposure}'", todo="Write public, private or sealed.")
    port = given.get("port", 3000)
    token_env = str(given.get("token_env", TOKEN_ENV))
    if not is_env_name(token_env):
        # Its value is not shown: whoever wrote the token itself here must not find it in a log.
        raise InvalidValue(
            "token_env is not the name of an environment variable",
            todo=f"Write the name, such as {TOKEN_ENV}.",
        )
    hosts = origins(given.get("hostnames", ()), given.get("https_port", 443))
    allowed = [*hosts, *local_origins(port), *origins(given.get("allowed_origins", ()))]
    gateway: dict[str, Any] = {
        "mode": "local",
        "bind": str(given.get("bind", "lan")),
        "port": port,
        "auth": {"mode": "token", "token": secret_ref(token_env)},
        "controlUi": {"allowedOrigins": list(dict.fromkeys(allowed))},
    }
    public_origin = given.get("public_origin", next((o for o in hosts if o.startswith("https://")), ""))
    if public_origin:
        gateway["publicOrigin"] = public_origin
    hsts = str(given.get("hsts", HSTS))
    if hsts and any(origin.startswith("https://") and needs_hsts(urlsplit(origin).hostname or "") for origin in hosts):
        gateway["http"] = {"securityHeaders": {"strictTransportSecurity": hsts}}
    rate_limit = given.get("rate_limit", {}) if "rate_limit" in given else RATE_LIMIT
    if rate_limit:
        gateway["auth"]["rateLimit"] = dict(rate_limit)
    if exposure != "sealed":
        # Without them every request through Fly's proxy is answered 403 since 2026.8.1.
        proxies = [*given.get("trusted_proxies", FLY_PROXY_RANGES), *given.get("app_addresses", ())]
        gateway["trustedProxies"] = list(dict.fromkeys(str(address) for address in proxies))
    return gateway
