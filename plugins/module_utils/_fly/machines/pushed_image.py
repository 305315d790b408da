# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image that was just pushed: Fly.io's registry shows it some 15 s later (CurateLabs/graphforge#1059)."""

from __future__ import annotations

from collections.abc import Callable

from ..._base.waiting import TimedOut, wait_until
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

    def attempt() -> Machine | ImageUnknown:
        keep()
        try:
            return send(body)
        except ImageUnknown as error:
            if not image.startswith(_REGISTRY):
                raise
            return error

    try:
        sent = wait_until(
            "the registry to show it",
            attempt,
            lambda seen: not isinstance(seen, ImageUnknown),
            timeout=_TIMEOUT,
            every=_EVERY,
            where=f"image {image}",
            progress=progress,
        )
    except TimedOut as error:
        raise error.seen from None
    if isinstance(sent, ImageUnknown):
        raise AssertionError("the wait ended without an answer")
    return sent
