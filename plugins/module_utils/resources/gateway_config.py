# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""openclaw.json on a gateway's volume."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ..converge.resource import Change, Resource
from ..fly.api import Json, MachinesApi
from ..fly.pick_machine import pick_machine, started_machine
from ..fly.remote_files import RemoteFile, RemoteFiles
from ..openclaw import config_file, config_schema, reload
from ..openclaw.config_merge import ABSENT, Merged, ledger_from_json, ledger_to_json, merge
from ..openclaw.errors import ConfigUnreadable
from ..openclaw.paths import show
from ..openclaw.problems import Problem, refuse
from ..openclaw.releases import Release
from ..openclaw.releases import facts as release_facts
from .config_effect import ConfigEffect
from .config_verdict import explain, verdict
from .gateway_cli import GatewayCli

MODE = "600"
_NAMED = 4
_SWAP = 'if [ -e "$2" ]; then cp -p -- "$2" "$3"; fi; mv -f -- "$1" "$2"'


@dataclass(frozen=True)
class ConfigState:
    machine: Json | None
    """The machine that has the volume, if it can be reached."""
    file: RemoteFile | None
    ledger: RemoteFile | None
    problems: tuple[Problem, ...] = ()
    """Why the release would not start with this file."""


@dataclass(frozen=True)
class WantedFile:
    """What is declared of the config, and where it goes."""

    config: dict[str, Any]
    release: Release
    path: str = "/data/openclaw.json"
    owner: str = "1000:1000"
    exact: bool = False
    schema_cache: Path = Path("~/.cache/openclaw-fly/schemas")

    @property
    def ledger_path(self) -> str:
        """Beside the config, so that it goes wherever the volume goes."""
        return f"{self.path.rpartition('/')[0]}/.ansible/openclaw-config.json"

    @property
    def candidate_path(self) -> str:
        return f"{self.path}.candidate"

    @property
    def previous_path(self) -> str:
        return f"{self.path}.previous"


class GatewayConfig(Resource[ConfigState]):
    """The declared config merged into the file, judged before it is swapped in, and taken by the gateway after.

    Judged by the release's schema here, then by the release itself in the machine. A refused config leaves the file
    and the gateway as they were.
    """

    def __init__(self, api: MachinesApi, effect: ConfigEffect, app: str, wanted: WantedFile) -> None:
        self._api, self._effect, self._app, self._wanted = api, effect, app, wanted

    @property
    def title(self) -> str:
        return f"{self._app}:{self._wanted.path}"

    def observe(self) -> ConfigState:
        machine = pick_machine(self._api, self._app)
        if machine is None or machine.get("state") != "started":
            return ConfigState(None, None, None)
        paths = (self._wanted.path, self._wanted.ledger_path)
        remote = RemoteFiles(self._api, self._app, machine["id"])
        file, ledger = remote.read(*paths).values()
        return ConfigState(machine, file, ledger, self._problems(remote, file))

    def plan(self, observed: ConfigState) -> list[Change]:
        merged, unreadable = self._merged(observed)
        file, _ledger_file = self._files(merged)
        same_content = observed.file is not None and not merged.changes
        if same_content and observed.file and observed.ledger:
            as_owned = replace(observed.file, content=file.content) == file
            if as_owned and _ledger(observed.ledger) == merged.ledger:
                refuse(explain(observed.problems, merged.ledger), self.title)
                return []
        if merged.changes and (schema := config_schema.load(self._wanted.release, self._cache)):
            refuse(explain(config_schema.validate(merged.config, schema), merged.ledger), self.title)
        paths = [show(change.path) for change in merged.changes]
        what = _summary(paths) if paths else "set owner, mode and which paths are ours"
        before = {show(change.path): change.before for change in merged.changes if change.before != ABSENT}
        after = {show(change.path): change.after for change in merged.changes if change.after != ABSENT}
        if not paths:
            before, after = _status(observed.file), _status(file)
        if unreadable:
            what = f"{what}, in place of what is no config (kept as {self._wanted.previous_path})"
        return [Change(what, before, after, lambda: self._apply(merged, unreadable))]

    def describe(self, observed: ConfigState) -> dict[str, Any]:
        text = observed.file.content.decode("utf-8", "replace") if observed.file else ""
        return {
            "path": self._wanted.path,
            "release": str(self._wanted.release),
            "machine": observed.machine["id"] if observed.machine else None,
            "sha256": config_file.sha256(text) if text else None,
            "effect": self._effect.taken,
        }

    def _problems(self, remote: RemoteFiles, file: RemoteFile | None) -> tuple[Problem, ...]:
        """Ask the release of the present file, if its schema raises doubts: plugins add to what a schema knows."""
        schema = config_schema.load(self._wanted.release, self._cache)
        if file is None or schema is None or not release_facts(self._wanted.release).has_config_validate:
            return ()
        try:
            present = config_file.read(file.content.decode("utf-8", "replace"), self.title)
        except ConfigUnreadable:
            return ()
        if not config_schema.validate(present, schema):
            return ()
        return tuple(verdict(GatewayCli(remote, self._wanted.owner), self._wanted.path))

    def _merged(self, observed: ConfigState) -> tuple[Merged, ConfigUnreadable | None]:
        """The config to write, and why the present file counts for none."""
        text = observed.file.content.decode("utf-8", "replace") if observed.file else ""
        present: dict[str, Any] = {}
        unreadable = None
        try:
            present = config_file.read(text, self.title)
        except ConfigUnreadable as error:
            unreadable = error
        return merge(self._wanted.config, present, _ledger(observed.ledger), exact=self._wanted.exact), unreadable

    def _files(self, merged: Merged) -> tuple[RemoteFile, RemoteFile]:
        ledger = json.dumps(ledger_to_json(merged.ledger), separators=(",", ":"))
        owner = self._wanted.owner
        return (
            RemoteFile(config_file.text_of(merged.config).encode(), owner, MODE),
            RemoteFile(ledger.encode(), owner, MODE),
        )

    @cached_property
    def _cache(self) -> Path:
        return self._wanted.schema_cache.expanduser()

    def _apply(self, merged: Merged, unreadable: ConfigUnreadable | None) -> None:
        machine = started_machine(self._api, self._app)
        remote = RemoteFiles(self._api, self._app, machine["id"])
        wanted, (file, ledger) = self._wanted, self._files(merged)
        cli = GatewayCli(remote, wanted.owner)
        if unreadable and release_facts(wanted.release).has_config_validate and not verdict(cli, wanted.path):
            raise unreadable  # OpenClaw can read it, so what is in it counts
        if merged.changes:
            self._judge(cli, remote, merged, file)
        else:
            remote.write({wanted.candidate_path: file})
        cost = reload.effect((change.path for change in merged.changes), wanted.release)
        with self._effect.watch(machine, cost, lambda: self._swap_back(remote), cli.runs_file):
            remote.write({wanted.ledger_path: ledger})
            remote.shell("swap files", _SWAP, [wanted.candidate_path, wanted.path, wanted.previous_path])

    def _judge(self, cli: GatewayCli, remote: RemoteFiles, merged: Merged, file: RemoteFile) -> None:
        """Raise `ConfigRefused` unless the release accepts the config; leaves the candidate beside the file."""
        facts = release_facts(self._wanted.release)
        schema = config_schema.load(self._wanted.release, self._cache)
        if schema is None and facts.has_config_schema:
            schema = config_schema.prepare(cli.schema(), self._wanted.release)
            config_schema.store(schema, self._cache)
        if schema is not None:
            refuse(explain(config_schema.validate(merged.config, schema), merged.ledger), self.title)
        remote.write({self._wanted.candidate_path: file})
        if not facts.has_config_validate:
            return
        if problems := verdict(cli, self._wanted.candidate_path):
            remote.remove(self._wanted.candidate_path)
            refuse(explain(problems, merged.ledger), f"{self.title}, says OpenClaw {self._wanted.release} itself")

    def _swap_back(self, remote: RemoteFiles) -> None:
        paths = [self._wanted.previous_path, self._wanted.path, self._wanted.candidate_path]
        remote.shell("put the previous config back", 'if [ -e "$1" ]; then mv -f -- "$1" "$2"; fi', paths)


def _ledger(file: RemoteFile | None) -> frozenset[tuple[str, ...]]:
    if file is None:
        return frozenset()
    try:
        return ledger_from_json(json.loads(file.content))
    except ValueError:
        return frozenset()


def _summary(paths: list[str]) -> str:
    """Few paths by name, many by number: the diff has them all."""
    return f"change {', '.join(paths)}" if len(paths) <= _NAMED else f"change {len(paths)} settings"


def _status(file: RemoteFile | None) -> Any:
    return {"owner": file.owner, "mode": file.mode} if file else None
