"""However the emulator ends, none of its machines' processes outlives it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from support.hang import HANG

import fly_emulator
from fly_emulator.runtime.base import Runtime
from fly_emulator.runtime.holder.tree import descendants

PARENT = """
import asyncio, signal, sys
from pathlib import Path
from fly_emulator.images.catalog import Catalog
from fly_emulator.runtime import select
from fly_emulator.runtime.base import MachineSpec, Mount

async def main(tier, base):
    runtime = await select(tier, base)
    image = await Catalog(base / "cache", None).resolve("registry.fly.io/scratch:sleep", print)
    script = "setsid sleep 1234 & sleep 1234 & trap '' TERM INT HUP; while :; do sleep 1; done"
    addresses = ("172.19.0.2", "fdaa::2", "172.19.0.1")
    spec = MachineSpec("m1", "app", image, ("sh", "-c", script), {}, (), 64, base / "m1", *addresses)
    machine = await runtime.start(spec, lambda *line: None)
    print(machine.pid, flush=True)
    await machine.exec(("sh", "-c", "setsid sleep 1234"), b"", 1000)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs start with it ignored
asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_the_emulator(runtime: Runtime, tmp_path: Path, ending: signal.Signals) -> None:
    env = {**os.environ, "PYTHONPATH": str(Path(fly_emulator.__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, runtime.guarantees.tier, str(tmp_path)],
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout
        holder = _parent(int(parent.stdout.readline()))
        deadline = time.monotonic() + HANG
        # The script, its two sleeps, the command and its sleep.
        while len(below := {holder, *descendants(holder), *descendants(parent.pid)}) < 6:
            assert time.monotonic() < deadline, below
            time.sleep(0.01)
        parent.send_signal(ending)
        parent.wait(HANG)
    deadline = time.monotonic() + HANG
    while left := [pid for pid in below if _alive(pid)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.01)


def test_a_killed_holder_ends_the_machine(start: Any, go: Any) -> None:
    async def body() -> None:
        async with start(("sh", "-c", "sleep 1000 & exec sleep 1000")) as one:
            holder = _parent(one.machine.pid)
            below = descendants(holder)
            os.kill(holder, signal.SIGKILL)
            assert (await one.machine.wait()).code == 137
            deadline = time.monotonic() + HANG
            while left := [pid for pid in below if _alive(pid)]:
                assert time.monotonic() < deadline, left
                await asyncio.sleep(0.01)

    go(body)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
