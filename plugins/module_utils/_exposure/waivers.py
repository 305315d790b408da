# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings that somebody decided to live with, for a reason and a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from .._base.errors import CollectionError
from .catalogue import IDS


@dataclass(frozen=True)
class Waiver:
    id: str
    """A check's id, or that of one finding, such as audit:gateway.token_too_short."""
    reason: str
    expires: date

    def covers(self, finding: str) -> bool:
        return self.id == finding or finding.startswith(f"{self.id}:")


def read(entries: Iterable[Mapping[str, object]]) -> list[Waiver]:
    """Raises when one has no reason, no date, or names no check."""
    return [_read(entry) for entry in entries]


def _read(entry: Mapping[str, object]) -> Waiver:
    identity, reason = str(entry.get("id") or ""), str(entry.get("reason") or "").strip()
    where = f"waiver {identity or entry!r}"
    if identity.partition(":")[0] not in IDS:
        raise CollectionError("no check has this id", where=where, todo=f"The ids are {', '.join(IDS)}")
    if not reason:
        raise CollectionError(
            "the waiver has no reason", where=where, todo="Write in reason why the finding is accepted"
        )
    try:
        expires = date.fromisoformat(str(entry.get("expires") or ""))
    except ValueError:
        raise CollectionError(
            "the waiver has no expiry date",
            where=where,
            todo="Give expires as YYYY-MM-DD; by then, fix or renew it",
        ) from None
    return Waiver(identity, reason, expires)
