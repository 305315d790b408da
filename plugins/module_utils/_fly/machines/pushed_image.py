# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image that was just pushed: Fly.io's registry shows it some 15 s later (CurateLabs/graphforge#1059)."""

from __future__ import annotations

from collections.abc import Callable

from ..._base.waiting import until_answered
from ..client.errors import ImageUnknown
from ..client.types import Json, Machine

_REGISTRY = "registry.fly.io/"
_TIMEOUT = 60.0
_EVERY = 3.0


def once_visible(
    body: Json, send: Callable[[Json], Machine], keep: Callable[[], None], progress: Callable[[str], None]
) -> Machine:
    """Send a create or an update, and again for a while where the registry does not show the image.

    `keep` is called before each try. Raises `ImageUnknown`, at once for an image of another registry.
    """
    image = str((body.get("config") or {}).get("image") or "")

    def attempt() -> Machine:
        keep()
        return send(body)

    return until_answered(
        "the registry to show it",
        attempt,
        lambda error: isinstance(error, ImageUnknown) and image.startswith(_REGISTRY),
        timeout=_TIMEOUT,
        every=_EVERY,
        where=f"image {image}",
        progress=progress,
    )
