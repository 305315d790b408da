# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup, restored into a closed copy to show that it can be: what it holds, how old it is, how long it takes."""

from __future__ import annotations

from typing import Any

from .._base.errors import CollectionError
from .._fly.volumes.mounted import machine_in_use
from .copy import ClosedCopy
from .drilled import Drilled, DrilledBackup
from .remains import DRILL
from .trial import Connections, Trial, WantedCopy, price


class Drill:
    def __init__(self, to: Connections, wanted: WantedCopy, backup: DrilledBackup) -> None:
        self._to, self._app, self._backup = to, wanted.app, backup
        self._trial = Trial(to, wanted, DRILL)

    def run(self) -> dict[str, Any]:
        """Restore, compare, and remove everything; in check mode only return what that would cost."""
        trial = self._trial
        drilled = self._backup.find(machine_in_use(self._to.api, self._app))
        rpo = None if drilled.made is None else round(trial.began - drilled.made)
        about = {**trial.plan(drilled.source), **drilled.returned, "image": drilled.image, "rpo_seconds": rpo}
        if self._to.context.check_mode:
            text = f"{drilled.name} is restored into a throw-away app ({trial.app})"
            return {**about, "text": f"{text}; {price(about['cost'])}"}
        try:
            with trial.copy(drilled.source) as copy:
                found = self._restore(copy, drilled)
        except CollectionError as error:
            raise self._failure(error, drilled) from error
        text = (
            f"{drilled.name} of {self._app} can be restored: {_counted(found['counts'])}; "
            f"{_age(rpo)} (RPO); the gateway answered {found['rto_seconds']:.0f} s after the start "
            f"of the restore (RTO); {price(about['cost'])}"
        )
        return {**about, **found, "removed": trial.removed, "seconds": trial.seconds, "text": text}

    def _restore(self, copy: ClosedCopy, drilled: Drilled) -> dict[str, Any]:
        self._backup.fill(copy, drilled)
        copy.deploy(drilled.image)
        ready = self._trial.until_ready(copy, drilled.release)
        contents = self._trial.contents(drilled.counts or {})
        return {
            "release": contents["release"],
            "counts": contents["counts"],
            "expected": drilled.counts,
            "ready": ready,
            "rto_seconds": self._trial.seconds,
        }

    def _failure(self, error: CollectionError, drilled: Drilled) -> CollectionError:
        return CollectionError(
            f"the backup could not be restored: {error.what}",
            where=f"{drilled.name} of {self._app}",
            why=error.why,
            todo="The gateway was not touched. Make another backup (backup.yml), and run the drill again",
            **error.details,
        )


def _counted(counts: dict[str, Any]) -> str:
    agents = counts.get("agents") or []
    return f"{counts['sessions']} sessions, {counts['cron_jobs']} cron jobs, {len(agents)} agents"


def _age(seconds: float | None) -> str:
    return "its age is unknown" if seconds is None else f"its data is {seconds / 60:.0f} minutes old"
