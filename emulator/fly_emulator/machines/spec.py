"""What a tier is told to run: a machine's record with its image, its volumes and its network."""

from __future__ import annotations

import os
from functools import partial

from ..context import Context
from ..images.base import Image
from ..runtime.base import MachineSpec, Mount
from ..state.model import App, Machine
from . import config, environment

PROXY_IPV4 = "172.19.0.1"


def machine_spec(context: Context, app: App, machine: Machine, image: Image) -> MachineSpec:
    """Makes the folders that it names; a volume's top is given to the image's user, once."""
    networks = context.networks
    directory = context.store.machine_dir(machine)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return MachineSpec(
        machine_id=machine.id,
        app=app.name,
        image=image,
        argv=config.argv(machine.config, image),
        env=environment.build(app, machine, image),
        mounts=_mounts(context, app, machine, image),
        memory_mb=machine.config["guest"]["memory_mb"],
        state_dir=directory,
        ipv4=machine.ipv4,
        ipv6=machine.private_ip,
        proxy_ipv4=PROXY_IPV4,
        ports=config.ports(machine.config),
        files=config.files(machine.config, machine.current.secrets),
        egress=context.egress,
        join=partial(networks.join, machine.private_ip) if networks is not None else None,
    )


def _mounts(context: Context, app: App, machine: Machine, image: Image) -> tuple[Mount, ...]:
    mounts = []
    for mount in machine.config.get("mounts", []):
        volume = app.volumes[mount["volume"]]
        source = context.store.volume_data(volume)
        source.mkdir(parents=True, exist_ok=True)
        if not volume.given_to_user:
            (source / "lost+found").mkdir(mode=0o700, exist_ok=True)  # root's, as in each ext4 file system
            if os.geteuid() == 0 and context.runtime.guarantees.owners == "real":
                os.chown(source, *image.user)
            volume.given_to_user = True
        mounts.append(Mount(source, mount["path"]))
    return tuple(mounts)
