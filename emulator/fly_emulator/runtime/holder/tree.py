"""A process and all that it started, by /proc or ps."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable


def descendants(root: int) -> list[int]:
    """Pids below `root`, without it."""
    children = _children_of_proc if sys.platform == "linux" else _children_of_ps()
    found: list[int] = []
    queue = [root]
    while queue:
        below = children(queue.pop())
        found += below
        queue += below
    return found


def _children_of_proc(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found += map(int, file.read().split())
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found


def _children_of_ps() -> Callable[[int], list[int]]:
    listed = subprocess.run(["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=False).stdout
    below: dict[int, list[int]] = defaultdict(list)
    for line in listed.splitlines():
        pid, parent = map(int, line.split())
        below[parent].append(pid)
    return lambda pid: below.get(pid, [])
