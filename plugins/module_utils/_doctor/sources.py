# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where evidence is read: Fly.io's APIs, one exec in the machine, the gateway's methods, its command line, its edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from .._base.errors import CollectionError
from .._fly.client.api import MachinesApi, PlatformApi
from .._fly.client.types import Json, Machine, Snapshot
from .._fly.facts.addresses import typed
from .._fly.machines.remote_files import RemoteFiles
from .._fly.volumes.pick import volumes
from .._gateway.calls import converse
from .._gateway.cli import GatewayCli
from .._gateway.state_files import foreign_paths
from .._openclaw import config_file, gateway_status
from .._openclaw.endpoint import Endpoint
from .._openclaw.probes import HttpProbe
from .evidence import Evidence, Sources, Unread
from .inside import SCRIPT, Inside, parse
from .log_lines import LogLines, lines_of

METHODS: Final[Mapping[str, Mapping[str, object]]] = {
    **gateway_status.METHODS,
    "status": {},
    "cron.status": {},
    "cron.list": {"includeDisabled": True, "limit": 200},
    "models.authStatus": {"refresh": True},
    "sessions.storage.status": {},
}
"""What the gateway is asked, with parameters; all of them only read."""
_MB: Final = 1024**2
COMMANDS: Final[Mapping[str, tuple[tuple[str, ...], int]]] = {
    "security audit": (("security", "audit", "--json"), 500 * _MB),
    "doctor --lint": (("doctor", "--lint", "--json"), 750 * _MB),
    "secrets audit": (("secrets", "audit", "--json"), 400 * _MB),
}
"""OpenClaw's own checks: the command, and the memory that it needs beside the gateway (measured, 2026.9.6)."""
_TIMEOUT: Final = 240.0


@dataclass
class Readers:
    """Reads for one app. `grounds`: what may be asked: fly, machine, gateway. `commands`: keys of `COMMANDS`."""

    api: MachinesApi
    platform: PlatformApi
    app: str
    endpoint: Endpoint | None = None
    owner: str = "1000:1000"
    state_dir: str = ""
    """Empty: as the machine's OPENCLAW_STATE_DIR has it."""
    grounds: frozenset[str] = frozenset({"fly", "machine", "gateway"})
    commands: tuple[str, ...] = ()
    timeout: float = 15.0

    @cached_property
    def sources(self) -> Sources:
        """All that may be read, by name."""
        found: dict[str, Any] = {
            "machines": lambda _seen: self.machines(),
            "volumes": lambda _seen: volumes(self.api, self.app),
            "snapshots": self._snapshots,
            "addresses": lambda _seen: self._addresses(),
            "certificates": lambda _seen: self._certificates(),
            "secrets": lambda _seen: self.api.secrets(self.app) or [],
            "log": self._log,
        }
        if "machine" in self.grounds:
            found |= {"inside": self._inside, "owners": self._owners, "openclaw.json": self._config}
        if "gateway" in self.grounds:
            found |= {"gateway": self._gateway}
            found |= {name: self._command(name) for name in self.commands}
            if self.endpoint:
                found["edge"] = self._edge
        return found

    def machines(self) -> list[Machine]:
        """All of the app's. Raises when there is no such app."""
        found = self.api.machines(self.app)
        if found is None:
            raise CollectionError("there is no such app", where=f"app {self.app}", todo="Check its name")
        return found

    def _snapshots(self, seen: Evidence) -> list[Snapshot]:
        return self.api.volume_snapshots(self.app, seen.volume["id"]) or []

    def _addresses(self) -> list[Json]:
        return [entry for entry in typed(self.api.ips(self.app)) if entry["type"] != "egress"]

    def _certificates(self) -> list[Json]:
        """Each with what only its own page has: when it expires."""
        names = [str(one["hostname"]) for one in self.api.certificates(self.app)]
        return [dict(found) for name in names if (found := self.api.certificate(self.app, name))]

    def _log(self, seen: Evidence) -> LogLines:
        return lines_of(self.platform.all_logs(self.app, pages=20), seen.machine)

    def _started(self, seen: Evidence) -> Machine:
        """The machine, where commands can run in it."""
        machine = seen.machine
        if machine.get("state") != "started":
            raise Unread("machine", f"machine {machine['id']} is {machine.get('state')}, and nothing was started")
        return machine

    def _remote(self, seen: Evidence) -> RemoteFiles:
        return RemoteFiles(self.api, self.app, self._started(seen)["id"])

    def _files(self, seen: Evidence) -> RemoteFiles:
        """Those of a machine that takes commands: one that crashes may not, and is waited for once only."""
        if "machine" in self.grounds:
            seen.require("inside")
        return self._remote(seen)

    def _state_dir(self, seen: Evidence) -> str:
        mounts = seen.config.get("mounts") or [{}]
        return self.state_dir or seen.env.get("OPENCLAW_STATE_DIR") or str(mounts[0].get("path") or "/data")

    def _inside(self, seen: Evidence) -> Inside:
        printed = self._remote(seen).shell("look at the machine", SCRIPT, [self._state_dir(seen)], safe=True)
        return parse(printed)

    def _owners(self, seen: Evidence) -> tuple[str, ...]:
        """Paths in the state that do not belong to the gateway's user."""
        return foreign_paths(self._files(seen), self._state_dir(seen), self.owner)

    def _config(self, seen: Evidence) -> Mapping[str, object]:
        path = seen.env.get("OPENCLAW_CONFIG_PATH") or f"{self._state_dir(seen)}/openclaw.json"
        file = self._files(seen).read(path)[path]
        if file is None:
            raise Unread("openclaw.json", f"there is no {path}")
        return config_file.read(file.content.decode(errors="replace"), path)

    def _gateway(self, seen: Evidence) -> Mapping[str, Any]:
        """Payloads by method, and `refused`: reasons by method."""
        said = converse(GatewayCli(self._files(seen), self.owner), list(METHODS.items()), safe=True)
        pairs = list(zip(METHODS, said.answers, strict=True))
        refused = {method: one.refusal for method, one in pairs if one.refusal}
        return {**{method: one.payload for method, one in pairs}, "refused": refused, "release": said.release}

    def _command(self, name: str) -> Any:
        words, needs = COMMANDS[name]

        def run(seen: Evidence) -> Any:
            free = seen.inside.memory
            if free and free[1] < needs:
                why = f"it needs {needs // _MB} MB of memory beside the gateway, and {free[1] // _MB} are free"
                raise Unread(name, why)
            return GatewayCli(self._files(seen), self.owner).json(*words, timeout=_TIMEOUT)

        return run

    def _edge(self, seen: Evidence) -> Mapping[str, Any]:
        """{status, data, url} of the Control UI's page from outside; a machine that sleeps is not woken for it."""
        self._started(seen)
        if not self.endpoint:
            raise AssertionError("only a gateway with a name outside has an edge")
        probe = HttpProbe(self.endpoint, self.timeout)
        try:
            answer = probe.get("/")
        finally:
            probe.close()
        return {"status": answer.status, "data": answer.data, "url": f"{self.endpoint.http_url}/"}
