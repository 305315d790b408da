"""Whatever ends a machine while files are swapped in it, the config is the old or the new one, whole, owned right."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import time
import urllib.error
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest
from support.ansible import Ansible
from support.emulator import Emulator
from support.hang import HANG
from support.site import Site

from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines import remote_files
from ansible_collections.openclaw.fly.plugins.module_utils._resources import config_swap

CONFIG = "/data/openclaw.json"
PADDING = b"\n" * 200_000
"""So that writing takes a while; JSON does not mind."""
LOOP = """
while :; do
  for config in "$3" "$4"; do
    printf '600 1000:1000 %s\\n600 1000:1000 W10=\\n' "$(cat "$config")" | sh -c "$1" sh "$5" "$8" || exit
    new=$(sha256sum < "$5" | cut -d ' ' -f 1) old=$(sha256sum < "$6" | cut -d ' ' -f 1)
    sh -c "$2" sh "$5" "$6" "$7" "$8" "$9" "$new" "$old" || exit
  done
done > /dev/null 2>&1 &
"""
"""The two scripts as openclaw_config has them run, one config after the other, until the machine ends.

In the background: one exec at a time runs in a machine, and what strikes it may be another.
"""

HOG = """
for process in /proc/[0-9]*; do
  if grep -q 'dist/[i]ndex.js' "$process/cmdline"; then echo 1000 > "$process/oom_score_adj"; fi
done
head -c 1900m /dev/zero | tail
"""
"""Fills the memory; the kernel's choice is the gateway, as it is where that is the biggest."""


@pytest.fixture(scope="module")
def site(
    file_ansible: Ansible,
    start_emulator: Callable[..., AbstractContextManager[Emulator]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """A gateway on an emulator that may be killed."""
    with start_emulator() as emulator:
        small = {"fly_app_vm_memory": "1024mb", "fly_app_heap_mb": 768}
        site = Site(file_ansible, emulator, tmp_path_factory.mktemp("site"), "struck", **small)
        site.converge()
        yield site


def execute(site: Site, *command: str) -> None:
    """Run a command in the machine, which may end with it; what becomes of the answer does not matter."""
    body = {"command": list(command), "timeout": 50}
    with contextlib.suppress(OSError, urllib.error.URLError, json.JSONDecodeError):
        site.emulator.request("POST", f"/v1/apps/{site.app}/machines/{site.machine['id']}/exec", body)


def kill_gateway(site: Site) -> None:
    path = f"/v1/apps/{site.app}/machines/{site.machine['id']}/signal"
    site.emulator.request("POST", path, {"signal": "SIGKILL"})


def run_out_of_memory(site: Site) -> None:
    execute(site, "sh", "-c", HOG)


def restart_emulator(site: Site) -> None:
    site.emulator.stop()
    site.emulator.start()
    (site.root / ".local/emulator/emulator.json").write_text(json.dumps(site.emulator.info))


def kill_emulator(site: Site) -> None:
    os.kill(site.emulator.info["pid"], signal.SIGKILL)
    poll(lambda: not Path(f"/proc/{site.emulator.info['pid']}").exists(), "the emulator's end")
    site.emulator.start()
    (site.root / ".local/emulator/emulator.json").write_text(json.dumps(site.emulator.info))


@pytest.mark.parametrize("strike", [kill_gateway, run_out_of_memory, restart_emulator, kill_emulator])
def test_a_swap_survives_its_machine(site: Site, strike: Callable[[Site], None]) -> None:
    file = site.data / Path(CONFIG).name
    good = file.read_bytes().rstrip(b"\n")
    config = json.loads(good)
    config["agents"]["defaults"]["maxConcurrent"] = 99
    new = json.dumps(config).encode()
    wanted = (good + b"\n" + PADDING, new + b"\n" + PADDING)
    for name, content in zip(("one", "other"), wanted, strict=True):
        (file.parent / name).write_bytes(base64.b64encode(content))
    ledger = "/data/.ansible/openclaw-config.json"
    paths = [f"{CONFIG}.candidate", CONFIG, f"{CONFIG}.previous", f"{ledger}.candidate", ledger]
    scripts = [remote_files._WRITE, config_swap.SWAP, "/data/one", "/data/other"]
    before = site.machine["events"][0]["timestamp"]

    def holds(content: bytes) -> bool:
        return file.read_bytes() == content

    execute(site, "setsid", "sh", "-c", LOOP, "sh", *scripts, *paths)
    for content in wanted:
        poll(partial(holds, content), "the swaps")
    strike(site)
    poll(lambda: site.machine["state"] == "started" and site.machine["events"][0]["timestamp"] > before, "a new start")

    found, status = file.read_bytes(), file.stat()
    assert found in wanted, f"torn: {len(found)} bytes"
    real = site.emulator.info["guarantees"]["owners"] == "real" and os.getuid() == 0
    assert status.st_mode & 0o777 == 0o600
    assert not real or (status.st_uid, status.st_gid) == (1000, 1000)
    if strike is run_out_of_memory:
        exits = [event.get("request", {}).get("exit_event") or {} for event in site.machine["events"]]
        assert any(each.get("oom_killed") for each in exits), exits
    site.converge()
    assert json.loads(file.read_bytes())["agents"]["defaults"]["maxConcurrent"] == 4


def poll(holds: Callable[[], object], what: str, timeout: float = HANG) -> None:
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not within {timeout:g} s"
        time.sleep(0.005)
