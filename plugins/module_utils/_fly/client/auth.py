# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a token is sent: `FlyV1` for macaroons, `Bearer` for the rest."""

from __future__ import annotations

from ..._base.errors import CollectionError

_MACAROON_PREFIXES = ("fm1r_", "fm1a_", "fm2_")


def authorization(token: str | None) -> str:
    """Return the Authorization header's value for a token as people paste it, with or without a scheme."""
    text = (token or "").strip()
    for scheme in ("FlyV1", "Bearer"):
        if text == scheme or text.startswith(f"{scheme} "):
            text = text[len(scheme) :].strip()
    if not text:
        raise CollectionError(
            "there is no Fly.io API token",
            todo="Give api_token, or set FLY_API_TOKEN (fly tokens create deploy -a APP; fly tokens create org)",
        )
    if any(not 33 <= ord(char) <= 126 for char in text):
        raise CollectionError(
            "the Fly.io API token holds a character that no token has",
            why="a blank, a line break or a non-ASCII character",
            todo="Paste it again, whole and alone",
        )
    scheme = "FlyV1" if any(part.startswith(_MACAROON_PREFIXES) for part in text.split(",")) else "Bearer"
    return f"{scheme} {text}"
