"""Run playbooks/site.yml for one gateway, with the inventory that users have and a folder that stands in for theirs."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .ansible import REPO, Ansible, Run, Started
from .emulator import Emulator

IMAGE = "registry.fly.io/featherweight:2026.9.6"
"""Serves what a play asks of a gateway, and starts in half a second."""


class Site:
    """One gateway, declared by inventories/local and the host's own `variables`.

    `root` gets a copy of the inventory; what the play makes lies below `root`/.local, as below the checkout's, or in
    Ansible's home.
    """

    playbook: Path | str = REPO / "playbooks" / "site.yml"

    def __init__(self, ansible: Ansible, emulator: Emulator, root: Path, app: str, **variables: Any) -> None:
        self.ansible, self.emulator, self.root, self.app = ansible, emulator, root, app
        self.variables: dict[str, Any] = {"fly_app_image": IMAGE, "fly_app_check_interval": "2s", **variables}
        self.inventory = root / "inventories" / "local"
        shutil.copytree(REPO / "inventories" / "local", self.inventory)
        info = root / ".local" / "emulator" / "emulator.json"
        info.parent.mkdir(parents=True)
        info.write_text(json.dumps(emulator.info))

    def many(self, hosts: Mapping[str, Mapping[str, Any]], *args: str) -> Run:
        """Run site.yml for several gateways in its place: names and the variables of each."""
        declared = {name: {**self.variables, **variables} for name, variables in hosts.items()}
        (self.inventory / "hosts.yml").write_text(json.dumps({"gateways": {"hosts": declared}}))
        return self.ansible.playbook(self.playbook, *args, inventory=self.inventory)

    def declare(self) -> None:
        """Write the inventory."""
        hosts = {"gateways": {"hosts": {self.app: self.variables}}}
        (self.inventory / "hosts.yml").write_text(json.dumps(hosts))

    def start(self, *args: str, env: Mapping[str, str] | None = None, **options: Any) -> Started:
        """Start site.yml; return at once."""
        self.declare()
        return self.ansible.start(self.playbook, *args, inventory=self.inventory, env=env, **options)

    def run(self, *args: str, **options: Any) -> Run:
        """Run site.yml to its end; `options` are `Ansible.start`'s."""
        return self.start(*args, **options).wait()

    def converge(self, *args: str, **options: Any) -> Run:
        """Run site.yml, which must succeed."""
        return self.run(*args, **options).ok()

    # What the platform has

    def get(self, path: str) -> Any:
        return self.emulator.get(f"/v1/apps/{self.app}{path}")

    @property
    def machine(self) -> dict[str, Any]:
        """The one machine."""
        machines = self.get("/machines")
        assert len(machines) == 1, machines
        found: dict[str, Any] = machines[0]
        return found

    @property
    def volume(self) -> dict[str, Any]:
        """The one volume."""
        volumes = self.get("/volumes")
        assert len(volumes) == 1, volumes
        found: dict[str, Any] = volumes[0]
        return found

    @property
    def addresses(self) -> list[str]:
        """The kinds of its addresses, sorted: shared_v4, v4, v6, private_v6."""
        return sorted(_kind(ip) for ip in self.get("/ip_assignments")["ips"])

    @property
    def data(self) -> Path:
        """The volume's files on this machine."""
        path: Path = self.emulator.state_dir / "volumes" / self.volume["id"] / "data"
        return path

    def fingerprint(self) -> dict[str, str]:
        """Every file on the volume, as `fingerprint` tells them."""
        return fingerprint(self.data)

    def journal(self, kind: str = "") -> list[dict[str, Any]]:
        """Its requests since the journal was cleared; `kind` is read, write or exec."""
        return [entry for entry in self.emulator.journal(kind) if entry["app"] in (self.app, "")]

    def writes(self) -> list[str]:
        """Its write requests since the journal was cleared: "POST /v1/apps"."""
        return [f"{entry['method']} {entry['path']}" for entry in self.journal("write")]

    def files(self) -> list[str]:
        """What the play left on the controller."""
        kept = (self.root / ".local", self.ansible.home / ".cache" / "openclaw-fly")
        return sorted(
            str(file.relative_to(folder))
            for folder in kept
            for file in folder.rglob("*")
            if file.is_file() and file.name != "emulator.json"
        )


def data(site: Site) -> Path:
    """The folder of the volume that the machine mounts."""
    path: Path = site.emulator.state_dir / "volumes" / site.machine["config"]["mounts"][0]["volume"] / "data"
    return path


def fill(site: Site, contents: dict[str, Any]) -> None:
    """Let the gateway contain this; the file is the gateway's."""
    file, config = data(site) / "featherweight.json", (data(site) / "openclaw.json").stat()
    file.write_text(json.dumps(contents))
    os.chown(file, config.st_uid, config.st_gid)


def fingerprint(folder: Path) -> dict[str, str]:
    """Every file in a folder by its path, as mode, owner, time of change and digest."""
    return {str(file.relative_to(folder)): _stat(file) for file in sorted(folder.rglob("*")) if not file.is_dir()}


def changes(run: Run) -> list[tuple[str, list[str]]]:
    """What a run changed, or would change: the module's bare name and its lines, task by task."""
    return [(each.action.rpartition(".")[2], each.result["changes"]) for each in run.results if each.changed]


def modules(run: Run) -> list[str]:
    """The modules that changed something in a run, or would."""
    return [module for module, _lines in changes(run)]


def result(run: Run, module: str) -> dict[str, Any]:
    """The last result of a module in a run, whatever the task is called; one that was skipped only if all were."""
    of = [each for each in run.results if each.action.rpartition(".")[2] == module]
    found = [each.result for each in [each for each in of if each.status != "skipped"] or of]
    assert found, f"no result of {module}\n{run.output}"
    return found[-1]


def diffs(run: Run) -> list[dict[str, Any]]:
    """Every diff that a run showed."""
    found = (each.result.get("diff") or [] for each in run.results)
    return [diff for entry in found for diff in (entry if isinstance(entry, list) else [entry])]


def _kind(ip: Mapping[str, Any]) -> str:
    if ip.get("shared"):
        return "shared_v4"
    if str(ip["ip"]).startswith("fdaa:"):
        return "private_v6"
    return "v6" if ":" in ip["ip"] else "v4"


def _stat(file: Path) -> str:
    info = file.lstat()
    content = file.read_bytes() if file.is_file() and not file.is_symlink() else b""
    return f"{info.st_mode:o} {info.st_uid}:{info.st_gid} {info.st_mtime_ns} {hashlib.sha256(content).hexdigest()[:16]}"
