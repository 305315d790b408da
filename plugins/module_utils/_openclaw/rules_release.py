# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the release itself that its JSON Schema does not state: relations between keys.

Source: the refinements in the validator of 2026.9.6 (dist/zod-schema*.mjs, validation-core), read on 2026-11-26;
`tests/gateway/test_both_judges.py` compares both. Relations of keys that hardly anybody writes are left to the release,
which judges each config again in its machine.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping

from .old_forms import old_forms
from .paths import Path, get, nodes, show
from .problems import Problem
from .providers import KNOWN_PROVIDERS
from .releases import ENTRIES_SINCE, since
from .rule import Facts, rule

_DURATION = re.compile(r"\s*\d+(?:\.\d+)?\s*(?:ms|s|m|h|d)?\s*\Z")
_TIME = re.compile(r"(?:[01]\d|2[0-3]|24):[0-5]\d\Z")


@rule("tailscale", fatal=True)
def tailscale_needs_loopback(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    mode = get(config, "gateway", "tailscale", "mode")
    if mode not in ("serve", "funnel"):
        return
    bind = get(config, "gateway", "bind", default="loopback")
    host = str(get(config, "gateway", "customBindHost", default=""))
    if bind != "loopback" and not (bind == "custom" and _is_loopback(host)):
        yield Problem(
            "gateway.tailscale.mode",
            f"is {mode}, for which the release wants the gateway on loopback; here gateway.bind is {bind}",
            suggestion="Remove it and declare the tunnel in fly_app_tunnels (type tailscale), which works beside lan",
            rule="tailscale",
        )
    auth = get(config, "gateway", "auth", "mode")
    if auth == "none" or (mode == "funnel" and auth not in (None, "password")):
        yield Problem(
            "gateway.tailscale.mode",
            f"is {mode}, which does not go together with gateway.auth.mode: {auth}",
            suggestion="Remove it and declare the tunnel in fly_app_tunnels (type tailscale)",
            rule="tailscale",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False


@rule("model-provider-form", fatal=True)
def custom_providers_say_where_they_are(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    if not since(facts.release, ENTRIES_SINCE):
        return
    providers = get(config, "models", "providers", default={})
    for name, provider in providers.items() if isinstance(providers, Mapping) else ():
        if str(name).strip().lower() in KNOWN_PROVIDERS or not isinstance(provider, Mapping):
            continue
        for key, said in (("baseUrl", "the address of its API"), ("models", "a list of its models")):
            if not provider.get(key) and not (key == "models" and provider.get(key) == []):
                yield Problem(
                    show(("models", "providers", str(name), key)),
                    f"is missing: the release does not know the provider {name}",
                    suggestion=f"Write {said}, or correct the provider's name",
                    rule="model-provider-form",
                )


@rule("tool-policy", fatal=True)
def tool_policies_are_one_list(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    for path, value in nodes(config):
        if not isinstance(value, Mapping) or "tools" not in path:
            continue
        if value.get("allow") and value.get("alsoAllow"):
            yield Problem(
                show(path),
                "has both allow and alsoAllow",
                suggestion="Move what is in alsoAllow to allow, or use profile with alsoAllow",
                rule="tool-policy",
            )
        if path[-1] == "exec" and "mode" in value and ("security" in value or "ask" in value):
            yield Problem(
                f"{show(path)}.mode",
                "stands beside security or ask, which mean the same",
                suggestion="Write mode alone",
                rule="tool-policy",
            )


@rule("provider-choice", fatal=True)
def chosen_providers_are_declared(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    for path in (("talk",), ("talk", "realtime")):
        section = get(config, *path)
        providers = get(section, "providers", default={})
        names = list(providers) if isinstance(providers, Mapping) else []
        chosen = str(get(section, "provider", default="")).strip().lower()
        if names and (chosen not in names if chosen else len(names) > 1):
            yield Problem(
                show((*path, "provider")),
                f"names no key of {show((*path, 'providers'))}" if chosen else "is missing beside several providers",
                suggestion=f"Write one of {', '.join(names)}",
                rule="provider-choice",
            )
    roles = get(config, "gateway", "roles")
    definitions = get(roles, "definitions")
    if isinstance(definitions, Mapping) and get(roles, "default") not in definitions:
        yield Problem(
            "gateway.roles.default",
            "names no role of gateway.roles.definitions",
            suggestion=f"Write one of {', '.join(map(str, definitions)) or 'the roles that you define'}",
            rule="provider-choice",
        )


@rule("hook-session", fatal=True)
def persistent_hooks_have_a_session(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    mappings = get(config, "hooks", "mappings", default=[])
    for index, mapping in enumerate(mappings if isinstance(mappings, list) else []):
        if not isinstance(mapping, Mapping) or mapping.get("sessionMode") != "persistent":
            continue
        session = mapping.get("sessionKey") or get(config, "hooks", "defaultSessionKey") or mapping.get("transform")
        if mapping.get("action", "agent") == "agent" and not session:
            yield Problem(
                f"hooks.mappings[{index}].sessionKey",
                "is missing: a persistent hook needs a session",
                suggestion="Write sessionKey there, or hooks.defaultSessionKey",
                rule="hook-session",
            )


@rule("time-form", fatal=True)
def times_are_times(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    entries = get(config, "agents", "entries", default={})
    beats: list[Path] = [("agents", "defaults", "heartbeat")]
    if isinstance(entries, Mapping):
        beats += [("agents", "entries", str(name), "heartbeat") for name in entries]
    wanted: list[tuple[Path, re.Pattern[str], str, str]] = [
        (("cron", "sessionRetention"), _DURATION, "duration", "30m or 2h"),
        *(((*beat, "every"), _DURATION, "duration", "30m or 2h") for beat in beats),
        *(((*beat, "activeHours", end), _TIME, "time", "08:00") for beat in beats for end in ("start", "end")),
    ]
    for path, form, what, example in wanted:
        value = get(config, *path)
        if isinstance(value, str) and value and not form.match(value):
            yield Problem(
                show(path), f"is {value!r}, which is no {what}", suggestion=f"Write {example}", rule="time-form"
            )


@rule("acp-binding", fatal=True)
def acp_bindings_name_a_conversation(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    bindings = config.get("bindings")
    for index, binding in enumerate(bindings if isinstance(bindings, list) else []):
        if get(binding, "type") == "acp" and not str(get(binding, "match", "peer", "id", default="")).strip():
            yield Problem(
                f"bindings[{index}].match.peer",
                "is missing: an ACP binding is for one conversation",
                suggestion="Write match.peer: {kind: ..., id: ...}",
                rule="acp-binding",
            )


@rule("moved", waivable=True)
def nothing_moved(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    """Old forms. With `migrate` the release rewrites them in the machine, and judges what is left there."""
    if facts.migrate:
        return
    for path, remedy in old_forms(config, facts.release):
        yield Problem(
            show(path),
            f"is an old form for OpenClaw {facts.release}",
            suggestion=f"{remedy}; or let the release rewrite it (openclaw_config_migrate: true)",
            rule="moved",
        )
