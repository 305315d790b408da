# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fly.io's Machines API, endpoint by endpoint. Answers are decoded JSON as the API sends it.

Source: the OpenAPI document of the Machines API (2026-05) and what flyctl sends.
"""

from __future__ import annotations

import contextlib
from typing import Any
from urllib.parse import quote

from .errors import NotFound
from .transport import Transport

Json = dict[str, Any]
LEASE_HEADER = "fly-machine-lease-nonce"


class MachinesApi:
    """One method an endpoint; no logic but names and paths."""

    def __init__(self, transport: Transport) -> None:
        self._http = transport

    def _get(self, path: str, query: Json | None = None, timeout: float | None = None) -> Any:
        return self._http.request("GET", f"/v1{path}", query=query, timeout=timeout).body

    def _send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Json | None = None,
        nonce: str | None = None,
        safe: bool = False,
        timeout: float | None = None,
    ) -> Any:
        headers = {LEASE_HEADER: nonce} if nonce else {}
        return self._http.request(
            method, f"/v1{path}", query=query, body=body, headers=headers, safe=safe, timeout=timeout
        ).body

    # Tokens and the platform

    def current_token(self) -> Json:
        answer: Json = self._get("/tokens/current")
        return answer

    def regions(self) -> list[Json]:
        return self.nearest_and_regions()[1]

    def nearest_and_regions(self) -> tuple[str, list[Json]]:
        """The code of the region next to us, and all regions."""
        answer = self._get("/platform/regions")
        regions: list[Json] = answer.get("regions") or answer.get("Regions") or []
        return str(answer.get("nearest") or answer.get("Nearest") or ""), regions

    # Apps

    def app(self, name: str) -> Json | None:
        """The app, or None when no such app exists; `Forbidden` when it belongs to somebody else."""
        try:
            answer: Json = self._get(f"/apps/{_part(name)}")
            return answer
        except NotFound:
            return None

    def apps(self, org: str) -> list[Json]:
        answer: list[Json] = self._get("/apps", {"org_slug": org}).get("apps") or []
        return answer

    def create_app(self, name: str, org: str, network: str | None) -> Json:
        body = {"app_name": name, "name": name, "org_slug": org, "network": network or ""}
        answer: Json = self._send("POST", "/apps", body)
        return answer

    def delete_app(self, name: str) -> None:
        self._send("DELETE", f"/apps/{_part(name)}", safe=True)

    # IP assignments

    def ips(self, app: str) -> list[Json] | None:
        """The app's addresses, or None when there is no such app."""
        try:
            answer: list[Json] = self._get(f"/apps/{_part(app)}/ip_assignments").get("ips") or []
            return answer
        except NotFound:
            return None

    def assign_ip(self, app: str, body: Json) -> Json:
        answer: Json = self._send("POST", f"/apps/{_part(app)}/ip_assignments", body)
        return answer

    def release_ip(self, app: str, address: str) -> None:
        _gone(lambda: self._send("DELETE", f"/apps/{_part(app)}/ip_assignments/{_part(address)}", safe=True))

    # Volumes

    def volumes(self, app: str) -> list[Json] | None:
        try:
            answer: list[Json] = self._get(f"/apps/{_part(app)}/volumes") or []
            return answer
        except NotFound:
            return None

    def create_volume(self, app: str, body: Json) -> Json:
        answer: Json = self._send("POST", f"/apps/{_part(app)}/volumes", body)
        return answer

    def update_volume(self, app: str, volume: str, body: Json) -> Json:
        answer: Json = self._send("PUT", f"/apps/{_part(app)}/volumes/{volume}", body, safe=True)
        return answer

    def extend_volume(self, app: str, volume: str, size_gb: int) -> Json:
        answer: Json = self._send("PUT", f"/apps/{_part(app)}/volumes/{volume}/extend", {"size_gb": size_gb}, safe=True)
        return answer

    def delete_volume(self, app: str, volume: str) -> None:
        _gone(lambda: self._send("DELETE", f"/apps/{_part(app)}/volumes/{volume}", safe=True))

    def volume_snapshots(self, app: str, volume: str) -> list[Json]:
        answer: list[Json] = self._get(f"/apps/{_part(app)}/volumes/{volume}/snapshots") or []
        return answer

    def snapshot_volume(self, app: str, volume: str) -> None:
        self._send("POST", f"/apps/{_part(app)}/volumes/{volume}/snapshots")

    # Secrets

    def secrets(self, app: str) -> list[Json] | None:
        """Names and digests; the API never gives values. None when there is no such app."""
        try:
            answer: list[Json] = self._get(f"/apps/{_part(app)}/secrets").get("secrets") or []
            return answer
        except NotFound:
            return None

    def set_secrets(self, app: str, values: dict[str, str | None]) -> Json:
        """Set (text) and remove (None) in one step; setting the same again does no harm."""
        answer: Json = self._send("POST", f"/apps/{_part(app)}/secrets", {"values": values}, safe=True)
        return answer

    # Machines

    def machines(self, app: str) -> list[Json] | None:
        try:
            answer: list[Json] = self._get(f"/apps/{_part(app)}/machines") or []
            return answer
        except NotFound:
            return None

    def machine(self, app: str, machine: str) -> Json:
        answer: Json = self._get(f"/apps/{_part(app)}/machines/{machine}")
        return answer

    def create_machine(self, app: str, body: Json) -> Json:
        answer: Json = self._send("POST", f"/apps/{_part(app)}/machines", body, timeout=120)
        return answer

    def update_machine(self, app: str, machine: str, body: Json, nonce: str) -> Json:
        answer: Json = self._send("POST", f"/apps/{_part(app)}/machines/{machine}", body, nonce=nonce, timeout=120)
        return answer

    def act_on_machine(self, app: str, machine: str, action: str, nonce: str | None, body: Json | None = None) -> None:
        """`action` is start, stop, restart, suspend, cordon or uncordon."""
        self._send("POST", f"/apps/{_part(app)}/machines/{machine}/{action}", body, nonce=nonce, timeout=90)

    def destroy_machine(self, app: str, machine: str, nonce: str | None) -> None:
        path = f"/apps/{_part(app)}/machines/{machine}"
        _gone(lambda: self._send("DELETE", path, query={"force": "true"}, nonce=nonce, safe=True))

    def wait_for_machine(self, app: str, machine: str, state: str, timeout: int, version: str | None) -> None:
        """Return when the machine is in `state`; raises `TimedOut` after `timeout` (1 to 60) seconds."""
        query: Json = {"state": state, "timeout": max(1, min(60, timeout))}
        if version:
            query["instance_id"] = version
        self._get(f"/apps/{_part(app)}/machines/{machine}/wait", query, timeout=timeout + 15)

    def set_machine_metadata(self, app: str, machine: str, key: str, value: str) -> None:
        """Takes effect at once: no restart, and no lease is asked for."""
        path = f"/apps/{_part(app)}/machines/{machine}/metadata/{_part(key)}"
        self._send("POST", path, {"value": value}, safe=True)

    def exec(
        self,
        app: str,
        machine: str,
        command: list[str],
        stdin: str | None = None,
        timeout: int = 25,
        *,
        safe: bool = False,
    ) -> Json:
        """Run argv in the machine: {exit_code, exit_signal, stdout, stderr}, zeroes may be left out.

        `safe`: running it twice does no harm, so it is sent again when its answer is lost.
        """
        body: Json = {"command": command, "timeout": timeout}
        if stdin is not None:
            body["stdin"] = stdin
        path = f"/apps/{_part(app)}/machines/{machine}/exec"
        answer: Json = self._send("POST", path, body, timeout=timeout + 15, safe=safe) or {}
        return answer

    # Certificates

    def certificates(self, app: str) -> list[Json]:
        """All host names of the app, in as many requests as it takes."""
        found: list[Json] = []
        cursor = ""
        while True:
            query = {"limit": 500, **({"cursor": cursor} if cursor else {})}
            answer = self._get(f"/apps/{_part(app)}/certificates", query)
            found += answer.get("certificates") or []
            cursor = answer.get("next_cursor") or ""
            if not cursor:
                return found

    def certificate(self, app: str, hostname: str) -> Json | None:
        try:
            answer: Json = self._get(f"/apps/{_part(app)}/certificates/{_part(hostname)}")
            return answer
        except NotFound:
            return None

    def request_certificate(self, app: str, hostname: str) -> None:
        self._send("POST", f"/apps/{_part(app)}/certificates/acme", {"hostname": hostname})

    def bring_certificate(self, app: str, hostname: str, fullchain: str, private_key: str) -> None:
        body = {"hostname": hostname, "fullchain": fullchain, "private_key": private_key}
        self._send("POST", f"/apps/{_part(app)}/certificates/custom", body)

    def check_certificate(self, app: str, hostname: str) -> None:
        """Let Fly.io look at the name's DNS now."""
        self._send("POST", f"/apps/{_part(app)}/certificates/{_part(hostname)}/check", safe=True)

    def remove_certificate(self, app: str, hostname: str) -> None:
        _gone(lambda: self._send("DELETE", f"/apps/{_part(app)}/certificates/{_part(hostname)}", safe=True))

    # Leases

    def acquire_lease(self, app: str, machine: str, ttl: int, description: str, nonce: str | None) -> Json:
        """With `nonce` the lease is kept for another `ttl` seconds."""
        path = f"/apps/{_part(app)}/machines/{machine}/lease"
        answer = self._send("POST", path, {"ttl": ttl, "description": description}, nonce=nonce)
        data: Json = answer.get("data") or answer
        return data

    def release_lease(self, app: str, machine: str, nonce: str) -> None:
        path = f"/apps/{_part(app)}/machines/{machine}/lease"
        _gone(lambda: self._send("DELETE", path, nonce=nonce, safe=True))


class PlatformApi:
    """The older API beside it (FLY_API_BASE_URL), as far as it is needed."""

    def __init__(self, transport: Transport) -> None:
        self._http = transport

    def logs(self, app: str, machine: str | None = None) -> list[Json]:
        """Recent log lines, oldest first: {timestamp, level, instance, region, message}."""
        return self._page(app, {"instance": machine} if machine else {})[0]

    def all_logs(self, app: str, machine: str | None = None, region: str | None = None, pages: int = 50) -> list[Json]:
        """All lines that Fly.io still has for this, oldest first."""
        query = {key: value for key, value in (("instance", machine), ("region", region)) if value}
        found: list[Json] = []
        token, left = "", pages
        while left:
            lines, token = self._page(app, {**query, "next_token": token} if token else query)
            found += lines
            left = left - 1 if lines and token else 0
        return found

    def _page(self, app: str, query: Json) -> tuple[list[Json], str]:
        answer = self._http.request("GET", f"/api/v1/apps/{_part(app)}/logs", query=query or None).body or {}
        lines = [entry.get("attributes", entry) for entry in answer.get("data") or []]
        return lines, str((answer.get("meta") or {}).get("next_token") or "")


def _part(text: str) -> str:
    return quote(text, safe="")


def _gone(call: Any) -> None:
    """What is already gone need not be removed."""
    with contextlib.suppress(NotFound):
        call()
