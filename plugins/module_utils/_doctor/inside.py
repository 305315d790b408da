# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the machine's system shows: space, memory, clock, Node.js, listeners, locks. One exec, which reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SCRIPT = r"""
state=$1
echo "now $(date +%s)"
df -Pk "$state" 2>/dev/null | awk 'END { if (NF > 5) print "disk", $2, $4 }'
df -Pi "$state" 2>/dev/null | awk 'END { if (NF > 5) print "inodes", $2, $4 }'
df -Pk / 2>/dev/null | awk 'END { if (NF > 5) print "root", $2, $4 }'
awk '/^Mem(Total|Available):/ { print substr($1, 1, length($1) - 1), $2 }' /proc/meminfo 2>/dev/null
echo "node $(node --version 2>/dev/null)"
for path in "$state" "$state/openclaw.json"; do
  if [ -e "$path" ]; then stat -c 'stat %u:%g %a %n' "$path"; else echo "absent $path"; fi
done
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { print "listen", $2 }'
for lock in "$state"/tmp/openclaw-*/gateway.*.lock /tmp/openclaw-*/gateway.*.lock; do
  [ -f "$lock" ] || continue
  pid=$(tr -d ' \n' < "$lock" | sed -n 's/.*"pid":\([0-9]*\).*/\1/p')
  command=
  [ -n "$pid" ] && [ -r "/proc/$pid/cmdline" ] && command=$(tr '\0' ' ' < "/proc/$pid/cmdline" | cut -c 1-200)
  echo "lock $pid $lock $command"
done
for one in /proc/[0-9]*/cmdline; do
  tr '\0' ' ' < "$one" 2>/dev/null | cut -c 1-300 | awk '/ gateway( |$)/ && !/awk|sh -c/ { print "gateway", $0 }'
done
exit 0
"""
"""Takes the state's folder. Prints a line for each fact: its name, then its values."""
_KB = 1024


@dataclass(frozen=True, slots=True)
class Lock:
    """A gateway's lock. `command` is that of the process with its pid; empty where there is none."""

    path: str
    pid: int
    command: str


@dataclass(frozen=True, slots=True)
class Inside:
    """Bytes and Unix seconds; None for what the machine does not show."""

    now: float | None = None
    disk: tuple[int, int] | None = None
    """Of the state's file system: total, free."""
    inodes: tuple[int, int] | None = None
    root: tuple[int, int] | None = None
    memory: tuple[int, int] | None = None
    node: str = ""
    """Such as 24.19.0."""
    owners: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """uid:gid and mode, by path."""
    absent: tuple[str, ...] = ()
    listeners: tuple[tuple[str, int], ...] = ()
    """Address in hexadecimal, as the kernel writes it, and port."""
    locks: tuple[Lock, ...] = ()
    processes: tuple[str, ...] = ()
    """Commands of gateways that run."""

    def listens_on(self, port: int) -> list[str]:
        """loopback, ipv4 or ipv6 for each listener on the port."""
        return [_kind(address) for address, number in self.listeners if number == port]


def parse(output: str) -> Inside:
    """What the script printed."""
    found: dict[str, Any] = {}
    owners: dict[str, tuple[str, str]] = {}
    lists: dict[str, list[Any]] = {"absent": [], "listeners": [], "locks": [], "processes": []}
    for line in output.splitlines():
        name, _space, rest = line.partition(" ")
        words = rest.split()
        if name in ("disk", "inodes", "root") and len(words) == 2 and all(word.isdigit() for word in words):
            scale = 1 if name == "inodes" else _KB
            found[name] = (int(words[0]) * scale, int(words[1]) * scale)
        elif name in ("now", "MemTotal", "MemAvailable") and rest.isdigit():
            found[name] = int(rest)
        elif name == "node":
            found[name] = rest.strip().removeprefix("v")
        elif name == "stat" and len(words) > 2:
            owners[" ".join(words[2:])] = (words[0], words[1])
        elif name == "absent":
            lists["absent"].append(rest)
        elif name == "listen" and ":" in rest:
            address, _colon, port = rest.partition(":")
            lists["listeners"].append((address, int(port, 16)))
        elif name == "lock" and len(words) > 1 and words[0].isdigit():
            lists["locks"].append(Lock(words[1], int(words[0]), " ".join(words[2:])))
        elif name == "gateway":
            lists["processes"].append(rest)
    total, free = found.pop("MemTotal", None), found.pop("MemAvailable", None)
    memory = None if total is None or free is None else (total * _KB, free * _KB)
    found |= {key: tuple(value) for key, value in lists.items()}
    return Inside(memory=memory, owners=owners, **found)


def _kind(address: str) -> str:
    if address == "0100007F":
        return "loopback"
    return "ipv4" if len(address) == 8 else "ipv6"
