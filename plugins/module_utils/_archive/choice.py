# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backup is meant: the one that is named, else the newest that can be restored."""

from __future__ import annotations

from .._base.errors import CollectionError
from .manifest import Manifest, backups, is_id
from .store import Store


def chosen(store: Store, app: str, identity: str | None, begun: str = "") -> Manifest:
    """The manifest of backup `identity` of `app`; without one that of `begun` (a restore cut off), or the newest.

    Raises when there is none, or when the one that is meant is not whole.
    """
    store.require()
    found = backups(store, app)
    wanted = identity or (begun if is_id(begun) else "")
    where = f"{store.place}/{app}"
    meant = [each for each in found if (each.id == wanted if wanted else each.good)]
    if not meant:
        known = "; ".join(f"{each.id} ({', '.join(each.problems) or 'good'})" for each in found)
        what = f"there is no backup {wanted}" if wanted else "there is no backup that can be restored"
        todo = "Name another backup, or another folder (fly_app_backup_folder)"
        raise CollectionError(what, where=where, why=known or "there are no backups of this app", todo=todo)
    backup = meant[0]
    if backup.manifest is None or backup.problems:
        why = ", ".join(backup.problems)
        raise CollectionError(
            "the backup is not whole", where=f"{where}/{backup.id}", why=why, todo="Use another backup"
        )
    return backup.manifest
