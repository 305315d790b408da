# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What findings are judged by: each thing is read once, when it is first asked for, and what cannot be read is "
"noted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .._base import clock
from .._base.errors import CollectionError
from .._fly.client.types import Json, Machine, Snapshot, Volume
from .._fly.facts.addresses import PUBLIC_TYPES
from .._fly.machines.deployed import is_live
from .._fly.volumes.lost import mounted
from .._gateway.running_release import release_of
from .._openclaw.errors import InvalidValue
from .._openclaw.paths import get
from .._openclaw.releases import Release
from . import machine_view
from .inside import Inside
from .log_lines import LogLines


class Unread(Exception):
    """This could not be read, so nothing that needs it can be judged."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}: {why}")
        self.what, self.why = what, why


@dataclass(frozen=True)
class Subject:
    """The gateway, as far as the task describes it.

    :param exposure: public, private or sealed; empty where it was not declared.
    :param release: the release that should run; None: the one that the image names.
    :param texts: lines of a log or error messages that a person saw, to be explained.
    """

    app: str
    exposure: str = ""
    release: Release | None = None
    hostnames: tuple[str, ...] = ()
    https_port: int = 443
    texts: tuple[str, ...] = ()


Sources = Mapping[str, Callable[["Evidence"], Any]]


@dataclass
class Evidence:
    """All that can be known of one gateway. Properties raise `Unread` where nothing can be read."""

    subject: Subject
    sources: Sources
    """What is read, by name; each is called at most once, and raises a `CollectionError` where it cannot be read."""
    touched: dict[str, None] = field(default_factory=dict)
    """Names of what was asked for since this was emptied."""
    _known: dict[str, Any] = field(default_factory=dict)

    def read(self, name: str) -> Any:
        """What this source gives."""
        self.touched[name] = None
        return self.require(name)

    def require(self, name: str) -> Any:
        """The same, for another source that is worth nothing without it: no finding's own evidence."""
        if name not in self._known:
            self._known[name] = self._read(name)
        found = self._known[name]
        if isinstance(found, Unread):
            raise found
        return found

    def _read(self, name: str) -> Any:
        if name not in self.sources:
            return Unread(name, "it was not asked for")
        try:
            return self.sources[name](self)
        except Unread as reason:
            return Unread(name, reason.why)
        except CollectionError as error:
            return Unread(name, f"{error.what}: {error.why}" if error.why else error.what)

    @property
    def all_read(self) -> list[str]:
        """Names of what was read."""
        return [name for name, found in self._known.items() if not isinstance(found, Unread)]

    @property
    def now(self) -> float:
        return clock.now()

    # Fly.io's APIs

    @property
    def machines(self) -> list[Machine]:
        """All that are not gone."""
        return [machine for machine in self.read("machines") if is_live(machine)]

    @property
    def gateways(self) -> list[Machine]:
        """Those that run a gateway, whatever made them."""
        return machine_view.gateways(self.machines)

    @property
    def machine(self) -> Machine:
        """The one that runs the gateway; of several, a started one."""
        found = self.gateways
        if not found:
            raise Unread("machine", "the app has none that runs a gateway")
        return found[0]

    @property
    def config(self) -> Json:
        """The machine's configuration."""
        return dict(self.machine.get("config") or {})

    @property
    def env(self) -> dict[str, str]:
        return {str(name): str(value) for name, value in (self.config.get("env") or {}).items()}

    @property
    def volumes(self) -> list[Volume]:
        return list(self.read("volumes"))

    @property
    def volume(self) -> Volume:
        """The one that the machine mounts."""
        found = next((one for one in self.volumes if one["id"] in mounted(self.machine)), None)
        if found is None:
            raise Unread("volume", "the machine mounts none that Fly.io lists")
        return found

    @property
    def snapshots(self) -> list[Snapshot]:
        """Of the mounted volume."""
        return list(self.read("snapshots"))

    @property
    def addresses(self) -> list[Json]:
        """Each {ip, type}."""
        return list(self.read("addresses"))

    @property
    def public_addresses(self) -> list[str]:
        return [str(entry["ip"]) for entry in self.addresses if entry["type"] in PUBLIC_TYPES]

    @property
    def log(self) -> LogLines:
        lines: LogLines = self.read("log")
        return lines

    # The machine and the gateway

    @property
    def inside(self) -> Inside:
        """What the machine's system shows."""
        found: Inside = self.read("inside")
        return found

    @property
    def openclaw_json(self) -> Mapping[str, object]:
        """openclaw.json, as it is on the volume."""
        found: Mapping[str, object] = self.read("openclaw.json")
        return found

    def answer(self, method: str) -> Any:
        """What the gateway answers to a method of its protocol."""
        refused = f"the gateway does not answer {method}"
        answers: Mapping[str, Any] = self.read("gateway")
        if answers.get(method) is None:
            raise Unread(method, str(get(answers, "refused", method, default=refused)))
        return answers[method]

    @cached_property
    def release(self) -> Release:
        """The one that the task declares, else that the image names, else that the gateway reports."""
        found = self.subject.release or release_of(self.machine)
        if found is None:
            try:
                found = Release.parse(str(self.read("gateway").get("release")))
            except (InvalidValue, Unread):
                raise Unread("release", f"the image {self.config.get('image')} names none; set release") from None
        return found
