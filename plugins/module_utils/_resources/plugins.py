# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway's plugins on its volume."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from .._base.errors import CollectionError
from .._converge.context import Context
from .._converge.resource import Change, Plan, Refusal, Resource
from .._fly.client.api import MachinesApi
from .._fly.machines.pick import not_started, pick_machine
from .._gateway.cli import GatewayCli
from .._gateway.running_release import another_release
from .._openclaw.plugins import EGRESS, NO_WAY_OUT, Plugin, by_package, install_todo, parse
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


@dataclass(frozen=True)
class PluginState:
    plugins: tuple[Plugin, ...] = ()
    runs: Release | None = None
    """The release that runs, when it is not the declared one: its plugins wait for the deploy."""
    unreachable: CollectionError | None = None
    """Why no machine can be asked."""
    reaches_out: bool = True
    """Whether a machine can fetch a package."""


class Plugins(Resource[PluginState]):
    """What the release bundles counts as installed, whatever its version: it is part of the release."""

    def __init__(self, api: MachinesApi, context: Context, wanted: WantedPlugins) -> None:
        self._api, self._context, self._wanted = api, context, wanted
        self._app, self._packages = wanted.app, wanted.packages

    @property
    def title(self) -> str:
        return f"plugins of {self._app}"

    def observe(self) -> PluginState:
        machine = pick_machine(self._api, self._app)
        if machine is None or machine.get("state") != "started":
            return PluginState(unreachable=not_started(machine, self._app))
        runs = another_release(machine, self._wanted.release)
        return PluginState(parse(self._cli().json("plugins", "list", "--json")), runs, None, self._reaches_out())

    def plan(self, observed: PluginState) -> Plan:
        found = by_package(observed.plugins)
        changes: list[Change | Refusal] = []
        if observed.unreachable:
            changes.append(Refusal(observed.unreachable, until_run=True))
        for package, version in self._packages.items():
            there = found.get(package)
            if there and (there.origin == "bundled" or there.version == version):
                continue
            before, after = f"{package}@{there.version}" if there else None, f"{package}@{version}"
            what = f"change {package} from {there.version} to {version}" if there else f"install {after}"
            install = self._installer(package, version, bool(there))
            if not observed.reaches_out:
                error = CollectionError(f"{after} cannot be installed", where=self.title, why=NO_WAY_OUT, todo=EGRESS)
                changes.append(Refusal(error))
            changes.append(Change(package, what, before, after, install, deferred=bool(observed.runs)))
        for package, plugin in found.items() if self._wanted.exact else ():
            if package not in self._packages and plugin.is_installed:
                before = f"{package}@{plugin.version}"
                remove, deferred = self._remover(plugin), bool(observed.runs)
                changes.append(Change(package, f"remove {before}", before, None, remove, deferred=deferred))
        return changes

    def _reaches_out(self) -> bool:
        return not self._packages or self._api.machines_reach_out()

    def describe(self, observed: PluginState) -> dict[str, object]:
        if observed.runs:
            self._context.progress(f"{self.title}: OpenClaw {observed.runs} still runs, so they wait for the deploy")
        shadows = [plugin.id for plugin in observed.plugins if plugin.shadows]
        takes = "takes the place of the one that the release bundles"
        return {
            "installed": [asdict(plugin) for plugin in observed.plugins if plugin.is_installed],
            "bundled": sorted(plugin.id for plugin in observed.plugins if plugin.origin == "bundled"),
            "shadows": shadows,
            "warnings": [f"{self.title}: the installed {name} {takes}" for name in shadows],
        }

    def _installer(self, package: str, version: str, there: bool) -> Callable[[], object]:
        # Whoever declares a package and its version has chosen it; without --force OpenClaw would ask.
        force = [] if package.startswith(OFFICIAL) and not there else ["--force"]
        return lambda: self._run("install", f"{package}@{version}", "--pin", "--accept-capabilities", *force)

    def _remover(self, plugin: Plugin) -> Callable[[], object]:
        return lambda: self._run("uninstall", plugin.id, "--force")

    def _run(self, *arguments: str) -> None:
        answer = self._cli().write("plugins", *arguments, timeout=self._wanted.timeout)
        said = (answer["stdout"] + answer["stderr"]).strip()
        if code := answer["exit_code"]:
            raise CollectionError(
                f"openclaw plugins {' '.join(arguments[:2])} failed",
                where=self.title,
                why=said[-700:] or f"exit code {code}",
                todo=install_todo(said),
            )

    def _cli(self) -> GatewayCli:
        return GatewayCli.started(self._api, self._app, self._wanted.owner, self._context.progress)
