# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Fly.io app."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from .._base.errors import CollectionError
from .._base.waiting import wait_until
from .._converge.resource import Change, Plan, Refusal, Resource, refusal
from .._fly.client import token, types
from .._fly.client.api import MachinesApi
from .._fly.client.errors import Forbidden, NameTaken
from .._fly.facts import names

_TIMEOUT, _EVERY = 60.0, 0.5


@dataclass(frozen=True)
class WantedApp:
    """`state` is present or absent; `destroy_volumes` allows that volumes go with the app."""

    name: str
    org: str | None = None
    network: str | None = None
    state: str = "present"
    destroy_volumes: bool = False


@dataclass(frozen=True)
class AppState:
    app: types.App | None
    not_allowed: CollectionError | None = None
    """Why the token cannot create it."""


class App(Resource[AppState]):
    def __init__(self, api: MachinesApi, wanted: WantedApp) -> None:
        self._api, self._wanted = api, wanted

    @property
    def title(self) -> str:
        return f"app {self._wanted.name}"

    def observe(self) -> AppState:
        try:
            found = self._api.app(self._wanted.name)
        except Forbidden as error:
            raise NameTaken.of(self.title, error) from error
        if found is None and self._wanted.state == "present":
            try:
                token.require_creation(self._api, self._wanted.name, self._wanted.org)
            except CollectionError as error:
                return AppState(None, error)
        return AppState(found)

    def plan(self, observed: AppState) -> Plan:
        wanted = self._wanted
        if wanted.state == "absent":
            return self._deletion(observed.app) if observed.app else []
        if observed.app:
            return self._what_cannot_change(observed.app)
        refusals = [Refusal(observed.not_allowed)] if observed.not_allowed else []
        if refused := names.app_name(wanted.name):
            refusals.append(Refusal(refused.error(self.title, "Fly.io refuses this name")))
        if not wanted.org:
            todo = "Give org, or set FLY_ORG (fly orgs list shows the slugs)"
            return [*refusals, refusal("no organization is given for a new app", where=self.title, todo=todo)]
        after = {"app": wanted.name, "org": wanted.org, "network": wanted.network or "the organization's own"}
        return [*refusals, Change("create", "create the app", None, after, partial(self._create, wanted.org))]

    def describe(self, observed: AppState) -> dict[str, object]:
        return {"app": observed.app}

    def _create(self, org: str) -> None:
        try:
            self._api.create_app(self._wanted.name, org, self._wanted.network)
        except NameTaken as error:
            if self._api.app(self._wanted.name) is None:
                raise NameTaken.of(self.title, error) from error
            return  # another run made it meanwhile
        self._wait(exists=True)

    def _delete(self) -> None:
        self._api.delete_app(self._wanted.name)
        self._wait(exists=False)

    def _wait(self, *, exists: bool) -> None:
        """Apps come and go a moment after the answer."""
        wait_until(
            "the app to exist" if exists else "the app to be gone",
            lambda: self._api.app(self._wanted.name),
            lambda app: (app is not None) == exists,
            timeout=_TIMEOUT,
            every=_EVERY,
            where=self.title,
            todo="Run again",
        )

    def _deletion(self, app: types.App) -> Plan:
        volumes = app.get("volume_count") or 0
        if volumes and not self._wanted.destroy_volumes:
            what = f"the app holds {volumes} volume{'s' if volumes > 1 else ''}, and its data would go with it"
            return [refusal(what, where=self.title, todo="Back it up, then set destroy_volumes: true")]
        before = {"app": self._wanted.name, "machines": app.get("machine_count"), "volumes": volumes}
        return [Change("destroy", "destroy the app and all in it", before, None, self._delete)]

    def _what_cannot_change(self, app: types.App) -> Plan:
        wanted, refusals = self._wanted, []
        org, network = (app.get("organization") or {}).get("slug"), app.get("network") or ""
        if wanted.org and org and org != wanted.org:
            what = f"the app belongs to the organization {org}, not to {wanted.org}"
            refusals.append(refusal(what, where=self.title, todo=f"Set org to {org}, or move it with fly apps move"))
        if wanted.network and wanted.network != network:
            what = f"the app lives in the network {network or 'of its organization'}, and that cannot be changed"
            refusals.append(refusal(what, where=self.title, todo="Leave network as it is, or create another app"))
        return refusals
