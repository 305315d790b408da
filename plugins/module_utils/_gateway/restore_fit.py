# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an encrypted backup can become the state of a machine: its path, its size, and its release."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from .._archive.opened import OpenedBackup
from .._openclaw.errors import InvalidValue
from .._openclaw.releases import Release


@dataclass(frozen=True)
class Misfit:
    what: str
    why: str
    todo: str


def misfits(backup: OpenedBackup, mount: str, size_gb: int, image: str, release: str | None) -> Iterator[Misfit]:
    """What speaks against filling a volume of this size at this path from it, and running this image on it.

    `release` is what the image runs where its tag does not name it. Reads the whole backup.
    """
    inside = backup.inside
    if not f"{inside.state}/".startswith(f"{mount.rstrip('/')}/"):
        why = f"its gateway had its state in {inside.state}, the volume is mounted at {mount}"
        todo = "Mount the volume where that state was (fly_app_volume_path): OpenClaw finds cron jobs by the path"
        yield Misfit("the state of the backup is not on the volume", why, todo)
    if size_gb < inside.size_gb(mount):
        why = f"what is in the backup needs {inside.size_gb(mount)} GB, the volume would have {size_gb} GB"
        todo = f"Set fly_app_volume_size_gb: {inside.size_gb(mount)}"
        yield Misfit("the volume is too small for the backup", why, todo)
    yield from _older(backup.manifest.release or inside.release, image, release)


def release_of(image: str, named: str | None) -> Release | None:
    """What the image's tag names, else `named`; None when neither is a release."""
    for parse, text in ((Release.from_image, image), (Release.parse, named or "")):
        with suppress(InvalidValue):
            return parse(text)
    return None


def _older(made_by: str | None, image: str, named: str | None) -> Iterator[Misfit]:
    """A state only migrates forward: an older release refuses it, or starts and shows nothing of it."""
    runs, made = release_of(image, named), release_of("", made_by)
    if runs is not None and made is not None and runs < made:
        why = f"the backup is of release {made_by}, {image} is {runs}, and OpenClaw migrates data only forward"
        todo = f"Run release {made_by} or a newer one first (fly_app_release, site.yml)"
        yield Misfit("the release is older than the backup", why, todo)
