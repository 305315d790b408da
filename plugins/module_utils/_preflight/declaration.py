# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an inventory declares of one host, as far as it can be judged before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from .._base.errors import CollectionError
from .._fly.client.api import MachinesApi
from .._fly.client.errors import Forbidden
from .._fly.client.token import Scope, scope_of
from .._fly.client.types import Machine, Token
from .._fly.facts.addresses import typed
from .._fly.machines.deployed import is_deployed
from .._fly.machines.exposure import exposure_of
from .._openclaw import process
from .._openclaw.config_rules import Facts
from .._openclaw.errors import OpenClawError
from .._openclaw.problems import Problem
from .._openclaw.releases import Release
from .kinds import root


class Platform:
    """What Fly.io answers about the app; each thing is asked once, and only by a judge that needs it."""

    def __init__(self, api: MachinesApi, app: str) -> None:
        self._api, self._app = api, app

    @cached_property
    def token(self) -> Token:
        return self._api.current_token()

    @property
    def scope(self) -> Scope:
        return scope_of(self.token)

    @cached_property
    def regions(self) -> list[str] | None:
        """The codes of all regions; None when Fly.io does not answer."""
        try:
            return [str(entry.get("code")) for entry in self._api.regions()]
        except CollectionError:
            return None

    @property
    def reaches_out(self) -> bool:
        """Whether machines can fetch something from the internet."""
        return self._api.machines_reach_out()

    @cached_property
    def _all_machines(self) -> list[Machine] | None:
        try:
            return self._api.machines(self._app) or []
        except Forbidden:
            return None

    @property
    def machines(self) -> list[Machine] | None:
        """The deployed machines; None when the app is not ours."""
        return None if self._all_machines is None else [each for each in self._all_machines if is_deployed(each)]

    @cached_property
    def secret_names(self) -> frozenset[str]:
        """Names of the secrets that the app has; none when Fly.io does not answer."""
        try:
            return frozenset(str(secret.get("name")) for secret in self._api.secrets(self._app) or [])
        except CollectionError:
            return frozenset()

    @cached_property
    def exposure(self) -> str | None:
        """Public, private or sealed as it is now; None while nothing was deployed, or when the app is not ours."""
        if self._all_machines is None:
            return None
        try:
            found = typed(self._api.ips(self._app))
        except Forbidden:
            return None
        return exposure_of(self._all_machines, found)


@dataclass(frozen=True)
class Variables:
    """The variables in the host's scope that begin, or nearly begin, with a prefix of a role."""

    unknown: tuple[str, ...] = ()
    """Those that no role knows."""
    own: frozenset[str] = frozenset()
    """The user's own."""
    of_playbook: tuple[str, ...] = ()
    """Those that the playbook reads besides."""
    wrong: tuple[Problem, ...] = ()
    """Those whose values are of another kind than their role takes."""

    @property
    def names(self) -> set[str]:
        """The names of the latter."""
        return {root(problem.path) for problem in self.wrong}


@dataclass(frozen=True)
class App:
    """The variables of the role fly_app."""

    name: str
    org: str | None = None
    image: str | None = None
    """None where it is not judged."""
    regions: tuple[str, ...] = ()
    """The region, then those to fall back to."""
    port: int | None = None
    vm_size: str | None = None
    vm_memory: str | None = None
    volume_name: str | None = None
    volume_size_gb: int | None = None
    snapshot_retention: int | None = None
    env: Mapping[str, object] = field(default_factory=dict)
    public_env: tuple[str, ...] = ()
    secrets: Mapping[str, object] = field(default_factory=dict, repr=False)
    secrets_exact: bool = False
    certificates: tuple[str, ...] = ()
    exposure: str = "public"
    allow_public: bool = False
    files: tuple[str, ...] = ()
    """Files that the run writes on the controller."""
    times: Mapping[str, object] = field(default_factory=dict)
    """By the variable's name without its prefix, as they are written: kill_timeout, check_interval."""
    image_programs: tuple[Mapping[str, object], ...] = ()
    build: Mapping[str, object] = field(default_factory=dict)
    flyctl: str | None = None
    """The program, where an image is to be built."""
    image_signal: Mapping[str, object] = field(default_factory=dict)
    sharing: tuple[str, ...] = ()
    """Other hosts of the run that declare the same app."""


@dataclass(frozen=True)
class Gateway:
    """The variables of the role openclaw_config, and what composes the two."""

    release: Release
    """The default one where what is declared, `release_text`, is no release."""
    command: str
    internal_port: int | None
    config: Mapping[str, object]
    release_text: str = ""
    hostnames: tuple[str, ...] = ()
    https_port: int = 443
    ca_file: str | None = None
    secret_names: frozenset[str] | None = None
    token: str | None = field(repr=False, default=None)
    packages: Mapping[str, object] = field(default_factory=dict)
    skills: Mapping[str, object] = field(default_factory=dict)
    skills_dir: str = "."
    tunnels: tuple[object, ...] = ()
    ownership: str = "merge"
    migrate: bool = False
    waivers: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    """Variables by the path of the config, or the option of the command, that they set."""
    schema_cache: str = ""
    memory_floor_mb: int = 1024
    heap_mb: int | None = None
    volume_path: str | None = None
    config_path: str | None = None
    retry_failed_release: bool = False


@dataclass(frozen=True)
class Declaration:
    app: App
    platform: Platform
    variables: Variables = Variables()
    gateway: Gateway | None = None

    def facts(self, gateway: Gateway) -> Facts:
        """What the rules for a config must know beside it."""
        try:
            port = process.parse(gateway.command).port or process.DEFAULT_PORT
        except OpenClawError:
            port = gateway.internal_port or process.DEFAULT_PORT
        return Facts(
            release=gateway.release,
            exposure=self.app.exposure,
            port=port,
            hostnames=gateway.hostnames,
            https_port=gateway.https_port,
            secret_names=gateway.secret_names,
            readonly=gateway.ownership == "readonly",
            migrate=gateway.migrate,
            secrets=self.app.secrets,
            waivers=gateway.waivers,
        )
