# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a gateway's URL leads: TCP address and TLS, for HTTP and WebSocket alike."""

from __future__ import annotations

import errno
import functools
import socket
import ssl
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from .errors import InvalidValue

_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_HOSTNAME_MISMATCH = 62
"""OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH."""


class Obstacle(Enum):
    """What kept a connection from coming about, for whoever must decide whether waiting can help."""

    NAME = "the name does not resolve"
    REFUSED = "nothing listens there"
    UNREACHABLE = "no route leads there"
    AUTHORITY = "its certificate is of an unknown authority"
    CERTIFICATE_NAME = "its certificate is for another name"
    OTHER = "timeout, reset, or an answer that is not a gateway's"


PERMANENT = frozenset((Obstacle.REFUSED, Obstacle.UNREACHABLE, Obstacle.AUTHORITY))
"""What does not change while one waits; of names, DNS may not know new ones yet."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A parsed base URL.

    :param connect_to: address to connect to in place of what the name resolves to, as with curl --connect-to.
    :param ca_file: PEM file of authorities to trust instead of the system's.
    :param source: address of this machine to connect from; None: any.
    """

    secure: bool
    host: str
    port: int
    path: str = ""
    connect_to: tuple[str, int] | None = None
    ca_file: str | None = None
    source: str | None = None

    @classmethod
    def parse(
        cls,
        url: str,
        connect_to: tuple[str, int] | None = None,
        ca_file: str | None = None,
        source: str | None = None,
    ) -> Endpoint:
        """:raises InvalidValue: if the URL is not http(s) or ws(s) with a host, or carries credentials."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise InvalidValue("The gateway's URL cannot be read", why=str(error)) from None
        if parts.scheme not in _PORTS or not parts.hostname:
            raise InvalidValue(
                "The gateway's URL cannot be used", where=url, todo="Write for example https://my-openclaw.fly.dev."
            )
        if parts.username or parts.password or parts.query or parts.fragment:
            raise InvalidValue(
                "The gateway's URL must hold only scheme, host, port and path",
                where=f"{parts.scheme}://{parts.hostname}",
                todo="Give the token as a token, not within the URL.",
            )
        return cls(
            secure=parts.scheme in ("https", "wss"),
            host=parts.hostname,
            port=port or _PORTS[parts.scheme],
            path=parts.path.rstrip("/"),
            connect_to=connect_to,
            ca_file=ca_file,
            source=source,
        )

    @property
    def address(self) -> tuple[str, int]:
        """Where to open the connection. Names under .localhost are loopback (RFC 6761, section 6.3)."""
        if self.connect_to:
            return self.connect_to
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return "127.0.0.1", self.port
        return self.host, self.port

    @property
    def authority(self) -> str:
        """Host and port as in a Host header; the scheme's own port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"

    @property
    def http_url(self) -> str:
        return f"http{'s' if self.secure else ''}://{self.authority}{self.path}"

    @property
    def ws_url(self) -> str:
        return f"ws{'s' if self.secure else ''}://{self.authority}{self.path or '/'}"

    @property
    def ssl_context(self) -> ssl.SSLContext | None:
        """:raises InvalidValue: if the CA file cannot be used."""
        return _ssl_context(self.ca_file) if self.secure else None

    def open(self, timeout: float) -> socket.socket:
        """A TCP connection, without TLS.

        :raises OSError: if there is none within the timeout (seconds).
        """
        source = (self.source, 0) if self.source else None
        return socket.create_connection(self.address, timeout=timeout, source_address=source)


@functools.lru_cache(maxsize=8)
def _ssl_context(ca_file: str | None) -> ssl.SSLContext:
    # Kept: reading the system's authorities costs 20 ms.
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise InvalidValue(
            "The CA file cannot be used", where=ca_file, why=str(error), todo="Give a PEM file of certificates."
        ) from None


def obstacle(error: Exception) -> Obstacle:
    if isinstance(error, ssl.SSLCertVerificationError):
        named = error.verify_code == _HOSTNAME_MISMATCH
        return Obstacle.CERTIFICATE_NAME if named else Obstacle.AUTHORITY
    if isinstance(error, socket.gaierror):
        return Obstacle.NAME if error.errno != socket.EAI_AGAIN else Obstacle.OTHER
    if isinstance(error, ConnectionRefusedError):
        return Obstacle.REFUSED
    if isinstance(error, OSError) and error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL):
        return Obstacle.UNREACHABLE
    return Obstacle.OTHER


def cause(error: Exception) -> str:
    """Why a connection failed, in plain words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return f"the name does not resolve ({error.strerror or error})"
    return str(error) or type(error).__name__


def remedy(error: Exception) -> str | None:
    """What to do about it, where that is plain."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "Give the authority's certificate as CA file."
    if isinstance(error, ConnectionRefusedError):
        return "Nothing listens there: check that the app runs and has an address."
    if isinstance(error, socket.gaierror):
        return "The name has no address: check the app's name, and that it has an IP address."
    return None


def host_and_port(text: str | None, name: str) -> tuple[str, int] | None:
    """An address to connect to, written HOST:PORT in the option `name`; None when it is not set.

    :raises InvalidValue: if it is not written so.
    """
    if not text:
        return None
    host, _colon, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise InvalidValue(f"{name} is not HOST:PORT", why=f"it is {text!r}", todo="Write for example localhost:3000")
    return host.strip("[]"), int(port)
