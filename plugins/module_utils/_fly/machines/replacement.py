# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine replaced by one on another volume, step by step. Each step may be repeated by a later run."""

from __future__ import annotations

from ..client.api import MachinesApi
from ..client.types import Json, Machine, Volume
from ..secrets.applied import KEY as SECRETS_KEY
from ..secrets.applied import secrets_state
from ..toml.definition import FlyToml
from ..volumes.restoring import FILLS, KEPT, RESTORED, RESTORING
from .compare import desired
from .config import SLEEP, machine_config
from .deployed import group_of
from .gate import AT_REST, is_crash_looping
from .writer import DOWN, MachineWriter

_FILLED_BY_API = ("encrypted", "size_gb")


class Replacement:
    """The steps, for machines of one app."""

    def __init__(self, api: MachinesApi, write: MachineWriter, app: str) -> None:
        self._api, self._write, self._app = api, write, app

    def rest(self, old: Machine) -> None:
        """Stop it. It is cordoned first, so that Fly.io's proxy does not start it for a request."""
        if not old.get("cordoned"):
            self._write.cordon(old["id"], True)
        if old.get("state") not in AT_REST or is_crash_looping(old):
            self._write.halt(old["id"], "stop")

    def create(
        self, old: Machine, image: str, volume: Volume, toml: FlyToml | None, snapshot: str, kept: str
    ) -> Machine:
        """Create the new machine on `volume`, and wait until it is healthy. Its name is its volume's."""
        group = group_of(old)
        name = f"{self._app}-{group}-{volume['id'].removeprefix('vol_')}"
        config = self._config(old, image, volume["id"], toml)
        metadata = {key: value for key, value in (config.get("metadata") or {}).items() if key != RESTORING}
        fingerprint, _set_at = secrets_state(self._api.secrets(self._app) or [])
        notes = {RESTORED: snapshot, KEPT: kept, SECRETS_KEY: fingerprint}
        config["metadata"] = {**metadata, **notes}
        new = self._write.create({"name": name, "region": volume["region"], "config": config})
        self._api.after_up(new)
        return new

    def _config(self, old: Machine, image: str, volume: str, toml: FlyToml | None) -> Json:
        present = old.get("config") or {}
        if toml:
            return desired(machine_config(toml, group_of(old), image, volume), present)
        mounts = [
            {**{key: value for key, value in mount.items() if key not in _FILLED_BY_API}, "volume": volume}
            for mount in present.get("mounts") or []
        ]
        return {**present, "image": image, "mounts": mounts}

    def create_filler(self, old: Machine, image: str, volume: Volume, path: str, backup: str) -> Machine:
        """Create a machine that only sleeps, with `volume` mounted at `path`: no deploy's, and nothing serves there."""
        config = {
            "image": image,
            "init": {"exec": list(SLEEP)},
            "mounts": [{"path": path, "volume": volume["id"]}],
            "restart": {"policy": "always"},
            "stop_config": {"timeout": "5s"},
            "metadata": {FILLS: backup},
            **{key: value for key, value in (old.get("config") or {}).items() if key == "guest"},
        }
        name = f"{self._app}-fill-{volume['id'].removeprefix('vol_')}"
        return self._write.create({"name": name, "region": volume["region"], "config": config})

    def bring_up(self, new: Machine) -> None:
        """Wait until the one that a run before this created is healthy."""
        if new.get("state") in DOWN:
            self._write.start(new["id"])
        else:
            self._write.wait_until_ready(new)

    def destroy(self, old: Machine) -> None:
        """Destroy it; its volume stays."""
        self._write.destroy(old["id"])

    def undo(self, old: Machine, new: Machine | None, kept: str, run: bool) -> str:
        """Destroy the new machine and let the old one run, if it did. Returns what happened, for an error.

        `kept` is noted first: by it the next run knows a machine that is left here as one whose restore failed.
        """
        if kept:
            self._api.set_machine_metadata(self._app, old["id"], KEPT, kept)
        if new:
            self._write.destroy(new["id"])
        if old.get("cordoned"):
            self._write.cordon(old["id"], False)
        if run:
            self._write.start(old["id"])
        return f"the old machine {old['id']} {'runs' if run else 'is as before'}"

    def forget(self, old: Machine) -> None:
        """Note that no restore is under way any more."""
        self._api.remove_machine_metadata(self._app, old["id"], RESTORING)
