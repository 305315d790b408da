# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables that declare a gateway as it is, whoever deployed it: read only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._base.errors import CollectionError
from .._base.secret_recognition import find_secret
from .._fly.client.api import MachinesApi
from .._fly.client.types import Json, Machine, Volume
from .._fly.facts.addresses import typed
from .._fly.facts.guests import SIZES
from .._fly.machines.deployed import is_deployed, is_live
from .._fly.machines.exposure import exposure_of
from .._fly.machines.services import is_stopped_by_demand
from .._fly.volumes.lost import mounted
from .._fly.volumes.pick import GONE
from .._openclaw.releases import IMAGE
from .running_release import release_of

_PLATFORMS = ("FLY_PROCESS_GROUP", "PRIMARY_REGION")
"""Set by deploys."""

Variables = dict[str, Any]


def adoption(api: MachinesApi, app: str, known_env: Mapping[str, str], command: str) -> dict[str, Any]:
    """Return {variables, questions}: the first for the host's file, the second are lines for people.

    `known_env` and `command` are what the role itself gives a gateway: they are not written. Values that look like
    secrets are not returned.
    """
    found = api.app(app)
    if found is None:
        raise CollectionError("there is no such app", where=f"app {app}", todo="fly apps list shows those that exist")
    live = [machine for machine in api.machines(app) or [] if is_live(machine)]
    machine = _the_machine(app, live)
    volumes = {volume["id"]: volume for volume in api.volumes(app) or []}
    addresses = typed(api.ips(app))
    questions: list[str] = []
    variables: Variables = {
        "fly_app_name": app,
        "fly_app_org": (found.get("organization") or {}).get("slug"),
        "fly_app_network": found.get("network") or None,
        "fly_app_region": machine.get("region"),
        "fly_app_exposure": exposure_of(live, addresses),
        "fly_app_dedicated_ipv4": any(address["type"] == "v4" for address in addresses) or None,
        "fly_app_hostnames": [one["hostname"] for one in api.certificates(app)] or None,
        **_image(machine, questions),
        **_machine(machine, questions),
        **_volume(app, machine, volumes, questions),
        **_process(machine, known_env, command, questions),
    }
    if names := sorted(secret["name"] for secret in api.secrets(app) or []):
        questions.append(f"its secrets stay as they are, unless fly_app_secrets sets them: {', '.join(names)}")
    return {"variables": {key: value for key, value in variables.items() if value is not None}, "questions": questions}


def _the_machine(app: str, live: list[Machine]) -> Machine:
    deployed = [machine for machine in live if is_deployed(machine)]
    if len(deployed) == 1 == len(live):
        return deployed[0]
    raise CollectionError(
        "it is not one machine that a deploy made",
        where=f"app {app}",
        why="; ".join(
            f"{one['id']} ({one.get('state')}{'' if is_deployed(one) else ', no deploy made it'})" for one in live
        ),
        todo="A gateway is one machine with one volume: deploy it with fly deploy, and destroy the others",
    )


def _config(machine: Machine) -> Json:
    return machine.get("config") or {}


def _image(machine: Machine, questions: list[str]) -> Variables:
    image = str(_config(machine).get("image") or "")
    release = release_of(machine)
    if release is None:
        questions.append(f"its image {image} names no release: set fly_app_release to the one that it holds")
        return {"fly_app_image": image}
    official = image == f"{IMAGE}:{release}"
    return {"fly_app_release": str(release), "fly_app_image": None if official else image}


def _machine(machine: Machine, questions: list[str]) -> Variables:
    config = _config(machine)
    guest = config.get("guest") or {}
    kind = (guest.get("cpu_kind"), guest.get("cpus"))
    stop = config.get("stop_config") or {}
    if machine.get("state") != "started":
        state, start = machine.get("state"), f"fly machine start {machine['id']}"
        questions.append(f"its machine is {state}: start it ({start}), so that site.yml can read the gateway's token")
    if config.get("auto_destroy"):
        questions.append("its machine is destroyed when its process ends (auto_destroy); site.yml ends that")
    for service in config.get("services") or []:
        if is_stopped_by_demand(service):
            questions.append("its machine is stopped when nobody asks for it (autostop); site.yml keeps it running")
    return {
        "fly_app_vm_size": next((size for size, each in SIZES.items() if each == kind), None),
        "fly_app_vm_memory": f"{guest['memory_mb']}mb" if guest.get("memory_mb") else None,
        "fly_app_restart_policy": (config.get("restart") or {}).get("policy"),
        "fly_app_kill_signal": stop.get("signal"),
    }


def _volume(app: str, machine: Machine, volumes: Mapping[str, Volume], questions: list[str]) -> Variables:
    ids = mounted(machine)
    if not ids:
        raise CollectionError(
            "its machine has no volume",
            where=f"app {app}",
            why="whatever the gateway keeps is lost with each deploy",
            todo="Back its state up (openclaw backup create), and deploy a new gateway with site.yml",
        )
    volume = volumes[next(iter(ids))]
    for other in volumes.values():
        if other["id"] != volume["id"] and other.get("state") not in GONE:
            questions.append(f"volume {other['id']} ({other['name']}) is in use by nothing; it stays, and is billed")
    (mount,) = _config(machine).get("mounts") or []
    return {
        "fly_app_volume_name": volume["name"],
        "fly_app_volume_size_gb": volume["size_gb"],
        "fly_app_volume_path": mount.get("path"),
        "fly_app_snapshot_retention": volume.get("snapshot_retention"),
    }


def _process(machine: Machine, known_env: Mapping[str, str], command: str, questions: list[str]) -> Variables:
    config = _config(machine)
    init = config.get("init") or {}
    runs = " ".join(map(str, [*(init.get("entrypoint") or []), *(init.get("cmd") or init.get("exec") or [])]))
    if runs and runs != command:
        questions.append(f"its command is {runs!r}; site.yml runs {command!r}, unless fly_app_command is set")
    return {"fly_app_env": dict(_env(config, known_env, questions)) or None, "fly_app_port": _port(config)}


def _env(config: Json, known: Mapping[str, str], questions: list[str]) -> Iterator[tuple[str, str]]:
    for name, value in sorted((config.get("env") or {}).items()):
        if name in _PLATFORMS or known.get(name) == value:
            continue
        if find_secret((name,), value):
            questions.append(
                f"{name} in its environment looks like a secret: set it in fly_app_secrets; it is not written here"
            )
        elif name in known:
            questions.append(f"its {name} is {value!r}; site.yml sets {known[name]!r}, unless fly_app_env sets it")
        else:
            yield name, str(value)


def _port(config: Json) -> int | None:
    ports = [service.get("internal_port") for service in config.get("services") or []]
    return next((port for port in ports if port), None)
