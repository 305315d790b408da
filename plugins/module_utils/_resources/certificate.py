# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate for a host name of one's own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .._base import clock
from .._base.errors import CollectionError
from .._converge.resource import Change, Resource
from .._fly.client.api import Json, MachinesApi
from .._fly.client.x509 import expiry

_PAUSE = 5.0


class Certificate(Resource[Json | None]):
    """By ACME, or with `fullchain` and `private_key` one of one's own. `wait` seconds until it serves; 0: not at all.

    The API does not tell a certificate's fingerprint: a custom one is taken for the same when it ends at the same time.
    """

    def __init__(
        self,
        api: MachinesApi,
        app: str,
        hostname: str,
        *,
        fullchain: str | None = None,
        private_key: str | None = None,
        state: str = "present",
        wait: float = 0,
    ) -> None:
        self._api, self._app, self._hostname = api, app, hostname.lower()
        self._fullchain, self._private_key = fullchain, private_key
        self._state, self._wait = state, wait
        self._expiry = expiry(fullchain, self.title) if fullchain else None

    @property
    def title(self) -> str:
        return f"certificate for {self._hostname} of {self._app}"

    def observe(self) -> Json | None:
        return self._api.certificate(self._app, self._hostname)

    def plan(self, observed: Json | None) -> list[Change]:
        if self._state == "absent":
            remove = Change("remove it", _shown(observed), None, self._remove)
            return [remove] if observed else []
        if self._expiry is None:
            if observed and observed.get("acme_requested"):
                return []
            request = {"hostname": self._hostname, "source": "fly"}
            return [Change("request it", _shown(observed), request, self._request)]
        held = _custom(observed)
        if held and _seconds(held.get("expires_at")) == self._expiry:
            return []
        after = {"hostname": self._hostname, "source": "custom", "expires_at": _text(self._expiry)}
        return [Change("replace it" if held else "bring it", _shown(observed), after, self._bring)]

    def settle(self, observed: Json | None) -> Json | None:
        deadline = clock.monotonic() + self._wait
        while self._wait and observed and not observed.get("configured"):
            if clock.monotonic() > deadline:
                raise CollectionError(
                    f"it does not serve after {self._wait:.0f} s",
                    where=self.title,
                    why="; ".join(_problems(observed)),
                    todo=_todo(observed),
                    dns_records=dns_records(observed),
                )
            clock.sleep(_PAUSE)
            self._api.check_certificate(self._app, self._hostname)
            observed = self.observe()
        return observed

    def describe(self, observed: Json | None) -> dict[str, Any]:
        if observed is None:
            return {"certificate": None, "configured": False, "dns_records": []}
        configured = bool(observed.get("configured"))
        records = dns_records(observed)
        told = {} if configured else {"msg": f"{self._hostname} does not serve yet. {_todo(observed)}"}
        return {"certificate": observed, "configured": configured, "dns_records": records, **told}

    def _request(self) -> None:
        self._api.request_certificate(self._app, self._hostname)

    def _bring(self) -> None:
        fullchain, private_key = self._fullchain or "", self._private_key or ""
        self._api.bring_certificate(self._app, self._hostname, fullchain, private_key)

    def _remove(self) -> None:
        self._api.remove_certificate(self._app, self._hostname)


def dns_records(certificate: Json) -> list[Json]:
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


def _todo(certificate: Json) -> str:
    first = [f"{one['type']} {one['name']} {one['value']}" for one in dns_records(certificate)]
    return f"Set the DNS records: {'; '.join(first)}"


def _problems(certificate: Json) -> list[str]:
    return [str(error.get("message")) for error in certificate.get("validation_errors") or []]


def _custom(certificate: Json | None) -> Json | None:
    entries = (certificate or {}).get("certificates") or []
    return next((entry for entry in entries if entry.get("source") == "custom"), None)


def _shown(certificate: Json | None) -> Json | None:
    if certificate is None:
        return None
    held = [f"{one.get('source')}, ends {one.get('expires_at')}" for one in certificate.get("certificates") or []]
    return {"hostname": certificate.get("hostname"), "certificates": held}


def _seconds(text: Any) -> int:
    return int(datetime.fromisoformat(str(text).replace("Z", "+00:00")).timestamp()) if text else 0


def _text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
