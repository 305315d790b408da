"""The sandbox tier: a root filesystem by bubblewrap, or by the holder where that is not installed, and a network
namespace. Linux; root is not needed.

Each machine has a root of its own (the host's /usr read-only, the image, the volumes, an empty /tmp), its own
processes, host name and network. That network is a loopback with three addresses: the machine's IPv4, the one that
Fly's proxy comes from, and its 6PN address. The emulator connects through sockets made inside, so nothing listens on
the host, and a listener on 0.0.0.0 sees the proxy's address and refuses 6PN, as on Fly.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from . import rootfs, trial
from .base import Guarantees, LogSink, MachineSpec
from .held import Identity, Plan
from .inside import InsideMachine
from .memory import make_cgroup, sweep_cgroups

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
        runtime = cls(_guarantees(as_root), bwrap, os.path.realpath(cat) if cat else "")
        try:
            tried = await trial.run(runtime, state_dir, PROBE_SECONDS)
        except RuntimeError as failed:
            hint = "" if bwrap else "Install bubblewrap with the system's package manager. "
            return f"{failed}. {hint}{'Run it where namespaces are allowed.' if as_root else NAMESPACES_FORBIDDEN}"
        runtime.guarantees = _guarantees(as_root, tried.no_sixpn)
        return runtime

    async def start(self, spec: MachineSpec, log: LogSink) -> InsideMachine:
        as_root = os.geteuid() == 0
        uid, gid = spec.image.user
        env = {"PATH": "/usr/local/bin:/usr/bin:/bin", **spec.image.env, **spec.env}
        home = rootfs.home(uid)
        main = Identity(uid if as_root else None, gid if as_root else None, {"HOME": home, **env}, spec.image.workdir)
        root = Identity(0, 0, {**env, "HOME": "/root"}, spec.image.workdir) if as_root else main
        owner = (uid, gid) if as_root else (-1, -1)
        plan = Plan(
            argv=spec.argv,
            main=main,
            exec=root,
            sandbox={
                "bwrap": self.bwrap, "cat": self.cat, "arguments": _arguments(spec, as_root),
            },
            network={
                "new": True, "uid": uid, "gid": gid, "ipv4": [spec.ipv4, spec.proxy_ipv4], "ipv6": [spec.ipv6],
            },
            root=rootfs.contents(spec, home, owner),
            cgroup=make_cgroup(f"{spec.machine_id}-{os.getpid()}", spec.memory_mb) if as_root else None,
        )  # fmt: skip
        machine = InsideMachine(spec, plan, log)
        await machine.start()
        return machine


def _guarantees(as_root: bool, no_sixpn: str = "") -> Guarantees:
    missing = [f"machines cannot reach one another over 6PN: {no_sixpn}"] if no_sixpn else []
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
        sixpn=not no_sixpn,
    )


def _arguments(spec: MachineSpec, as_root: bool) -> list[str]:
    """bubblewrap's options; they go through a descriptor, not argv."""
    made = ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--hostname", spec.machine_id, "--die-with-parent"]
    made += ["--new-session", "--clearenv"]
    if not as_root:
        made += ["--unshare-user", "--uid", str(spec.image.user[0]), "--gid", str(spec.image.user[1])]
    known: set[str] = set()
    for target, source in rootfs.host_binds().items():
        made += _bind("--ro-bind", source, target, known)
    for link, leads_to in rootfs.host_links().items():
        made += [*_parents(link, known), "--symlink", leads_to, link]
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
