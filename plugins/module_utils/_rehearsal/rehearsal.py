# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release, started on a copy of a gateway's data before the gateway is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .._base.errors import CollectionError
from .._fly.volumes.mounted import machine_in_use, mounted_volume
from .._fly.volumes.pick import the_volume
from .._openclaw.releases import Release
from . import questions
from .copy import ClosedCopy, Source
from .remains import REHEARSAL
from .trial import Connections, Trial, WantedCopy, price


@dataclass(frozen=True)
class WantedRehearsal:
    copy: WantedCopy
    release: str
    image: str
    expected: Mapping[str, Any] = field(default_factory=dict)
    """What the gateway contains now."""
    snapshot: str | None = None
    """Instead of a copy of the volume as it is now."""


class Rehearsal:
    def __init__(self, to: Connections, wanted: WantedRehearsal) -> None:
        self._to, self._wanted, self._app = to, wanted, wanted.copy.app
        self._trial = Trial(to, wanted.copy, REHEARSAL)

    def run(self) -> dict[str, Any]:
        """Rehearse, and remove everything; in check mode only return what that would cost."""
        source, trial = self._source(), self._trial
        about = trial.plan(source)
        if self._to.context.check_mode:
            text = f"the release is rehearsed on a copy of the data in a throw-away app ({trial.app})"
            return {**about, "seconds": 0.0, "text": f"{text}; {price(about['cost'])}"}
        try:
            with trial.copy(source) as copy:
                found = self._rehearse(copy)
        except CollectionError as error:
            raise self._failure(error) from error
        seconds, counts = trial.seconds, found["counts"]
        text = (
            f"{found['release']} started on a copy of the data of {self._app} in {seconds:.0f} s: "
            f"{counts['sessions']} sessions, {counts['cron_jobs']} cron jobs"
        )
        return {**about, **found, "removed": trial.removed, "seconds": seconds, "text": text}

    def _rehearse(self, copy: ClosedCopy) -> dict[str, Any]:
        wanted, release = self._wanted, Release.parse(self._wanted.release)
        copy.deploy(wanted.image, maintenance=True)
        problems = questions.config_problems(copy.cli, release)
        mount = copy.toml.mount(copy.toml.default_group) or {}
        database = questions.database(copy.cli, release, str(mount.get("destination")))
        if database and database["status"] == "incompatible":
            why = f"the release takes schema {database['target']}, the data has {database['found']}"
            raise CollectionError("the release refuses the gateway's database", why=str(database["reason"] or why))
        copy.deploy(wanted.image)
        ready = self._trial.until_ready(copy, release)
        contents = self._trial.contents(wanted.expected)
        return {
            "release": contents["release"],
            "counts": contents["counts"],
            "config_problems": problems,
            "database": database,
            "ready": ready,
            "findings": questions.findings(copy.cli),
        }

    def _source(self) -> Source:
        api = self._to.api
        volume = mounted_volume(machine_in_use(api, self._app))
        return Source(the_volume(api, self._app, volume=volume), self._wanted.snapshot)

    def _failure(self, error: CollectionError) -> CollectionError:
        return CollectionError(
            f"the rehearsal of {self._wanted.release} failed: {error.what}",
            where=f"gateway {self._app}",
            why=error.why,
            todo="Nothing of the gateway was changed. Correct what is named, or skip the rehearsal with "
            "fly_app_rehearse: false",
            **error.details,
        )
