"""The controller's memory while a large state is backed up and restored: into a folder, and into a real S3 server.

    python tests/bench/bench_backup_memory.py [MEGABYTES]

200 MB by default, of random data, which do not get smaller. Printed is the most that all processes of
ansible-playbook had at one time (PSS: what several share counts once), and the most that one of them had (RSS).
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPO / part) for part in ("tests", "build/tree", "emulator")]

from pyrage import x25519
from support import s3
from support.ansible import Started
from support.bench import rig
from support.site import Site, data, fill, result

LIMIT_MB = 256
_FEW = 0.02
"""Seconds between two looks."""


def tree(root: int) -> Iterator[int]:
    """A process and all that come from it."""
    children: dict[int, list[int]] = defaultdict(list)
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            after = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children[int(after[1])].append(int(path.parent.name))
    found = [root]
    for process in found:
        found += children[process]
        yield process


def memory(process: int) -> tuple[int, int]:
    """Its PSS and its RSS in MB; 0 once it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0, 0
    found = {name: int(rest.split()[0]) // 1024 for name, _, rest in (line.partition(":") for line in lines[1:])}
    return found.get("Pss", 0), found.get("Rss", 0)


def watched(started: Started) -> tuple[int, int]:
    """The most of all processes at one time, and of one, until it ends."""
    most = largest = 0
    while started.process.poll() is None:
        each = [memory(process) for process in tree(started.process.pid)]
        most = max(most, sum(pss for pss, _ in each))
        largest = max([largest, *(rss for _, rss in each)])
        time.sleep(_FEW)
    return most, largest


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    over = False
    with rig() as (ansible, emulator, root), ExitStack() as stack:
        server = stack.enter_context(s3.started(root / "s3"))
        key = x25519.Identity.generate()
        (root / "key").write_text(f"{key}\n")
        places = {"folder": str(root / "backups"), "s3": f"s3://{server.bucket('bench').name}/openclaw"}
        site = Site(ansible, emulator, root / "site", "bench-memory", fly_app_env={"FEATHER_FILL_MB": str(megabytes)})
        site.variables.update(fly_app_backup_recipients=[str(key.to_public())])
        site.converge()
        fill(site, {"sessions": 3})
        for name, place in places.items():
            site.variables["fly_app_backup_folder"] = place
            site.declare()
            for playbook, extra in (
                ("backup", {}),
                ("restore", {"identity_file": str(root / "key"), "confirm": site.app}),
            ):
                began = time.monotonic()
                args = ["--tags=archive"] if playbook == "backup" else []
                started = site.ansible.start(
                    REPO / f"playbooks/{playbook}.yml",
                    *args,
                    inventory=site.inventory,
                    extra_vars=extra,
                    env=server.environment,
                )
                most, largest = watched(started)
                run = started.wait().ok()
                seconds = time.monotonic() - began
                over = over or most > LIMIT_MB
                print(
                    f"{name:<7} {playbook:<8} {seconds:6.1f} s   {most:4} MB in all, {largest:4} MB the largest",
                    flush=True,
                )
                if playbook == "backup":
                    made = result(run, "openclaw_backup")["backup"]
                    print(
                        f"        an archive of {made['archive_bytes'] / 1e6:.0f} MB in {made['parts']} parts",
                        flush=True,
                    )
            assert (data(site) / "featherweight.json").exists()
    if over:
        sys.exit(f"more than {LIMIT_MB} MB")


if __name__ == "__main__":
    main()
