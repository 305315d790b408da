# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between OpenClaw releases, as data.

Each table lists ``(since, value)``, oldest first; a release takes the last row that is not newer than it.
Sources, read on 2026-11-22: runs of 2026.2.9, 2026.3.24, 2026.5.12, 2026.7.1 and 2026.9.6, most of which
tests/bench/bench_releases.py repeats; the npm packages 2026.2.26, 2026.3.8, 2026.5.12, 2026.6.11, 2026.7.1, 2026.8.1
and 2026.9.6 (their package.json, docs and dist). A row's version is the first of these in which the fact was found, so
it may have come a few releases earlier.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, total_ordering
from typing import Final, TypeVar

from .errors import InvalidValue

DEFAULT_RELEASE: Final = "2026.9.6"
"""The release that is deployed when the inventory names none."""

NEWEST_KNOWN: Final = "2026.9.6"
"""The newest release whose package was read for these tables."""

IMAGE: Final = "ghcr.io/openclaw/openclaw"

T = TypeVar("T")

_VERSION = re.compile(r"v?(\d{4})\.(\d{1,2})\.(\d{1,3})(?:-(?:(?P<pre>alpha|beta|rc)\.(?P<n>\d+)|(?P<fix>\d+)))?\Z")
# The tag's variants: 2026.9.6-slim, 2026.9.6-browser.
_VARIANT = re.compile(r"-(?:slim|browser)\Z")


@total_ordering
@dataclass(frozen=True, slots=True)
class Release:
    """An OpenClaw version such as ``2026.9.6``, ``2026.9.1-beta.1`` (before) or ``2026.2.2-3`` (after)."""

    year: int
    month: int
    patch: int
    pre: str = ""
    number: int = 0

    @classmethod
    def parse(cls, text: str) -> Release:
        """:raises InvalidValue: if the text is no OpenClaw version."""
        found = _VERSION.match(str(text).strip())
        if not found:
            raise InvalidValue(
                f"'{text}' is not an OpenClaw release",
                why="releases are named year.month.patch",
                todo=f"Write an exact release, for example {DEFAULT_RELEASE}.",
            )
        year, month, patch = (int(part) for part in found.group(1, 2, 3))
        if not 1 <= month <= 12:
            raise InvalidValue(
                f"'{text}' is not an OpenClaw release",
                why=f"its second part is a month, and {month} is none",
                todo=f"Write an exact release, for example {DEFAULT_RELEASE}.",
            )
        return cls(year, month, patch, found["pre"] or "", int(found["n"] or found["fix"] or 0))

    @classmethod
    def from_image(cls, image: str) -> Release:
        """The release that an image reference names by its tag.

        :raises InvalidValue: if the tag is missing, moving (``latest``) or only a digest.
        """
        name = image.strip().partition("@")[0]
        tag = name.rpartition("/")[2].partition(":")[2]
        try:
            return cls.parse(_VARIANT.sub("", tag))
        except InvalidValue:
            raise InvalidValue(
                "The OpenClaw release of the image is unknown",
                where=image,
                why=f"its tag is '{tag or 'missing'}'",
                todo=f"Pin an exact release such as {IMAGE}:{DEFAULT_RELEASE}, or name it beside the image.",
            ) from None

    def _key(self) -> tuple[int, int, int, int, str, int]:
        stage = -1 if self.pre else 0
        return (self.year, self.month, self.patch, stage, self.pre, self.number)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Release):
            return NotImplemented
        return self._key() < other._key()

    def __str__(self) -> str:
        text = f"{self.year}.{self.month}.{self.patch}"
        if self.pre:
            return f"{text}-{self.pre}.{self.number}"
        return f"{text}-{self.number}" if self.number else text


# The line of the gateway's own log that says it serves. 2026.5.12 to 2026.7.1 hold both texts.
_OLD_READY, _NEW_READY = "listening on ws://", ("[gateway] ready", "gateway ready")
READY_LINES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("2026.1.0", (_OLD_READY,)),
    ("2026.5.0", (_OLD_READY, *_NEW_READY)),
    ("2026.8.1", _NEW_READY),
)

# Paths that a release lacks are answered by the Control UI's HTML with 200.
HEALTH_PATHS: Final[tuple[tuple[str, dict[str, str]], ...]] = (
    ("2026.1.0", {}),
    ("2026.2.26", {"health": "/healthz"}),
    ("2026.3.8", {"health": "/healthz", "ready": "/readyz"}),
    ("2026.8.1", {"health": "/healthz", "startup": "/startupz", "ready": "/readyz"}),
)

# Where the Control UI's config is, which tells the release to who has the token (in 2026.3.24 to everybody).
CONTROL_UI_CONFIG: Final = (
    ("2026.1.0", "/__openclaw/control-ui-config.json"),
    ("2026.7.1", "/control-ui-config.json"),
)

# package.json "engines.node" as the registry lists it (2026-11-26). 2026.2.9 hangs on Node 24: see NODE_PROVED.
NODE_ENGINES: Final = (
    ("2026.1.0", ">=22.12.0"),
    ("2026.3.24", ">=22.14.0"),
    ("2026.5.3", ">=22.16.0"),
    ("2026.5.18", ">=22.19.0"),
    ("2026.7.1", ">=22.22.3 <23 || >=24.15.0 <25 || >=25.9.0"),
    ("2026.9.3", ">=24.16.0 <25 || >=26.1.0"),
)
# The newest Node major under which a release of the row was seen to run.
NODE_PROVED: Final = (("2026.1.0", 22), ("2026.7.1", 24))

# Where the gateway keeps its lock: STATE is OPENCLAW_STATE_DIR, UID the process's.
LOCKS: Final = (
    ("2026.1.0", "/tmp/openclaw-UID/gateway.*.lock"),
    ("2026.8.1", "STATE/tmp/openclaw-UID/gateway.*.lock"),
)

# Channels in the package's extensions folder; any other needs its plugin @openclaw/<id>.
_ALL_CHANNELS = "bluebubbles discord feishu googlechat imessage irc line matrix mattermost msteams nextcloud-talk"
_ALL_CHANNELS += " nostr signal slack synology-chat telegram tlon twitch whatsapp zalo zalouser"
BUNDLED_CHANNELS: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    ("2026.1.0", frozenset(_ALL_CHANNELS.split())),
    ("2026.5.2", frozenset({"clickclack", "imessage", "irc", "mattermost", "signal", "telegram"})),
    ("2026.6.1", frozenset({"imessage", "telegram"})),
    ("2026.8.1", frozenset({"a2a", "reef", "telegram"})),
)

# Schema versions of the shared and the agents' databases (PRAGMA user_version), measured on 2026-11-26; 0: JSON files.
# Between two rows that differ nobody looked, so only the releases of a row are known.
SCHEMAS: Final[dict[str, tuple[int, int]]] = {
    "2026.5.12": (0, 0),
    "2026.7.1": (1, 0),
    "2026.8.2": (15, 19),
    "2026.9.6": (18, 23),
}

CONFIG_VALIDATE: Final = (("2026.1.0", False), ("2026.3.8", True))
"""Has ``openclaw config validate``."""

CONFIG_SCHEMA: Final = (("2026.1.0", False), ("2026.5.12", True))
"""Has ``openclaw config schema``."""

DATABASE_PREFLIGHT_SINCE: Final = "2026.8.2"
"""Has ``openclaw database preflight``; 2026.7.1 has no ``database`` command."""

APPLIED_CONFIG_SINCE: Final = "2026.8.1"
"""``config.get`` tells whether the gateway runs what its file says. Releases before say nothing of a change that costs
nothing, but that they look at it."""

ALLOWED_ORIGINS_SINCE: Final = "2026.2.26"
"""A gateway on a non-loopback address refuses browsers whose origin is not declared."""

PROXY_ATTRIBUTION_SINCE: Final = "2026.8.1"
"""Requests with forwarding headers from an address outside gateway.trustedProxies get 403."""

OWNERSHIP_SINCE: Final = "2026.9.6"
"""Several agents need agents.ownership: explicit (or a marker that is retired); seen in 2026.9.6, maybe older."""

CROSS_PROVIDER_SINCE: Final = "2026.9.6"
"""An agent may send through another channel than the one it was asked in, unless
tools.message.crossContext.allowAcrossProviders is false (docs/gateway/security/tool-permissions.md)."""

ENTRIES_SINCE: Final = "2026.8.1"
"""agents.entries instead of agents.list; gateway.publicOrigin and models.catalogRefresh are new with it."""


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """What is true of one release; see the tables above for units and sources."""

    release: Release
    ready_lines: tuple[str, ...]
    health_path: str | None
    startup_path: str | None
    ready_path: str | None
    control_ui_config: str
    node_engine: str | None
    """None for a release that is newer than what is known here: a requirement can only tighten."""
    node_major: int | None
    known: bool
    """False for a release that is newer than every one that was read here."""
    lock: str
    bundled_channels: frozenset[str]
    has_config_validate: bool
    has_config_schema: bool
    tells_applied_config: bool
    needs_allowed_origins: bool
    needs_trusted_proxies: bool

    def is_ready_line(self, line: str) -> bool:
        """Does this line of the log say that the gateway serves?"""
        return any(mark in line for mark in self.ready_lines)


def since(release: Release, version: str) -> bool:
    """Is the release this version or newer?"""
    return release >= Release.parse(version)


def at(table: Sequence[tuple[str, T]], release: Release) -> T:
    """The row of a table that holds for a release; the oldest row for anything older."""
    value = table[0][1]
    for version, row in table:
        if release >= Release.parse(version):
            value = row
    return value


def schemas(release: Release) -> tuple[int, int] | None:
    """The schema versions of its databases; None for a release whose were not measured."""
    return SCHEMAS.get(str(release))


def has_database_preflight(release: Release) -> bool:
    """Can the release judge a database before it starts on it?"""
    return since(release, DATABASE_PREFLIGHT_SINCE)


@lru_cache(maxsize=32)
def facts(release: Release) -> ReleaseFacts:
    """Everything this file knows of a release.

    A newer one takes the newest rows (paths, lines, layout), but not for what can only tighten: that is unknown then.
    """
    known = release <= Release.parse(NEWEST_KNOWN)
    paths = at(HEALTH_PATHS, release)
    return ReleaseFacts(
        release=release,
        ready_lines=at(READY_LINES, release),
        health_path=paths.get("health"),
        startup_path=paths.get("startup"),
        ready_path=paths.get("ready"),
        control_ui_config=at(CONTROL_UI_CONFIG, release),
        node_engine=at(NODE_ENGINES, release) if known else None,
        node_major=at(NODE_PROVED, release) if known else None,
        known=known,
        lock=at(LOCKS, release),
        bundled_channels=at(BUNDLED_CHANNELS, release),
        has_config_validate=at(CONFIG_VALIDATE, release),
        has_config_schema=at(CONFIG_SCHEMA, release),
        tells_applied_config=since(release, APPLIED_CONFIG_SINCE),
        needs_allowed_origins=since(release, ALLOWED_ORIGINS_SINCE),
        needs_trusted_proxies=since(release, PROXY_ATTRIBUTION_SINCE),
    )
