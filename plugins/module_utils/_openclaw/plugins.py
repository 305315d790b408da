# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plugins of a gateway: npm packages pinned to exact versions, and what ``openclaw plugins list --json`` tells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from .errors import OpenClawError, reported
from .paths import get
from .problems import Problem, refuse

_EXACT: Final = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?\Z")
_PACKAGE: Final = re.compile(r"(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*\Z")


_UNREACHABLE: Final = re.compile(
    r"\b(?:EAI_AGAIN|ENOTFOUND|ENETUNREACH|EHOSTUNREACH|ECONNREFUSED|ETIMEDOUT|ECONNRESET)\b"
    r"|network request .{0,200}failed"
)
"""How npm calls a registry that it cannot reach: Node's names of the errors."""
_NO_SPACE: Final = re.compile(r"\b(?:ENOSPC|EDQUOT)\b")


class PluginsUnreadable(OpenClawError):
    """What should be the list of plugins is none."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """One plugin that the gateway finds.

    :param package: npm package; "" if none is known.
    :param origin: bundled, global (installed), workspace, config.
    :param shadows: it takes the place of a bundled one of the same id.
    """

    id: str
    package: str
    version: str
    origin: str
    enabled: bool
    status: str
    shadows: bool = False

    @property
    def is_installed(self) -> bool:
        """On the volume by an installation: neither part of the release nor somebody's workspace."""
        return self.origin == "global"


def by_package(plugins: Iterable[Plugin]) -> dict[str, Plugin]:
    """The plugins by npm package, installed ones before bundled ones; those of OpenClaw's own are @openclaw/<id>."""
    ordered = sorted(plugins, key=lambda plugin: plugin.is_installed)
    return {plugin.package or f"@openclaw/{plugin.id}": plugin for plugin in ordered}


EGRESS: Final = (
    "Start the emulator with --egress; after make local: make local-stop && make local EMULATOR_ARGS=--egress"
)
NO_WAY_OUT: Final = "machines on this emulator reach no package registry: it was started without --egress"


def install_todo(said: str) -> str:
    """What to do about an installation that failed; `said` is what npm and the command printed."""
    if _UNREACHABLE.search(said):
        return f"Let the machine reach the package registry. On the emulator: {EGRESS[0].lower()}{EGRESS[1:]}"
    if _NO_SPACE.search(said):
        return "Extend the volume (fly_app_volume_size_gb): an installation needs 600 MB beside the gateway"
    return "Read what it printed; it needs a way to the package registry and 600 MB beside the gateway"


def unpinned(packages: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    """Packages without an exact version: package, why, what to do."""
    for package, version in packages.items():
        if not _PACKAGE.match(str(package)):
            yield str(package), "is no name of an npm package", "Write it as @openclaw/discord"
        elif not _EXACT.match(str(version)):
            yield str(package), f"is at {version!r}, which is no exact version", 'Write one, such as "2026.9.6"'


def pinned(packages: Mapping[str, object], where: str) -> dict[str, str]:
    """:raises ConfigRefused: unless every package has an exact version."""
    refuse((Problem(name, why, (), todo, "plugin-pin") for name, why, todo in unpinned(packages)), where)
    return {str(package): str(version) for package, version in packages.items()}


def parse(data: object) -> tuple[Plugin, ...]:
    """Read ``openclaw plugins list --json``.

    :raises PluginsUnreadable: if it is none; the CLI's own error is told.
    """
    listed = data.get("plugins") if isinstance(data, Mapping) else None
    if not isinstance(listed, list):
        raise PluginsUnreadable("The gateway gave no list of plugins", why=reported(data, "it has no list of plugins"))
    entries = [entry for entry in listed if isinstance(entry, Mapping)]
    shadowed = {str(entry.get("id")) for entry in entries if entry.get("origin") == "bundled"}
    # A release lists the winner only, and tells of the other in its diagnostics.
    told = get(data, "diagnostics", default=[])
    shadowed |= {str(each.get("pluginId")) for each in told if "duplicate" in str(each.get("message")).lower()}
    return tuple(_plugin(entry, shadowed) for entry in entries)


def _spec(entry: Mapping[str, object]) -> str:
    """``@openclaw/discord@2026.9.6``, as an installation was asked for; "" if it is none."""
    return str(get(entry, "trust", "installSpec", default=""))


def _plugin(entry: Mapping[str, object], bundled: set[str]) -> Plugin:
    origin = str(entry.get("origin") or "")
    return Plugin(
        id=str(entry.get("id") or ""),
        package=str(entry.get("packageName") or _spec(entry).rpartition("@")[0]),
        version=str(entry.get("version") or entry.get("packageVersion") or ""),
        origin=origin,
        enabled=bool(entry.get("enabled")),
        status=str(entry.get("status") or ""),
        shadows=origin != "bundled" and str(entry.get("id")) in bundled,
    )
