# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""openclaw.json on a gateway's volume."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from .._base.errors import CollectionError
from .._converge.resource import Change, Plan, Refusal, Resource
from .._fly.client.api import MachinesApi
from .._fly.client.types import Machine
from .._fly.machines.judge import being_replaced
from .._fly.machines.pick import not_started, pick_of, started_machine
from .._fly.machines.remote_files import RemoteFile, RemoteFiles
from .._gateway.calls import runs_file
from .._gateway.cli import GatewayCli
from .._gateway.config_effect import ConfigEffect
from .._gateway.config_migration import Declared, in_words_of
from .._gateway.config_verdict import explain, verdict
from .._gateway.running_release import another_release
from .._openclaw import config_file, config_rules, config_schema, reload
from .._openclaw.config_merge import ABSENT, Merged, diff, merge
from .._openclaw.config_schema import INCLUDE, Schema
from .._openclaw.config_sources import named
from .._openclaw.errors import ConfigUnreadable
from .._openclaw.includes import Include, also_set, includes
from .._openclaw.paths import show
from .._openclaw.problems import ConfigRefused, Problem, refuse
from .._openclaw.releases import facts as release_facts
from .config_state import MODE, ConfigState, WantedConfig, config_of, ledger_file, ledger_of, with_own_addresses
from .config_swap import ConfigSwap

KEPT = "The gateway keeps the config that it has."
_NAMED = 4
_CLOSE = '[ "$(stat -c %u:%g -- "$1")" != "$2" ] || chmod go= -- "$1"'
"""A volume's root is 0755, and OpenClaw's audit warns of it. It is closed only if it is the gateway's own."""
_DEPTH = 5
"""Includes within includes that are followed."""


class GatewayConfig(Resource[ConfigState]):
    """The declared config merged into the file, judged before it is swapped in, and taken by the gateway after.

    Judged by the release's schema here, then by the release itself in the machine. A refused config leaves the file
    and the gateway as they were.
    """

    def __init__(
        self,
        api: MachinesApi,
        effect: ConfigEffect,
        app: str,
        wanted: WantedConfig,
        machines: list[Machine] | None = None,
    ) -> None:
        self._api, self._effect, self._app, self._wanted = api, effect, app, wanted
        self._machines = machines

    @property
    def title(self) -> str:
        return f"{self._app}:{self._wanted.path}"

    def observe(self) -> ConfigState:
        known = self._api.machines(self._app) or [] if self._machines is None else self._machines
        machine = pick_of(known)
        schema = config_schema.load(self._wanted.release, self._cache)
        declared = Declared(self._wanted.config)
        cut_off = next(filter(None, (being_replaced(self.title, one) for one in known)), None)
        if machine is None or cut_off or machine.get("state") != "started":
            error = cut_off or not_started(machine, self._app)
            return ConfigState(
                None, None, None, schema=schema, unreachable=error, cut_off=cut_off is not None, declared=declared
            )
        runs = another_release(machine, self._wanted.release)
        paths = (self._wanted.path, self._wanted.ledger_path, self._wanted.folder)
        remote = RemoteFiles(self._api, self._app, machine["id"])
        file, ledger, folder = remote.read(*paths).values()
        config = with_own_addresses(self._api, self._app, self._wanted.config, file)
        declared = Declared(config)
        if self._wanted.facts.migrate and not runs:
            cli = GatewayCli(remote, self._wanted.owner)
            declared = in_words_of(self._wanted.release, config, cli, self._cache)
        return ConfigState(
            machine=machine,
            file=file,
            ledger=ledger,
            problems=() if runs else self._problems(remote, file, schema),
            included=tuple(self._included(remote, file)),
            folder=folder,
            runs=runs,
            schema=schema,
            declared=declared,
        )

    def plan(self, observed: ConfigState) -> Plan:
        merged, unreadable = self._merged(observed)
        file, _its_ledger = self._files(merged)
        settled = self._is_settled(observed, merged, file)
        if problems := self._against(observed, merged, settled):
            return [Refusal(ConfigRefused(self._named(problems), self.title, kept=KEPT))]
        if settled:
            return []
        what, before, after = self._difference(observed, merged, file)
        if unreadable:
            what = f"{what}, in place of what is no config (kept as {self._wanted.previous_path})"

        def apply() -> None:
            self._apply(merged, unreadable, observed.file)

        change = Change("config", what, before, after, apply, deferred=observed.runs is not None)
        if observed.unreachable:
            return [Refusal(observed.unreachable, until_run=not observed.cut_off), change]
        return [change]

    def _named(self, problems: Iterable[Problem]) -> list[Problem]:
        return named(problems, self._wanted.facts.sources)

    def _is_settled(self, observed: ConfigState, merged: Merged, file: RemoteFile) -> bool:
        if observed.file is None or observed.ledger is None or merged.changes or self._open(observed.folder):
            return False
        as_owned = replace(observed.file, content=file.content) == file
        return as_owned and ledger_of(observed.ledger) == merged.ledger

    def _against(self, observed: ConfigState, merged: Merged, settled: bool) -> list[Problem]:
        """What speaks against the config, all of one judge at once; before its release runs, the preflight judges."""
        if observed.runs:
            return []
        # What is migrated is judged as it becomes; without a machine the preflight has judged what can be known.
        facts = replace(self._wanted.facts, migrate=False)
        rules = list(config_rules.check(observed.declared.config, facts)) if observed.machine else []
        if found := [*rules, *(problem for problem in self._fatal(merged) if problem not in rules)]:
            return found
        if settled:
            return explain(observed.problems, merged.ledger, merged.config)
        if merged.changes and observed.schema:
            return explain(config_schema.validate(merged.config, observed.schema), merged.ledger, merged.config)
        return []

    def _difference(self, observed: ConfigState, merged: Merged, file: RemoteFile) -> tuple[str, object, object]:
        paths = [show(change.path) for change in merged.changes]
        if paths:
            before = {show(change.path): change.before for change in merged.changes if change.before != ABSENT}
            after = {show(change.path): change.after for change in merged.changes if change.after != ABSENT}
            return _summary(paths), before, after
        what = "set owner, mode and which paths are ours"
        if self._open(observed.folder):
            what = f"close {self._wanted.folder} to others"
        return what, _status(observed.file), _status(file)

    def describe(self, observed: ConfigState) -> dict[str, object]:
        text = observed.file.content.decode("utf-8", "replace") if observed.file else ""
        changes = [line.rstrip(".") for line in observed.declared.changes]
        warnings = [f"{self.title}: {line}. Write it so in the inventory." for line in changes]
        if observed.runs:
            warnings.append(
                f"{self.title}: the machine still runs OpenClaw {observed.runs}, so the config for "
                f"{self._wanted.release} waits for its deploy (site.yml does both)."
            )
        included = self._include_report(observed)
        wins = "too; what is declared wins over an include."
        warnings += [
            f"{self.title}: {each['file']} sets {', '.join(each['also_set'])} {wins}"
            for each in included
            if each["also_set"]
        ]
        return {
            "path": self._wanted.path,
            "release": str(self._wanted.release),
            "machine": observed.machine["id"] if observed.machine else None,
            "sha256": config_file.sha256(text) if text else None,
            "effect": "deferred" if observed.runs else self._effect.taken,
            "migrated": list(observed.declared.changes),
            "includes": included,
            "warnings": warnings,
        }

    def _problems(self, remote: RemoteFiles, file: RemoteFile | None, schema: Schema | None) -> tuple[Problem, ...]:
        """Ask the release of the present file, if its schema raises doubts: plugins add to what a schema knows."""
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
        present: dict[str, object] = {}
        unreadable = None
        try:
            present = config_file.read(text, self.title)
        except ConfigUnreadable as error:
            unreadable = error
        if self._wanted.readonly:
            merged = merge(observed.declared.config, {}, exact=True)
            return replace(merged, changes=tuple(diff(present, merged.config))), unreadable
        ledger = ledger_of(observed.ledger)
        return merge(observed.declared.config, present, ledger, exact=self._wanted.exact), unreadable

    def _fatal(self, merged: Merged) -> list[Problem]:
        """Why the gateway would not start with the merged file; what others put there counts as well."""
        found = config_rules.fatal(merged.config, replace(self._wanted.facts, migrate=False))
        return explain(found, merged.ledger, merged.config)

    def _included(
        self, remote: RemoteFiles, file: RemoteFile | None, at: Include | None = None, depth: int = 0
    ) -> Iterator[tuple[Include, RemoteFile | None]]:
        """The files that the present one takes in, and those that these take in."""
        if file is None or INCLUDE.encode() not in file.content or depth > _DEPTH:
            return
        path, prefix = (at.file, at.at) if at else (self._wanted.path, ())
        found = list(includes(config_of(file, path), path, prefix))
        files = remote.read(*{each.file for each in found}) if found else {}
        for each in found:
            yield each, files[each.file]
            yield from self._included(remote, files[each.file], each, depth + 1)

    def _include_report(self, observed: ConfigState) -> list[dict[str, Any]]:
        report = []
        for include, file in observed.included:
            paths = also_set(include, config_of(file, include.file), observed.declared.config) if file else []
            report.append({"file": include.file, "at": show(include.at), "exists": file is not None, "also_set": paths})
        return report

    def _open(self, folder: RemoteFile | None) -> bool:
        """Whether others than the gateway can read its state directory."""
        return folder is not None and folder.owner == self._wanted.owner and bool(int(folder.mode, 8) & 0o077)

    def _files(self, merged: Merged) -> tuple[RemoteFile, RemoteFile]:
        owner = self._wanted.owner
        file = RemoteFile(config_file.text_of(merged.config).encode(), owner, MODE)
        return file, ledger_file(merged.ledger, owner)

    @cached_property
    def _cache(self) -> Path:
        return self._wanted.schema_cache.expanduser()

    def _apply(self, merged: Merged, unreadable: ConfigUnreadable | None, present: RemoteFile | None) -> None:
        self._machines = None  # what was known of them holds until something is changed
        machine = started_machine(self._api, self._app)
        remote = RemoteFiles(self._api, self._app, machine["id"])
        wanted, (file, ledger) = self._wanted, self._files(merged)
        cli = GatewayCli(remote, wanted.owner)
        if unreadable and release_facts(wanted.release).has_config_validate and not verdict(cli, wanted.path):
            raise unreadable  # OpenClaw can read it, so what is in it counts
        swap = ConfigSwap(remote, wanted.path, wanted.ledger_path, file, present)
        try:
            swap.stage()
            if merged.changes:
                self._judge(cli, merged, swap.candidate)
            self._swap(machine, cli, merged, swap, ledger)
        except CollectionError:
            with suppress(CollectionError):
                swap.discard()
            raise

    def _swap(self, machine: Machine, cli: GatewayCli, merged: Merged, swap: ConfigSwap, ledger: RemoteFile) -> None:
        wanted, remote = self._wanted, RemoteFiles(self._api, self._app, machine["id"])
        both = {*merged.ledger, *ledger_of(remote.read(wanted.ledger_path)[wanted.ledger_path])}
        # Whatever ends this in between, no path of ours is forgotten.
        union = ledger_file(both, wanted.owner)
        cost = reload.effect((change.path for change in merged.changes), wanted.release)
        with self._effect.watch(machine, cost, swap.back, lambda: runs_file(cli)):
            swap.swap(union, ledger)
            remote.shell("close the state directory", _CLOSE, [wanted.folder, wanted.owner])

    def _judge(self, cli: GatewayCli, merged: Merged, candidate: str) -> None:
        """Raise `ConfigRefused` unless the release accepts the config; `candidate` is where it lies."""
        facts = release_facts(self._wanted.release)
        schema = config_schema.load(self._wanted.release, self._cache)
        if schema is None and facts.has_config_schema:
            schema = config_schema.prepare(cli.schema(), self._wanted.release)
            config_schema.store(schema, self._cache)
        if schema is not None:
            refuse(
                self._named(explain(config_schema.validate(merged.config, schema), merged.ledger, merged.config)),
                self.title,
                kept=KEPT,
            )
        if not facts.has_config_validate:
            return
        if problems := verdict(cli, candidate):
            refuse(
                self._named(explain(problems, merged.ledger, merged.config)),
                f"{self.title}, judged by OpenClaw {self._wanted.release} itself",
                kept=KEPT,
            )


def _summary(paths: list[str]) -> str:
    """Few paths by name, many by number: the diff has them all."""
    return f"change {', '.join(paths)}" if len(paths) <= _NAMED else f"change {len(paths)} settings"


def _status(file: RemoteFile | None) -> object:
    return {"owner": file.owner, "mode": file.mode} if file else None
