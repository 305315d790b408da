# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell whether a secret already has a value, though Fly.io never gives values back.

For every secret the machine's metadata keeps the digest that Fly.io told when we set it, and a salted scrypt hash of
what we set. A value is as wanted when both still hold: the digest proves that nobody changed it behind our back, the
hash that it is the value now wanted. Metadata is written without a restart and without a lease.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from ..client.types import Machine

KEY = "ansible_secrets"
"""The metadata key."""
_COST = {"n": 2**12, "r": 8, "p": 1, "dklen": 16}
"""About 12 ms and 4 MB a hash."""
_RETIRED = 5
"""Values of one secret that are remembered as retired, the newest."""


def of_machines(machines: list[Machine]) -> str | None:
    """The ledger that the first of them has which has one."""
    known = ((machine.get("config") or {}).get("metadata", {}).get(KEY) for machine in machines)
    return next((text for text in known if text), None)


def version_of(metadata: Mapping[str, Any]) -> int:
    """The version of the app's secrets that a machine's metadata remembers; 0 when it is not known."""
    try:
        version = json.loads(metadata.get(KEY) or "{}").get("version")
    except (ValueError, AttributeError, TypeError):
        return 0
    return version if isinstance(version, int) and version > 0 else 0


class Ledger:
    """What we know of an app's secrets. `digests` are Fly.io's, by name."""

    def __init__(self, text: str | None, digests: dict[str, str]) -> None:
        self._digests = digests
        try:
            data = json.loads(text or "{}")
        except ValueError:
            data = {}
        self._salt: str = data.get("salt") or secrets.token_urlsafe(12)
        self._all: str = data.get("all") or ""
        self._entries: dict[str, list[str]] = data.get("secrets") or {}
        self._version: int = data.get("version") or 0
        self._previous: dict[str, str] = data.get("previous") or {}
        self._retired: dict[str, list[str]] = data.get("retired") or {}

    def holds(self, values: Mapping[str, str]) -> dict[str, bool]:
        """For each name, whether Fly.io holds this value as far as we can know."""
        known = {name: self._entries.get(name, ["", ""])[0] == self._digests.get(name, None) for name in values}
        if all(known.values()) and hmac.compare_digest(self._all, self._hash(_canonical(values))):
            return known
        return {
            name: known[name] and hmac.compare_digest(self._entries[name][1], self._hash(f"{name}={value}"))
            for name, value in values.items()
        }

    def is_retired(self, name: str, value: str) -> bool:
        """Whether a rotation replaced this value for good."""
        hashes = self._retired.get(name) or []
        return bool(hashes) and self._hash(f"{name}={value}") in hashes

    def unretired(self, names: Iterable[str]) -> list[str]:
        """Of these, those whose value before the present one is known and not retired."""
        return sorted(name for name in names if name in self._previous)

    def retiring(self, names: Iterable[str]) -> str:
        """The ledger to keep once the values before the present ones are never to be set again."""
        moved, retired = self.unretired(names), dict(self._retired)
        for name in moved:
            retired[name] = [*retired.get(name, []), self._previous[name]][-_RETIRED:]
        previous = {name: hashed for name, hashed in self._previous.items() if name not in moved}
        return self._written(self._entries, self._all, self._version, previous, retired)

    def text(self, values: Mapping[str, str], version: int = 0) -> str:
        """The ledger to keep once Fly.io holds `values`; what else it knew, and still holds, stays in it.

        `version`: of the app's secrets, as Fly.io reported it when they were set; 0 when it did not.
        """
        entries = {name: entry for name, entry in self._entries.items() if self._digests.get(name) == entry[0]}
        previous = dict(self._previous)
        for name, value in values.items():
            hashed = self._hash(f"{name}={value}")
            if name in self._entries and self._entries[name][1] != hashed:
                previous[name] = self._entries[name][1]
            entries[name] = [self._digests.get(name, ""), hashed]
        return self._written(entries, self._hash(_canonical(values)), version or self._version, previous, self._retired)

    def _written(
        self,
        entries: Mapping[str, list[str]],
        together: str,
        version: int,
        previous: Mapping[str, str],
        retired: Mapping[str, list[str]],
    ) -> str:
        data: dict[str, object] = {"salt": self._salt, "all": together, "secrets": entries}
        optional: dict[str, object] = {"version": version, "previous": previous, "retired": retired}
        data |= {key: value for key, value in optional.items() if value}
        return json.dumps(data, separators=(",", ":"), sort_keys=True)

    def _hash(self, text: str) -> str:
        raw = hashlib.scrypt(text.encode(), salt=self._salt.encode(), **_COST)
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _canonical(values: Mapping[str, str]) -> str:
    return json.dumps(values, sort_keys=True)
