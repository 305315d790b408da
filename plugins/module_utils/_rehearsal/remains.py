# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Closed copies: how their apps are named, and which of them an earlier run left."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from .._fly.client.api import MachinesApi
from .._fly.machines.deployed import is_live
from .._fly.throwaway import name as throwaway
from .._fly.throwaway.removal import Removal
from .closed import OF

REHEARSAL, DRILL = "openclaw-rehearsal", "openclaw-drill"


def new_name(kind: str, of: str, expires: float) -> str:
    """The name of a copy of the app `of`; `kind` is REHEARSAL or DRILL, `expires` is in Unix seconds."""
    return throwaway.new_name(kind, expires, _tail(of))


def remove_remains(
    api: MachinesApi, org: str, kind: str, of: str, now: float, report: Callable[[str], None]
) -> tuple[list[str], list[str]]:
    """Remove what earlier runs left: all that has expired, and copies of this kind of the app `of` in any case.

    Returns the names of the apps that were removed, and of those that look like copies and are not: they stay.
    """
    removed, strange = [], []
    for name in sorted(str(each.get("name") or "") for each in api.apps(org)):
        if not _is_left(name, kind, of, now):
            continue
        if not _is_a_copy(api, name):
            strange.append(name)
        elif Removal(api, name, report).run():
            removed.append(name)
    return removed, strange


def _is_left(name: str, kind: str, of: str, now: float) -> bool:
    ends = next((at for each in (REHEARSAL, DRILL) if (at := throwaway.expiry(each, name)) is not None), None)
    return ends is not None and (ends <= now or (name.startswith(f"{kind}-") and name.endswith(f"-{_tail(of)}")))


def _is_a_copy(api: MachinesApi, name: str) -> bool:
    """Whether nothing in it is of another kind than in a copy: an address, or a machine without its mark."""
    if api.ips(name):
        return False
    machines = [machine for machine in api.machines(name) or [] if is_live(machine)]
    return all(OF in (machine["config"].get("env") or {}) for machine in machines)


def _tail(of: str) -> str:
    return hashlib.sha256(of.encode()).hexdigest()[:8]
