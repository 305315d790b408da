"""The container tier: each machine in a container of podman or docker. Linux; for docker no root is needed.

The container's first process is the holder, which comes to us over a socket in a directory that is bound into it; so
everything else is as in the sandbox tier: the same root out of the host's /usr and the image's binds, the same
addresses on the loopback, sockets made inside and connected from here, and nothing that outlives the emulator.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from secrets import token_hex

from ..images import host_python
from . import engine as engines
from . import rootfs, trial
from .base import Guarantees, LogSink, MachineSpec
from .engine import Engine, EngineFailed
from .held import Identity, Plan
from .holder.channel import Message
from .holder.tree import descendants
from .inside import InsideMachine
from .link import Link
from .trial import Trial

HERE = "/.fly"
"""Where a machine has the holder and its channel."""
BOOT = f"import sys; sys.path.insert(0, {HERE!r}); from holder.main import main; main()"
PROBE_SECONDS = 60.0
START_SECONDS = 60.0


class ContainerLink(Link):
    """Starts a container and talks to the holder that is its first process."""

    def __init__(
        self,
        command: Callable[[Path], list[str]],
        on_event: Callable[[Message], None],
        on_closed: Callable[[], None],
    ) -> None:
        """`command` gives the engine's command line for the directory that the channel's socket is in."""
        super().__init__(on_event, on_closed)
        self._command = command

    async def open(self) -> None:
        # Short, as a socket's path must be.
        with tempfile.TemporaryDirectory(prefix="fly-") as name, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"{name}/channel")
            listener.listen(1)
            listener.setblocking(False)
            command = self._command(Path(name))
            client = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env=engines.environment(),
                cwd="/",
                start_new_session=True,
            )
            # It stays until the container is gone. Killed early it leaves no orphan: the holder ends by itself.
            self._told = asyncio.ensure_future(client.communicate())
            channel = await self._accept(listener, Path(command[0]).name, client)
        pid, _, _ = struct.unpack("3i", channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        self._begin(channel, pid)

    async def ended(self) -> None:
        await asyncio.wait({self._told})

    def host_pid(self, pid: int) -> int:
        for candidate in descendants(self.pid):
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{candidate}/status").read_text()
                if next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[-1] == str(pid):
                    return candidate
        return self.pid  # it has ended already

    async def _accept(self, listener: socket.socket, engine: str, client: asyncio.subprocess.Process) -> socket.socket:
        """The holder's connection; raises RuntimeError with the engine's words when it does not come."""
        accepting = asyncio.ensure_future(asyncio.get_running_loop().sock_accept(listener))
        try:
            await asyncio.wait({accepting, self._told}, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if accepting.done():
                return accepting.result()[0]
            if self._told.done():
                raise RuntimeError(f"{engine} run: {engines.last_words(self._told.result()[1])}")
            raise RuntimeError(f"{engine} run: the container did not come up within {START_SECONDS:.0f} seconds")
        finally:
            if not accepting.done():
                accepting.cancel()
                with contextlib.suppress(ProcessLookupError):
                    client.kill()


@dataclass
class ContainerRuntime:
    """See `base.Runtime`; made by `probe`."""

    guarantees: Guarantees
    engine: Engine
    root: str
    """The image that a root begins with."""

    @classmethod
    async def probe(cls, state_dir: Path) -> ContainerRuntime | str:
        """The tier after a machine wrote to a volume in `state_dir`, or why no engine can and what would help."""
        if sys.platform != "linux":
            return "it needs Linux: machines are made of this host's own files."
        found = engines.installed()
        if not found:
            return "neither podman nor docker is installed."
        reasons = []
        for engine in found:
            try:
                root = await engine.root_image()
            except EngineFailed as failed:
                reasons.append(str(failed))
                continue
            for variant in engine.variants():
                tried = await cls._try(variant, root, state_dir)
                if isinstance(tried, ContainerRuntime):
                    return tried
                reasons.append(tried)
        return f"{'; '.join(dict.fromkeys(reasons)).rstrip('.?')}."

    @classmethod
    async def _try(cls, engine: Engine, root: str, state_dir: Path) -> ContainerRuntime | str:
        runtime = cls(_guarantees(engine), engine, root)
        try:
            tried = await trial.run(runtime, state_dir, PROBE_SECONDS)
        except RuntimeError as failed:
            return str(failed)
        runtime.guarantees = _guarantees(engine, tried)
        return runtime

    async def start(self, spec: MachineSpec, log: LogSink) -> InsideMachine:
        uid, gid = spec.image.user
        env = {"PATH": "/usr/local/bin:/usr/bin:/bin", **spec.image.env, **spec.env}
        home = rootfs.home(uid)
        plan = Plan(
            argv=spec.argv,
            main=Identity(uid, gid, {"HOME": home, **env}, spec.image.workdir),
            exec=Identity(0, 0, {**env, "HOME": "/root"}, spec.image.workdir),
            sandbox=None,
            root=rootfs.contents(spec, home, (uid, gid)),
            cgroup=None,
            network={"new": False, "ipv4": [spec.ipv4, spec.proxy_ipv4], "ipv6": [spec.ipv6]},
            container=True,
            limited=self.guarantees.memory_limit == "cgroup",
        )
        machine = InsideMachine(spec, plan, log, partial(ContainerLink, partial(self._command, spec)))
        await machine.start()
        return machine

    def _command(self, spec: MachineSpec, channel: Path) -> list[str]:
        words = [
            "--rm", "--pull", "never", "--name", f"fly-{spec.machine_id}-{token_hex(4)}",
            "--hostname", spec.machine_id, "--user", "0:0", "--network", "none",
            "--memory", f"{spec.memory_mb}m", "--memory-swap", f"{spec.memory_mb}m",
            # For the addresses on its loopback; the holder takes it from all that it starts.
            "--cap-add", "NET_ADMIN", "--security-opt", "no-new-privileges", "--security-opt", "label=disable",
        ]  # fmt: skip
        if Path("/proc/sys/net/ipv6").exists():
            words += ["--sysctl", "net.ipv6.conf.all.disable_ipv6=0"]
        uid, gid = spec.image.user
        if self.engine.rootless and uid:
            words.append(f"--userns=keep-id:uid={uid},gid={gid}")
        read_only = rootfs.host_binds() | {bind.target: bind.source.resolve() for bind in host_python.binds()}
        read_only |= {bind.target: bind.source.resolve() for bind in spec.image.binds}
        read_only |= {f"{HERE}/holder": Path(__file__).parent / "holder", f"{HERE}/run": channel}
        for target, source in read_only.items():
            words += ["--mount", engines.mount(source, target, read_only=True)]
        for volume in spec.mounts:
            words += ["--mount", engines.mount(volume.source.resolve(), volume.target, read_only=False)]
        if library := host_python.library_path():
            words += ["--env", f"LD_LIBRARY_PATH={library}"]
        words += [self.root, str(host_python.BINARY), "-I", "-S", "-c", BOOT, f"{HERE}/run/channel"]
        return self.engine.run(words)


def _guarantees(engine: Engine, tried: Trial | None = None) -> Guarantees:
    tried = tried or Trial(limited=True)
    missing = [f"machines cannot reach one another over 6PN: {tried.no_sixpn}"] if tried.no_sixpn else []
    if not tried.limited:
        missing.append(
            f"memory is watched ten times a second: {engine.name} does not limit it here; a cgroup of version 2 that "
            "is delegated to this user, or root, would"
        )
    if engine.rootless:
        missing.append("files of other users than the image's belong to subordinate ids on this host: run as root")
    elif os.geteuid() != 0:
        missing.append("files that commands write as root belong to root on this host: snapshots may miss them")
    return Guarantees(
        tier="container",
        private_root=True,
        private_network=True,
        memory_limit="cgroup" if tried.limited else "watchdog",
        owners="mapped" if engine.rootless else "real",
        missing=tuple(missing),
        sixpn=not tried.no_sixpn,
    )
