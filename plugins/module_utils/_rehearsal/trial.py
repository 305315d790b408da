# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One closed copy from its plan to its removal: what a rehearsal and a drill have in common."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .._base import clock
from .._base.errors import CollectionError
from .._base.waiting import TimedOut, wait_until
from .._converge.context import Context
from .._fly.client import token
from .._fly.client.api import MachinesApi, PlatformApi
from .._fly.throwaway.removal import removed_afterwards
from .._gateway.contents import proved_contents
from .._openclaw.releases import Release
from . import questions
from .closed import closed
from .copy import ClosedCopy, Source
from .cost import dollars
from .remains import new_name, remove_remains

_SPARE = 1800.0
"""Seconds beside the waits after which what a killed run left may be removed by anybody's next run."""


@dataclass(frozen=True)
class WantedCopy:
    app: str
    """The gateway that is copied."""
    definition: Mapping[str, Any]
    """The content of its fly.toml."""
    token_env: str
    """The variable with the gateway's token."""
    owner: str = "1000:1000"
    wait_timeout: float = 600.0
    retry_on_log: tuple[str, ...] = ()


@dataclass(frozen=True)
class Connections:
    """`api` holds no app's lock: what is changed is in another app."""

    api: MachinesApi
    platform: PlatformApi
    context: Context


@dataclass
class Trial:
    """`kind` is REHEARSAL or DRILL."""

    to: Connections
    wanted: WantedCopy
    kind: str
    began: float = field(default_factory=clock.now)
    """Unix seconds."""

    def __post_init__(self) -> None:
        self.longest = 2 * self.wanted.wait_timeout + _SPARE
        self.app = new_name(self.kind, self.wanted.app, self.began + self.longest)
        self.removed: list[str] = []
        """Apps of earlier runs that were removed."""

    @property
    def seconds(self) -> float:
        """Since it began."""
        return round(clock.now() - self.began, 1)

    def plan(self, source: Source) -> dict[str, Any]:
        """{changed, copy_app, cost}: the app, and at most so many dollars. Raises when the token cannot create apps."""
        token.require_creation(self.to.api, self.app, self._org())
        region = source.volume["region"]
        cost = dollars(self._toml(region), region, source.volume["size_gb"], self.longest)
        return {"changed": False, "copy_app": self.app, "cost": None if cost is None else round(cost, 4)}

    @contextmanager
    def copy(self, source: Source) -> Iterator[ClosedCopy]:
        """The copy with its data, not started yet; all that there is of it is removed at the end."""
        api, context, wanted = self.to.api, self.to.context, self.wanted
        org, now = self._org(), clock.now()
        self.removed, strange = remove_remains(api, org, self.kind, wanted.app, now, context.progress)
        for name in strange:
            context.warn(f"app {name} is named like a copy that was left, and is none: remove it yourself")
        names = [str(secret.get("name")) for secret in api.secrets(wanted.app) or []]
        with (
            tempfile.TemporaryDirectory(prefix="openclaw-copy-") as memory,
            removed_afterwards(api, self.app, context.progress),
        ):
            copy = ClosedCopy(
                api=api,
                platform=self.to.platform,
                app=self.app,
                toml=self._toml(source.volume["region"]),
                memory=memory,
                context=context,
                wait_timeout=wanted.wait_timeout,
                retry_on_log=wanted.retry_on_log,
                owner=wanted.owner,
            )
            copy.create(org, source, {wanted.token_env, *names})
            yield copy

    def until_ready(self, copy: ClosedCopy, release: Release) -> dict[str, Any] | None:
        """The readiness probe's answer once its body says ready; None where the release has no such probe."""

        def look() -> dict[str, Any] | None:
            try:
                return questions.readiness(copy.cli, release)
            except CollectionError as error:
                return {"status": 0, "body": {"failing": [error.why or error.what]}}

        try:
            return wait_until(
                "its readiness probe",
                look,
                questions.is_ready,
                timeout=self.wanted.wait_timeout,
                where=f"app {self.app}",
                state=lambda seen: ", ".join(map(str, ((seen or {}).get("body") or {}).get("failing") or [])),
                progress=self.to.context.progress,
            )
        except TimedOut as error:
            raise CollectionError("the gateway does not get ready", why=error.why) from None

    def contents(self, expected: Mapping[str, Any]) -> dict[str, Any]:
        """{release, counts}. Raises when something of `expected` is missing."""
        wanted = self.wanted
        timeout = wanted.wait_timeout
        return proved_contents(self.to.api, self.app, wanted.owner, timeout, expected, self.to.context)

    def _toml(self, region: str) -> Any:
        return closed(self.wanted.definition, self.app, region, self.wanted.app)

    def _org(self) -> str:
        found = self.to.api.app(self.wanted.app)
        return str(((found and found.get("organization")) or {}).get("slug") or "personal")


def price(cost: float | None) -> str:
    """For people."""
    return "its cost is unknown for this region" if cost is None else f"it costs at most ${cost:.3f}"
