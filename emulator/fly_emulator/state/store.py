"""The state directory: a file an app and an organisation, written whole and swapped in: a kill leaves old or new."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from .codec import decode
from .directory import StateUnreadable, write_atomic
from .model import App, Machine, OrganizationRecord, Volume

T = TypeVar("T")


def _read(directory: Path, kind: type[T]) -> Iterator[T]:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in sorted(directory.glob("*.json")):
        try:
            yield decode(kind, json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError) as error:
            raise StateUnreadable(
                f"The emulator's state file {path} cannot be read ({error}). Move it away to go on "
                "without what is in it, or use another --state-dir."
            ) from error


class Store:
    """All apps, in memory and on disk under `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.apps: dict[str, App] = {}
        self.organizations: dict[str, OrganizationRecord] = {}
        self.changed = asyncio.Event()
        """Set at every change; whoever follows clears it."""
        self._files = directory / "apps"
        self._organization_files = directory / "organizations"

    def load(self) -> None:
        for app in _read(self._files, App):
            self.apps[app.name] = app
        for record in _read(self._organization_files, OrganizationRecord):
            self.organizations[record.slug] = record

    def organization(self, slug: str) -> OrganizationRecord:
        return self.organizations.setdefault(slug, OrganizationRecord(slug))

    def save_organization(self, record: OrganizationRecord) -> None:
        write_atomic(self._organization_files / f"{record.slug}.json", json.dumps(dataclasses.asdict(record)))
        self.changed.set()

    def forget_organizations(self) -> None:
        for slug in list(self.organizations):
            del self.organizations[slug]
            (self._organization_files / f"{slug}.json").unlink(missing_ok=True)

    def save(self, app: App) -> None:
        """Write the app's file; secrets are in it, so it is 0600 in a 0700 directory."""
        write_atomic(self._files / f"{app.name}.json", json.dumps(dataclasses.asdict(app)))
        self.changed.set()

    def remove(self, app: App) -> None:
        """Forget the app and everything on disk that is its."""
        self.apps.pop(app.name, None)
        self.changed.set()
        (self._files / f"{app.name}.json").unlink(missing_ok=True)
        for volume in app.volumes.values():
            self.erase_volume(volume)
        for machine in app.machines.values():
            self.erase_machine(machine)

    def machines(self) -> Iterator[tuple[App, Machine]]:
        for app in self.apps.values():
            for machine in app.machines.values():
                yield app, machine

    def volume_data(self, volume: Volume) -> Path:
        return self.directory / "volumes" / volume.id / "data"

    def snapshot_data(self, volume: Volume, snapshot: str) -> Path:
        return self.directory / "volumes" / volume.id / "snapshots" / snapshot

    def machine_dir(self, machine: Machine) -> Path:
        return self.directory / "machines" / machine.id

    def erase_volume(self, volume: Volume) -> None:
        shutil.rmtree(self.directory / "volumes" / volume.id, ignore_errors=True)

    def erase_machine(self, machine: Machine) -> None:
        shutil.rmtree(self.machine_dir(machine), ignore_errors=True)
