"""What the fault matrix converges: for every module a start, and the task that is disturbed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from support.platform import Platform

Task = tuple[str, dict[str, Any]]
APP: Task = ("fly_app", {"name": "APP", "org": "personal"})
VOLUME: Task = ("fly_volume", {"app": "APP", "name": "data", "region": "iad"})
SECRETS: Task = ("fly_secrets", {"app": "APP", "secrets": {"TOKEN": "one", "KEY": "two"}})
TOML: dict[str, Any] = {
    "primary_region": "iad",
    "build": {"image": "registry.fly.io/still:1"},
    "env": {"TZ": "UTC"},
    "mounts": {"source": "data", "destination": "/data"},
    "vm": [{"size": "shared-cpu-1x", "memory": "512mb"}],
}
DEPLOY: Task = ("fly_deploy", {"app": "APP", "definition": TOML})
SNAPSHOT: Task = ("fly_volume_snapshot", {"app": "APP", "name": "data", "max_age": "1h"})
PEER: Task = ("fly_wireguard_peer", {"org": "personal", "name": "APP", "dest": "FILE", "region": "ams"})
TOKEN: Task = ("fly_deploy_token", {"app": "APP", "dest": "FILE"})
RENEWED: Task = (TOKEN[0], {**TOKEN[1], "renew_before": "3000h", "expiry": "4000h"})
OWNER = f"{os.getuid()}:{os.getgid()}"
FILE: Task = ("fly_machine_file", {"app": "APP", "path": "FILE", "content": "text", "owner": OWNER})
SUSPENDED: Task = ("fly_machine", {"app": "APP", "state": "suspended"})
WHOLE = (APP, VOLUME, SECRETS, DEPLOY)

RESTORE: Task = ("fly_volume_restore", {"app": "APP", "snapshot_id": "SNAPSHOT", "image": "registry.fly.io/still:2"})


def deploy(**changes: Any) -> Task:
    return "fly_deploy", {"app": "APP", "definition": {**TOML, **changes}}


TWO = deploy(processes={"app": "run", "worker": "work"}, mounts=None)


@dataclass(frozen=True)
class Scenario:
    name: str
    task: Task
    start: tuple[Task, ...] = (APP,)
    drift: Callable[[Platform, str], None] | None = None
    """What somebody did behind our back after `start`."""
    late: bool = False
    """Whether what a killed run asked for is seen only later, so that the next run asks again."""
    loses: bool = False
    """Whether the task is told to destroy data."""

    @property
    def machines(self) -> bool:
        """Whether it changes machines."""
        return self.task[0] in ("fly_deploy", "fly_machine", "fly_volume_restore") or "apply" in self.task[1]


def stop_all(fly: Platform, app: str) -> None:
    runners = fly.thread.emulator.fleet.runners
    for machine in fly.machines(app):
        fly.on_loop(runners[machine.id].stop)
    fly.until(lambda: all(machine.state == "stopped" for machine in fly.machines(app)))


SCENARIOS = [
    Scenario("create an app", APP, start=()),
    Scenario("destroy an app", ("fly_app", {**APP[1], "state": "absent"})),
    Scenario("allocate addresses", ("fly_ips", {"app": "APP", "v6": 1, "v4": 1})),
    Scenario(
        "swap addresses",
        ("fly_ips", {"app": "APP", "private_v6": 1}),
        (APP, ("fly_ips", {"app": "APP", "v6": 1, "shared_v4": True})),
    ),
    Scenario("create a volume", VOLUME),
    Scenario(
        "change a volume",
        ("fly_volume", {**VOLUME[1], "size_gb": 3, "snapshot_retention": 14, "auto_backup": False}),
        (APP, VOLUME),
    ),
    Scenario(
        "destroy a volume",
        ("fly_volume", {**VOLUME[1], "state": "absent", "destroy_data": True}),
        (APP, VOLUME),
        loses=True,
    ),
    Scenario(
        "fork a volume",
        ("fly_volume", {"app": "APP", "name": "data", "region": "lhr", "fork_from": "VOLUME"}),
        (APP, VOLUME),
    ),
    Scenario("make a snapshot", SNAPSHOT, (APP, VOLUME), late=True),
    Scenario("set secrets", SECRETS, (APP, deploy(mounts=None))),
    Scenario(
        "change secrets of a machine",
        ("fly_secrets", {"app": "APP", "secrets": {"TOKEN": "three"}, "exact": True}),
        WHOLE,
    ),
    Scenario("apply secrets", ("fly_secrets", {"app": "APP", "secrets": {"A": "new"}, "apply": True}), (APP, TWO)),
    Scenario("create a machine", DEPLOY, (APP, VOLUME, SECRETS)),
    Scenario("update a machine", deploy(env={"TZ": "Europe/Amsterdam"}), WHOLE),
    Scenario("start a stopped machine", DEPLOY, WHOLE, drift=stop_all),
    Scenario("take new secrets over", DEPLOY, (*WHOLE, ("fly_secrets", {"app": "APP", "secrets": {"TOKEN": "new"}}))),
    Scenario("take the mount away", deploy(mounts=None), WHOLE),
    Scenario("a process more", TWO, (APP, deploy(mounts=None))),
    Scenario(
        "a process less",
        deploy(mounts=None),
        (APP, TWO),
    ),
    Scenario("run a machine in maintenance", ("fly_deploy", {**DEPLOY[1], "maintenance": True}), WHOLE, drift=stop_all),
    Scenario("end a machine's maintenance", DEPLOY, (APP, VOLUME, ("fly_deploy", {**DEPLOY[1], "maintenance": True}))),
    Scenario("stop a machine", ("fly_machine", {"app": "APP", "state": "stopped"}), WHOLE),
    Scenario("start a machine", ("fly_machine", {"app": "APP", "state": "started"}), WHOLE, drift=stop_all),
    Scenario("suspend a machine", SUSPENDED, WHOLE),
    Scenario("resume a machine", ("fly_machine", {"app": "APP", "state": "started"}), (*WHOLE, SUSPENDED)),
    Scenario(
        "give a machine other settings",
        ("fly_machine", {"app": "APP", "command": ["other"], "vm_memory": "1gb", "env": {"A": "1"}, "cordoned": True}),
        WHOLE,
    ),
    Scenario("destroy a machine", ("fly_machine", {"app": "APP", "state": "absent"}), WHOLE),
    Scenario("restore a volume and its machine", RESTORE, (*WHOLE, SNAPSHOT)),
    Scenario("request a certificate", ("fly_certificate", {"app": "APP", "hostname": "HOST"})),
    Scenario(
        "remove a certificate",
        ("fly_certificate", {"app": "APP", "hostname": "HOST", "state": "absent"}),
        (APP, ("fly_certificate", {"app": "APP", "hostname": "HOST"})),
    ),
    Scenario("add a WireGuard peer", PEER),
    Scenario("replace a WireGuard peer", (PEER[0], {**PEER[1], "region": "lhr"}), (APP, PEER)),
    Scenario("remove a WireGuard peer", (PEER[0], {**PEER[1], "state": "absent"}), (APP, PEER)),
    Scenario("make a deploy token", TOKEN),
    Scenario("renew a deploy token", RENEWED, (APP, TOKEN)),
    Scenario("revoke a deploy token", (TOKEN[0], {**TOKEN[1], "state": "absent"}), (APP, TOKEN)),
    Scenario("write a file", FILE, WHOLE),
    Scenario("change a file", (FILE[0], {**FILE[1], "content": "other", "mode": "644"}), (*WHOLE, FILE)),
    Scenario("remove a file", (FILE[0], {**FILE[1], "state": "absent"}), (*WHOLE, FILE)),
]
