# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An app's machines, as its fly.toml says."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from .._base.errors import CollectionError
from .._converge.resource import Change, Plan, Refusal, Resource, refusal
from .._fly.client import types
from .._fly.client.api import MachinesApi
from .._fly.client.errors import NoCapacity
from .._fly.client.releases import ReleaseEntry
from .._fly.client.types import Json, Machine
from .._fly.machines import config as machine_config
from .._fly.machines import judge
from .._fly.machines.compare import desired, differences, is_image, sections
from .._fly.machines.deployed import group_of, is_deployed, public_view
from .._fly.machines.gate import Gate, is_crash_looping
from .._fly.machines.placement import Place, places
from .._fly.machines.services import is_stopped_by_demand
from .._fly.machines.writer import DOWN, MachineWriter
from .._fly.secrets import ledger as secret_ledger
from .._fly.secrets.applied import KEY as SECRETS_KEY
from .._fly.secrets.applied import runs_with, secrets_state
from .._fly.secrets.ledger_file import LedgerFile
from .._fly.toml.definition import FlyToml
from .._fly.toml.fly_names import refused_names
from .._fly.volumes.pick import freed, volumes
from .._fly.volumes.restoring import KEPT, all_kept

if TYPE_CHECKING:
    from .._fly.images.build import ImageBuild


@dataclass(frozen=True)
class WantedDeployment:
    """With `maintenance` it only makes sure that there is a machine that can be reached: it creates one that sleeps
    when there is none, and puts one in maintenance that is down. A running machine is left alone.

    `secrets_pending` says that the app's secrets are going to change before this is applied, `secrets_state` what a
    task before this one read of them. `fallback_regions` are for machines without a volume; `volume` is the one that a
    new machine mounts when several of the name are free.
    """

    app: str
    toml: FlyToml
    image: str | None = None
    maintenance: bool = False
    secrets_pending: bool = False
    secrets_state: tuple[str, float] | None = None
    fallback_regions: tuple[str, ...] = ()
    volume: str | None = None


@dataclass(frozen=True)
class DeployParts:
    """What a deployment works with. `memory` has what is known of secrets that were set before there was a machine.

    With `build` the image is built first, if a machine needs it and it is not there.
    """

    gate: Gate
    memory: LedgerFile
    release: ReleaseEntry | None = None
    build: ImageBuild | None = None


@dataclass(frozen=True)
class DeployState:
    machines: list[Machine]
    secrets: str
    """Fingerprint of the secrets' names and digests."""
    secrets_at: float
    """When one was last set, in unix seconds."""
    unbuilt: bool = False
    """Whether a machine is to run an image that is yet to be built."""
    volumes: tuple[types.Volume, ...] = ()
    """The app's volumes, where a plan may depend on them."""


@dataclass(frozen=True)
class _Step:
    change: Change
    sends: bool = False
    """Whether it sends a machine's configuration, and so needs its image."""


class Deployment(Resource[DeployState]):
    """Machines converged over the Machines API, one at a time, each behind the health gate."""

    reads_lists = True

    def __init__(self, api: MachinesApi, wanted: WantedDeployment, parts: DeployParts) -> None:
        self._api, self._wanted, self._build = api, wanted, parts.build
        self._app, self._toml, self._maintenance = wanted.app, wanted.toml, wanted.maintenance
        self._gate, self._memory = parts.gate, parts.memory
        self._write = MachineWriter(api, parts.gate, wanted.app)
        self._image: str = parts.build.reference if parts.build else wanted.image or wanted.toml.image
        self._release = None if wanted.maintenance else parts.release

    @property
    def title(self) -> str:
        return f"machines of {self._app}"

    def observe(self) -> DeployState:
        there = self._api.machines(self._app) or []
        machines = sorted(filter(is_deployed, there), key=lambda m: (group_of(m), m["id"]))
        unbuilt, volumes = self._is_unbuilt(machines), self._volumes(machines, there)
        if self._maintenance:
            return DeployState(machines, "", 0.0, unbuilt, volumes)
        if self._wanted.secrets_pending:
            return DeployState(machines, "known once the secrets are set", math.inf, unbuilt, volumes)
        state = self._wanted.secrets_state or secrets_state(self._api.secrets(self._app) or [])
        return DeployState(machines, *state, unbuilt, volumes)

    def _volumes(self, machines: list[Machine], there: list[Machine]) -> tuple[types.Volume, ...]:
        """Those that no restore keeps. Asked for only where a group that mounts one has no machine, or several."""
        groups = [group for group in self._toml.groups if self._toml.mount(group)]
        counts = [sum(group_of(machine) == group for machine in machines) for group in groups]
        if all(count == 1 for count in counts):
            return ()
        kept = all_kept(there)
        return tuple(v for v in freed(volumes(self._api, self._app), there) if v["id"] not in kept)

    def plan(self, observed: DeployState) -> Plan:
        if not self._image:
            return [
                refusal(
                    "no image is given",
                    where=self.title,
                    why="fly.toml has no [build] image, and building from a Dockerfile needs flyctl",
                    todo="Give image, or [build] image in fly.toml, or let flyctl build it with engine: flyctl",
                )
            ]
        try:
            changes = self._changes(observed)
        except CollectionError as error:  # what fly.toml says cannot be translated
            return [Refusal(error)]
        if refused := self._refusals(observed):
            return [*refused, *(change.change for change in changes)]
        if self._build and observed.unbuilt and any(change.sends for change in changes):
            what = f"build {self._image} from {self._build.where}"
            after = {"image": self._image, "from": self._build.where}
            return [Change("build", what, None, after, self._build.make), *(change.change for change in changes)]
        return [change.change for change in changes]

    def _refusals(self, observed: DeployState) -> list[Refusal]:
        """What speaks against the machines that have a volume: their data is never doubled, moved or left behind."""
        wanted = self._wanted
        found: list[CollectionError | None] = [*refused_names(self._toml)] if not observed.machines else []
        for group in self._toml.groups:
            mount = self._toml.mount(group)
            if not mount:
                continue
            machines = [machine for machine in observed.machines if group_of(machine) == group]
            if halves := [error for machine in machines if (error := judge.being_replaced(self.title, machine))]:
                found += halves
                continue
            found.append(judge.twins(self.title, group, machines, observed.volumes))
            if not machines:
                found.append(judge.many_free(self.title, mount["source"], observed.volumes, wanted.volume))
            for machine in machines:
                found.append(judge.renamed_mount(self.title, machine, mount["source"]))
                found.append(
                    judge.elsewhere(self.title, machine, self._toml.region, wanted.fallback_regions, wanted.volume)
                )
        return [Refusal(error) for error in found if error]

    def _changes(self, observed: DeployState) -> list[_Step]:
        steps: list[_Step] = []
        groups = self._toml.groups
        for group in groups:
            existing = [machine for machine in observed.machines if group_of(machine) == group]
            if not existing:
                steps.append(self._creation(group, observed))
            for machine in existing:
                steps += self._convergence(machine, group, observed)
        if not self._maintenance:
            steps += [self._removal(m) for m in observed.machines if group_of(m) not in groups]
        return steps

    def wait_until_ready(self, observed: DeployState) -> DeployState:
        machines = [
            machine
            if self._is_ready(machine) or self._may_sleep(machine)
            else self._gate.wait(machine, checks=not self._maintenance)
            for machine in observed.machines
        ]
        return replace(observed, machines=machines)

    def _is_ready(self, machine: Machine) -> bool:
        """In maintenance, a started machine can be reached; its checks may fail until what is declared is applied."""
        return machine["state"] == "started" if self._maintenance else self._gate.passed(machine)

    def finalize(self, *, failed: bool) -> None:
        if self._release:
            self._release.end(failed=failed)

    def describe(self, observed: DeployState) -> dict[str, object]:
        machines = [public_view(machine) for machine in observed.machines]
        return {"machines": machines, "image": self._image, "release": self._release and self._release.view()}

    def _is_unbuilt(self, machines: list[Machine]) -> bool:
        """An image that every machine runs was built; any other is looked up, and its builder looked for."""
        if self._build is None:
            return False
        groups = set(self._toml.groups)
        ours = [machine for machine in machines if group_of(machine) in groups]
        everywhere = all(is_image(self._image, (machine.get("config") or {}).get("image")) for machine in ours)
        if (everywhere and groups == {group_of(machine) for machine in ours}) or self._build.pushed():
            return False
        self._build.check()
        return True

    # What is wanted

    def _config(self, group: str, volume: str | None, secrets: str) -> Json:
        config = machine_config.machine_config(self._toml, group, self._image, volume)
        if secrets:
            config["metadata"][SECRETS_KEY] = secrets
        return machine_config.for_maintenance(config) if self._maintenance else config

    def _convergence(self, machine: Machine, group: str, observed: DeployState) -> list[_Step]:
        identity, config = machine["id"], machine.get("config") or {}
        held, down = machine_config.in_maintenance(config), machine.get("state") in DOWN
        if self._maintenance and (held or not (down or is_crash_looping(machine)) or self._may_sleep(machine)):
            return [self._start(machine)] if held and down else []
        mounted = next((mount.get("volume") for mount in config.get("mounts") or []), None)
        mount = self._toml.mount(group)
        if bool(mount) != bool(mounted):
            return self._replacement(machine, group, observed)
        noted = SECRETS_KEY in (config.get("metadata") or {})
        current = runs_with(machine, observed.secrets, observed.secrets_at)
        before, after = differences(self._config(group, mounted, observed.secrets if noted else ""), config)
        if before or after or not current:
            wanted = self._config(group, mounted, observed.secrets)
            before, after = differences(wanted, config)
            what = sections(before, after).replace(f"metadata.{SECRETS_KEY}", "secrets")
            launch = not (down and judge.is_standby(machine))
            update = partial(self._update, identity, wanted, launch)
            change = Change(f"update {identity}", f"update machine {identity}: {what}", before, after, update)
            return [_Step(change, sends=True)]
        if down and not self._may_sleep(machine):
            return [self._start(machine)]
        return []

    def _may_sleep(self, machine: Machine) -> bool:
        """Fly's proxy stops and starts it by demand, or it stands by for another: that it is down means nothing."""
        if judge.is_standby(machine):
            return machine.get("state") in DOWN
        services = (machine.get("config") or {}).get("services") or []
        sleeps = any(map(is_stopped_by_demand, services))
        return sleeps and machine.get("state") in ("stopped", "suspended")

    def _final(self, config: Json) -> Json:
        """The config as it is sent: with the digest of an image that was built, and the release that it is of."""
        image = (self._build and self._build.pushed()) or self._image
        noted = self._release.begin(image) if self._release else {}
        return {**config, "image": image, "metadata": {**config["metadata"], **noted}}

    # Changes

    def _creation(self, group: str, observed: DeployState) -> _Step:
        config = self._config(group, None, observed.secrets)
        after = {"region": self._toml.region, **_shown(config)}
        what = "create a machine in maintenance" if self._maintenance else "create a machine"
        create = partial(self._create, group, observed)
        return _Step(Change(f"machine {group}", f"{what} for {group}", None, after, create), sends=True)

    def _replacement(self, machine: Machine, group: str, observed: DeployState) -> list[_Step]:
        """A mount cannot be added to or taken from a machine; its volume, if any, outlives it."""
        identity = machine["id"]
        config = self._config(group, None, observed.secrets)
        before, after = differences(config, machine.get("config") or {})
        what = f"destroy machine {identity}, to replace it: its mount changes"
        destroy = Change(f"destroy {identity}", what, before, None, partial(self._write.destroy, identity))
        # Once it is destroyed, what is left to do is to create the group's machine.
        alone = sum(group_of(other) == group for other in observed.machines) == 1
        key = f"machine {group}" if alone else f"machine for {identity}"
        create = Change(key, f"create a machine for {group}", None, after, partial(self._create, group, observed))
        return [_Step(destroy), _Step(create, sends=True)]

    def _removal(self, machine: Machine) -> _Step:
        identity, group = machine["id"], group_of(machine)
        before = {"id": identity, "process_group": group}
        what = f"destroy machine {identity}: fly.toml has no process {group}"
        return _Step(Change(f"destroy {identity}", what, before, None, partial(self._write.destroy, identity)))

    def _start(self, machine: Machine) -> _Step:
        identity, before = machine["id"], {"state": machine.get("state")}
        start = partial(self._write.start, identity)
        return _Step(Change(f"start {identity}", f"start machine {identity}", before, {"state": "started"}, start))

    def _update(self, identity: str, wanted: Json, launch: bool) -> None:
        self._write.update(identity, partial(desired, self._final(wanted)), launch=launch)

    def _create(self, group: str, observed: DeployState) -> None:
        """Create it in the first place that has room for it; one with a volume has but one place."""
        mount = self._toml.mount(group)
        region = self._toml.region
        found = places(self._api, self._app, mount, region, self._wanted.fallback_regions, self._wanted.volume)
        name = f"{self._app}-{group}-{1 + sum(group_of(m) == group for m in observed.machines)}"
        for place in found:
            try:
                self._create_in(place, name, group, observed)
                return
            except NoCapacity:
                if place == found[-1]:
                    raise

    def _create_in(self, place: Place, name: str, group: str, observed: DeployState) -> None:
        volume, region = place
        body: Json = {"name": name, "config": self._final(self._config(group, volume, observed.secrets))}
        if ledger := self._ledger(observed):
            body["config"]["metadata"][secret_ledger.KEY] = ledger
        if kept := all_kept(machine for machine in observed.machines if group_of(machine) == group):
            body["config"]["metadata"][KEPT] = json.dumps(kept)
        if region:
            body["region"] = region
        self._write.create(body)
        self._memory.forget()

    def _ledger(self, observed: DeployState) -> str | None:
        """What tells whether a secret has its value: a machine has it, or the file while there was no machine."""
        return secret_ledger.of_machines(observed.machines) or self._memory.read()


def _shown(config: Json) -> Json:
    return {key: value for key, value in config.items() if value and key != "metadata"}
