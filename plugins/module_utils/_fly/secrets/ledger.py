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
from collections.abc import Mapping
from typing import Any

from ..client.types import Machine

KEY = "ansible_secrets"
"""The metadata key."""
_COST = {"n": 2**12, "r": 8, "p": 1, "dklen": 16}
"""About 12 ms and 4 MB a hash."""


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

    def holds(self, values: Mapping[str, str]) -> dict[str, bool]:
        """For each name, whether Fly.io holds this value as far as we can know."""
        known = {name: self._entries.get(name, ["", ""])[0] == self._digests.get(name, None) for name in values}
        if all(known.values()) and hmac.compare_digest(self._all, self._hash(_canonical(values))):
            return known
        return {
            name: known[name] and hmac.compare_digest(self._entries[name][1], self._hash(f"{name}={value}"))
            for name, value in values.items()
        }

    def text(self, values: Mapping[str, str], version: int = 0) -> str:
        """The ledger to keep once Fly.io holds `values`; what else it knew, and still holds, stays in it.

        `version`: of the app's secrets, as Fly.io reported it when they were set; 0 when it did not.
        """
        entries = {name: entry for name, entry in self._entries.items() if self._digests.get(name) == entry[0]}
        for name, value in values.items():
            entries[name] = [self._digests.get(name, ""), self._hash(f"{name}={value}")]
        data: dict[str, Any] = {"salt": self._salt, "all": self._hash(_canonical(values)), "secrets": entries}
        if version := version or self._version:
            data["version"] = version
        return json.dumps(data, separators=(",", ":"), sort_keys=True)

    def _hash(self, text: str) -> str:
        raw = hashlib.scrypt(text.encode(), salt=self._salt.encode(), **_COST)
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _canonical(values: Mapping[str, str]) -> str:
    return json.dumps(values, sort_keys=True)
