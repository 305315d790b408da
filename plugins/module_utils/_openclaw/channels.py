# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels: which variables hold their tokens, what those look like, and where their code comes from.

Sources: the channel manifests and docs/channels of 2026.9.6, read on 2026-11-22. Which release bundles which
channel is in ``releases.py``. A channel that is not listed here is passed through unjudged.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from .paths import get
from .problems import Problem
from .releases import Release
from .releases import facts as release_facts
from .rule import may_be_waived

may_be_waived("channel-plugin")

NOT_CHANNELS: Final = frozenset({"defaults", "modelByChannel"})
"""Keys of ``channels`` that are no channel."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel.

    :param variables: environment variables that the default account needs, with the config key that replaces each.
    :param package: npm package of its plugin, for releases that do not bundle it.
    :param link: what a person must do once the gateway runs; "" if nothing.
    """

    id: str
    variables: Mapping[str, str] = field(default_factory=dict)
    link: str = ""

    @property
    def package(self) -> str:
        return f"@openclaw/{self.id}"


@dataclass(frozen=True, slots=True)
class Shape:
    """What the value of a variable looks like."""

    pattern: re.Pattern[str]
    words: str


_SCAN: Final = "Have the phone at hand and run playbooks/channels.yml with -e link={}: it shows the QR code to scan"
_ALL: Final = (
    Channel("discord", {"DISCORD_BOT_TOKEN": "token"}),
    Channel("telegram", {"TELEGRAM_BOT_TOKEN": "botToken"}),
    Channel("slack", {"SLACK_BOT_TOKEN": "botToken", "SLACK_APP_TOKEN": "appToken"}),
    Channel("whatsapp", link=_SCAN.format("whatsapp")),
    Channel("signal", link="Link signal-cli, which the image must have, as a device of the phone"),
    Channel("mattermost", {"MATTERMOST_BOT_TOKEN": "botToken", "MATTERMOST_URL": "baseUrl"}),
    Channel("line", {"LINE_CHANNEL_ACCESS_TOKEN": "channelAccessToken", "LINE_CHANNEL_SECRET": "channelSecret"}),
    Channel(
        "msteams",
        {"MSTEAMS_APP_ID": "appId", "MSTEAMS_APP_PASSWORD": "appPassword", "MSTEAMS_TENANT_ID": "tenantId"},
    ),
    Channel("zalo", {"ZALO_BOT_TOKEN": "botToken"}),
    Channel("zalouser", link=_SCAN.format("zalouser")),
    Channel("nostr", {"NOSTR_PRIVATE_KEY": "privateKey"}),
    Channel("feishu", {"FEISHU_APP_ID": "appId", "FEISHU_APP_SECRET": "appSecret"}),
    *map(Channel, ("buzz", "clickclack", "googlechat", "imessage", "irc", "matrix", "nextcloud-talk", "raft")),
    *map(Channel, ("sms", "synology-chat", "tlon", "twitch")),
)
CHANNELS: Final[Mapping[str, Channel]] = {channel.id: channel for channel in _ALL}

SHAPES: Final[Mapping[str, Shape]] = {
    "DISCORD_BOT_TOKEN": Shape(re.compile(r"[\w-]{18,}\.[\w-]{5,}\.[\w-]{20,}"), "three parts with dots between"),
    "TELEGRAM_BOT_TOKEN": Shape(re.compile(r"\d{6,}:[\w-]{30,}"), "digits, a colon and 35 characters"),
    "SLACK_BOT_TOKEN": Shape(re.compile(r"xoxb-[\w-]{8,}"), "xoxb-..."),
    "SLACK_APP_TOKEN": Shape(re.compile(r"xapp-[\w-]{8,}"), "xapp-..."),
    "SLACK_USER_TOKEN": Shape(re.compile(r"xoxp-[\w-]{8,}"), "xoxp-..."),
}


def enabled(config: Mapping[str, object]) -> list[str]:
    """The channels that a config switches on, in its order: a block counts unless it says ``enabled: false``."""
    blocks = config.get("channels")
    return [
        str(name)
        for name, block in (blocks.items() if isinstance(blocks, Mapping) else ())
        if name not in NOT_CHANNELS and isinstance(block, Mapping) and block.get("enabled") is not False
    ]


def variables(channel: str, block: Mapping[str, object]) -> list[str]:
    """The environment variables that this block relies on: those that it does not set itself, by key or account."""
    known = CHANNELS.get(channel)
    if known is None or block.get("accounts"):
        return []
    wanted = dict(known.variables)
    if channel == "slack" and block.get("mode") == "http":
        wanted = {"SLACK_BOT_TOKEN": "botToken", "SLACK_SIGNING_SECRET": "signingSecret"}
    return [name for name, key in wanted.items() if not block.get(key) and not block.get("tokenFile")]


def check(
    config: Mapping[str, object],
    release: Release,
    secret_names: Collection[str] | None = None,
    packages: Collection[str] | None = None,
    secrets: Mapping[str, object] | None = None,
) -> Iterator[Problem]:
    """What would keep an enabled channel from working.

    :param secret_names: names in the machine's environment; None if not known.
    :param packages: npm packages of the plugins that are declared; None if not known.
    :param secrets: values by name, to be judged by their shape; no value is ever told.
    """
    bundled = release_facts(release).bundled_channels
    for name in enabled(config):
        path, block = f"channels.{name}", get(config, "channels", name)
        if packages is not None and name in CHANNELS and name not in bundled:
            package = CHANNELS[name].package
            if package not in packages:
                yield Problem(
                    path,
                    f"is enabled, but OpenClaw {release} does not bundle its plugin {package}, and no version of it is "
                    "declared: the gateway would fetch whatever is newest at its start, or go on without",
                    suggestion=f'Declare openclaw_config_packages: {{"{package}": "{release}"}}',
                    rule="channel-plugin",
                )
        for variable in variables(name, block):
            if secret_names is not None and variable not in secret_names:
                yield Problem(
                    path,
                    f"is enabled, but the machine does not have {variable}",
                    suggestion=f"Declare the secret {variable}, or write enabled: false",
                    rule="channel-secret",
                )
            shape, value = SHAPES.get(variable), (secrets or {}).get(variable)
            if shape and isinstance(value, str) and not shape.pattern.fullmatch(value.strip()):
                yield Problem(
                    variable,
                    f"does not look like what {name} gives out ({shape.words}): its login would fail",
                    suggestion="Copy it again from where it was made",
                    rule="channel-token",
                )
