# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the gateway's WebSocket protocol (version 4; docs/gateway/protocol of the npm package).

How to prove a token without leaving a trace, found in the source of 2026.9.6 and by running it: an operator
that sends the right shared token and *no* device is let in with no scopes, and no pairing request is made;
with a wrong token it gets AUTH_TOKEN_MISMATCH. A new *device* with the right token gets PAIRING_REQUIRED from a
remote address, and its request stays in ``devices list``; without the token it gets AUTH_TOKEN_MISSING, and no
request is made. So ``prove`` sends a device without a token, then a token without a device.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, NoReturn

from .device_identity import DeviceIdentity, auth_payload
from .endpoint import Endpoint, cause, remedy
from .errors import MissingLibrary, OpenClawError
from .probes import PROXY_REMEDY, raise_for_attribution
from .probes import ProxyAttributionRequired as HttpAttribution
from .tls_pump import plain_end

PROTOCOL: Final = (3, 4)
"""The range offered: 4 is spoken since 2026.5.12 at the latest, 3 by the releases before."""

ALL_SCOPES: Final = ("operator.admin", "operator.read", "operator.write", "operator.approvals", "operator.pairing")
MAX_FRAME: Final = 26 * 1024 * 1024


class ConnectFailed(OpenClawError):
    """No connection. ``code`` is the gateway's detail code where it gave one."""

    code: str | None = None


class TokenMissing(ConnectFailed):
    """The gateway demands a token and none was sent."""


class TokenMismatch(ConnectFailed):
    """The token sent is not the gateway's."""


class RateLimited(ConnectFailed):
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


class ProxyAttributionRequired(ConnectFailed):
    """403: the proxy in front is not in gateway.trustedProxies."""


class ProtocolMismatch(ConnectFailed):
    """The gateway speaks none of our protocol versions."""


class GatewayStarting(ConnectFailed):
    """The gateway has not finished its startup; ``retry_after`` in seconds."""

    retry_after: float | None = None


class CallFailed(OpenClawError):
    """The gateway refused a method call, or answered none in time."""

    def __init__(self, method: str, code: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"The gateway did not do {method}", why=f"{code}: {message}")
        self.method = method
        self.code = code
        self.message = message
        self.details = {"method": method, "code": code, **dict(details or {})}


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """How we present ourselves; ids and modes are closed lists of the protocol."""

    id: str = "gateway-client"
    mode: str = "backend"
    version: str = "1.0.0"
    platform: str = "linux"
    display_name: str = "openclaw.fly"


PROBE = ClientInfo(id="openclaw-probe", mode="probe")
CONTROL_UI = ClientInfo(id="openclaw-control-ui", mode="ui")


@dataclass(frozen=True, slots=True)
class Hello:
    """The gateway's welcome.

    :param scopes: what this connection may do.
    :param device_token: a token of our own for this device, if one was issued: a secret.
    :param applied_config: revision of the config that the gateway runs.
    """

    protocol: int
    server_version: str
    role: str
    scopes: tuple[str, ...]
    methods: tuple[str, ...]
    device_token: str | None = field(repr=False, default=None)
    applied_config: str | None = None


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


class GatewayClient:
    """One open connection. Use as a context manager."""

    def __init__(self, connection: Any, hello: Hello) -> None:
        self._connection = connection
        self._ids = itertools.count(1)
        self.hello = hello

    @classmethod
    def connect(
        cls,
        url: str,
        *,
        token: str | None = None,
        device: DeviceIdentity | None = None,
        device_token: str | None = None,
        scopes: tuple[str, ...] = (),
        client: ClientInfo | None = None,
        origin: str | None = None,
        connect_to: tuple[str, int] | None = None,
        ca_file: str | None = None,
        headers: Mapping[str, str] | None = None,
        host: str | None = None,
        source: str | None = None,
        timeout: float = 15.0,
    ) -> GatewayClient:
        """Connect as operator. While the gateway says that it starts, ask again until the timeout (seconds).

        Without a device, scopes are granted only on a direct loopback connection. `host` is sent as the Host header
        instead of the URL's; `source` is the address of this machine to connect from.

        :raises ConnectFailed: one of its kinds; MissingLibrary without websockets or cryptography.
        """
        endpoint = Endpoint.parse(url, connect_to, ca_file, source)
        deadline = time.monotonic() + timeout
        request = _ConnectRequest(token, device, device_token, scopes, client or ClientInfo())
        starting: GatewayStarting | None = None
        while True:
            connection = _open(endpoint, origin, headers, host, deadline)
            try:
                return cls(connection, _handshake(connection, request, endpoint, deadline))
            except GatewayStarting as error:
                connection.close()
                starting, pause = error, min(error.retry_after or 0.5, 2.0)
                if time.monotonic() + pause >= deadline:
                    raise
                time.sleep(pause)
            except BaseException as error:
                connection.close()
                out_of_time = isinstance(error, ConnectFailed) and time.monotonic() >= deadline
                raise ((out_of_time and starting) or error) from None

    def call(self, method: str, params: Mapping[str, Any] | None = None, timeout: float = 30.0) -> Any:
        """Call a method and return its payload. Events that arrive meanwhile are dropped.

        :raises CallFailed: if the gateway refuses or does not answer within the timeout (seconds).
        """
        request = f"c{next(self._ids)}"
        frame = {"type": "req", "id": request, "method": method, "params": dict(params or {})}
        deadline = time.monotonic() + timeout
        try:
            self._connection.send(json.dumps(frame))
            answer = _answer_to(self._connection, request, deadline)
        except TimeoutError:
            raise CallFailed(method, "TIMEOUT", f"no answer within {timeout:g} s") from None
        except _lost() as error:
            raise CallFailed(method, "DISCONNECTED", _close_reason(error)) from None
        if answer.get("ok") is True:
            return answer.get("payload")
        refusal = _mapping(answer.get("error"))
        code, message = str(refusal.get("code", "UNKNOWN")), str(refusal.get("message", ""))
        raise CallFailed(method, code, message, _mapping(refusal.get("details")))

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> GatewayClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def prove(
    url: str,
    token: str,
    *,
    origin: str | None = None,
    connect_to: tuple[str, int] | None = None,
    ca_file: str | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 15.0,
) -> Proof:
    """Prove that the gateway refuses who has no token and accepts the token. Leaves nothing behind on it.

    :param origin: also prove that browsers of this origin may connect, without logging in.
    :raises ConnectFailed: if nothing can be proved: no connection, ProxyAttributionRequired, RateLimited, ...
    """
    road: dict[str, Any] = {"connect_to": connect_to, "ca_file": ca_file, "headers": headers, "timeout": timeout}
    stranger = DeviceIdentity.generate()
    try:
        GatewayClient.connect(url, device=stranger, client=PROBE, **road).close()
        refused, refusal = False, "connected without a token"
    except TokenMissing as error:
        refused, refusal = True, error.code or "AUTH_TOKEN_MISSING"
    except PairingRequired:
        refused, refusal = False, "asked for approval only, not for a token"
    version = protocol = reason = None
    try:
        with GatewayClient.connect(url, token=token, client=PROBE, **road) as client:
            version, protocol = client.hello.server_version, client.hello.protocol
        accepted = True
    except PairingRequired:
        # The gateway asks for approval only of those whose token it accepted.
        accepted = True
    except TokenMismatch as error:
        accepted, reason = False, error.code or "AUTH_TOKEN_MISMATCH"
    origin_accepted = None if origin is None else _origin_accepted(url, origin, road)
    return Proof(refused, refusal, accepted, reason, version, protocol, origin_accepted)


def _origin_accepted(url: str, origin: str, road: Mapping[str, Any]) -> bool:
    """The origin is judged before anything else, so that a Control UI client without device and token shows it."""
    try:
        GatewayClient.connect(url, client=CONTROL_UI, origin=origin, **road).close()
    except OriginNotAllowed:
        return False
    except (DeviceIdentityRequired, TokenMissing):
        return True
    return True


@dataclass(frozen=True, slots=True)
class _ConnectRequest:
    token: str | None = field(repr=False)
    device: DeviceIdentity | None
    device_token: str | None = field(repr=False)
    scopes: tuple[str, ...]
    client: ClientInfo

    def params(self, nonce: str, signed_at: int) -> dict[str, Any]:
        me = self.client
        auth = {"token": self.token, "deviceToken": self.device_token}
        params: dict[str, Any] = {
            "minProtocol": PROTOCOL[0],
            "maxProtocol": PROTOCOL[1],
            "client": {
                "id": me.id,
                "displayName": me.display_name,
                "version": me.version,
                "platform": me.platform,
                "mode": me.mode,
            },
            "role": "operator",
            "scopes": list(self.scopes),
            "caps": [],
            "auth": {key: value for key, value in auth.items() if value},
        }
        if self.device:
            payload = auth_payload(
                device_id=self.device.id,
                client_id=me.id,
                client_mode=me.mode,
                role="operator",
                scopes=self.scopes,
                signed_at=signed_at,
                token=self.token or self.device_token or "",
                nonce=nonce,
                platform=me.platform,
            )
            params["device"] = {
                "id": self.device.id,
                "publicKey": self.device.public_key,
                "signature": self.device.sign(payload),
                "signedAt": signed_at,
                "nonce": nonce,
            }
        return params


def _open(
    endpoint: Endpoint, origin: str | None, headers: Mapping[str, str] | None, host: str | None, deadline: float
) -> Any:
    try:
        from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException
        from websockets.sync.client import connect
    except ImportError:
        raise MissingLibrary("websockets", "talking to the gateway") from None
    url = endpoint.ws_url
    remaining = max(0.1, deadline - time.monotonic())
    try:
        sock, context = endpoint.open(remaining), endpoint.ssl_context
        if context:
            sock = plain_end(context.wrap_socket(sock, server_hostname=endpoint.host))
        opened = connect(
            f"ws://{host or endpoint.authority}{endpoint.path or '/'}",
            sock=sock,
            origin=origin,  # type: ignore[arg-type]
            additional_headers=dict(headers or {}),
            compression=None,
            open_timeout=remaining,
            close_timeout=2,
            max_size=MAX_FRAME,
        )
        # Entered as websockets 17 demands; older ones return the connection itself. close() leaves it again.
        return opened.__enter__()
    except InvalidStatus as error:
        _refuse_status(error.response.status_code, error.response.body, url)
    except (OSError, InvalidHandshake, WebSocketException) as error:
        raise ConnectFailed(
            "No WebSocket connection to the gateway", where=url, why=cause(error), todo=remedy(error)
        ) from None


def _refuse_status(status: int, body: bytes | bytearray | None, url: str) -> NoReturn:
    try:
        data = json.loads(body or b"")
    except ValueError:
        data = None
    try:
        raise_for_attribution(status, data if isinstance(data, dict) else None, url)
    except HttpAttribution as error:
        raise ProxyAttributionRequired(error.what, url, error.why, PROXY_REMEDY) from None
    raise ConnectFailed("No WebSocket connection to the gateway", where=url, why=f"HTTP status {status}")


def _handshake(connection: Any, request: _ConnectRequest, endpoint: Endpoint, deadline: float) -> Hello:
    url = endpoint.ws_url
    try:
        challenge = _event(connection, "connect.challenge", deadline)
        nonce, signed_at = challenge.get("nonce"), challenge.get("ts")
        if not isinstance(nonce, str) or not isinstance(signed_at, int):
            raise ConnectFailed("The gateway's challenge cannot be read", where=url)
        frame = {"type": "req", "id": "connect", "method": "connect", "params": request.params(nonce, signed_at)}
        connection.send(json.dumps(frame))
        answer = _answer_to(connection, "connect", deadline)
    except TimeoutError:
        raise ConnectFailed("The gateway does not answer", where=url, why="no answer in time") from None
    except _lost() as error:
        raise ConnectFailed("The gateway closed the connection", where=url, why=_close_reason(error)) from None
    if answer.get("ok") is True:
        return _hello(_mapping(answer.get("payload")))
    raise _classify(_mapping(answer.get("error")), url)


def _hello(payload: Mapping[str, Any]) -> Hello:
    auth, snapshot = _mapping(payload.get("auth")), _mapping(payload.get("snapshot"))
    return Hello(
        protocol=int(payload.get("protocol", 0)),
        server_version=str(_mapping(payload.get("server")).get("version", "")),
        role=str(auth.get("role", "operator")),
        scopes=tuple(map(str, auth.get("scopes", ()))),
        methods=tuple(map(str, _mapping(payload.get("features")).get("methods", ()))),
        device_token=auth.get("deviceToken"),
        applied_config=snapshot.get("appliedConfigHash"),
    )


# Detail codes (packages/gateway-protocol/src/connect-error-details.ts): the error, what, what to do.
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
    "AUTH_RATE_LIMITED": (RateLimited, "Too many failed logins", "Wait, then try again with the right token."),
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


def _classify(error: Mapping[str, Any], url: str) -> ConnectFailed:
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
    failure = kind(what, where=url, why=message, todo=todo or None)
    failure.code = code
    failure.details["code"] = code
    if isinstance(failure, PairingRequired):
        failure.request_id = _text(details.get("requestId"))
        failure.reason = _text(details.get("reason"))
        failure.details["pairing_request"] = failure.request_id
    if isinstance(failure, RateLimited):
        failure.retry_after = retry_after
    return failure


def _event(connection: Any, name: str, deadline: float) -> Mapping[str, Any]:
    while True:
        frame = _receive(connection, deadline)
        if frame.get("type") == "event" and frame.get("event") == name:
            return _mapping(frame.get("payload"))


def _answer_to(connection: Any, request: str, deadline: float) -> Mapping[str, Any]:
    while True:
        frame = _receive(connection, deadline)
        if frame.get("type") == "res" and frame.get("id") == request:
            return frame


def _receive(connection: Any, deadline: float) -> Mapping[str, Any]:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError
    try:
        frame = json.loads(connection.recv(timeout=remaining))
    except ValueError:
        return {}
    return _mapping(frame)


def _lost() -> tuple[type[Exception], ...]:
    """What a connection raises when it is gone."""
    from websockets.exceptions import WebSocketException

    return (OSError, WebSocketException)


def _close_reason(error: Exception) -> str:
    received = getattr(error, "rcvd", None)
    if received is not None:
        return f"{received.code} {received.reason}".strip()
    return str(error) or type(error).__name__


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
