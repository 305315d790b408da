"""Two runs at once on one app, round after round: what goes live, how each run ends, and what it cost.

    python tests/bench/bench_concurrency.py [ROUNDS]

Three kinds: two configure.yml with different values, two different site.yml, two identical first site.yml. While they
run, the live openclaw.json is read many times a second: it must always be whole and hold the value that was live before
or that of a run that ended well. A run that fails must name the other; there is never a second machine or volume.
Ends with 1 when a round shows a fault.
"""

from __future__ import annotations

import json
import statistics
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPO / part) for part in ("tests", "build/tree", "emulator")]

from support import two_runs
from support.ansible import Run
from support.bench import rig
from support.site import Site

ROUNDS = 20
PAUSE = 0.01
Round = tuple[list[Run], list[str]]


class Watch:
    """Reads the live config again and again; the replacing of a file is atomic, so each reading must be whole."""

    def __init__(self, file: Path) -> None:
        self._file, self._end = file, threading.Event()
        self.values: list[Any] = []
        """What was live, one after the other."""
        self.readings, self.broken = 0, 0
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(PAUSE):
            try:
                value = json.loads(self._file.read_bytes())["agents"]["defaults"]["maxConcurrent"]
            except FileNotFoundError:
                continue
            except (ValueError, KeyError):
                self.broken += 1
                continue
            self.readings += 1
            if not self.values or self.values[-1] != value:
                self.values.append(value)


@dataclass
class Kind:
    name: str
    seconds: list[float] = field(default_factory=list)
    ended: dict[str, int] = field(default_factory=lambda: {"both well": 0, "one refused": 0, "both refused": 0})
    readings: int = 0
    faults: list[str] = field(default_factory=list)

    def round(self, number: int, call: Callable[[], Round], watch: Watch | None = None) -> None:
        began = time.monotonic()
        if watch:
            with watch:
                runs, faults = call()
            faults = [*faults, *_unjudged(watch, runs, number)]
            self.readings += watch.readings
        else:
            runs, faults = call()
        self.seconds.append(time.monotonic() - began)
        self.ended[("both well", "one refused", "both refused")[sum(run.rc != 0 for run in runs)]] += 1
        for fault in faults:
            self.faults.append(f"{self.name}, round {number}: {fault}")
            print(self.faults[-1], flush=True)

    def __str__(self) -> str:
        ends = "  ".join(f"{how} {count:2}" for how, count in self.ended.items())
        middle = statistics.median(self.seconds)
        live = f"{self.readings} readings of the live config" if self.readings else ""
        return (
            f"{self.name:24} {len(self.seconds):2} rounds  {ends}  faults {len(self.faults)}  {middle:5.1f} s  {live}"
        )


def _unjudged(watch: Watch, runs: list[Run], number: int) -> list[str]:
    """What was live meanwhile, but should not have been."""
    mine = [10 + 2 * number, 11 + 2 * number]
    good = {value for value, run in zip(mine, runs, strict=True) if run.rc == 0}
    faults = [f"{watch.broken} readings of a config that was not whole"] if watch.broken else []
    faults += [f"{value} was live, of a run that failed" for value in watch.values[1:] if value not in good]
    return faults


def main(rounds: int) -> int:
    kinds = [Kind("two configure.yml"), Kind("two different site.yml"), Kind("two first site.yml")]
    configures, sites, firsts = kinds
    with rig() as (ansible, emulator, root):
        site = Site(ansible, emulator, root / "site", "twice")
        site.converge()
        file = two_runs.data(site) / "openclaw.json"
        for number in range(rounds):
            configures.round(number, partial(two_runs.two_configures, site, number), Watch(file))
        print(configures, flush=True)
        for number in range(rounds, 2 * rounds):
            sites.round(number, partial(two_runs.two_different_sites, site, number), Watch(file))
        print(sites, flush=True)
        for number in range(rounds):
            first = Site(ansible, emulator, root / f"first-{number}", f"first-{number}")
            firsts.round(number, partial(two_runs.two_first_sites, first))
            first.emulator.request("DELETE", f"/v1/apps/{first.app}?force=true")
        print(firsts, flush=True)
    return 1 if any(kind.faults for kind in kinds) else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
