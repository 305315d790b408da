"""What it costs to converge 200 apps, and to run again, over an API that takes 100 ms: by us, and by linuxhq.flyio.

    python tests/bench/bench_load.py [--apps 200] [--latency 0.1] [--forks 10] [--linuxhq FOLDER]

An app has two addresses, a volume, two secrets and a machine. The emulator keeps Fly.io's rate limits; its machines are
no processes. FOLDER (or OPENCLAW_FLY_LINUXHQ) is a checkout of github.com/linuxhq/ansible-collection-flyio; without one
its half is left out. Its API's address is a constant, so a copy of it is pointed at the emulator. Both halves run on
the newest installed ansible-core, with pipelining. CPU is that of ansible-playbook and its children.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPO / part) for part in ("tests", "emulator")]

from support.ansible import Ansible, Run, installed_cores
from support.still import Images, StillRuntime

from fly_emulator.settings import Settings, Token
from fly_emulator.thread import EmulatorThread

IMAGE = "registry.fly.io/still:1"
TOKEN = "bench-token"
APP = "{{ inventory_hostname }}"
SECRETS = {"FIRST_KEY": "one of " + APP, "SECOND_KEY": "two of " + APP}
Tasks = list[dict[str, Any]]


def ours() -> Tasks:
    definition = {
        "app": APP,
        "primary_region": "iad",
        "build": {"image": IMAGE},
        "mounts": {"source": "data", "destination": "/data"},
        "vm": [{"size": "shared-cpu-1x", "memory": "512mb"}],
    }
    return [
        {"openclaw.fly.fly_app": {"name": APP, "org": "personal"}},
        {"openclaw.fly.fly_ips": {"app": APP, "shared_v4": True, "v6": 1}},
        {"openclaw.fly.fly_volume": {"app": APP, "name": "data", "region": "iad"}},
        {"openclaw.fly.fly_secrets": {"app": APP, "secrets": SECRETS}},
        {"openclaw.fly.fly_deploy": {"app": APP, "definition": definition}},
    ]


def theirs() -> Tasks:
    common = {"api_token": TOKEN, "app_name": APP}
    machine = {
        "name": f"{APP}-app-1",
        "region": "iad",
        "image": IMAGE,
        "guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 512},
        "mounts": [{"volume": "{{ volume.volume.id }}", "path": "/data"}],
    }
    volume = {"name": "data", "region": "iad", "size_gb": 1}
    return [
        {"linuxhq.flyio.apps": {"api_token": TOKEN, "name": APP, "org_slug": "personal"}},
        *({"linuxhq.flyio.ip_addresses": {**common, "type": kind}} for kind in ("shared_v4", "v6")),
        {"linuxhq.flyio.volumes": {**common, **volume}, "register": "volume"},
        *({"linuxhq.flyio.secrets": {**common, "name": name, "value": value}} for name, value in SECRETS.items()),
        {"linuxhq.flyio.machines": {**common, **machine}},
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--apps", type=int, default=200)
    parser.add_argument("--latency", type=float, default=0.1, help="seconds before each answer")
    parser.add_argument("--forks", type=int, default=10)
    parser.add_argument("--linuxhq", type=Path, default=os.environ.get("OPENCLAW_FLY_LINUXHQ"), metavar="FOLDER")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        subprocess.run([sys.executable, REPO / "tools" / "collection.py", "install", scratch], check=True)
        core = installed_cores()[-1]
        print(
            f"{options.apps} apps, {1000 * options.latency:.0f} ms, {options.forks} forks, "
            f"ansible-core {core.version}, {os.cpu_count()} cores\n"
            f"{'':<26}{'seconds':>9}{'CPU s':>9}{'reads':>8}{'writes':>8}{'429':>6}{'changed':>9}"
        )
        ansible = Ansible(core, scratch, scratch / "home", {"ANSIBLE_PIPELINING": "true"})
        for half, tasks in (("openclaw.fly", ours()), ("linuxhq.flyio", theirs())):
            if half == "linuxhq.flyio" and not options.linuxhq:
                print(f"{half:<26}skipped: no checkout of it is given (--linuxhq or OPENCLAW_FLY_LINUXHQ)")
            else:
                bench(half, tasks, options, ansible, scratch)


def bench(half: str, tasks: Tasks, options: argparse.Namespace, ansible: Ansible, scratch: Path) -> None:
    """Converge the apps on an emulator of their own, look at them, run again, and print a line for each run."""
    apps = [f"load-{number:03}" for number in range(options.apps)]
    play = {"hosts": "all", "connection": "local", "gather_facts": False, "tasks": tasks}
    with EmulatorThread(settings(scratch / half)) as thread:
        if half == "linuxhq.flyio":
            borrow(options.linuxhq, scratch, thread.api_url)
        context = thread.emulator.context
        context.faults.add({"action": "latency", "seconds": options.latency, "count": 0})
        python = {"ansible_python_interpreter": str(ansible.core.python)}
        inventory = {"all": {"hosts": dict.fromkeys(apps), "vars": python}}
        environment = {
            "FLY_API_TOKEN": TOKEN,
            "FLY_FLAPS_BASE_URL": thread.api_url,
            "FLY_API_BASE_URL": thread.api_url,
        }
        for which in ("first run", "again"):
            context.journal.clear()
            before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
            forks = f"--forks={options.forks}"
            run = ansible.playbook([play], forks, inventory=inventory, env=environment, timeout=7200).ok()
            seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            report(f"{half}, {which}", seconds, cpu, context, run)
            for app in apps:
                look(context.store.apps[app])


def settings(folder: Path) -> Settings:
    return Settings(
        folder,
        tokens=(Token(TOKEN),),
        api_port=0,
        edge_http_port=0,
        edge_https_port=0,
        runtime=StillRuntime(folder),
        images=Images(),
        rate_limits=True,
    )


def borrow(checkout: Path, collections: Path, url: str) -> None:
    """Install a copy of linuxhq.flyio that talks to `url`."""
    copy = collections / "ansible_collections" / "linuxhq" / "flyio"
    shutil.copytree(checkout / "plugins", copy / "plugins")
    client = copy / "plugins" / "module_utils" / "flyio_utils.py"
    text = client.read_text()
    for host in ("https://api.fly.io", "https://api.machines.dev"):
        if text.count(host) != 1:
            raise SystemExit(f"{client} does not name {host} once: this benchmark knows version 1.1.1")
        text = text.replace(host, url)
    client.write_text(text)


def report(what: str, seconds: float, cpu: float, context: Any, run: Run) -> None:
    requests = context.journal.select()
    kinds = Counter(entry.kind for entry in requests)
    refused = sum(entry.status == 429 for entry in requests)
    figures = f"{seconds:>9.1f}{cpu:>9.1f}{kinds['read']:>8}{kinds['write']:>8}{refused:>6}{run.changed:>9}"
    print(f"{what:<26}{figures}", flush=True)


def look(app: Any) -> None:
    """Stop when the app is not what both halves declare."""
    machines = app.live_machines()
    found = (
        sorted(ip.kind for ip in app.ips),
        [volume.attached_machine_id for volume in app.volumes.values()],
        sorted(app.secrets),
        [machine.state for machine in machines],
    )
    wanted = (["shared_v4", "v6"], [machine.id for machine in machines], sorted(SECRETS), ["started"])
    if found != wanted:
        raise SystemExit(f"{app.name} is not as declared: {found}, not {wanted}")


if __name__ == "__main__":
    main()
