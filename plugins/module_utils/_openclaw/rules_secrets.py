# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for secrets: none written out, each reference resolves, no two with one value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .._base.secret_recognition import Finding, find_secrets
from .paths import get, nodes, show
from .problems import Problem
from .providers import PROVIDER_KEYS
from .rule import Facts, rule
from .secret_refs import REF, TOKEN_ENV, how_to_refer, misplaced, referred
from .secrets import ENV_SUBSTITUTION, is_secret_ref, secret_names

_OWN_SECRETS = (("gateway", "auth", "token"), ("gateway", "auth", "password"), ("hooks", "token"))
_LEAST = 8
"""Shorter values are settings rather than secrets, and may well be equal."""


@rule("secret-literal", waivable=True)
def no_literal_secret(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    found = literal_secrets(config)
    # A variable that the config refers to already is another secret.
    taken = [name for _path, value in nodes(config) for name in referred(value)]
    names = secret_names(found, taken)
    for finding in found:
        yield Problem(
            show(finding.path),
            f"holds {finding.reason}; it would stand readable in openclaw.json",
            suggestion=how_to_refer(finding, names[finding.path], facts.release),
            rule="secret-literal",
        )


def literal_secrets(config: Mapping[str, object]) -> list[Finding]:
    """What is a secret by its key or looks like one; what this gateway itself asks for is one, whatever it says."""
    found = list(find_secrets(config))
    told = {finding.path for finding in found}
    for path in _OWN_SECRETS:
        value = get(config, *path)
        if path not in told and isinstance(value, str) and value and not ENV_SUBSTITUTION.fullmatch(value):
            found.append(Finding(path, "a secret by its name", path[-1], secret=value))
    return found


@rule("secret-missing")
def references_exist(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    if facts.secret_names is None:
        return
    declared = get(config, "env", "vars", default={})
    known = facts.secret_names | frozenset(declared if isinstance(declared, Mapping) else ())
    for path, value in nodes(config):
        if is_secret_ref(value) and value["source"] == "env" and value.get("id") not in known:
            yield Problem(
                show(path),
                f"refers to {value.get('id')}, which the machine does not have: the gateway would not start",
                suggestion=f"Set a Fly secret named {value.get('id')}",
                rule="secret-missing",
            )
        if isinstance(value, str):
            for name in ENV_SUBSTITUTION.findall(value):
                if name not in known:
                    effect = (
                        "the gateway would start with an unknown random token"
                        if path[:2] == ("gateway", "auth")
                        else "the gateway would start without it"
                    )
                    yield Problem(
                        show(path),
                        f"refers to ${{{name}}}, which the machine does not have: {effect}",
                        suggestion=f"Set a Fly secret named {name}",
                        rule="secret-missing",
                    )


@rule("token-substitution")
def gateway_token_is_a_reference(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    token = get(config, "gateway", "auth", "token")
    if isinstance(token, str) and ENV_SUBSTITUTION.search(token):
        name = ENV_SUBSTITUTION.findall(token)[0]
        yield Problem(
            "gateway.auth.token",
            "is a substitution: if the variable is ever missing, the gateway starts with a random token",
            suggestion=f"Write {REF % name}, which fails closed",
            rule="token-substitution",
        )


@rule("token-twice")
def one_gateway_token(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    """The config's reference wins over OPENCLAW_GATEWAY_TOKEN, which every tool in the machine takes."""
    token = get(config, "gateway", "auth", "token")
    names = facts.secret_names or frozenset()
    if is_secret_ref(token) and token["id"] != TOKEN_ENV and {token["id"], TOKEN_ENV} <= names:
        yield Problem(
            "gateway.auth.token",
            f"refers to {token['id']}, but the machine has {TOKEN_ENV} too: the gateway would take the one, "
            "and its command line the other",
            suggestion=f"Write {REF % TOKEN_ENV}",
            rule="token-twice",
        )
    for path in (("env", "vars", TOKEN_ENV), ("env", TOKEN_ENV)):
        if get(config, *path) is not None:
            yield Problem(
                show(path),
                "sets the gateway's token a second time",
                suggestion=f"Remove it here: the Fly secret {TOKEN_ENV} is the token",
                rule="token-twice",
            )


@rule("hooks-token")
def hooks_have_their_own_token(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    token = get(config, "hooks", "token")
    if isinstance(token, str) and ENV_SUBSTITUTION.findall(token) == [TOKEN_ENV]:
        yield Problem(
            "hooks.token",
            "is the gateway's own token: whoever may call a webhook could control the gateway",
            suggestion='Set a Fly secret HOOKS_TOKEN and write "${HOOKS_TOKEN}"',
            rule="hooks-token",
        )


@rule("hooks-token", fatal=True)
def hooks_have_a_token(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    if get(config, "hooks", "enabled") is True and not get(config, "hooks", "token"):
        yield Problem(
            "hooks.token",
            "is missing although hooks are enabled: the gateway does not start",
            suggestion='Set a Fly secret HOOKS_TOKEN and write "${HOOKS_TOKEN}"',
            rule="hooks-token",
        )


@rule("reference-misplaced")
def references_stand_where_they_are_taken(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    for path, value in nodes(config):
        remedy = misplaced(path, value, facts.release)
        if remedy:
            yield Problem(
                show(path),
                f"is a reference, which OpenClaw {facts.release} does not take here",
                suggestion=remedy,
                rule="reference-misplaced",
            )


@rule("secret-twice", waivable=True)
def no_two_secrets_with_one_value(config: Mapping[str, object], facts: Facts) -> Iterator[Problem]:
    """Whoever has the one has the other; most often a value was pasted twice."""
    by_value: dict[str, list[str]] = {}
    for name, value in (facts.secrets or {}).items():
        if isinstance(value, str) and len(value) >= _LEAST:
            by_value.setdefault(value, []).append(str(name))
    for names in by_value.values():
        first, *others = (name for name in names if names[0] == name or not _one_provider(names[0], name))
        for name in others:
            yield Problem(
                name,
                f"has the same value as {first}: whoever has the one has the other",
                suggestion="Give each its own value, or waive it by this name with a reason",
                rule="secret-twice",
            )


def _one_provider(one: str, other: str) -> bool:
    """GEMINI_API_KEY and GOOGLE_API_KEY are two names for one key."""
    return any(one in names and other in names for names in PROVIDER_KEYS.values())
