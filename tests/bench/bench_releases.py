"""Older releases of the real gateway: deploy, change, talk, upgrade with `migrate`, and nothing to do after each.

    python tests/bench/bench_releases.py [RELEASE ...]

Without arguments, those below: the oldest whose dependencies npm has, and one for each layout of the config since. An
image that is not cached yet is made first (650 MB each).
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPO / part) for part in ("tests", "build/tree", "emulator")]

from support.bench import rig
from support.gateway import GatewaySite
from support.releases import Life

RELEASES = ("2026.3.24", "2026.5.12", "2026.7.1")


def main() -> None:
    with rig() as (ansible, emulator, root):
        for release in sys.argv[1:] or RELEASES:
            app = f"bench-{release.replace('.', '-')}"
            life = Life(GatewaySite(ansible, emulator, root / app, app), release)
            print(f"{release} to {life.newest}", flush=True)
            for step in life.steps():
                began = time.monotonic()
                told = step()
                print(f"  {time.monotonic() - began:6.1f} s  {step.__name__:<28} {json.dumps(told)}", flush=True)
            path = f"/v1/apps/{app}/machines/{life.site.machine['id']}?force=true"
            emulator.request("DELETE", path)


if __name__ == "__main__":
    main()
