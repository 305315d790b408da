# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fly.io's Machines API, endpoint by endpoint. Answers are of the types in `types`, and are checked to be.

Source: the OpenAPI document of the Machines API (2026-05) and what flyctl sends.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from ..._base.errors import CollectionError
from .edge import Door
from .transport import Transport
from .types import (
    Address,
    Addresses,
    App,
    Apps,
    Certificate,
    Certificates,
    ExecResult,
    Lease,
    LeaseAnswer,
    LogLine,
    LogPage,
    Machine,
    Region,
    Regions,
    Secret,
    Secrets,
    Snapshot,
    Token,
    Volume,
)

LEASE_HEADER = "fly-machine-lease-nonce"


class MachinesApi:
    """One method an endpoint; no logic but names and paths."""

    def __init__(self, transport: Transport) -> None:
        self._door = Door(transport, "/v1")
        self._transport = transport
        self.held: dict[tuple[str, str], str] = {}
        """Nonces of the leases that this task holds, by app and machine: exec is refused without."""
        self.before_down: Callable[[str], None] = lambda _machine: None
        """Called before a machine is stopped, suspended or destroyed: the lock that is in it has to be released."""
        self.after_up: Callable[[Machine], None] = lambda _machine: None
        """Called when a machine was created on a restored volume: the lock that is in it is of the past."""

    def machines_reach_out(self) -> bool:
        """Whether machines reach the internet, as far as answers until now say: on an emulator only with --egress."""
        return self._transport.machines_reach_out

    # Tokens and the platform

    def current_token(self) -> Token:
        return self._door.ask(Token, "GET", "/tokens/current")

    def regions(self) -> list[Region]:
        return self.nearest_and_regions()[1]

    def nearest_and_regions(self) -> tuple[str, list[Region]]:
        """The code of the region next to us, and all regions."""
        answer = self._door.ask(Regions, "GET", "/platform/regions")
        regions = answer.get("regions") or answer.get("Regions") or []
        return str(answer.get("nearest") or answer.get("Nearest") or ""), regions

    # Apps

    def app(self, name: str) -> App | None:
        """The app, or None when no such app exists; `Forbidden` when it belongs to somebody else."""
        return self._door.find(App, _app(name))

    def apps(self, org: str) -> list[App]:
        return self._door.ask(Apps, "GET", "/apps", query={"org_slug": org}).get("apps") or []

    def create_app(self, name: str, org: str, network: str | None) -> None:
        body = {"app_name": name, "name": name, "org_slug": org, "network": network or ""}
        self._door.send("POST", "/apps", body)

    def delete_app(self, name: str) -> None:
        self._door.send("DELETE", _app(name), safe=True)

    # IP assignments

    def ips(self, app: str) -> list[Address] | None:
        """The app's addresses, or None when there is no such app."""
        found = self._door.find(Addresses, _app(app, "ip_assignments"))
        return None if found is None else found.get("ips") or []

    def assign_ip(self, app: str, body: dict[str, object]) -> Address:
        return self._door.ask(Address, "POST", _app(app, "ip_assignments"), body)

    def release_ip(self, app: str, address: str) -> None:
        self._door.remove(_app(app, "ip_assignments", address))

    # Volumes

    def volumes(self, app: str) -> list[Volume] | None:
        """The app's volumes, or None when there is no such app."""
        return self._door.find_list(Volume, _app(app, "volumes"))

    def create_volume(self, app: str, body: dict[str, object]) -> Volume:
        return self._door.ask(Volume, "POST", _app(app, "volumes"), body)

    def update_volume(self, app: str, volume: str, body: dict[str, object]) -> None:
        self._door.send("PUT", _app(app, "volumes", volume), body, safe=True)

    def extend_volume(self, app: str, volume: str, size_gb: int) -> None:
        self._door.send("PUT", _app(app, "volumes", volume, "extend"), {"size_gb": size_gb}, safe=True)

    def delete_volume(self, app: str, volume: str) -> None:
        self._door.remove(_app(app, "volumes", volume))

    def volume_snapshots(self, app: str, volume: str) -> list[Snapshot] | None:
        """The volume's snapshots, those of a destroyed one too; None when Fly.io does not know the volume."""
        return self._door.find_list(Snapshot, _app(app, "volumes", volume, "snapshots"))

    def snapshot_volume(self, app: str, volume: str) -> None:
        self._door.send("POST", _app(app, "volumes", volume, "snapshots"))

    # Secrets

    def secrets(self, app: str) -> list[Secret] | None:
        """Names and digests; the API never gives values. None when there is no such app."""
        found = self._door.find(Secrets, _app(app, "secrets"))
        return None if found is None else found.get("secrets") or []

    def set_secrets(self, app: str, values: dict[str, str | None]) -> Secrets:
        """Set (text) and remove (None) in one step; setting the same again does no harm."""
        return self._door.ask(Secrets, "POST", _app(app, "secrets"), {"values": values}, safe=True)

    # Machines

    def machines(self, app: str, *, gone: bool = False) -> list[Machine] | None:
        """The app's machines, or None when there is no such app; with `gone` destroyed ones too."""
        return self._door.find_list(Machine, _app(app, "machines"), query={"include_deleted": "true"} if gone else None)

    def machine(self, app: str, machine: str) -> Machine:
        return self._door.ask(Machine, "GET", _app(app, "machines", machine))

    def create_machine(self, app: str, body: dict[str, object]) -> Machine:
        return self._door.ask(Machine, "POST", _app(app, "machines"), body, timeout=120)

    def update_machine(self, app: str, machine: str, body: dict[str, object], nonce: str) -> Machine:
        path = _app(app, "machines", machine)
        return self._door.ask(Machine, "POST", path, body, headers=_held(nonce), timeout=120)

    def act_on_machine(
        self, app: str, machine: str, action: str, nonce: str | None, body: dict[str, object] | None = None
    ) -> None:
        """`action` is start, stop, restart, suspend, cordon or uncordon."""
        self._door.send("POST", _app(app, "machines", machine, action), body, headers=_held(nonce), timeout=90)

    def destroy_machine(self, app: str, machine: str, nonce: str | None) -> None:
        self._door.remove(_app(app, "machines", machine), query={"force": "true"}, headers=_held(nonce))

    def wait_for_machine(self, app: str, machine: str, state: str, timeout: int, version: str | None) -> None:
        """Return when the machine is in `state`; raises `TimedOut` after `timeout` (1 to 60) seconds."""
        query: dict[str, object] = {"state": state, "timeout": max(1, min(60, timeout))}
        if version:
            query["instance_id"] = version
        self._door.send("GET", _app(app, "machines", machine, "wait"), query=query, timeout=timeout + 15)

    def set_machine_metadata(self, app: str, machine: str, key: str, value: str) -> None:
        """Takes effect at once: no restart, and no lease is asked for."""
        self._door.send("POST", _app(app, "machines", machine, "metadata", key), {"value": value}, safe=True)

    def remove_machine_metadata(self, app: str, machine: str, key: str) -> None:
        self._door.remove(_app(app, "machines", machine, "metadata", key))

    def exec(
        self,
        app: str,
        machine: str,
        command: list[str],
        stdin: str | None = None,
        timeout: int = 25,
        *,
        safe: bool = False,
    ) -> ExecResult:
        """Run argv in the machine: {exit_code, exit_signal, stdout, stderr}, zeroes may be left out.

        `safe`: running it twice does no harm, so it is sent again when its answer is lost.
        """
        body: dict[str, object] = {"command": command, "timeout": timeout}
        if stdin is not None:
            body["stdin"] = stdin
        path = _app(app, "machines", machine, "exec")
        headers = _held(self.held.get((app, machine)))
        return self._door.ask(ExecResult, "POST", path, body, headers=headers, timeout=timeout + 15, safe=safe)

    # Certificates

    def certificates(self, app: str) -> list[Certificate]:
        """All host names of the app, in as many requests as it takes."""
        path = _app(app, "certificates")

        def page(cursor: str) -> tuple[list[Certificate], str]:
            query: dict[str, object] = {"limit": 500, **({"cursor": cursor} if cursor else {})}
            answer = self._door.ask(Certificates, "GET", path, query=query)
            return answer.get("certificates") or [], answer.get("next_cursor") or ""

        return list(self._door.pages(f"certificates of {app}", page))

    def certificate(self, app: str, hostname: str) -> Certificate | None:
        return self._door.find(Certificate, _app(app, "certificates", hostname))

    def request_certificate(self, app: str, hostname: str) -> None:
        self._door.send("POST", _app(app, "certificates", "acme"), {"hostname": hostname})

    def bring_certificate(self, app: str, hostname: str, fullchain: str, private_key: str) -> None:
        body = {"hostname": hostname, "fullchain": fullchain, "private_key": private_key}
        self._door.send("POST", _app(app, "certificates", "custom"), body)

    def check_certificate(self, app: str, hostname: str) -> None:
        """Let Fly.io look at the name's DNS now."""
        self._door.send("POST", _app(app, "certificates", hostname, "check"), safe=True)

    def remove_certificate(self, app: str, hostname: str) -> None:
        self._door.remove(_app(app, "certificates", hostname))

    # Leases

    def acquire_lease(self, app: str, machine: str, ttl: int, description: str, nonce: str | None) -> Lease:
        """With `nonce` the lease is kept for another `ttl` seconds."""
        body = {"ttl": ttl, "description": description}
        answer = self._door.ask(
            LeaseAnswer, "POST", _app(app, "machines", machine, "lease"), body, headers=_held(nonce)
        )
        return answer.get("data") or {"nonce": answer.get("nonce") or ""}

    def release_lease(self, app: str, machine: str, nonce: str) -> None:
        self._door.remove(_app(app, "machines", machine, "lease"), headers=_held(nonce))


class PlatformApi:
    """The older API beside it (FLY_API_BASE_URL), as far as it is needed."""

    def __init__(self, transport: Transport) -> None:
        self._door = Door(transport, "/api/v1")

    def logs(self, app: str, machine: str | None = None) -> list[LogLine]:
        """Recent log lines, oldest first: {timestamp, level, instance, region, message}."""
        return self._page(app, {"instance": machine} if machine else {})[0]

    def all_logs(
        self, app: str, machine: str | None = None, region: str | None = None, pages: int = 50
    ) -> list[LogLine]:
        """All lines that Fly.io still has for this, oldest first."""
        query = {key: value for key, value in (("instance", machine), ("region", region)) if value}
        found: list[LogLine] = []
        token, left = "", pages
        while left:
            lines, token = self._page(app, {**query, "next_token": token} if token else query)
            found += lines
            left = left - 1 if lines and token else 0
        return found

    def _page(self, app: str, query: dict[str, str]) -> tuple[list[LogLine], str]:
        answer = self._door.ask(LogPage, "GET", _app(app, "logs"), query=query or None)
        lines = [entry.get("attributes") or {} for entry in answer.get("data") or []]
        return lines, str((answer.get("meta") or {}).get("next_token") or "")


def _app(name: str, *parts: str) -> str:
    """A path below an app; what stands in it comes from people and is quoted. Raises when a part is empty."""
    if not name:
        raise CollectionError("no app is named", where="app", todo="Give `app`, the name of the app on Fly.io")
    if not all(parts):
        raise CollectionError("the name of what is meant is empty", where=f"{parts[0]} of {name}", todo="Give its name")
    return "/apps/" + "/".join(quote(part, safe="") for part in (name, *parts))


def _held(nonce: str | None) -> dict[str, str]:
    return {LEASE_HEADER: nonce} if nonce else {}
