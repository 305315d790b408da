# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What moved in openclaw.json between releases, as data, and a declared config rewritten by it.

Sources: runs of 2026.2.9 and 2026.9.6, and the legacy rules of 2026.9.6 (its dist/legacy-*.mjs, read on
2026-11-22). Where only the latter is known, ``since`` is 2026.9.6, though the key may have moved before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Union

from .paths import as_json, get, matches, nodes, show
from .releases import Release

Concrete = tuple[Union[str, int], ...]  # noqa: UP007  ansible-test reads `|` here as an operation


@dataclass(frozen=True, slots=True)
class ConfigMove:
    """A key that means something else, or nothing, from a release on.

    :param since: the first release that refuses or rewrites the old form.
    :param old: pattern of the old path; ``*`` is one key or list index.
    :param remedy: what to write instead, a sentence.
    :param new: path it moves to, its ``*`` filled in order; "" removes it; None keeps the place.
    :param values: new values by the old ones; only these are affected then.
    :param keyed: a list of objects with an id becomes an object keyed by it.
    """

    since: str
    old: str
    remedy: str
    new: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    keyed: bool = False

    @property
    def rewrites(self) -> bool:
        """Is there one right way to write it anew? If not, only the remedy is told."""
        return self.new is not None or bool(self.values)

    def concerns(self, path: Sequence[str | int], config: Mapping[str, Any]) -> bool:
        """Is this path, or an object above it, the old form?"""
        if not matches(path, self.old):
            return False
        value = _at(config, tuple(path[: self.old.count(".") + 1]))
        return not self.values or (isinstance(value, str) and value in self.values)


def _moved(old: str, new: str, since: str = "2026.9.6") -> ConfigMove:
    return ConfigMove(since, old, f"Write {new} instead", new)


def _gone(old: str, why: str, since: str = "2026.9.6") -> ConfigMove:
    return ConfigMove(since, old, f"Remove it: {why}", "")


CONFIG_MOVES: Final = (
    ConfigMove(
        "2026.8.1",
        "agents.list",
        "Write agents.entries, an object keyed by the agent's id, instead of agents.list (since 2026.8)",
        "agents.entries",
        keyed=True,
    ),
    _gone(
        "agents.entries.*.default",
        "agents.entries has no default marker; bindings choose the agent (since 2026.8)",
        "2026.8.1",
    ),
    ConfigMove(
        "2026.8.1",
        "channels.discord.guilds.*.channels.*.allow",
        "Did you mean 'enabled'? Discord's channel switch is called enabled since 2026.8",
        "channels.discord.guilds.*.channels.*.enabled",
    ),
    ConfigMove(
        "2026.8.1",
        "gateway.reload.mode",
        "Write hybrid (the default) or off: hot and restart are retired",
        values={"hot": "hybrid", "restart": "hybrid"},
    ),
    _gone("meta.lastTouchedAt", "the gateway writes meta itself and no longer accepts this key", "2026.8.1"),
    ConfigMove(
        "2026.1.0",
        "gateway.bind",
        "Write the word lan, which listens on all IPv4 addresses, or loopback",
        values={"0.0.0.0": "lan", "::": "lan", "localhost": "loopback", "127.0.0.1": "loopback"},
    ),
    ConfigMove(
        "2026.9.6",
        "bindings.*.match.peer.kind",
        "Write direct: dm is retired",
        values={"dm": "direct"},
    ),
    _moved("agents.defaults.memorySearch", "memory.search"),
    _moved("memorySearch", "memory.search"),
    _moved("defaultModel", "agents.defaults.model"),
    _moved("agents.defaults.embeddedPi", "agents.defaults.embeddedAgent"),
    _moved("session.typingMode", "agents.defaults.typingMode"),
    _moved("session.threadBindings.ttlHours", "session.threadBindings.idleHours"),
    _moved("channels.*.threadBindings.ttlHours", "channels.*.threadBindings.idleHours"),
    _moved("session.maintenance.pruneDays", "session.maintenance.pruneAfter"),
    _moved("session.resetByType.dm", "session.resetByType.direct"),
    _moved("routing.allowFrom", "channels.whatsapp.allowFrom"),
    _moved("routing.groupChat.historyLimit", "messages.groupChat.historyLimit"),
    _moved("routing.groupChat.mentionPatterns", "messages.groupChat.mentionPatterns"),
    _moved("messages.tts", "tts"),
    _moved("tools.codeMode.runtime", "tools.codeMode.executor"),
    _moved("channels.feishu.accounts.*.botName", "channels.feishu.accounts.*.name"),
    _gone("tools.codeMode.languages", "code mode runs JavaScript only"),
    _gone("channels.webchat", "the web chat is part of the gateway"),
    _gone("gateway.webchat", "the web chat is part of the gateway"),
    _gone("gateway.controlUi.dangerouslyDisableDeviceAuth", "it is retired, and browsers pair as devices"),
    _gone("gateway.controlUi.toolTitles", "it is retired"),
    _gone("gateway.tailscale.resetOnExit", "routes follow the gateway by themselves"),
    _gone("session.maintenance.rotateBytes", "it is ignored"),
    _gone("session.parentForkMaxTokens", "it is automatic"),
    _gone("models.pricing", "prices come with the hosted catalogue"),
    _gone("cron.runLog", "the history of runs has a fixed length"),
    ConfigMove(
        "2026.9.6",
        "routing.groupChat.requireMention",
        "Write channels.<channel>.groups.<group>.requireMention for each channel",
    ),
    ConfigMove("2026.9.6", "multiAgent", "Write agents.entries and bindings"),
    ConfigMove(
        "2026.9.6", "heartbeat", "Write agents.defaults.heartbeat (every, model) or channels.defaults.heartbeat (show)"
    ),
    ConfigMove("2026.9.6", "agents.defaults.llm", "Write models.providers.<id>.timeoutSeconds"),
    ConfigMove("2026.9.6", "agents.defaults.cliBackends", "Install the plugin that brings the backend"),
    ConfigMove("2026.9.6", "hooks.internal.handlers", "Put each into a hook folder of its own, with its HOOK.md"),
)

_GPT = {
    "gpt-5.5": "gpt-4 gpt-4-turbo gpt-4.1 gpt-4o gpt-5 gpt-5-chat-latest gpt-5.1 gpt-5.1-chat-latest gpt-5.2",
    "gpt-5.4-mini": "gpt-4.1-mini gpt-4o-mini gpt-5-mini gpt-5.1-codex-mini",
    "gpt-5.4-nano": "gpt-4.1-nano gpt-5-nano",
    "gpt-5.5-pro": "gpt-5-pro gpt-5.2-pro",
    "gpt-5.3-codex": "gpt-5-codex gpt-5.1-codex gpt-5.2-codex",
}
# By provider: pattern of the retired model, and what the release puts in its place.
RETIRED_MODELS: Final[tuple[tuple[str, re.Pattern[str], str], ...]] = (
    ("anthropic", re.compile(r"claude-opus-4(?:[-.][015])?(?:[-.:]20\d{6})?|claude-3.*opus.*"), "claude-opus-4-7"),
    (
        "anthropic",
        re.compile(r"claude-sonnet-4(?:[-.][015])?(?:[-.:]20\d{6})?|claude-3.*(?:sonnet|haiku).*"),
        "claude-sonnet-4-6",
    ),
    *(("openai", re.compile("|".join(re.escape(name) for name in names.split())), new) for new, names in _GPT.items()),
)
MODELS_SINCE: Final = "2026.9.6"
_MODEL_KEYS: Final = frozenset({"model", "primary", "fallbacks", "imageModel", "allow"})
_MODEL_SECTIONS: Final = frozenset({"agents", "hooks", "messages"})


@lru_cache(maxsize=32)
def moves_of(release: Release) -> tuple[ConfigMove, ...]:
    """The moves that a release has behind it."""
    return tuple(move for move in CONFIG_MOVES if release >= Release.parse(move.since))


def old_forms(config: Mapping[str, Any], release: Release) -> Iterator[tuple[Concrete, str]]:
    """What of a config the release would refuse or rewrite: path and remedy."""
    for move in moves_of(release):
        for path in _found(config, move.old.split(".")):
            if move.concerns(path, config):
                yield path, move.remedy
    for path, old, new in _retired_models(config, release):
        yield path, f"Write {new}: {old} is retired, and the gateway would put the other in its place"


def migrate(config: Mapping[str, Any], release: Release) -> tuple[dict[str, Any], list[str]]:
    """The declared config in the words of a newer release, and a line for each thing that was rewritten.

    What has no single right new form stays; the rules tell it. Doing it twice changes nothing more.
    """
    result: dict[str, Any] = as_json(config)
    said = []
    for move in moves_of(release):
        for path in [*_found(result, move.old.split("."))] if move.rewrites else ():
            if move.concerns(path, result):
                said.append(_rewrite(result, move, path))
    for path, old, new in list(_retired_models(result, release)):
        _put(result, path, new)
        said.append(f"{show(path)}: {old} is now {new}")
    return result, said


def retired_model(reference: str) -> str | None:
    """What takes the place of a ``provider/model``; None if it is still served."""
    provider, slash, rest = reference.partition("/")
    model, at, profile = rest.partition("@")
    for owner, pattern, new in RETIRED_MODELS:
        if slash and owner == provider and pattern.fullmatch(model):
            return f"{provider}/{new}{at}{profile}"
    return None


def _retired_models(config: Mapping[str, Any], release: Release) -> Iterator[tuple[Concrete, str, str]]:
    if release < Release.parse(MODELS_SINCE):
        return
    for path, value in nodes(config):
        words = [part for part in path if isinstance(part, str)]
        if isinstance(value, str) and words and words[0] in _MODEL_SECTIONS and words[-1] in _MODEL_KEYS:
            new = retired_model(value)
            if new:
                yield path, value, new


def _rewrite(config: dict[str, Any], move: ConfigMove, path: Concrete) -> str:
    value = _at(config, path)
    if move.values:
        new = move.values[value]
        _put(config, path, new)
        return f"{show(path)}: {value} is now {new}"
    _drop(config, path, move.old.split("."))
    if not move.new:
        return f"{show(path)}: removed, it means nothing any more"
    stars = iter(part for part, key in zip(path, move.old.split("."), strict=True) if key == "*")
    target = tuple(next(stars) if key == "*" else key for key in move.new.split("."))
    if move.keyed and isinstance(value, list):
        value = {str(each["id"]): {key: inner for key, inner in each.items() if key != "id"} for each in value}
    there = _at(config, target)
    if isinstance(there, dict) and isinstance(value, dict):
        value = {**value, **there}
    if there is None or isinstance(there, dict):
        _put(config, target, value)
        return f"{show(path)}: is now {show(target)}"
    return f"{show(path)}: removed, {show(target)} is declared too"


def _found(node: Any, keys: Sequence[str], prefix: Concrete = ()) -> Iterator[Concrete]:
    """Paths that are there and match; a list counts by its indices."""
    if not keys:
        yield prefix
        return
    inner: Sequence[tuple[str | int, Any]] = ()
    if isinstance(node, Mapping):
        inner = list(node.items())
    elif isinstance(node, list):
        inner = list(enumerate(node))
    for key, value in inner:
        if keys[0] in ("*", key):
            yield from _found(value, keys[1:], (*prefix, key))


def _at(node: Any, path: Sequence[str | int]) -> Any:
    for key in path:
        if isinstance(key, int):
            node = node[key] if isinstance(node, list) and key < len(node) else None
        else:
            node = get(node, key)
    return node


def _put(config: dict[str, Any], path: Concrete, value: Any) -> None:
    node: Any = config
    for key in path[:-1]:
        node = node[key] if isinstance(key, int) else node.setdefault(key, {})
    node[path[-1]] = value


def _drop(config: dict[str, Any], path: Concrete, keys: Sequence[str]) -> None:
    """Remove a key, and the objects above it that it leaves empty; one that a ``*`` names is declared as such."""
    above = _at(config, path[:-1])
    del above[path[-1]]
    if above == {} and len(path) > 1 and keys[len(path) - 2] != "*":
        _drop(config, path[:-1], keys)
