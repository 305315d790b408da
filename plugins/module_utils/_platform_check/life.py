# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small life of one app that is shaped like a gateway's, lived by the collection's own code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .._base.errors import CollectionError
from .._converge.context import Context
from .._converge.engine import converge
from .._converge.resource import Resource
from .._fly.client.types import Json
from .._fly.machines.gate import Gate
from .._fly.machines.remote_files import RemoteFile, RemoteFiles
from .._fly.secrets.ledger_file import LedgerFile
from .._fly.toml.definition import FlyToml
from .._resources.app import App, WantedApp
from .._resources.deployment import Deployment, DeployParts, WantedDeployment
from .._resources.ips import IpSet, WantedIps
from .._resources.secrets import Secrets, WantedSecrets
from .._resources.volume import Volume, WantedVolume
from .._resources.volume_snapshot import VolumeSnapshot, WantedSnapshot
from .question import question
from .world import Unanswered, World

_VOLUME, _SECRET, _FILE = "check_data", "OPENCLAW_GATEWAY_TOKEN", "/data/openclaw.json"
_HEALTHY = 300.0
_CRASH = "sh -c 'exit 1'"


@dataclass(frozen=True)
class _Life:
    world: World

    def converge(self, resource: Resource[Any]) -> Json:
        """Bring it about as a task would; what it masks, the check masks."""
        outer = self.world.context
        context = Context(progress=outer.progress, warn=outer.warn, secrets=outer.secrets)
        return converge(resource, context)

    def deploy(self, note: str, command: str = "") -> Json:
        """Deploy one machine with a volume and a check; `note` makes a config differ from the one before."""
        world, place = self.world, self.world.place
        command = command or place.image.command
        http = {"type": "http", "port": place.image.port, "path": place.image.path}
        toml = FlyToml.parse(
            {
                "app": place.app,
                "primary_region": place.region,
                "env": {"CHECK_NOTE": note},
                **({"processes": {"app": command}} if command else {}),
                "mounts": [{"source": _VOLUME, "destination": "/data"}],
                "vm": [{"size": "shared-cpu-1x", "memory": "256mb"}],
                "checks": {"up": {**http, "interval": "5s", "timeout": "2s", "grace_period": "2s"}},
            }
        )
        gate = Gate(world.api, world.platform, place.app, _HEALTHY, world.context.progress)
        parts = DeployParts(gate=gate, memory=self.ledger)
        wanted = WantedDeployment(place.app, toml, place.image.name)
        return self.converge(Deployment(world.api, wanted, parts))

    @property
    def ledger(self) -> LedgerFile:
        return LedgerFile(self.world.memory, self.world.place.app)

    def machine(self) -> Json:
        found: Json = self.world.ask("GET", self.world.machine("gateway")).json
        return found

    def note(self) -> str:
        """What the machine's config says now, and whether it runs."""
        machine = self.machine()
        env = (machine.get("config") or {}).get("env") or {}
        return f"{env.get('CHECK_NOTE')}, {machine.get('state')}"


@question("Create an app with its own network", "created")
def life_app(world: World) -> str:
    name = world.place.app
    _Life(world).converge(App(world.api, WantedApp(name, world.place.org, network=name)))
    return "created"


@question("Create a volume", "created")
def life_volume(world: World) -> str:
    wanted = WantedVolume(world.place.app, _VOLUME, world.place.region)
    result = _Life(world).converge(Volume(world.api, wanted, world.context.progress))
    world.made["volume"] = str(result["volume"]["id"])
    return str(result["volume"]["state"])


@question("Set a secret", "set, without its value in the list")
def life_secrets(world: World) -> str:
    life, value = _Life(world), world.secret(_SECRET)
    life.converge(Secrets(world.api, WantedSecrets(world.place.app, {_SECRET: value}), life.ledger))
    listed = world.ask("GET", "/secrets")
    found = next((each for each in listed.json.get("secrets") or [] if each.get("name") == _SECRET), None)
    if found is None:
        raise Unanswered("the secret is not in the list")
    return "set, with its value in the list" if value in str(listed.body) else "set, without its value in the list"


@question("Deploy a machine with the volume", "first, started")
def life_deploy(world: World) -> str:
    life = _Life(world)
    result = life.deploy("first")
    world.made["gateway"] = str(result["machines"][0]["id"])
    return life.note()


@question("Deploy the same again", "nothing changes")
def life_deploy_again(world: World) -> str:
    changes = _Life(world).deploy("first")["changes"]
    return "; ".join(changes) if changes else "nothing changes"


@question("The secret in the machine", "is there")
def life_secret_in_the_machine(world: World) -> str:
    answer = world.exec("gateway", ["printenv", _SECRET])
    out = str(answer.json.get("stdout") or "").strip()
    return "is there" if out == world.secrets.get(_SECRET) else f"is not there ({answer})"


@question("Write a config by exec, and read it", "as it was written, 600")
def life_config(world: World) -> str:
    files = RemoteFiles(world.api, world.place.app, world.id_of("gateway"))
    content = b'{"gateway": {"port": 3000}}\n' * 40
    files.write({_FILE: RemoteFile(content, "0:0", "600")})
    found = files.read(_FILE)[_FILE]
    if found is None or found.content != content:
        return "differs"
    return f"as it was written, {found.mode}"


@question("Stop the machine, then deploy a change", "second, started", rows=(1,))
def life_update_while_stopped(world: World) -> str:
    life = _Life(world)
    world.stop("gateway")
    life.deploy("second")
    return life.note()


@question("The config after that", "is still there", rows=(10,))
def life_volume_stays(world: World) -> str:
    found = RemoteFiles(world.api, world.place.app, world.id_of("gateway")).read(_FILE)[_FILE]
    return "is still there" if found else "is lost"


@question("Deploy a command that crashes: what runs after it is refused", "second, started", rows=(1, 52))
def life_crash_and_rollback(world: World) -> str:
    life = _Life(world)
    try:
        life.deploy("third", _CRASH)
    except CollectionError:
        world.settle("gateway")
        return life.note()
    return f"the deploy of a crashing command passed: {life.note()}"


@question("Deploy a change after that", "fourth, started")
def life_deploy_after_rollback(world: World) -> str:
    life = _Life(world)
    life.deploy("fourth")
    return life.note()


@question("Take a snapshot", "created")
def life_snapshot(world: World) -> str:
    wanted = WantedSnapshot(world.place.app, volume=world.id_of("volume"))
    result = _Life(world).converge(VolumeSnapshot(world.api, wanted, world.context.progress))
    return str((result.get("snapshot") or {}).get("status"))


@question("Fork the volume", "created", "hydrating")
def life_fork(world: World) -> str:
    place, origin = world.place, world.id_of("volume")
    wanted = WantedVolume(place.app, _VOLUME, place.region, fork_from=origin)
    result = _Life(world).converge(Volume(world.api, wanted, world.context.progress))
    world.made["fork"] = str(result["volume"]["id"])
    return str(result["volume"]["state"])


@question("Allocate a private address", "in the app's network", rows=(68,))
def life_private_address(world: World) -> str:
    life = _Life(world)
    life.converge(IpSet(world.api, WantedIps(world.place.app, {"private_v6": 1})))
    found = world.ask("GET", "/ip_assignments").json.get("ips") or []
    networks = {(each.get("network") or {}).get("name") for each in found if each.get("network")}
    return "in the app's network" if networks == {world.place.app} else f"in the networks {sorted(map(str, networks))}"
