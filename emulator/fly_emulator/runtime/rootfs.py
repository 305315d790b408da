"""A machine's root filesystem: what of the host's it shows, and what is written into it before each start."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from . import egress, sixpn
from .base import MachineSpec
from .holder.channel import Message

USR = ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "libexec", "share")
ROOT_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
ETC = (
    "ssl", "pki", "ca-certificates", "ca-certificates.conf", "ld.so.cache", "ld.so.conf", "ld.so.conf.d",
    "alternatives", "localtime", "protocols", "services", "mime.types", "nsswitch.conf", "terminfo",
)  # fmt: skip


def host_binds() -> dict[str, Path]:
    """What every machine sees of this host, read-only: target to source."""
    shown = [Path("/usr", name) for name in USR] + [Path("/", name) for name in ROOT_LINKS]
    found = {str(path): path for path in shown if path.is_dir() and not path.is_symlink()}
    others = (Path("/nix/store"), *(Path("/etc") / name for name in ETC))
    return found | {str(path): path.resolve() for path in others if path.exists()}


def host_links() -> dict[str, str]:
    """The symbolic links among them: link to where it leads."""
    shown = [Path("/usr", name) for name in USR] + [Path("/", name) for name in ROOT_LINKS]
    return {str(path): os.readlink(path) for path in shown if path.is_symlink()}


def home(uid: int) -> str:
    return {0: "/root", 1000: "/home/node"}.get(uid, f"/home/{uid}")


def contents(spec: MachineSpec, home: str, owner: tuple[int, int]) -> Message:
    """The directories, owners and files that the holder makes in the fresh root; an owner of -1 is left as it is."""
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
    # The first refuses names that are not Fly.io's, on which the second is asked.
    resolvers = [sixpn.RESOLVER] if spec.join or not spec.egress else []
    if spec.egress:
        resolvers.append(egress.RESOLVER)
    texts = {
        "/etc/passwd": passwd,
        "/etc/group": group,
        "/etc/hosts": hosts,
        "/etc/hostname": [spec.machine_id],
        "/etc/resolv.conf": [f"nameserver {server}" for server in resolvers],
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
