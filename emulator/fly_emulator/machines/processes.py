"""The processes of a running machine, read from /proc (`ps` of the API)."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LISTEN = "0A"
TICKS = os.sysconf("SC_CLK_TCK")


def below(root: int, ports: Mapping[int, int]) -> list[dict[str, Any]]:
    """Return the process `root` and its descendants in the API's form; one that ends meanwhile is left out.

    `ports` tells the machine's port of a host's, where they differ.
    """
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parents.setdefault(int(_stat(int(path.name))[1]), []).append(int(path.name))
        except (OSError, ValueError, IndexError):
            continue
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop(0)
        waiting += sorted(parents.get(pid, []))
        try:
            found.append(_describe(pid, ports))
        except (OSError, ValueError, IndexError):
            continue
    return found


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the command's name: state, ppid, ..."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _describe(pid: int, ports: Mapping[int, int]) -> dict[str, Any]:
    fields = _stat(pid)
    command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    return {
        "pid": pid,
        "stime": int(fields[12]) // TICKS,
        "rtime": int(uptime - int(fields[19]) / TICKS),
        "command": command,
        "directory": os.readlink(f"/proc/{pid}/cwd"),
        "cpu": (int(fields[11]) + int(fields[12])) // TICKS,
        "rss": int(fields[21]) * os.sysconf("SC_PAGE_SIZE"),
        "listen_sockets": _listening(pid, ports),
    }


def _listening(pid: int, ports: Mapping[int, int]) -> list[dict[str, str]]:
    mine = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            if found := re.fullmatch(r"socket:\[(\d+)\]", os.readlink(f"/proc/{pid}/fd/{name}")):
                mine.add(found[1])
        except OSError:
            continue
    sockets = []
    for proto in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{proto}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN and fields[9] in mine:
                sockets.append({"proto": proto, "address": _address(fields[1], ports)})
    return sockets


def _address(text: str, ports: Mapping[int, int]) -> str:
    """ "0100007F:0BB8" to "127.0.0.1:3000"; the kernel writes each 32-bit word in host order."""
    host, number = text.split(":")
    port = ports.get(int(number, 16), int(number, 16))
    words = [bytes.fromhex(host[i : i + 8])[::-1] for i in range(0, len(host), 8)]
    address = ipaddress.ip_address(b"".join(words))
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"
