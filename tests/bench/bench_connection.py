"""What the connection plugin costs: a raw task beside a module's exec, and a large file both ways.

python tests/bench/bench_connection.py [--megabytes 100] [--tasks 20]
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPO / part) for part in ("tests", "emulator")]

from support.bench import rig

APP = "reached"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--tasks", type=int, default=20)
    options = parser.parse_args()
    with rig() as (ansible, emulator, root):
        emulator.request("POST", "/v1/apps", {"app_name": APP, "org_slug": "personal"})
        metadata = {"fly_platform_version": "v2", "fly_process_group": "app"}
        config = {"image": "registry.fly.io/scratch:sleep", "metadata": metadata}
        made = emulator.request("POST", f"/v1/apps/{APP}/machines", {"region": "iad", "config": config})
        emulator.get(f"/v1/apps/{APP}/machines/{made['id']}/wait?state=started&timeout=30")
        inside = {"ansible_connection": "openclaw.fly.machine", "ansible_python_interpreter": "/usr/bin/python3"}
        outside = {"ansible_connection": "local", "ansible_python_interpreter": str(ansible.core.python)}
        runs: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
            "raw in the machine": (inside, {"ansible.builtin.raw": "true"}),
            "fly_machine_exec": (outside, {"openclaw.fly.fly_machine_exec": {"app": APP, "command": ["true"]}}),
            "debug": (outside, {"ansible.builtin.debug": {"msg": "x"}}),
        }
        for name, (variables, task) in runs.items():
            seconds = timed(ansible, emulator, variables, [task] * options.tasks)
            print(f"{name:<22}{1000 * seconds / options.tasks:>8.0f} ms a task, the play's start included", flush=True)
        source = root / "large"
        block = bytes(range(256)) * 4096
        with source.open("wb") as file:
            for number in range(options.megabytes):
                file.write(number.to_bytes(8, "big") + block[8:])
        copies: dict[str, dict[str, Any]] = {
            "copy to the machine": {"ansible.builtin.copy": {"src": str(source), "dest": "/tmp/large", "mode": "0600"}},
            "fetch it back": {"ansible.builtin.fetch": {"src": "/tmp/large", "dest": f"{root}/back", "flat": True}},
        }
        for name, task in copies.items():
            emulator.clear_journal()
            seconds = timed(ansible, emulator, inside, [task])
            print(f"{name:<22}{seconds:>8.1f} s, {len(emulator.journal('exec'))} execs", flush=True)
        same = digest(source) == digest(root / "back")
        print(f"{options.megabytes} MB, digests {'equal' if same else 'DIFFERENT'}")


def timed(ansible: Any, emulator: Any, variables: dict[str, Any], tasks: list[dict[str, Any]]) -> float:
    play = {"hosts": "all", "gather_facts": False, "tasks": tasks}
    began = time.monotonic()
    ansible.playbook([play], inventory={"all": {"hosts": {APP: variables}}}, env=emulator.environment, timeout=900).ok()
    return time.monotonic() - began


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    main()
