# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway's plugins on its volume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .._base.errors import CollectionError
from .._converge.context import Context
from .._converge.resource import Change, Resource
from .._fly.client.api import MachinesApi
from .._fly.machines.pick import pick_machine
from .._gateway.cli import GatewayCli
from .._gateway.running_release import another_release
from .._openclaw.plugins import Plugin, by_package, parse
from .._openclaw.releases import Release

OFFICIAL = "@openclaw/"


@dataclass(frozen=True)
class WantedPlugins:
    app: str
    packages: Mapping[str, str]
    """npm packages by exact version."""
    exact: bool
    """Whether others that were installed are removed."""
    owner: str
    """Numeric user and group of the gateway."""
    timeout: float
    """Seconds for one installation."""
    release: Release


class Plugins(Resource[tuple[Plugin, ...] | None]):
    """What the release bundles counts as installed, whatever its version: it is part of the release."""

    def __init__(self, api: MachinesApi, context: Context, wanted: WantedPlugins) -> None:
        self._api, self._context, self._wanted = api, context, wanted
        self._app, self._packages = wanted.app, wanted.packages

    @property
    def title(self) -> str:
        return f"plugins of {self._app}"

    def observe(self) -> tuple[Plugin, ...] | None:
        machine = pick_machine(self._api, self._app)
        if machine is None or machine.get("state") != "started":
            return None
        if (runs := another_release(machine, self._wanted.release)) and not self._context.check_mode:
            self._context.progress(f"{self.title}: OpenClaw {runs} still runs, so its plugins wait for the deploy")
            return None
        return parse(self._cli().json("plugins", "list", "--json"))

    def plan(self, observed: tuple[Plugin, ...] | None) -> list[Change]:
        if observed is None and not self._context.check_mode:
            return []
        found = by_package(observed or ())
        changes = []
        for package, version in self._packages.items():
            there = found.get(package)
            if there and (there.origin == "bundled" or there.version == version):
                continue
            before = f"{package}@{there.version}" if there else None
            what = (
                f"install {package}@{version}" if not there else f"change {package} from {there.version} to {version}"
            )
            changes.append(Change(what, before, f"{package}@{version}", self._installer(package, version, bool(there))))
        for package, plugin in found.items() if self._wanted.exact else ():
            if package not in self._packages and plugin.is_installed:
                changes.append(
                    Change(
                        f"remove {package}@{plugin.version}", f"{package}@{plugin.version}", None, self._remover(plugin)
                    )
                )
        return changes

    def describe(self, observed: tuple[Plugin, ...] | None) -> dict[str, Any]:
        found = observed or ()
        shadows = [plugin.id for plugin in found if plugin.shadows]
        for name in shadows:
            self._context.warn(
                f"{self.title}: the installed {name} takes the place of the one that the release bundles"
            )
        return {
            "installed": [asdict(plugin) for plugin in found if plugin.is_installed],
            "bundled": sorted(plugin.id for plugin in found if plugin.origin == "bundled"),
            "shadows": shadows,
        }

    def _installer(self, package: str, version: str, there: bool) -> Any:
        # Whoever declares a package and its version has chosen it; without --force OpenClaw would ask.
        force = [] if package.startswith(OFFICIAL) and not there else ["--force"]
        return lambda: self._run("install", f"{package}@{version}", "--pin", "--accept-capabilities", *force)

    def _remover(self, plugin: Plugin) -> Any:
        return lambda: self._run("uninstall", plugin.id, "--force")

    def _run(self, *arguments: str) -> None:
        code, said = self._cli().run_long(
            "plugins", *arguments, timeout=self._wanted.timeout, progress=self._context.progress
        )
        if code:
            raise CollectionError(
                f"openclaw plugins {' '.join(arguments[:2])} failed",
                where=self.title,
                why=said[-700:] or f"exit code {code}",
                todo="The machine must reach the package registry, and needs 600 MB beside the gateway",
            )

    def _cli(self) -> GatewayCli:
        return GatewayCli.started(self._api, self._app, self._wanted.owner)
