# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an upgrade of a gateway would do, and what speaks against it: read only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .._base.errors import CollectionError
from .._converge.context import Context
from .._fly.client.api import MachinesApi
from .._fly.client.types import Machine
from .._fly.machines.compare import is_image
from .._fly.machines.remote_files import RemoteFiles
from .._fly.volumes.mounted import machine_in_use, mounted_volume
from .._fly.volumes.restoring import restored_from, restoring
from .._openclaw import config_file
from .._openclaw.errors import InvalidValue
from .._openclaw.releases import Release, facts, schemas
from .backup_note import last_backup
from .contents import present_contents
from .running_release import release_of
from .upgrade_note import failed_releases, upgrading
from .upgrade_notes import Move, notes


@dataclass(frozen=True)
class AskedUpgrade:
    app: str
    release: str
    image: str
    retry_failed: bool = False
    owner: str = "1000:1000"
    config_path: str | None = None
    """The gateway's file, to be read for what the target takes otherwise."""
    packages: Mapping[str, object] = field(default_factory=dict)
    """The declared plugins with their versions."""


def upgrade_plan(api: MachinesApi, asked: AskedUpgrade, context: Context) -> dict[str, Any]:
    """{running, target, needed, schema_moves, cut_off, back, notes, problems, text}."""
    machine = machine_in_use(api, asked.app)
    config = machine.get("config") or {}
    running = {**_running(api, asked, machine, context), "image": config.get("image")}
    target = Release.parse(asked.release)
    moves = _moves(running["release"], target)
    note, backup = upgrading(machine), last_backup(machine)
    back = {"snapshot": backup.snapshot, "image": backup.image, "counts": backup.counts} if backup else None
    needed = not is_image(asked.image, str(config.get("image")))
    found = facts(target)
    return {
        "changed": False,
        "machine": machine["id"],
        "instance": machine.get("instance_id"),
        "volume": mounted_volume(machine),
        "running": running,
        "target": {"release": str(target), "image": asked.image, "node": found.node_engine, "known": found.known},
        "needed": needed,
        "schema_moves": moves,
        "cut_off": _cut_off(note, machine, asked, needed),
        "back": back,
        "notes": _notes(api, asked, machine, running["release"], target) if needed else [],
        "problems": _problems(asked, machine, running["release"], target),
        "text": _text(running, target, found.node_engine, moves),
    }


def _running(api: MachinesApi, asked: AskedUpgrade, machine: Machine, context: Context) -> dict[str, Any]:
    """Release and counts as the gateway reports them; one that does not answer is named by its image."""
    found = present_contents(api, asked.app, machine, asked.owner, context)
    if found["silence"] and (named := release_of(machine)):
        found["release"] = str(named)
    return found


def _notes(api: MachinesApi, asked: AskedUpgrade, machine: Machine, running: str | None, target: Release) -> list[str]:
    try:
        before = Release.parse(running or "")
    except InvalidValue:
        return []
    return notes(Move(before, target, asked.image, _config(api, asked, machine), asked.packages))


def _config(api: MachinesApi, asked: AskedUpgrade, machine: Machine) -> Mapping[str, object] | None:
    """The gateway's file; None where it cannot be read."""
    if asked.config_path is None or machine.get("state") != "started":
        return None
    try:
        found = RemoteFiles(api, asked.app, machine["id"]).read(asked.config_path)[asked.config_path]
        return config_file.read(found.content.decode()) if found else {}
    except (CollectionError, UnicodeDecodeError):
        return None


def _moves(running: str | None, target: Release) -> bool | None:
    """Whether the databases get a newer schema, so that the way back needs the data of before; None if unknown."""
    try:
        before, after = schemas(Release.parse(running or "")), schemas(target)
    except InvalidValue:
        return None
    return None if before is None or after is None else before != after


def _cut_off(note: dict[str, str], machine: Machine, asked: AskedUpgrade, needed: bool) -> str | None:
    """What a run that was cut off left: `deployed`, `rolling back` or `rolled back`.

    None where nothing was deployed yet, or another release was meant: then it begins anew.
    """
    if not note:
        return None
    if note.get("release") != asked.release:
        return None
    if (begun := restoring(machine)) and begun.snapshot == note.get("snapshot"):
        return "rolling back"
    if restored_from(machine) == note.get("snapshot"):
        return "rolled back"
    return None if needed else "deployed"


def _problems(asked: AskedUpgrade, machine: Machine, running: str | None, target: Release) -> list[str]:
    found = []
    begun = restoring(machine)
    if begun and begun.snapshot != upgrading(machine).get("snapshot"):
        found.append(f"a restore from snapshot {begun.snapshot} is under way: run rollback.yml first")
    reason = failed_releases(machine).get(asked.release)
    if reason and not asked.retry_failed:
        found.append(f"{target} failed here ({reason}): declare another release, or add -e retry_failed_release=true")
    try:
        if running and Release.parse(running) > target:
            found.append(f"{running} runs, and {target} is older: state only migrates forward; rollback.yml goes back")
    except InvalidValue:
        pass
    return found


def _text(running: dict[str, Any], target: Release, node: str | None, moves: bool | None) -> str:
    schema = {
        True: "its databases get a newer schema, so the way back needs the data of before",
        False: "the schema of its databases stays",
        None: "whether the schema of its databases moves is unknown; the way back takes the data of before",
    }[moves]
    release = running["release"] or "an unknown release"
    silent = f" ({running['silence']})" if running["silence"] else ""
    return f"{release}{silent} to {target}: {schema}; its image needs Node {node or 'of an unknown version'}"
