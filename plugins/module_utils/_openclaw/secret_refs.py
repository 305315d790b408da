# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where openclaw.json takes a SecretRef, and how to write each secret so that the release accepts it there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .._base.secret_recognition import Finding
from .paths import show
from .releases import Release, at
from .secrets import ENV_SUBSTITUTION, is_secret_ref

TOKEN_ENV: Final = "OPENCLAW_GATEWAY_TOKEN"
REF: Final = "{source: env, provider: default, id: %s}"

# docs/reference/secretref-credential-surface.md of 2026.9.6 (the generated list), read on 2026-11-26. `*` is one key.
_SURFACE_2026_9_6: Final = """
agents.entries.*.memory.search.remote.apiKey agents.entries.*.tts.personas.*.providers.*.apiKey
agents.entries.*.tts.providers.*.apiKey
channels.buzz.{authTag,privateKey} channels.clickclack.token
channels.discord.{token,pluralkit.token,voice.realtime.providers.*.apiKey,voice.tts.personas.*.providers.*.apiKey}
channels.discord.voice.tts.providers.*.apiKey channels.feishu.{appSecret,encryptKey,verificationToken}
channels.googlechat.serviceAccount channels.irc.{password,nickserv.password}
channels.matrix.{accessToken,password} channels.mattermost.botToken channels.msteams.appPassword
channels.nextcloud-talk.{apiPassword,botSecret} channels.nostr.privateKey channels.qqbot.clientSecret
channels.slack.{appToken,botToken,relay.authToken,signingSecret,userToken} channels.sms.authToken
channels.telegram.{botToken,webhookSecret} channels.zalo.{botToken,webhookSecret}
cron.webhookToken gateway.auth.{password,token} gateway.remote.{password,token} memory.search.remote.apiKey
models.providers.*.{apiKey,headers.*,request.auth.token,request.auth.value,request.headers.*}
models.providers.*.request.{proxy.tls.ca,proxy.tls.cert,proxy.tls.key,proxy.tls.passphrase}
models.providers.*.request.{tls.ca,tls.cert,tls.key,tls.passphrase}
plugins.entries.acpx.config.mcpServers.*.env.* plugins.entries.brave.config.webSearch.apiKey
plugins.entries.codex.config.appServer.{authToken,headers.*} plugins.entries.comfy.config.headers.*
plugins.entries.exa.config.webSearch.apiKey plugins.entries.facetime.config.realtime.providers.*.apiKey
plugins.entries.firecrawl.config.{webFetch.apiKey,webSearch.apiKey}
plugins.entries.google-meet.config.realtime.providers.*.apiKey
plugins.entries.google.config.webSearch.{apiKey,headers.*} plugins.entries.imap.config.accounts.*.password
plugins.entries.minimax.config.webSearch.apiKey plugins.entries.moonshot.config.webSearch.apiKey
plugins.entries.parallel.config.webSearch.apiKey plugins.entries.perplexity.config.webSearch.apiKey
plugins.entries.tavily.config.webSearch.apiKey plugins.entries.team-reports.config.{discord.token,github.token}
plugins.entries.typesafe.config.apiKey
plugins.entries.voice-call.config.{realtime.providers.*.apiKey,streaming.providers.*.apiKey,tts.providers.*.apiKey}
plugins.entries.voice-call.config.twilio.authToken plugins.entries.webhooks.config.routes.*.secret
plugins.entries.xai.config.webSearch.apiKey skills.entries.*.apiKey talk.providers.*.apiKey
talk.realtime.providers.*.apiKey tts.personas.*.providers.*.apiKey tts.providers.*.apiKey
"""
# Channels of one account only: no accounts.* beside the list above.
_SINGLE: Final = frozenset({"msteams", "nostr"})


def _expanded(text: str) -> frozenset[tuple[str, ...]]:
    paths = set()
    for word in text.split():
        head, brace, tail = word.partition("{")
        for end in tail.rstrip("}").split(",") if brace else [""]:
            path = tuple(f"{head}{end}".split("."))
            paths.add(path)
            if path[0] == "channels" and path[1] not in _SINGLE:
                paths.add((*path[:2], "accounts", "*", *path[2:]))
    return frozenset(paths)


SURFACES: Final = (
    ("2026.1.0", frozenset({("gateway", "auth", "token"), ("gateway", "auth", "password")})),
    ("2026.9.6", _expanded(_SURFACE_2026_9_6)),
)
"""Since which release which paths are known to take a reference. Text with ``${NAME}`` is taken everywhere."""


def takes_reference(path: Sequence[str | int], release: Release) -> bool:
    """Whether the release documents that a SecretRef may stand at this path."""
    words = tuple(map(str, path))
    return any(
        len(pattern) == len(words) and all(key in ("*", word) for key, word in zip(pattern, words, strict=True))
        for pattern in at(SURFACES, release)
    )


def how_to_refer(finding: Finding, name: str, release: Release) -> str:
    """What to write at this path instead of a literal secret; accepted there by the release."""
    words = tuple(str(part) for part in finding.path if isinstance(part, str))
    if finding.path == ("gateway", "auth", "token"):
        return f"Set the Fly secret {TOKEN_ENV} and write {REF % TOKEN_ENV}"
    if words[:1] == ("env",) and len(words) == (3 if words[1:2] == ("vars",) else 2):
        return f"Remove it here and set it as a Fly secret named {words[-1]}"
    if takes_reference(finding.path, release):
        return f"Set the Fly secret {name} and write {REF % name}"
    return f'Set the Fly secret {name} and write "{finding.referring(name)}"'


def misplaced(config_path: tuple[str | int, ...], value: object, release: Release) -> str | None:
    """What to write where a SecretRef stands that the release is known not to take; None where it may stand."""
    if not is_secret_ref(value) or release < Release.parse("2026.9.6"):
        return None
    if takes_reference(config_path, release) or not _known_plain(config_path):
        return None
    return f'Write "${{{value["id"]}}}": a reference is not supported at {show(config_path)}'


_PLAIN: Final = (
    ("hooks", "token"),
    ("hooks", "gmail", "pushToken"),
    ("hooks", "mappings", "*", "sessionKey"),
    ("mcp", "servers", "*", "env", "*"),
    ("mcp", "servers", "*", "headers", "*"),
    ("env", "vars", "*"),
    ("env", "*"),
    ("skills", "entries", "*", "env", "*"),
)
"""Where the release takes text, numbers and booleans only (read in its validator)."""


def _known_plain(path: tuple[str | int, ...]) -> bool:
    words = tuple(map(str, path))
    return any(
        len(pattern) == len(words) and all(key in ("*", word) for key, word in zip(pattern, words, strict=True))
        for pattern in _PLAIN
    )


def referred(value: object) -> list[str]:
    """Names of the environment variables that a value refers to, in either form."""
    if isinstance(value, str):
        return list(ENV_SUBSTITUTION.findall(value))
    return [str(value["id"])] if is_secret_ref(value) and value.get("source") == "env" else []
