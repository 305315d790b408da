# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for what starts and yet cannot serve: a model without a key, a webhook that nothing leads to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from .channels import enabled
from .paths import get, show
from .problems import Problem
from .providers import PROVIDER_KEYS
from .render import origins
from .roster import agents_of
from .rule import Facts, rule

# Channels that listen for webhooks on a port of their own instead of the gateway's: what switches that on (None: it
# always does), where the port is declared, and its default. docs/channels of 2026.9.6, read on 2026-11-26.
_LISTENERS: Final[dict[str, tuple[str | None, tuple[str, ...], int]]] = {
    "telegram": ("webhookUrl", ("webhookPort",), 8787),
    "msteams": (None, ("webhook", "port"), 3978),
    "nextcloud-talk": (None, ("webhookPort",), 8788),
}
_DEFAULT_ALIASES: Final = frozenset(
    ["opus", "sonnet", "gpt", "gpt-mini", "gpt-nano", "gemini", "gemini-flash", "gemini-flash-lite"]
)


@rule("webhook-unreachable", waivable=True)
def webhooks_lead_to_a_listener(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    hosts = {urlsplit(origin).hostname for origin in origins(facts.hostnames, facts.https_port)}
    for channel in enabled(config):
        if channel not in _LISTENERS:
            continue
        switch, port_path, default = _LISTENERS[channel]
        for path, block in _blocks(config, channel):
            url = str(block.get(switch) or "") if switch else ""
            if switch and not url:
                continue
            port = get(block, *port_path, default=default)
            if url and urlsplit(url).hostname not in hosts:
                continue  # somebody else's proxy leads there
            remedy = "Leave webhookUrl out: polling needs no way in" if switch else "Give it a proxy that leads there"
            yield Problem(
                f"{path}.{switch}" if switch else path,
                f"waits for webhooks on port {port}, but the app's service leads to {facts.port}: none arrives",
                suggestion=f"{remedy}; or waive webhook-unreachable with a reason",
                rule="webhook-unreachable",
            )


def _blocks(config: Mapping[str, object], channel: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """A channel's own block and its accounts'."""
    block = get(config, "channels", channel)
    yield f"channels.{channel}", block
    accounts = block.get("accounts")
    for name, account in accounts.items() if isinstance(accounts, Mapping) else ():
        if isinstance(account, Mapping) and account.get("enabled") is not False:
            yield show(("channels", channel, "accounts", str(name))), account


@rule("model-form", "model-key", waivable=True)
def models_have_a_provider_and_its_key(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    """The models that agents start with; fallbacks are tried only then."""
    aliases = _aliases(config)
    for path, model in _models(config):
        if re.search(r"\s", model):
            yield Problem(path, f"is {model!r}, which has white space", (), "Write provider/model alone", "model-form")
            continue
        provider, slash, name = model.partition("/")
        if not slash or not provider or not name:
            if model not in aliases:
                yield Problem(
                    path,
                    f"is {model}, which names no provider",
                    suggestion="Write provider/model, such as anthropic/claude-opus-4-7",
                    rule="model-form",
                )
            continue
        names = PROVIDER_KEYS.get(provider)
        if names and facts.secret_names is not None and not _has_key(config, provider, names, facts.secret_names):
            yield Problem(
                path,
                f"is {model}, but the machine has no key of {provider}: the agent could not answer",
                suggestion=f"Set the Fly secret {names[0]}, or waive model-key where you log in to {provider} by hand",
                rule="model-key",
            )


def _models(config: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    sections = {"agents.defaults": get(config, "agents", "defaults")}
    sections |= {f"agents.entries.{name}": agent for name, agent in agents_of(config).items()}
    for path, section in sections.items():
        model = get(section, "model")
        if isinstance(model, Mapping):
            path, model = f"{path}.model.primary", model.get("primary")
        else:
            path = f"{path}.model"
        if isinstance(model, str) and model.strip():
            yield path, model.strip()


def _aliases(config: Mapping[str, object]) -> set[str]:
    models = get(config, "agents", "defaults", "models", default={})
    named = {str(get(model, "alias", default="")) for model in (models.values() if isinstance(models, Mapping) else ())}
    return named | _DEFAULT_ALIASES


def _has_key(config: Mapping[str, object], provider: str, names: tuple[str, ...], machine: frozenset[str]) -> bool:
    declared = get(config, "env", "vars", default={})
    if machine & set(names) or (isinstance(declared, Mapping) and set(declared) & set(names)):
        return True
    own = get(config, "models", "providers", provider)
    if get(own, "apiKey") or get(own, "baseUrl"):
        return True
    profiles = get(config, "auth", "profiles", default={})
    return isinstance(profiles, Mapping) and any(get(one, "provider") == provider for one in profiles.values())
