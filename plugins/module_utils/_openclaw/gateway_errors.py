# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a gateway accepted no WebSocket connection or refused a call, from its codes (protocol version 4).

Source of the codes: packages/gateway-protocol/src/connect-error-details.ts of OpenClaw 2026.9.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .endpoint import Obstacle
from .errors import OpenClawError

PROTOCOL: Final = (3, 4)
"""The range offered: 4 is spoken since 2026.5.12 at the latest, 3 by the releases before."""


class ConnectFailed(OpenClawError):
    """No connection. ``code`` is the gateway's detail code, ``obstacle`` what kept the network from connecting."""

    code: str | None = None
    obstacle: Obstacle | None = None


class TokenMissing(ConnectFailed):
    """The gateway demands a token and none was sent."""


class TokenMismatch(ConnectFailed):
    """The token sent is not the gateway's."""


class LoginsLimited(ConnectFailed):
    """Too many failed logins from this address; ``retry_after`` in seconds."""

    retry_after: float | None = None


class PairingRequired(ConnectFailed):
    """Token accepted, but this device must be approved; ``request_id`` says which request to approve."""

    request_id: str | None = None
    reason: str | None = None


class DeviceIdentityRequired(ConnectFailed):
    """The gateway wants a device (a Control UI client, or an operator without a valid token)."""


class OriginNotAllowed(ConnectFailed):
    """The Origin header is not in gateway.controlUi.allowedOrigins."""


class UntrustedProxy(ConnectFailed):
    """403: the proxy in front is not in gateway.trustedProxies. Over HTTP: probes.ProxyAttributionRequired."""


class ProtocolMismatch(ConnectFailed):
    """The gateway speaks none of our protocol versions."""


class GatewayStarting(ConnectFailed):
    """The gateway has not finished its startup; ``retry_after`` in seconds."""

    retry_after: float | None = None


_REFUSALS: Final[dict[str, tuple[type[ConnectFailed], str, str]]] = {
    "AUTH_TOKEN_MISSING": (TokenMissing, "The gateway demands a token", "Give the gateway token."),
    "AUTH_PASSWORD_MISSING": (TokenMissing, "The gateway demands a password", "Give the gateway's password."),
    "AUTH_REQUIRED": (TokenMissing, "The gateway demands authentication", "Give the gateway token."),
    "AUTH_TOKEN_MISMATCH": (
        TokenMismatch,
        "The gateway refuses the token",
        "Compare it with the machine's secret OPENCLAW_GATEWAY_TOKEN, which takes effect at a restart.",
    ),
    "AUTH_PASSWORD_MISMATCH": (TokenMismatch, "The gateway refuses the password", "Compare it with the secret."),
    "AUTH_DEVICE_TOKEN_MISMATCH": (TokenMismatch, "The gateway refuses the device's token", "Pair it again."),
    "AUTH_RATE_LIMITED": (LoginsLimited, "Too many failed logins", "Wait, then try again with the right token."),
    "PAIRING_REQUIRED": (
        PairingRequired,
        "The gateway accepts the token, but this device must be approved",
        "Approve exactly this request id.",
    ),
    "DEVICE_IDENTITY_REQUIRED": (DeviceIdentityRequired, "The gateway demands a device identity", ""),
    "CONTROL_UI_DEVICE_IDENTITY_REQUIRED": (DeviceIdentityRequired, "The gateway demands a device identity", ""),
    "CONTROL_UI_ORIGIN_NOT_ALLOWED": (
        OriginNotAllowed,
        "The gateway does not accept browsers from this origin",
        "Add the origin to gateway.controlUi.allowedOrigins.",
    ),
    "PROTOCOL_MISMATCH": (
        ProtocolMismatch,
        "The gateway speaks another protocol version",
        f"This collection speaks {PROTOCOL[0]} to {PROTOCOL[1]}: update it, or pin an OpenClaw release it knows.",
    ),
}
"""The error, what happened and what to do, by detail code."""


def refusal(error: Mapping[str, object], url: str) -> ConnectFailed:
    """The error for the gateway's refusal of a connect request."""
    details = _mapping(error.get("details"))
    code = str(details.get("code") or error.get("code") or "UNKNOWN")
    message = str(error.get("message") or code)
    milliseconds = error.get("retryAfterMs")
    retry_after = milliseconds / 1000 if isinstance(milliseconds, (int, float)) else None
    if error.get("code") == "UNAVAILABLE" and error.get("retryable"):
        starting = GatewayStarting("The gateway is still starting", where=url, why=message)
        starting.code, starting.retry_after = code, retry_after
        return starting
    kind, what, todo = _REFUSALS.get(code, (ConnectFailed, "The gateway refuses the connection", ""))
    failure = kind(what, where=url, why=message, todo=todo)
    failure.code = code
    failure.details["code"] = code
    if isinstance(failure, PairingRequired):
        failure.request_id = _text(details.get("requestId"))
        failure.reason = _text(details.get("reason"))
        failure.details["pairing_request"] = failure.request_id
    if isinstance(failure, LoginsLimited):
        failure.retry_after = retry_after
    return failure


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
