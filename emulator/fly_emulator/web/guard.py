"""Who may ask at all: programs of this machine, and no page of a browser, whatever name led it here."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from aiohttp import web


class Guard:
    """A page on the web can make its own name lead to this machine, but cannot choose what the browser calls it.

    The browser sends that name as `Host` and the page's site as `Origin`. An address in `Host` is safe: no page's name
    is one.
    """

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = {"localhost", *(name.lower().rstrip(".") for name in allowed)}

    def refusal(self, request: web.BaseRequest) -> str:
        """Why this request is refused, or ""."""
        host = request.headers.get("Host", "")
        if not self._known(host):
            return (
                f"the host name {host[:100]!r} does not lead to the emulator: use localhost or an address, or start it "
                "with --allow-host NAME"
            )
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return "the emulator's APIs are not for web pages"
        if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return "the emulator's APIs are not for web pages"
        return ""

    def _known(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        if name in self._allowed or name.endswith(".localhost"):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


GUARD: web.AppKey[Guard] = web.AppKey("guard", Guard)
