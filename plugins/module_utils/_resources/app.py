# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Fly.io app."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from .._base import clock
from .._base.errors import CollectionError
from .._converge.resource import Change, Resource
from .._fly.client import token
from .._fly.client.api import Json, MachinesApi
from .._fly.client.errors import Forbidden, NameTaken

_PATIENCE = 60.0


class App(Resource[Json | None]):
    """`state` is "present" or "absent"; `destroy_volumes` allows that volumes go with the app."""

    def __init__(
        self,
        api: MachinesApi,
        name: str,
        org: str | None,
        network: str | None = None,
        state: str = "present",
        destroy_volumes: bool = False,
    ) -> None:
        self._api, self.name, self._org, self._network = api, name, org, network
        self._state, self._destroy_volumes = state, destroy_volumes

    @property
    def title(self) -> str:
        return f"app {self.name}"

    def observe(self) -> Json | None:
        try:
            found = self._api.app(self.name)
        except Forbidden as error:
            raise self._taken(error) from error
        if found is None and self._state == "present":
            token.require_creation(self._api, self.name, self._org)
        return found

    def plan(self, observed: Json | None) -> list[Change]:
        if self._state == "absent":
            return [self._deletion(observed)] if observed else []
        if observed is None:
            if not self._org:
                raise CollectionError(
                    "no organization is given for a new app",
                    where=self.title,
                    todo="Give org, or set FLY_ORG (fly orgs list tells the slugs)",
                )
            after = {"app": self.name, "org": self._org, "network": self._network or "the organization's own"}
            return [Change("create the app", None, after, partial(self._create, self._org))]
        self._refuse_what_cannot_change(observed)
        return []

    def describe(self, observed: Json | None) -> dict[str, Any]:
        return {"app": observed}

    def _create(self, org: str) -> None:
        try:
            self._api.create_app(self.name, org, self._network)
        except NameTaken as error:
            raise self._taken(error) from error
        self._wait_until(lambda there: there)

    def _delete(self) -> None:
        self._api.delete_app(self.name)
        self._wait_until(lambda there: not there)

    def _wait_until(self, reached: Callable[[bool], bool]) -> None:
        """Apps come and go a moment after the answer."""
        deadline = clock.monotonic() + _PATIENCE
        while not reached(self._api.app(self.name) is not None) and clock.monotonic() < deadline:
            clock.sleep(0.5)

    def _deletion(self, observed: Json) -> Change:
        volumes = observed.get("volume_count") or 0
        if volumes and not self._destroy_volumes:
            raise CollectionError(
                f"the app holds {volumes} volume{'s' if volumes > 1 else ''}, and its data would go with it",
                where=self.title,
                todo="Back it up, then say destroy_volumes: true",
            )
        before = {"app": self.name, "machines": observed.get("machine_count"), "volumes": volumes}
        return Change("destroy the app and all in it", before, None, self._delete)

    def _refuse_what_cannot_change(self, observed: Json) -> None:
        org = (observed.get("organization") or {}).get("slug")
        if self._org and org and org != self._org:
            raise CollectionError(
                f"the app belongs to the organization {org}, not to {self._org}",
                where=self.title,
                todo=f"Set org to {org}, or move the app with fly apps move",
            )
        network = observed.get("network") or ""
        if self._network and self._network != network:
            raise CollectionError(
                f"the app lives in the network {network or 'of its organization'}, and that cannot be changed",
                where=self.title,
                todo="Leave network as it is, or create another app",
            )

    def _taken(self, error: Exception) -> NameTaken:
        return NameTaken(
            "an app of this name belongs to somebody else",
            where=self.title,
            why="names are global on Fly.io, and this token may not see that app",
            todo="Choose another name, or use a token of the organization that owns it",
            request_id=getattr(error, "details", {}).get("request_id"),
        )
