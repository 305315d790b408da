# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate for a custom host name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .._base import clock
from .._base.waiting import TimedOut, wait_until
from .._converge.resource import Change, Plan, Resource
from .._fly.client import types
from .._fly.client.api import MachinesApi
from .._fly.client.types import Json
from .._fly.client.x509 import expiry

_EVERY = 5.0


@dataclass(frozen=True)
class WantedCertificate:
    """By ACME, or with `fullchain` and `private_key` a custom one. `wait` seconds until it serves; 0: not at all."""

    app: str
    hostname: str
    fullchain: str | None = None
    private_key: str = ""
    state: str = "present"
    wait: float = 0


class Certificate(Resource[types.Certificate | None]):
    """The API gives no fingerprint: a custom certificate is taken for the same when it ends at the same time."""

    def __init__(
        self, api: MachinesApi, wanted: WantedCertificate, progress: Callable[[str], None] = lambda _line: None
    ) -> None:
        self._api, self._wanted, self._progress = api, wanted, progress
        self._hostname = wanted.hostname.lower()
        self._expiry = expiry(wanted.fullchain, self.title) if wanted.fullchain else None

    @property
    def title(self) -> str:
        return f"certificate for {self._hostname} of {self._wanted.app}"

    def observe(self) -> types.Certificate | None:
        return self._api.certificate(self._wanted.app, self._hostname)

    def plan(self, observed: types.Certificate | None) -> Plan:
        if self._wanted.state == "absent":
            return [Change("remove", "remove it", _shown(observed), None, self._remove)] if observed else []
        if self._expiry is None:
            if observed and observed.get("acme_requested"):
                return []
            request = {"hostname": self._hostname, "source": "fly"}
            return [Change("request", "request it", _shown(observed), request, self._request)]
        current = _custom(observed)
        if current and _seconds(current.get("expires_at")) == self._expiry:
            return []
        after = {"hostname": self._hostname, "source": "custom", "expires_at": clock.text(self._expiry)}
        return [Change("bring", "replace it" if current else "bring it", _shown(observed), after, self._bring)]

    def wait_until_ready(self, observed: types.Certificate | None) -> types.Certificate | None:
        if not self._wanted.wait or _serves(observed):
            return observed
        try:
            return wait_until(
                "it to serve",
                self._checked,
                _serves,
                timeout=self._wanted.wait,
                every=_EVERY,
                where=self.title,
                state=_state,
                todo=_todo(observed or {}),
                progress=self._progress,
            )
        except TimedOut as error:
            error.details["dns_records"] = dns_records(error.seen)
            raise

    def describe(self, observed: types.Certificate | None) -> dict[str, object]:
        if observed is None:
            return {"certificate": None, "configured": False, "dns_records": []}
        configured = bool(observed.get("configured"))
        records = dns_records(observed)
        message = {} if configured else {"msg": f"{self._hostname} does not serve yet. {_todo(observed)}"}
        return {"certificate": observed, "configured": configured, "dns_records": records, **message}

    def _checked(self) -> types.Certificate | None:
        """Have Fly.io look again, which it else does rarely."""
        self._api.check_certificate(self._wanted.app, self._hostname)
        return self.observe()

    def _request(self) -> None:
        self._api.request_certificate(self._wanted.app, self._hostname)

    def _bring(self) -> None:
        wanted = self._wanted
        self._api.bring_certificate(wanted.app, self._hostname, wanted.fullchain or "", wanted.private_key)

    def _remove(self) -> None:
        self._api.remove_certificate(self._wanted.app, self._hostname)


def dns_records(certificate: Mapping[str, Any]) -> list[Json]:
    """What to set, most needed first: {type, name, value, purpose}."""
    name = str(certificate.get("hostname"))
    wanted = certificate.get("dns_requirements") or {}
    records = [
        {"type": kind.upper(), "name": name, "value": ip, "purpose": "reach the app"}
        for kind in ("a", "aaaa")
        for ip in wanted.get(kind) or []
    ]
    if not records and wanted.get("cname"):
        records = [{"type": "CNAME", "name": name, "value": wanted["cname"], "purpose": "reach the app"}]
    challenge, ownership = wanted.get("acme_challenge") or {}, wanted.get("ownership") or {}
    if challenge.get("name"):
        purpose = "prove the name without traffic to the app; needed for a wildcard or behind another proxy"
        records.append(
            {"type": "CNAME", "name": challenge["name"], "value": challenge.get("target"), "purpose": purpose}
        )
    if ownership.get("name"):
        purpose = "prove the ownership, when the name does not point to the app yet"
        records.append(
            {"type": "TXT", "name": ownership["name"], "value": ownership.get("app_value"), "purpose": purpose}
        )
    return records


def _todo(certificate: Mapping[str, Any]) -> str:
    first = [f"{one['type']} {one['name']} {one['value']}" for one in dns_records(certificate)]
    return f"Set the DNS records: {'; '.join(first)}"


def _problems(certificate: Mapping[str, Any]) -> list[str]:
    return [str(error.get("message")) for error in certificate.get("validation_errors") or []]


def _custom(certificate: Mapping[str, Any] | None) -> Json | None:
    entries = (certificate or {}).get("certificates") or []
    return next((entry for entry in entries if entry.get("source") == "custom"), None)


def _shown(certificate: types.Certificate | None) -> Json | None:
    if certificate is None:
        return None
    held = [f"{one.get('source')}, ends {one.get('expires_at')}" for one in certificate.get("certificates") or []]
    return {"hostname": certificate.get("hostname"), "certificates": held}


def _state(certificate: Mapping[str, Any] | None) -> str:
    seen = certificate or {}
    return "; ".join(_problems(seen)) or str(seen.get("status") or "")


def _serves(certificate: types.Certificate | None) -> bool:
    """One that was removed is not waited for."""
    return certificate is None or bool(certificate.get("configured"))


def _seconds(text: object) -> int:
    return int(clock.parse(str(text))) if text else 0
