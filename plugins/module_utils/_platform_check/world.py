# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a question works with: the app, connections to Fly.io, and what the questions before it made."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .._base.waiting import look_until
from .._converge.context import Context
from .._fly.client.api import MachinesApi, PlatformApi
from .._fly.client.types import Json
from .wire import Asked, GuardedTransport

IDLE = ["sleep", "86400"]
"""A command that any image with a shell has."""
SETTLED = ("started", "stopped", "suspended", "failed", "destroyed")


class Unanswered(Exception):
    """The question cannot be asked, or got no answer; the text says why."""


@dataclass(frozen=True)
class Image:
    """An image with a shell that serves HTTP; without `command` by its own command."""

    name: str
    command: str = ""
    port: int = 80
    path: str = "/"


@dataclass(frozen=True)
class Place:
    """Where the check's app is, and what its machines run."""

    app: str
    org: str
    region: str
    image: Image


@dataclass
class World:
    place: Place
    wire: GuardedTransport
    platform: PlatformApi
    context: Context
    memory: str
    """A folder for what the collection remembers of secrets that were set before there was a machine."""
    made: dict[str, str] = field(default_factory=dict)
    """Ids of machines and volumes, by the names that questions use."""
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def api(self) -> MachinesApi:
        return MachinesApi(self.wire)

    def ask(self, method: str, path: str = "", body: Any = None, **options: Any) -> Asked:
        """Ask about the app; `path` stands below it."""
        return self.wire.ask(method, f"/v1/apps/{self.place.app}{path}", body, **options)

    def secret(self, name: str) -> str:
        """A new random value."""
        value = self.secrets[name] = self.context.secret(secrets.token_hex(16))
        return value

    def id_of(self, name: str) -> str:
        if name not in self.made:
            raise Unanswered(f"there is no {name}, because an earlier question failed")
        return self.made[name]

    def machine(self, name: str, path: str = "") -> str:
        """The path of a machine."""
        return f"/machines/{self.id_of(name)}{path}"

    def config(self, **changes: Any) -> Json:
        """Of a machine that only waits."""
        base: Json = {
            "image": self.place.image.name,
            "guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 256},
            "init": {"exec": IDLE},
            "restart": {"policy": "no"},
            "env": {"CHECK": "1"},
        }
        return {**copy.deepcopy(base), **changes}

    def state(self, name: str) -> str:
        return str(self.ask("GET", self.machine(name)).json.get("state") or "unknown")

    def settle(self, name: str, seconds: float = 90.0, among: tuple[str, ...] = SETTLED) -> str:
        """The machine's state once it does not change by itself any more, or when the time is over."""
        return self.poll(lambda: self.state(name), lambda state: state in among, seconds)

    def poll(self, look: Callable[[], str], done: Callable[[str], bool], seconds: float, every: float = 2.0) -> str:
        """Look until it is done; return the last look."""
        return look_until("an answer", look, done, timeout=seconds, every=every)

    def idle(self, name: str) -> None:
        """Have the machine started, as a question wants to find it."""

        def start() -> str:
            state = self.settle(name)
            if state != "started":
                self.ask("POST", self.machine(name, "/start"))
            return state

        if self.poll(start, lambda state: state == "started", 120, 1) != "started":
            raise Unanswered(f"machine {name} does not start")

    def stop(self, name: str) -> None:
        self.ask("POST", self.machine(name, "/stop"), {})
        if self.settle(name, among=("stopped", "failed", "destroyed")) != "stopped":
            raise Unanswered(f"machine {name} does not stop")

    def exec(self, name: str, command: list[str], seconds: int = 10, **options: Any) -> Asked:
        body: Json = {"command": command, "timeout": seconds, **options.pop("body", {})}
        return self.ask("POST", self.machine(name, "/exec"), body, **options)
