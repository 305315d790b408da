# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove a token without leaving a trace on the gateway.

Found in the source of 2026.9.6 and by running it: an operator that sends the right shared token and *no* device is
accepted with no scopes, and no pairing request is made; with a wrong token it gets AUTH_TOKEN_MISMATCH. A new *device*
with the right token gets PAIRING_REQUIRED from a remote address, and its request stays in ``devices list``; without the
token it gets AUTH_TOKEN_MISSING, and no request is made. So ``prove`` sends a device without a token, then a token
without a device.
"""

from __future__ import annotations

from dataclasses import dataclass

from .device_identity import DeviceIdentity
from .endpoint import Endpoint
from .gateway_client import CONTROL_UI, PROBE, Login, Upgrade, login
from .gateway_errors import (
    DeviceIdentityRequired,
    OriginNotAllowed,
    PairingRequired,
    TokenMismatch,
    TokenMissing,
)


@dataclass(frozen=True, slots=True)
class Proof:
    """What ``prove`` found out.

    :param unauthenticated_refused: a client without a token was refused for that reason.
    :param unauthenticated_reason: the gateway's code for it, such as AUTH_TOKEN_MISSING.
    :param token_accepted: the token opened a connection.
    :param reason: why not, else None.
    :param origin_accepted: browsers of the given origin may connect; None if no origin was given.
    """

    unauthenticated_refused: bool
    unauthenticated_reason: str
    token_accepted: bool
    reason: str | None
    server_version: str | None
    protocol: int | None
    origin_accepted: bool | None = None


def prove(endpoint: Endpoint, token: str, *, origin: str | None = None, timeout: float = 15.0) -> Proof:
    """Prove that the gateway refuses clients without a token and accepts this one. Leaves nothing behind on it.

    :param origin: also prove that browsers of this origin may connect, without logging in.
    :raises ConnectFailed: if nothing can be proved: no connection, UntrustedProxy, LoginsLimited, ...
    """
    try:
        login(endpoint, Login(device=DeviceIdentity.generate(), client=PROBE), timeout=timeout)
        refused, reason_given = False, "connected without a token"
    except TokenMissing as error:
        refused, reason_given = True, error.code or "AUTH_TOKEN_MISSING"
    except PairingRequired:
        refused, reason_given = False, "asked for approval only, not for a token"
    version = protocol = reason = None
    try:
        hello = login(endpoint, Login(token, client=PROBE), timeout=timeout)
        version, protocol = hello.server_version, hello.protocol
        accepted = True
    except PairingRequired:
        # The gateway asks for approval only of those whose token it accepted.
        accepted = True
    except TokenMismatch as error:
        accepted, reason = False, error.code or "AUTH_TOKEN_MISMATCH"
    origin_accepted = None if origin is None else _origin_accepted(endpoint, origin, timeout)
    return Proof(refused, reason_given, accepted, reason, version, protocol, origin_accepted)


def _origin_accepted(endpoint: Endpoint, origin: str, timeout: float) -> bool:
    """The origin is judged before anything else, so that a Control UI client without device and token shows it."""
    try:
        login(endpoint, Login(client=CONTROL_UI), Upgrade(origin), timeout)
    except OriginNotAllowed:
        return False
    except (DeviceIdentityRequired, TokenMissing):
        return True
    return True
