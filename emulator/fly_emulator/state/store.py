"""The state directory: a file an app and an organisation, written whole and swapped in: a kill leaves old or new."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from ..errors import NotSaved
from .codec import decode
from .directory import StateUnreadable, write_atomic
from .memento import Memento
from .model import App, Machine, OrganizationRecord, Volume

T = TypeVar("T")
Record = App | OrganizationRecord
LOG = logging.getLogger("fly_emulator.state")


def _read(directory: Path, kind: type[T], name: Callable[[T], str]) -> Iterator[T]:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in sorted(directory.glob("*.json")):
        try:
            record = decode(kind, json.loads(path.read_text(encoding="utf-8")))
            if name(record) != path.stem:
                raise ValueError(f"it is about {name(record)!r}")
            yield record
        except (ValueError, RecursionError) as error:
            raise StateUnreadable(
                f"The emulator's state file {path} cannot be read ({error}). Move it away to go on "
                "without what is in it, or use another --state-dir."
            ) from error


class Store:
    """All apps and organisations, in memory and on disk under `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.apps: dict[str, App] = {}
        self.organizations: dict[str, OrganizationRecord] = {}
        self.changed = asyncio.Event()
        """Set at every change; whoever follows clears it."""
        self._files = directory / "apps"
        self._organization_files = directory / "organizations"
        self._changing: set[int] = set()

    def load(self) -> None:
        for app in _read(self._files, App, lambda app: app.name):
            self.apps[app.name] = app
        for record in _read(self._organization_files, OrganizationRecord, lambda record: record.slug):
            self.organizations[record.slug] = record

    def organization(self, slug: str) -> OrganizationRecord:
        return self.organizations.setdefault(slug, OrganizationRecord(slug))

    @contextmanager
    def changing(self, record: Record) -> Iterator[None]:
        """A block that changes an app or an organisation, saved at its end.

        When the block fails, or the change cannot be saved (NotSaved), everything is as it was before. Nothing else
        may come between: no `await` in the block.
        """
        if id(record) in self._changing:  # in a larger change, which saves
            yield
            return
        before = Memento(record)
        self._changing.add(id(record))
        try:
            yield
            self._write(record)
        except OSError as error:
            before.restore()
            LOG.error("a change of %s is taken back: %s", self._file(record), error)
            raise NotSaved(f"internal: the emulator could not save this change, so it is undone: {error}") from error
        except BaseException:
            before.restore()
            raise
        finally:
            self._changing.discard(id(record))
        self.changed.set()

    def note(self, app: App) -> None:
        """Save what has happened and cannot be undone; what cannot be saved now is saved with the next change."""
        if id(app) in self._changing:
            return
        try:
            self._write(app)
        except OSError as error:
            LOG.error("%s could not be saved: %s", self._file(app), error)
        self.changed.set()

    def add(self, app: App) -> None:
        """A new app; raises NotSaved."""
        with self.changing(app):
            pass
        self.apps[app.name] = app

    def _write(self, record: Record) -> None:
        """Secrets are in these files, so they are 0600 in a 0700 directory."""
        write_atomic(self._file(record), json.dumps(dataclasses.asdict(record)))

    def _file(self, record: Record) -> Path:
        if isinstance(record, App):
            return self._files / f"{record.name}.json"
        return self._organization_files / f"{record.slug}.json"

    def forget_organizations(self) -> None:
        for slug in list(self.organizations):
            del self.organizations[slug]
            (self._organization_files / f"{slug}.json").unlink(missing_ok=True)

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

    def erase_volume_data(self, volume: Volume) -> None:
        """Erase what it holds, but not its snapshots."""
        shutil.rmtree(self.volume_data(volume), ignore_errors=True)

    def erase_volume(self, volume: Volume) -> None:
        shutil.rmtree(self.directory / "volumes" / volume.id, ignore_errors=True)

    def erase_machine(self, machine: Machine) -> None:
        shutil.rmtree(self.machine_dir(machine), ignore_errors=True)
