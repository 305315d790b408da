# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version of the app's secrets that a machine must boot with, as flyctl sends it.

Without it a machine that is created or updated right after a change may get the old values. Fly.io reports the version
only when secrets are set; the ledger in the machine's metadata keeps it.
"""

from __future__ import annotations

from collections.abc import Callable

from ..client.errors import FlyError
from ..client.types import Json, Machine
from ..secrets import ledger


def with_secrets(body: Json, send: Callable[[Json], Machine]) -> Machine:
    """Send a create or an update with min_secrets_version, where it is known."""
    version = ledger.version_of((body.get("config") or {}).get("metadata") or {})
    if not version:
        return send(body)
    try:
        return send({**body, "min_secrets_version": version})
    except FlyError as error:
        # An app that was made anew counts from the beginning: what is remembered is of the old one.
        if error.status not in (400, 412, 422) or "secret" not in error.why.lower():
            raise
        return send(body)
