"""The headers that Fly's proxy sets towards an app."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from multidict import CIMultiDict

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "proxy-connection",
    }
)
OVERWRITTEN = frozenset(
    {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-port", "x-forwarded-ssl", "via", "x-request-start"}
)


def client_address(peer: str) -> str:
    """The address that Fly would see: a loopback client stands for one on the Internet.

    127.0.0.N becomes 203.0.113.N (documentation addresses, RFC 5737), so that a test can be several clients.
    """
    address = ipaddress.ip_address(peer)
    if not address.is_loopback:
        return peer
    return f"203.0.113.{int(address) & 255}" if address.version == 4 else "2001:db8::1"


def peer_address(remote: str) -> str:
    """The 6PN address of a client over WireGuard: a peer for each loopback address, 127.0.0.N, as above."""
    address = ipaddress.ip_address(remote)
    number = int(address) & 255 if address.version == 4 else 1
    return f"fdaa:0:1:a7b:0:0:0:{number + 1:x}"


def end_to_end(headers: Iterable[tuple[str, str]], connection: str) -> CIMultiDict[str]:
    """Without the headers that belong to one connection."""
    named = {name.strip().lower() for name in connection.split(",")}
    return CIMultiDict(
        (name, value) for name, value in headers if name.lower() not in HOP_BY_HOP and name.lower() not in named
    )


def forwarded(
    headers: CIMultiDict[str],
    client: str,
    app_address: str,
    scheme: str,
    port: int,
    region: str,
    request_id: str,
    now: float,
) -> CIMultiDict[str]:
    """Return the request headers as the app gets them; Fly-* of the client do not get through."""
    chain = [*headers.getall("X-Forwarded-For", []), client, app_address]
    sent = CIMultiDict(
        (name, value)
        for name, value in headers.items()
        if name.lower() not in OVERWRITTEN and not name.lower().startswith("fly-")
    )
    sent["X-Forwarded-For"] = ", ".join(chain)
    sent["X-Forwarded-Proto"] = scheme
    sent["X-Forwarded-Port"] = str(port)
    sent["X-Forwarded-Ssl"] = "on" if scheme == "https" else "off"
    sent["Fly-Client-IP"] = client
    sent["Fly-Forwarded-Proto"] = scheme
    sent["Fly-Forwarded-Port"] = str(port)
    sent["Fly-Forwarded-Ssl"] = sent["X-Forwarded-Ssl"]
    sent["Fly-Region"] = region
    sent["Fly-Request-Id"] = request_id
    sent["Via"] = "1.1 fly.io"
    sent["X-Request-Start"] = f"t={int(now * 1e6)}"
    return sent
