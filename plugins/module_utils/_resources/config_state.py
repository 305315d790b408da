# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is declared of a gateway's config, and what is seen of it on the volume."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._base.errors import CollectionError
from .._fly.client.api import MachinesApi
from .._fly.client.types import Machine
from .._fly.machines.remote_files import RemoteFile
from .._gateway.config_migration import Declared
from .._openclaw import config_file
from .._openclaw.config_merge import ledger_from_json, ledger_to_json
from .._openclaw.config_schema import Schema
from .._openclaw.errors import ConfigUnreadable
from .._openclaw.includes import Include
from .._openclaw.paths import get
from .._openclaw.problems import Problem
from .._openclaw.releases import Release
from .._openclaw.rule import Facts

MODE = "600"


@dataclass(frozen=True)
class ConfigState:
    machine: Machine | None
    """The machine that has the volume, if it can be reached."""
    file: RemoteFile | None
    ledger: RemoteFile | None
    problems: tuple[Problem, ...] = ()
    """Why the release would not start with this file."""
    included: tuple[tuple[Include, RemoteFile | None], ...] = ()
    folder: RemoteFile | None = None
    """The directory that the config is in: the gateway's state directory."""
    runs: Release | None = None
    """The release that runs, when it is another than the declared one: the config waits for the deploy."""
    schema: Schema | None = None
    """The declared release's schema, if it is in the cache."""
    unreachable: CollectionError | None = None
    """Why no machine can be asked."""
    cut_off: bool = False
    """Whether that is a restore that was cut off, which no later task of the run finishes."""
    declared: Declared = field(default_factory=lambda: Declared({}))
    """The declared config in the words of the release."""


@dataclass(frozen=True)
class WantedConfig:
    """What is declared of the config, and where it goes."""

    config: dict[str, Any]
    release: Release
    path: str = "/data/openclaw.json"
    owner: str = "1000:1000"
    exact: bool = False
    readonly: bool = False
    """Exact, and nobody else ever writes it, so that not even `meta` is somebody's."""
    facts: Facts = field(default_factory=Facts)
    """What the rules must know; with `migrate` the release rewrites old forms before they are judged."""
    schema_cache: Path = Path("~/.cache/openclaw-fly/schemas")

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]

    @property
    def ledger_path(self) -> str:
        """Beside the config, so that it goes wherever the volume goes."""
        return f"{self.folder}/.ansible/openclaw-config.json"

    @property
    def previous_path(self) -> str:
        return f"{self.path}.previous"


def ledger_of(file: RemoteFile | None) -> frozenset[tuple[str, ...]]:
    if file is None:
        return frozenset()
    try:
        return ledger_from_json(json.loads(file.content))
    except ValueError:
        return frozenset()


def ledger_file(ledger: Iterable[tuple[str, ...]], owner: str) -> RemoteFile:
    return RemoteFile(json.dumps(ledger_to_json(ledger), separators=(",", ":")).encode(), owner, MODE)


def config_of(file: RemoteFile, where: str) -> dict[str, Any]:
    """A config, or nothing where there is none to be read."""
    try:
        return config_file.read(file.content.decode("utf-8", "replace"), where)
    except ConfigUnreadable:
        return {}


def with_own_addresses(
    api: MachinesApi, app: str, declared: Mapping[str, Any], file: RemoteFile | None
) -> dict[str, Any]:
    """The declared config, whose trusted proxies keep the app's own addresses that the file has.

    Who declares a config without the app does not know them; a list has one owner, and without them the gateway takes
    Fly's edge for every client. Fly.io is asked only when the file has addresses that are not declared.
    """
    result = dict(declared)
    wanted = get(declared, "gateway", "trustedProxies")
    present = get(config_of(file, ""), "gateway", "trustedProxies") if file else None
    if not isinstance(wanted, list) or not isinstance(present, list):
        return result
    surplus = [each for each in present if each not in wanted and _is_address(each)]
    if surplus:
        own = {address.get("ip") for address in api.ips(app) or []}
        kept = [each for each in surplus if each in own]
        result["gateway"] = {**declared["gateway"], "trustedProxies": [*wanted, *kept]}
    return result


def _is_address(text: Any) -> bool:
    try:
        ipaddress.ip_address(str(text))
    except ValueError:
        return False
    return True
