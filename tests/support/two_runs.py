"""Two runs at once on one app, and what must hold of them in whatever order they come."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .ansible import REPO, Run
from .site import Site

OTHER_RUN = re.compile(r"held by .+ on .+, process \d+, since |currently held by |another run")


def together(site: Site, playbook: Path, *variables: Mapping[str, Any], timeout: float = 400) -> list[Run]:
    """Run a playbook at the same time for each set of variables."""
    hosts = {"gateways": {"hosts": {site.app: site.variables}}}
    (site.inventory / "hosts.yml").write_text(json.dumps(hosts))
    started = [
        site.ansible.start(playbook, inventory=site.inventory, extra_vars=each or {"nothing": 0}) for each in variables
    ]
    return [each.wait(timeout) for each in started]


def judge(site: Site, runs: list[Run]) -> list[str]:
    """What is wrong: a second machine or volume, a failure that does not name the other run, a leftover."""
    faults = []
    for kind in ("machines", "volumes"):
        if (count := len(living(site, kind))) != 1:
            faults.append(f"{count} {kind}")
    for number, run in enumerate(runs):
        if run.rc and not OTHER_RUN.search(run.output):
            faults.append(f"run {number} failed, and named no other run:\n{run.output}")
        if "Traceback" in run.output:
            faults.append(f"run {number} ended in a traceback")
    if faults:
        return faults
    names = [path.name for path in data(site).iterdir()]
    left = [name for name in names if "candidate" in name or name.startswith(".ansible-run")]
    if left:
        faults.append(f"left on the volume: {left}")
    return faults


def living(site: Site, kind: str) -> list[dict[str, Any]]:
    """A volume that was removed is listed for some time."""
    return [each for each in site.get(f"/{kind}") if "destroy" not in each["state"]]


def data(site: Site) -> Path:
    return site.emulator.state_dir / "volumes" / str(living(site, "volumes")[0]["id"]) / "data"


def value_of(site: Site) -> Any:
    """What the live config has; None when there is none."""
    file = data(site) / "openclaw.json"
    return json.loads(file.read_bytes())["agents"]["defaults"]["maxConcurrent"] if file.exists() else None


def two_configures(site: Site, number: int) -> tuple[list[Run], list[str]]:
    """Two configure.yml with different values; what is live is whole, and of a run that did not fail."""
    values = [10 + 2 * number, 11 + 2 * number]
    declared = [{"openclaw_config_extra": {"agents": {"defaults": {"maxConcurrent": value}}}} for value in values]
    runs = together(site, REPO / "playbooks" / "configure.yml", *declared)
    faults = judge(site, runs)
    live = value_of(site)
    if live not in [value for value, run in zip(values, runs, strict=True) if run.rc == 0]:
        faults.append(f"live is {live}, not what a run that ended well wanted\n{runs[0].output}\n{runs[1].output}")
    if all(run.rc for run in runs):
        faults.append(f"both failed\n{runs[0].output}\n{runs[1].output}")
    return runs, faults


def two_first_sites(site: Site) -> tuple[list[Run], list[str]]:
    """Two identical first site.yml; both end well, and a third has nothing to do."""
    runs = together(site, REPO / "playbooks" / "site.yml", {}, {})
    faults = judge(site, runs)
    faults += [f"run {number} failed\n{run.output}" for number, run in enumerate(runs) if run.rc]
    again = site.run()
    if again.rc or again.changed:
        faults.append(f"a third run changed {again.changed}\n{again.output}")
    return runs, faults


def two_different_sites(site: Site, number: int) -> tuple[list[Run], list[str]]:
    """Two site.yml with different environment and config on one app."""
    values = [10 + 2 * number, 11 + 2 * number]
    declared = [
        {
            "fly_app_env": {"WHO": str(value)},
            "openclaw_config_extra": {"agents": {"defaults": {"maxConcurrent": value}}},
        }
        for value in values
    ]
    runs = together(site, REPO / "playbooks" / "site.yml", *declared)
    faults = judge(site, runs)
    live = value_of(site)
    who = site.machine["config"]["env"].get("WHO")
    ended_well = [str(value) for value, run in zip(values, runs, strict=True) if run.rc == 0]
    if str(live) != who or who not in ended_well:
        faults.append(f"live are config {live} and environment {who}; runs that ended well: {ended_well}")
    if not ended_well:
        faults.append(f"both failed\n{runs[0].output}\n{runs[1].output}")
    return runs, faults
