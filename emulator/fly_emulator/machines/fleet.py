"""All machines of the platform: their runners, their creation and their updates."""

from __future__ import annotations

import asyncio
from typing import Any

from .. import ids
from ..context import Context
from ..errors import (
    Conflict,
    Forbidden,
    InvalidArgument,
    NoCapacity,
    NoMemory,
    Unprocessable,
    invalid,
    not_found,
    precondition,
)
from ..images.base import ImageNotFound
from ..regions import require_region
from ..state.model import App, Machine, Version, Volume
from . import config as machine_config
from .runner import Runner

MOUNTABLE = ("created", "hydrating")
"""A fork is mounted while its data is still on its way."""
SECRETS_LAG = 10.0
"""Seconds after a change of secrets in which a machine may get the old ones."""
CREATE = 16.9
"""Seconds that the answer to a create once took."""
RESOLVE_GRACE = 1.0
"""Seconds that create and update wait for the image, so that an unknown one is refused at once."""


class Fleet:
    def __init__(self, context: Context) -> None:
        self._context = context
        self.runners: dict[str, Runner] = {}

    def resume(self) -> None:
        """After a restart of the emulator: started machines start again."""
        for app, machine in self._context.store.machines():
            if not machine.gone:
                self._adopt(app, machine).resume()

    def forget(self, app: App) -> None:
        """Its machines are gone for good."""
        for machine_id in app.machines:
            self.runners.pop(machine_id, None)

    async def shutdown(self) -> None:
        await asyncio.gather(*(runner.shutdown() for runner in self.runners.values()))

    def runner(self, machine: Machine) -> Runner:
        return self.runners[machine.id]

    async def create(self, app: App, body: dict[str, Any]) -> Machine:
        """Create a machine from the request's body; raises PlatformError."""
        region = body.get("region") or self._context.settings.region
        name = body.get("name") or ids.machine_name()
        self._require_free_name(app, name)
        config = machine_config.accept(body.get("config"))
        self._require_room(app, region, config)
        self._mountable(app, region, config, None)
        secrets, secrets_version = self._secrets(app, body)
        await self._require_image(config["image"])
        # Another request may have come between: what it took is looked at again.
        if app.deleting or app.name not in self._context.store.apps:
            raise not_found("app")
        self._require_free_name(app, name)
        volumes = self._mountable(app, region, config, None)
        now = self._context.clock.now()
        machine_id = ids.machine_id()
        machine = Machine(
            id=machine_id,
            name=name,
            region=region,
            state="created",
            private_ip=ids.private_ipv6(app.org, app.network, machine_id),
            ipv4=self._free_ipv4(),
            created_at=now,
            updated_at=now,
            current=Version(ids.ulid(now), config, secrets, secrets_version),
        )
        with self._context.store.changing(app):
            app.machines[machine.id] = machine
            self._attach(machine, volumes)
        # A standby waits for another machine's host to fail.
        self._adopt(app, machine).launch(not body.get("skip_launch") and not config.get("standbys"))
        await self._context.spend(CREATE)
        return machine

    async def update(self, app: App, machine: Machine, body: dict[str, Any]) -> None:
        """Give the machine a new version from the request's body; raises PlatformError."""
        for key in ("region", "name"):
            if body.get(key) and body[key] != getattr(machine, key):
                raise invalid(f"a machine's {key} cannot be changed (it is {getattr(machine, key)})")
        expected = body.get("current_version")
        if expected and expected != machine.current.version:
            raise Conflict(
                f"aborted: machine version mismatch, current_version {expected} is not {machine.current.version}"
            )
        config = machine_config.accept(body.get("config"))
        self.require_memory(machine)
        self._mountable(app, machine.region, config, machine)
        secrets, secrets_version = self._secrets(app, body)
        await self._require_image(config["image"])
        if machine.gone or machine.state == "destroying":
            raise not_found("machine")
        volumes = self._mountable(app, machine.region, config, machine)
        version = Version(ids.ulid(self._context.clock.now()), config, secrets, secrets_version)
        with self._context.store.changing(app):
            for volume in app.volumes.values():
                if volume.attached_machine_id == machine.id and volume not in volumes:
                    volume.attached_machine_id = None
            self._attach(machine, volumes)
            self.runner(machine).update(version, not body.get("skip_launch"))

    async def destroy(self, machine: Machine) -> None:
        await self.runner(machine).destroy()

    @staticmethod
    def _require_free_name(app: App, name: str) -> None:
        for other in app.live_machines():
            if other.name == name:
                raise Conflict(
                    f"already_exists: unique machine name violation, machine ID {other.id} "
                    f'already exists with name "{name}"',
                )

    def _adopt(self, app: App, machine: Machine) -> Runner:
        self.runners[machine.id] = Runner(self._context, app, machine)
        return self.runners[machine.id]

    def _free_ipv4(self) -> str:
        taken = {machine.ipv4 for _, machine in self._context.store.machines() if not machine.gone}
        index = 0
        while (address := ids.private_ipv4(index)) in taken:
            index += 1
        return address

    def _require_room(self, app: App, region: str, config: dict[str, Any]) -> None:
        require_region(region)
        self._require_quota(app, region, config)
        if region in self._context.full_regions:
            reserve = (
                "insufficient resources to create new machine with existing volume"
                if config.get("mounts")
                else f"insufficient resources available in region {region} to fulfill request"
            )
            raise NoCapacity(f"could not reserve resource for machine: {reserve}")

    def _require_quota(self, app: App, region: str, config: dict[str, Any]) -> None:
        quota = self._context.quota
        used = sum(
            machine.config["guest"]["memory_mb"]
            for owner, machine in self._context.store.machines()
            if owner.org == app.org and machine.region == region and not machine.gone
        )
        if "memory_mb" in quota and used + config["guest"]["memory_mb"] > quota["memory_mb"]:
            raise Forbidden(
                f'organization "{app.org}" is using {used} MB of memory in {region} which is over the allowed quota. '
                "please consider other regions"
            )
        if "machines" in quota and len(app.live_machines()) >= quota["machines"]:
            raise Unprocessable(f"To create more than {quota['machines']} machine per app please add a payment method.")

    def require_memory(self, machine: Machine) -> None:
        """Refuse an update or a start where the machine's host is said to be full."""
        if machine.id in self._context.full_hosts:
            raise NoMemory

    def _mountable(self, app: App, region: str, config: dict[str, Any], machine: Machine | None) -> list[Volume]:
        """The volumes that the config mounts, their facts filled into the mounts; raises PlatformError."""
        volumes = []
        for mount in config.get("mounts", []):
            volume = app.volumes.get(mount["volume"])
            if volume is None or volume.state not in MOUNTABLE:
                raise invalid(f"volume {mount['volume']} not found")
            if volume.region != region:
                raise invalid(f'Mounts source volume "{volume.id}" is in the wrong region: it is in {volume.region}')
            if volume.attached_machine_id not in (None, machine.id if machine else None):
                raise precondition(f"volume {volume.id} is already attached to machine: {volume.attached_machine_id}")
            mount.update(name=volume.name, encrypted=volume.encrypted, size_gb=volume.size_gb)
            volumes.append(volume)
        return volumes

    def _attach(self, machine: Machine, volumes: list[Volume]) -> None:
        for volume in volumes:
            volume.attached_machine_id = machine.id
            volume.updated_at = self._context.clock.now()

    def _secrets(self, app: App, body: dict[str, Any]) -> tuple[dict[str, str], int]:
        wanted = body.get("min_secrets_version") or 0
        if wanted > app.secrets_version:
            raise InvalidArgument(
                f"failed_precondition: secrets version {wanted} is not there yet, the app is at {app.secrets_version}",
            )
        if body.get("skip_secrets"):
            return {}, app.secrets_version
        fresh = self._context.clock.now() - app.secrets_changed_at < self._context.delay(SECRETS_LAG)
        if fresh and not wanted and self._context.answers["secrets-without-version"] == "old":
            return dict(app.secrets_before), max(0, app.secrets_version - 1)
        return {name: secret.value for name, secret in app.secrets.items()}, app.secrets_version

    async def _require_image(self, reference: str) -> None:
        """Refuse a reference that no image has; one that only takes long to bring here is accepted."""
        if self._context.clock.now() < self._context.unready_images.get(reference.partition("@")[0], 0.0):
            raise invalid(f"failed to get manifest {reference}: MANIFEST_UNKNOWN: manifest unknown")
        pulling = self._context.pulls.begin(reference)
        done, _ = await asyncio.wait({pulling}, timeout=RESOLVE_GRACE)
        try:
            for task in done:
                task.result()
        except ImageNotFound as error:
            raise invalid(f"could not find image {reference}: {error}") from error
