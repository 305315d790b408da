# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A closed copy of a gateway: an app of its own, as an app's secrets reach every machine of it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .._base.errors import UncertainWrite
from .._base.waiting import wait_until
from .._converge.context import Context
from .._converge.engine import converge
from .._converge.resource import Resource
from .._fly.client.api import MachinesApi, PlatformApi
from .._fly.client.types import Volume
from .._fly.machines.gate import Gate
from .._fly.secrets.ledger_file import LedgerFile
from .._fly.toml.definition import FlyToml
from .._fly.volumes.pick import BEING_MADE, volumes
from .._gateway.cli import GatewayCli
from .._resources.app import App, WantedApp
from .._resources.deployment import Deployment, DeployParts, WantedDeployment
from .._resources.secrets import Secrets, WantedSecrets

_TIMEOUT = 600.0


@dataclass(frozen=True)
class Source:
    """What is copied: a volume as it is now, or as its snapshot holds it; or, `empty`, only its size and place."""

    volume: Volume
    snapshot: str | None = None
    empty: bool = False

    @property
    def body(self) -> dict[str, object]:
        """A new volume's origin as the API takes it; of another app of the organization too, as flyctl does."""
        if self.empty:
            return {"size_gb": self.volume["size_gb"]}
        origin = {"snapshot_id": self.snapshot} if self.snapshot else {"source_volume_id": self.volume["id"]}
        return {"size_gb": self.volume["size_gb"], **origin}


@dataclass(frozen=True)
class ClosedCopy:
    """The app `app`; `memory` is a folder for what is known of its secrets while it exists."""

    api: MachinesApi
    platform: PlatformApi
    app: str
    toml: FlyToml
    memory: str
    context: Context
    wait_timeout: float
    retry_on_log: tuple[str, ...] = ()
    owner: str = "1000:1000"

    def create(self, org: str, source: Source, secret_names: Iterable[str]) -> None:
        """App, volume and secrets. The secrets are random: the config's references must have a value to start with."""
        self._converge(App(self.api, WantedApp(self.app, org, network=self.app)))
        self._copy(source)
        values = {name: self.context.secret(secrets.token_hex(24)) for name in secret_names}
        self._converge(Secrets(self.api, WantedSecrets(self.app, values), self._ledger))

    def deploy(self, image: str, *, maintenance: bool = False) -> None:
        """Start the gateway; with `maintenance` a machine that only sleeps. Raises when it does not get healthy."""
        gate = Gate(self.api, self.platform, self.app, self.wait_timeout, self.context.progress, self.retry_on_log)
        wanted = WantedDeployment(self.app, self.toml, image, maintenance)
        self._converge(Deployment(self.api, wanted, DeployParts(gate, self._ledger)))

    @property
    def cli(self) -> GatewayCli:
        """The command line in its machine."""
        return GatewayCli.started(self.api, self.app, self.owner, self.context.progress)

    @property
    def _ledger(self) -> LedgerFile:
        return LedgerFile(self.memory, self.app)

    def _copy(self, source: Source) -> None:
        """There is nothing else in the app, so a volume whose answer was lost is found again."""
        mount: Mapping[str, Any] = self.toml.mount(self.toml.default_group) or {}
        body = {"name": mount["source"], "region": self.toml.region, "encrypted": True, **source.body}
        with suppress(UncertainWrite):
            self.api.create_volume(self.app, body)
        wait_until(
            "the copy of the volume",
            lambda: volumes(self.api, self.app),
            lambda found: bool(found) and found[0]["state"] not in BEING_MADE,
            timeout=_TIMEOUT,
            where=f"app {self.app}",
            state=lambda found: ", ".join(volume["state"] for volume in found),
            progress=self.context.progress,
        )

    def _converge(self, resource: Resource[Any]) -> None:
        """What it masks, the task masks."""
        converge(
            resource, Context(progress=self.context.progress, warn=self.context.warn, secrets=self.context.secrets)
        )
