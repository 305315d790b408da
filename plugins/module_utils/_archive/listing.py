# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups as tasks return them."""

from __future__ import annotations

from difflib import get_close_matches

from .._base.errors import CollectionError
from .manifest import Backup, Manifest, backups
from .parts import checked
from .store import Store, StoreFailed


def view(manifest: Manifest) -> dict[str, object]:
    """What a manifest says."""
    return {
        "id": manifest.id,
        "created_at": manifest.created_at,
        "release": manifest.release,
        "archive_bytes": manifest.size,
        "sha256": manifest.sha256,
        "stored_bytes": sum(part.size for part in manifest.parts),
        "parts": len(manifest.parts),
        "counts": manifest.counts,
        "left_out": list(manifest.left_out),
    }


def listed(store: Store, app: str, *, verify: bool) -> list[dict[str, object]]:
    """The app's backups, newest first; with `verify` every part is read."""
    return [_line(store, each, verify) for each in backups(store, app)]


def without_backups(store: Store, app: str) -> list[str]:
    """A warning when nothing is kept for the app, with the apps that there are backups of: it may be misspelt."""
    apps = store.folders()
    if app in apps:
        return []
    near = get_close_matches(app, apps, 1)
    meant = f" Did you mean {near[0]}?" if near else ""
    there = f"There are backups of {', '.join(apps)}." if apps else "There are none of any app."
    return [f"{store.place} has no backups of {app}.{meant} {there}"]


def _line(store: Store, backup: Backup, verify: bool) -> dict[str, object]:
    problems = [*backup.problems]
    if backup.manifest and backup.good and verify:
        for part in backup.manifest.parts:
            try:
                checked(store, f"{backup.manifest.folder}/{part.name}", part)
            except StoreFailed:
                raise
            except CollectionError as error:
                problems.append(f"{part.name}: {error.why}")
    described = view(backup.manifest) if backup.manifest else {}
    return {**described, "id": backup.id, "good": not problems, "problems": problems}
