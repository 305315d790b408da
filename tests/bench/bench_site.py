"""What a run of site.yml with nothing to do costs, for 1 and for 50 gateways, beside plays that do nothing at all.

    python tests/bench/bench_site.py [--gateways 1 50] [--rounds 3]

Gateways are the featherweight stand-in on the emulator. CPU is that of ansible-playbook and its workers only. Figures
of one run are to be compared with one another; on another machine, or at another load, all of them are others.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tests"))

from support.ansible import Ansible, Run, installed_cores
from support.bench import rig
from support.emulator import Emulator

IMAGE = "registry.fly.io/featherweight:2026.9.6"
FLOOR_TASKS = 4
TARGET_RATIO = 2.0
"""Of the CPU that as many tasks that only print cost."""
TARGET_READS = 8
FLOOR, IDLE = f"{FLOOR_TASKS} debug tasks", "nothing to do"


@dataclass(frozen=True)
class Cost:
    seconds: float
    cpu: float


def measured(action: Callable[[], Run]) -> tuple[Cost, Run]:
    """Call and return the seconds and the CPU seconds of the processes it started."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    run = action()
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(ended - began, cpu), run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gateways", type=int, nargs="+", default=[1, 50])
    parser.add_argument("--rounds", type=int, default=3, help="the cheapest round counts")
    parser.add_argument("--forks", type=int, default=5)
    options = parser.parse_args()
    version = installed_cores()[0].version
    print(f"ansible-core {version}, {os.cpu_count()} cores, forks {options.forks}, best of {options.rounds}")
    for count in options.gateways:
        with rig() as (ansible, emulator, scratch):
            bench(count, options.rounds, options.forks, ansible, emulator, scratch)


def bench(count: int, rounds: int, forks: int, ansible: Ansible, emulator: Emulator, scratch: Path) -> None:
    hosts: dict[str, dict[str, object]] = {f"bench-{number:03}": {} for number in range(count)}
    inventory = {"gateways": {"hosts": hosts, "vars": variables(emulator, scratch)}}
    site: dict[str, Any] = {"inventory": inventory, "env": emulator.environment, "timeout": 1800}

    def run_site() -> Run:
        return ansible.playbook(REPO / "playbooks" / "site.yml", f"--forks={forks}", **site).ok()

    def run_floor(tasks: int) -> Run:
        prints = [{"name": f"Print {number}", "ansible.builtin.debug": {"msg": "something"}} for number in range(tasks)]
        play = {"hosts": "gateways", "connection": "local", "gather_facts": False, "tasks": prints}
        return ansible.playbook([play], f"--forks={forks}", **site).ok()

    first, _run = measured(run_site)
    best: dict[str, Cost] = {}
    for _round in range(rounds):
        for what, action in (
            ("empty", partial(run_floor, 0)),
            ("floor", partial(run_floor, FLOOR_TASKS)),
            ("idle", run_site),
        ):
            emulator.clear_journal()
            cost, run = measured(action)
            if what not in best or cost.cpu < best[what].cpu:
                best[what] = cost
    assert run.changed == 0, run.output
    tasks = sum(host["ok"] + host["skipped"] for host in run.recap.values())
    kinds = {kind: len(emulator.journal(kind)) for kind in ("read", "exec", "write")}
    report(
        count, tasks, {"empty play": best["empty"], FLOOR: best["floor"], IDLE: best["idle"], "first run": first}, kinds
    )


def variables(emulator: Emulator, scratch: Path) -> dict[str, object]:
    return {
        "fly_app_image": IMAGE,
        "fly_app_domain": "fly.dev.localhost",
        "fly_app_https_port": emulator.info["edge_https_port"],
        "fly_app_config_file": str(scratch / "{{ inventory_hostname }}.toml"),
        "fly_app_gateway_token_file": str(scratch / "{{ inventory_hostname }}.token"),
        "openclaw_config_ca_file": str(emulator.ca_file),
        "openclaw_config_trusted_proxies": ["172.16.0.0/12", "127.0.0.1/32"],
        "openclaw_config_schema_cache": str(scratch / "schemas"),
    }


def report(count: int, tasks: int, costs: dict[str, Cost], kinds: dict[str, int]) -> None:
    empty = costs["empty play"].cpu
    ratio = (costs[IDLE].cpu - empty) / (costs[FLOOR].cpu - empty)
    reads = (kinds["read"] + kinds["exec"]) / count
    print(f"\n{count} gateway{'s' if count > 1 else ''}, {tasks} task-hosts")
    print(f"  {'':<14}{'seconds':>9}{'CPU s':>9}")
    for name, cost in costs.items():
        print(f"  {name:<14}{cost.seconds:>9.2f}{cost.cpu:>9.2f}")
    print(
        f"  CPU of a run with nothing to do, by that of {FLOOR_TASKS} debug tasks: {ratio:.2f} (target {TARGET_RATIO})"
    )
    print(f"  reads a gateway, exec included: {reads:.1f} (target {TARGET_READS}); writes: {kinds['write']}")


if __name__ == "__main__":
    main()
