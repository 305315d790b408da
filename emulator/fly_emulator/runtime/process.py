"""The process tier: a plain process on the host, for machines where no sandbox works.

The machine's paths (image, volumes, home) are rewritten to where they lie on the host in argv, env and `exec`'s argv;
its ports to free ports of the loopback. What that cannot give is in `guarantees.missing`.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ..state.directory import open_own
from . import shims
from .base import Guarantees, LogSink, MachineSpec
from .held import HeldMachine, Identity, Plan
from .memory import make_cgroup
from .rewrite import Rewriter

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


class ProcessRuntime:
    """See `base.Runtime`. `refused` tells why better tiers were not taken, by name, where they were tried."""

    def __init__(self, refused: Mapping[str, str]) -> None:
        as_root = os.geteuid() == 0
        probe = make_cgroup(f"probe-{os.getpid()}", 64) if as_root else None
        if probe:
            probe.path.rmdir()
        missing = [
            "its own root filesystem: machines see this host's files",
            "its own network: the proxy comes from 127.0.0.1, a listener on 0.0.0.0 is open to the host's network",
            "paths of the machine inside files and output: only argv and env are rewritten",
        ]
        if not probe:
            missing.append("a memory limit by the kernel: the processes' memory is watched ten times a second")
        if not as_root:
            missing.append("owners: all files are the caller's; chown succeeds quietly, stat shows the image's user")
        missing += [f"the {tier} tier: {reason}" for tier, reason in refused.items()]
        if not refused:
            missing.append("the sandbox tier would give these")
        self.guarantees = Guarantees(
            tier="process",
            private_root=False,
            private_network=False,
            memory_limit="cgroup" if probe else "watchdog",
            owners="real" if as_root else "host",
            missing=tuple(missing),
        )

    async def start(self, spec: MachineSpec, log: LogSink) -> ProcessMachine:
        as_root = os.geteuid() == 0
        uid, gid = spec.image.user
        state = spec.state_dir.resolve()
        home = state / "home"
        home.mkdir(parents=True, exist_ok=True)
        ports = {port: _free_port() for port in spec.ports}
        paths = {bind.target: str(bind.source.resolve()) for bind in spec.image.binds}
        paths |= {mount.target: str(mount.source.resolve()) for mount in spec.mounts}
        paths |= {"/home/node": str(home), **_write_files(spec, state / "files", paths)}
        rewriter = Rewriter(paths, ports)
        env = {"PATH": SYSTEM_PATH, **spec.image.env, **spec.env, "HOME": str(home)}
        env = rewriter.env(env)
        main = Identity(None, None, env, rewriter.path(spec.image.workdir))
        needed = [home, *(mount.source for mount in spec.mounts), *(bind.source for bind in spec.image.binds)]
        becomes = as_root and await asyncio.to_thread(_may_use, uid, gid, needed)
        if as_root:
            for path in (home, *(mount.source for mount in spec.mounts)):
                os.chown(path, *((uid, gid) if becomes else (0, 0)))
        if becomes:
            main = replace(main, uid=uid, gid=gid)
            commands = replace(main, uid=0, gid=0)
        else:
            if as_root:
                why = f"user {uid} may not enter the directories of the image or the volume"
                log("system", f"{why}: running as root, and every file has one owner, shown as {uid}")
            shims.write(state / "shims", spec.image.user)
            commands = replace(main, env={**env, "PATH": f"{state / 'shims'}:{env['PATH']}"})
        plan = Plan(
            argv=tuple(rewriter.argv(spec.argv)),
            main=main,
            exec=commands,
            sandbox=None,
            root=None,
            cgroup=make_cgroup(f"{spec.machine_id}-{os.getpid()}", spec.memory_mb) if as_root else None,
        )
        machine = ProcessMachine(spec, plan, log, rewriter, ports)
        await machine.start()
        return machine


class ProcessMachine(HeldMachine):
    def __init__(
        self, spec: MachineSpec, plan: Plan, log: LogSink, rewriter: Rewriter, ports: Mapping[int, int]
    ) -> None:
        super().__init__(spec, plan, log)
        self._rewriter = rewriter
        self.ports = ports

    def rewritten(self, argv: tuple[str, ...]) -> list[str]:
        return self._rewriter.argv(argv)

    async def open(self, port: int, via: str) -> socket.socket:
        family, address = (socket.AF_INET6, "::1") if via == "6pn" else (socket.AF_INET, "127.0.0.1")
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            made.setblocking(False)
            await asyncio.get_running_loop().sock_connect(made, (address, self.ports.get(port, port)))
        except BaseException:
            made.close()
            raise
        return made


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _write_files(spec: MachineSpec, directory: Path, paths: dict[str, str]) -> dict[str, str]:
    """Write the guest files: on their volume where they lie on one, else beside, and say where."""
    placed: dict[str, str] = {}
    mounts = {mount.target: paths[mount.target] for mount in spec.mounts}
    for file in spec.files:
        real = Path(Rewriter(mounts, {}).path(file.path))
        if str(real) == file.path:
            real = directory / file.path.lstrip("/")
            placed[file.path] = str(real)
        real.parent.mkdir(parents=True, exist_ok=True)
        real.unlink(missing_ok=True)  # a machine may have put a link there
        with os.fdopen(open_own(real, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as stream:
            stream.write(file.content)
        real.chmod(file.mode)
    return placed


def _may_use(uid: int, gid: int, needed: list[Path]) -> bool:
    """Whether that user can reach all of these."""
    script = 'for path; do [ -r "$path" ] || exit 1; done'
    asked = subprocess.run(
        ["sh", "-c", script, "sh", *map(str, needed)], user=uid, group=gid, extra_groups=[], cwd="/", check=False
    )
    return asked.returncode == 0
