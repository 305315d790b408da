# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables from which openclaw.json is built: what each is, and of which kind its value must be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from .errors import InvalidValue

VARIABLES: Final[dict[str, tuple[str, str]]] = {
    "release": ("text", "the OpenClaw release that reads the config; default the pinned one"),
    "exposure": ("text", "public, private or sealed; default public"),
    "port": ("number", "the gateway's port; default 3000"),
    "bind": ("text", "lan (default), or loopback for a sealed gateway"),
    "hostnames": ("texts", "names or full origins under which browsers open the Control UI, the main one first"),
    "https_port": ("number", "port of https in those names' origins; default 443"),
    "public_origin": ("text", "overrides the origin of the first host name; an empty string leaves it out"),
    "allowed_origins": ("texts", "further origins for the Control UI"),
    "app_addresses": ("texts", "the app's own IP addresses, which Fly's proxy adds to X-Forwarded-For"),
    "trusted_proxies": ("texts", "ranges that Fly's proxy connects from; default FLY_PROXY_RANGES"),
    "token_env": ("text", "environment variable that holds the gateway token; default OPENCLAW_GATEWAY_TOKEN"),
    "rate_limit": ("object", "gateway.auth.rateLimit; default RATE_LIMIT; an empty object leaves it out"),
    "hsts": ("text", "Strict-Transport-Security for custom host names; default HSTS; an empty string leaves it out"),
    "model": ("text", "agents.defaults.model.primary, provider/model"),
    "model_fallbacks": ("texts", "agents.defaults.model.fallbacks"),
    "max_concurrent": ("number", "agents.defaults.maxConcurrent"),
    "agent_defaults": ("object", "more of agents.defaults, merged over the three above"),
    "agents": ("agents", "agents.entries, keyed by id; a list of objects with an id is accepted; default main"),
    "auth_profiles": ("objects", "auth.profiles, keyed provider:name"),
    "auth_order": ("object", "auth.order, lists of profiles keyed by provider"),
    "bindings": ("bindings", "bindings, a list of {agentId, match}"),
    "channels": ("objects", "channels, passed through"),
    "plugins": ("objects", "plugins.entries, keyed by plugin id"),
    "packages": ("object", "npm packages of installed plugins; those of channels are enabled in plugins.entries"),
    "hooks": ("object", "hooks, passed through"),
    "update_check": ("boolean", "update.checkOnStart; default false: releases are changed by the play"),
    "catalog_refresh": ("boolean", "models.catalogRefresh.enabled; left out when not given"),
    "tunnels": ("any", "as fly_app_tunnels declares them; the preflight reports those with a mistake"),
    "layers": ("layers", "a list of objects as in openclaw.json, each merged over the ones before"),
    "extra": ("object", "anything else of openclaw.json, merged last and over all"),
}
"""What ``gateway_config`` reads: kind and meaning. Roles give these names with their own prefix removed."""

PREFIX: Final = "openclaw_config_"
_TRUE, _FALSE = ("true", "yes", "on"), ("false", "no", "off")


def checked(variables: Mapping[str, object]) -> dict[str, Any]:
    """The variables with numbers and booleans as such (extra vars are text).

    :raises InvalidValue: that names every variable that is unknown, null or of another kind, at once.
    """
    result: dict[str, object] = {}
    found = []
    for name, value in variables.items():
        if name not in VARIABLES:
            found.append(f"'{name}' is not a variable of the gateway's config")
            continue
        result[name] = _as(VARIABLES[name][0], value)
        found += [f"{PREFIX}{name}{where} {why}" for where, why in faults(name, value)]
    if found:
        raise InvalidValue(
            "the gateway's config cannot be built",
            why=found[0] if len(found) == 1 else "".join(f"\n- {fault}" for fault in found),
            todo="Correct them, or leave them out for their defaults",
        )
    return result


def faults(name: str, value: object) -> Iterator[tuple[str, str]]:
    """What is wrong with the value of one: where in it ("" for all of it), and why."""
    kind = VARIABLES[name][0]
    return _faults(kind, _as(kind, value))


def _as(kind: str, value: object) -> object:
    if kind == "number" and isinstance(value, str) and value.strip().isdigit():
        return int(value)
    if kind == "boolean" and isinstance(value, str):
        word = value.strip().lower()
        return True if word in _TRUE else False if word in _FALSE else value
    return value


def _faults(kind: str, value: Any) -> Iterator[tuple[str, str]]:
    """Where in the value, and what is wrong there; values are not shown, for one may be a secret."""
    if kind == "any":
        return
    if value is None:
        yield "", "is null"
        return
    fits, wanted = _KINDS[kind]
    if not fits(value):
        yield "", f"is {_kind_of(value)}, but must be {wanted}"
        return
    if kind == "texts":
        yield from _items(enumerate(value), lambda item: isinstance(item, str | int | float), "text")
    elif kind == "objects":
        yield from _items(value.items(), _is_object, "a dictionary")
    elif kind == "agents" and isinstance(value, Mapping):
        yield from _items(value.items(), lambda item: item is None or _is_object(item), "a dictionary")
    elif kind in ("bindings", "layers", "agents"):
        yield from _items(enumerate(value), _is_object, "a dictionary")
    if kind == "agents" and not isinstance(value, Mapping):
        yield from ((f"[{n}]", "has no id") for n, each in enumerate(value) if _is_object(each) and not each.get("id"))


def _items(items: Any, fits: Callable[[object], bool], wanted: str) -> Iterator[tuple[str, str]]:
    for key, item in items:
        if not fits(item):
            where = f"[{key}]" if isinstance(key, int) else f".{key}"
            yield where, "is null" if item is None else f"is {_kind_of(item)}, but must be {wanted}"


def _is_object(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_KINDS: Final[dict[str, tuple[Callable[[object], bool], str]]] = {
    "text": (lambda value: isinstance(value, str), "text"),
    "number": (_is_number, "a whole number"),
    "boolean": (lambda value: isinstance(value, bool), "true or false"),
    "texts": (_is_list, "a list"),
    "object": (_is_object, "a dictionary"),
    "objects": (_is_object, "a dictionary"),
    "agents": (lambda value: _is_object(value) or _is_list(value), "a dictionary keyed by the agents' ids"),
    "bindings": (_is_list, "a list"),
    "layers": (_is_list, "a list"),
}


def _kind_of(value: object) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "text"
    if isinstance(value, Mapping):
        return "a dictionary"
    return "a number" if isinstance(value, int | float) else "a list" if _is_list(value) else type(value).__name__
