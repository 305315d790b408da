# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup, restored into a closed copy to show that it can be: what it holds, how old it is, how long it takes."""

from __future__ import annotations

from typing import Any

from .._base import clock
from .._base.errors import CollectionError
from .._fly.client.types import Machine, Snapshot, Volume
from .._fly.volumes.lost import find_snapshot
from .._fly.volumes.mounted import machine_in_use, mounted_volume
from .._fly.volumes.pick import the_volume
from .._fly.volumes.snapshots import READY
from .._gateway.backup_note import LastBackup, last_backup
from .._openclaw.errors import InvalidValue
from .._openclaw.releases import NEWEST_KNOWN, Release
from .copy import ClosedCopy, Source
from .remains import DRILL
from .trial import Connections, Trial, WantedCopy, price


class Drill:
    """Of the gateway's last consistent snapshot, as its machine's metadata name it."""

    def __init__(self, to: Connections, wanted: WantedCopy) -> None:
        self._to, self._app = to, wanted.app
        self._trial = Trial(to, wanted, DRILL)

    def run(self) -> dict[str, Any]:
        """Restore, compare, and remove everything; in check mode only return what that would cost."""
        machine, trial = machine_in_use(self._to.api, self._app), self._trial
        backup = self._backup(machine)
        source, taken = self._source(machine, backup.snapshot)
        made = str(taken.get("created_at") or "")
        rpo = round(trial.began - clock.parse(made)) if made else None
        about = {**trial.plan(source), "snapshot": backup.snapshot, "image": backup.image, "rpo_seconds": rpo}
        if self._to.context.check_mode:
            text = f"snapshot {backup.snapshot} is restored into a throw-away app ({trial.app})"
            return {**about, "text": f"{text}; {price(about['cost'])}"}
        try:
            with trial.copy(source) as copy:
                found = self._restore(copy, backup)
        except CollectionError as error:
            raise self._failure(error, backup) from error
        text = (
            f"snapshot {backup.snapshot} of {self._app} can be restored: {_counted(found['counts'])}; "
            f"{_age(rpo)} (RPO); the gateway answered {found['rto_seconds']:.0f} s after the start "
            f"of the restore (RTO); {price(about['cost'])}"
        )
        return {**about, **found, "removed": trial.removed, "seconds": trial.seconds, "text": text}

    def _restore(self, copy: ClosedCopy, backup: LastBackup) -> dict[str, Any]:
        copy.deploy(backup.image)
        ready = self._trial.until_ready(copy, _release(backup))
        contents = self._trial.contents(backup.counts or {})
        return {
            "release": contents["release"],
            "counts": contents["counts"],
            "expected": backup.counts,
            "ready": ready,
            "rto_seconds": self._trial.seconds,
        }

    def _backup(self, machine: Machine) -> LastBackup:
        found = last_backup(machine)
        if found and found.snapshot:
            return found
        raise CollectionError(
            "no backup is noted in the machine's metadata",
            where=f"machine {machine['id']} of {self._app}",
            todo="Make one: run the playbook backup.yml",
        )

    def _source(self, machine: Machine, snapshot: str) -> tuple[Source, Snapshot]:
        """The copy is never smaller than the volume that the snapshot is of."""
        api = self._to.api
        found = find_snapshot(api, self._app, snapshot, api.volumes(self._app) or [])
        taken, size = found or (None, None)
        if taken is None or taken.get("status") != READY:
            raise CollectionError(
                "the backup's snapshot cannot be restored",
                where=f"snapshot {snapshot} of {self._app}",
                why=f"its status is {taken.get('status')}" if taken else "Fly.io does not list it: it has expired",
                todo="Make a new one: run the playbook backup.yml. fly_app_snapshot_retention keeps them longer",
            )
        present = the_volume(api, self._app, volume=mounted_volume(machine))
        volume: Volume = {**present, "size_gb": max(present["size_gb"], size or 0)}
        return Source(volume, snapshot), taken

    def _failure(self, error: CollectionError, backup: LastBackup) -> CollectionError:
        return CollectionError(
            f"the backup could not be restored: {error.what}",
            where=f"snapshot {backup.snapshot} of {self._app}",
            why=error.why,
            todo="The gateway was not touched. Make another backup (backup.yml), and run the drill again",
            **error.details,
        )


def _release(backup: LastBackup) -> Release:
    """The release that wrote the data; the newest known where neither the note nor the image names it."""
    try:
        return Release.parse(backup.release) if backup.release else Release.from_image(backup.image)
    except InvalidValue:
        return Release.parse(NEWEST_KNOWN)


def _counted(counts: dict[str, Any]) -> str:
    agents = counts.get("agents") or []
    return f"{counts['sessions']} sessions, {counts['cron_jobs']} cron jobs, {len(agents)} agents"


def _age(seconds: float | None) -> str:
    return "its age is unknown" if seconds is None else f"its data is {seconds / 60:.0f} minutes old"
