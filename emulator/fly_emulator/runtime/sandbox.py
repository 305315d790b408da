"""The sandbox tier: a root filesystem by bubblewrap, or by the holder where that is not installed, and a network
namespace. Linux; root is not needed.

Each machine has a root of its own (the host's /usr read-only, the image, the volumes, an empty /tmp), its own
processes, host name and network. That network is a loopback with three addresses: the machine's IPv4, the one that
Fly's proxy comes from, and its 6PN address. The emulator connects through sockets made inside, so nothing listens on
the host, and a listener on 0.0.0.0 sees the proxy's address and refuses 6PN, as on Fly.
"""

from __future__ import annotations

import asyncio
import base64
import errno
import os
import shutil
import socket
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..images.base import Image
from .base import Guarantees, LogSink, MachineSpec, Mount
from .held import HeldMachine, Identity, Plan
from .holder.channel import Message
from .memory import make_cgroup, sweep_cgroups

USR = ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "libexec", "share")
ROOT_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
ETC = (
    "ssl", "pki", "ca-certificates", "ca-certificates.conf", "ld.so.cache", "ld.so.conf", "ld.so.conf.d",
    "alternatives", "localtime", "protocols", "services", "mime.types", "nsswitch.conf", "terminfo",
)  # fmt: skip
PROBE_SECONDS = 20.0
NAMESPACES_FORBIDDEN = (
    "Unprivileged user namespaces are forbidden here: as root, set kernel.apparmor_restrict_unprivileged_userns=0 "
    "(Ubuntu) or kernel.unprivileged_userns_clone=1 (Debian) with sysctl, or run as root."
)


@dataclass
class SandboxRuntime:
    """See `base.Runtime`; made by `probe`."""

    guarantees: Guarantees
    bwrap: str | None
    """Where bubblewrap is; without it the holder builds the root itself."""
    cat: str

    @classmethod
    async def probe(cls, state_dir: Path) -> SandboxRuntime | str:
        """The tier after a machine wrote to a volume in `state_dir`, or why it cannot and what would help."""
        if sys.platform != "linux":
            return "it needs Linux."
        bwrap, cat = shutil.which("bwrap"), shutil.which("cat")
        as_root = os.geteuid() == 0
        state_dir.mkdir(parents=True, exist_ok=True)
        runtime = cls(_guarantees(as_root), bwrap, os.path.realpath(cat) if cat else "")
        with tempfile.TemporaryDirectory(prefix="probe-", dir=state_dir) as name:
            image = Image(reference="probe", digest="", binds=(), user=(1000, 1000))
            spec = MachineSpec(
                machine_id="probe", app="probe", image=image, argv=("touch", "/data/written"), env={},
                mounts=(Mount(Path(name), "/data"),), memory_mb=64,
                state_dir=Path(name), ipv4="172.19.0.2", ipv6="fdaa::2", proxy_ipv4="172.19.0.1",
            )  # fmt: skip
            try:
                async with asyncio.timeout(PROBE_SECONDS):
                    machine = await runtime.start(spec, lambda *_: None)
                    ended = await machine.wait()
            except TimeoutError:
                return f"its probe did not end within {PROBE_SECONDS:.0f} seconds."
            except RuntimeError as failed:
                hint = "" if bwrap else "Install bubblewrap with the system's package manager. "
                return f"{failed}. {hint}{'Run it where namespaces are allowed.' if as_root else NAMESPACES_FORBIDDEN}"
        return runtime if ended.code == 0 else f"writing to a volume ended with {ended.code} in it."

    async def start(self, spec: MachineSpec, log: LogSink) -> SandboxMachine:
        as_root = os.geteuid() == 0
        uid, gid = spec.image.user
        env = {"PATH": "/usr/local/bin:/usr/bin:/bin", **spec.image.env, **spec.env}
        home = _home(uid)
        main = Identity(uid if as_root else None, gid if as_root else None, {"HOME": home, **env}, spec.image.workdir)
        root = Identity(0, 0, {**env, "HOME": "/root"}, spec.image.workdir) if as_root else main
        owner = (uid, gid) if as_root else (-1, -1)
        plan = Plan(
            argv=spec.argv,
            main=main,
            exec=root,
            sandbox={
                "bwrap": self.bwrap, "cat": self.cat, "uid": uid, "gid": gid,
                "ipv4": [spec.ipv4, spec.proxy_ipv4], "ipv6": [spec.ipv6],
                "arguments": _arguments(spec, as_root),
            },
            root=_root(spec, home, owner),
            cgroup=make_cgroup(f"{spec.machine_id}-{os.getpid()}", spec.memory_mb) if as_root else None,
        )  # fmt: skip
        machine = SandboxMachine(spec, plan, log)
        await machine.start()
        return machine


class SandboxMachine(HeldMachine):
    async def open(self, port: int, via: str) -> socket.socket:
        family = 6 if via == "6pn" else 4
        address = self.spec.ipv6 if family == 6 else self.spec.ipv4
        source = None if family == 6 else self.spec.proxy_ipv4
        request = {"op": "socket", "id": self._link.next_id(), "family": family, "source": source}
        try:
            _, fds = await self._link.ask(request, [])
        except RuntimeError as failed:
            raise OSError(getattr(failed, "errno", 0) or errno.ECONNREFUSED, str(failed)) from None
        made = socket.socket(fileno=fds[0])
        try:
            made.setblocking(False)
            await asyncio.get_running_loop().sock_connect(made, (address, port))
        except BaseException:
            made.close()
            raise
        return made


def _guarantees(as_root: bool) -> Guarantees:
    missing = ["machines cannot reach the internet, nor one another over 6PN"]
    sweep_cgroups()
    probe = make_cgroup(f"probe-{os.getpid()}", 64) if as_root else None
    if probe:
        probe.path.rmdir()
    else:
        missing.append("memory is watched ten times a second, not limited by the kernel: run as root for a cgroup")
    if not as_root:
        missing.append("one user only: commands run as the image's user, not as root: run as root for real owners")
    return Guarantees(
        tier="sandbox",
        private_root=True,
        private_network=True,
        memory_limit="cgroup" if probe else "watchdog",
        owners="real" if as_root else "mapped",
        missing=tuple(missing),
    )


def _home(uid: int) -> str:
    return {0: "/root", 1000: "/home/node"}.get(uid, f"/home/{uid}")


def _arguments(spec: MachineSpec, as_root: bool) -> list[str]:
    """bubblewrap's options; they go through a descriptor, not argv."""
    made = ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--hostname", spec.machine_id, "--die-with-parent"]
    made += ["--new-session", "--clearenv"]
    if not as_root:
        made += ["--unshare-user", "--uid", str(spec.image.user[0]), "--gid", str(spec.image.user[1])]
    known: set[str] = set()
    for name in USR:
        source = Path("/usr") / name
        if source.is_dir() and not source.is_symlink():
            made += _bind("--ro-bind", source, str(source), known)
        elif source.is_symlink():
            made += [*_parents(str(source), known), "--symlink", os.readlink(source), str(source)]
    for name in ROOT_LINKS:
        source = Path("/") / name
        if source.is_symlink():
            made += ["--symlink", os.readlink(source), str(source)]
        elif source.is_dir():
            made += ["--ro-bind", str(source), str(source)]
    for source in (Path("/nix/store"), *(Path("/etc") / name for name in ETC)):
        if source.exists():
            made += _bind("--ro-bind", source.resolve(), str(source), known)
    made += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp"]
    known |= {"/proc", "/dev", "/tmp"}
    for bind in spec.image.binds:
        made += _bind("--ro-bind", bind.source.resolve(), bind.target, known)
    for mount in spec.mounts:
        made += _bind("--bind", mount.source.resolve(), mount.target, known)
    return made


def _bind(how: str, source: Path, target: str, known: set[str]) -> list[str]:
    return [*_parents(target, known), how, str(source), target]


def _parents(target: str, known: set[str]) -> list[str]:
    """Create the directories above, readable by all: bubblewrap itself would make them private."""
    made: list[str] = []
    for parent in reversed(Path(target).parents):
        if str(parent) != "/" and str(parent) not in known:
            known.add(str(parent))
            made += ["--perms", "0755", "--dir", str(parent)]
    known.add(target)
    return made


def _root(spec: MachineSpec, home: str, owner: tuple[int, int]) -> Message:
    uid, gid = spec.image.user
    passwd = ["root:x:0:0:root:/root:/bin/sh", "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin"]
    group = ["root:x:0:", "nogroup:x:65534:"]
    if uid:
        name = "node" if uid == 1000 else "app"
        passwd.append(f"{name}:x:{uid}:{gid}::{home}:/bin/sh")
        group.append(f"{name}:x:{gid}:")
    hosts = [
        "127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback",
        f"{spec.ipv6}\t{spec.machine_id} fly-local-6pn {spec.machine_id}.vm.{spec.app}.internal",
        f"{spec.ipv4}\t{spec.machine_id}",
    ]  # fmt: skip
    texts = {
        "/etc/passwd": passwd,
        "/etc/group": group,
        "/etc/hosts": hosts,
        "/etc/hostname": [spec.machine_id],
        "/etc/resolv.conf": ["nameserver fdaa::3"],
    }
    files = [[path, _encoded("\n".join([*lines, ""]).encode()), 0o644] for path, lines in texts.items()]
    files += [[file.path, _encoded(file.content), file.mode] for file in spec.files]
    return {
        "directories": [
            ["/root", 0o711, -1, -1], ["/run", 0o755, -1, -1], ["/var/tmp", 0o1777, -1, -1],
            ["/usr/local/bin", 0o755, -1, -1] if not _covered(spec, "/usr/local/bin") else ["/var", 0o755, -1, -1],
            [home, 0o755, *owner],
        ],
        "owners": [[mount.target, *owner] for mount in spec.mounts if owner != (-1, -1)],
        "files": files,
    }  # fmt: skip


def _covered(spec: MachineSpec, target: str) -> bool:
    return any(Path(target).is_relative_to(bind.target) for bind in spec.image.binds)


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()
