# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the gateway's WebSocket protocol (version 4; docs/gateway/protocol of the npm package).

`login` connects, is accepted or refused, and closes again: that is all that a proof needs. It uses websockets' asyncio
client, which reads and writes in one thread: the synchronous one reads in a thread of its own, and two threads on one
TLS connection lose requests when a session ticket of TLS 1.3 arrives between them (websockets 17.4, Python 3.11, 3.13).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from .._base import clock
from .._base.waiting import look_until
from .device_identity import DeviceIdentity, auth_payload
from .endpoint import Endpoint, cause, obstacle, remedy
from .errors import MissingLibrary
from .gateway_errors import PROTOCOL, ConnectFailed, GatewayStarting, UntrustedProxy, refusal
from .probes import PROXY_REMEDY, ProxyAttributionRequired, raise_for_attribution

MAX_FRAME: Final = 26 * 1024 * 1024
CLOSE_TIMEOUT: Final = 2.0
_LONGEST_PAUSE: Final = 2.0


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """How we present ourselves; ids and modes are closed lists of the protocol."""

    id: str = "gateway-client"
    mode: str = "backend"
    version: str = "1.0.0"
    platform: str = "linux"
    display_name: str = "openclaw.fly"

    def params(self) -> dict[str, str]:
        return {
            "id": self.id,
            "displayName": self.display_name,
            "version": self.version,
            "platform": self.platform,
            "mode": self.mode,
        }


BACKEND: Final = ClientInfo()
PROBE: Final = ClientInfo(id="openclaw-probe", mode="probe")
CONTROL_UI: Final = ClientInfo(id="openclaw-control-ui", mode="ui")


@dataclass(frozen=True, slots=True)
class Login:
    """Who connects, as an operator. Without a device, scopes are granted only on a direct loopback connection."""

    token: str | None = field(repr=False, default=None)
    device: DeviceIdentity | None = None
    device_token: str | None = field(repr=False, default=None)
    scopes: tuple[str, ...] = ()
    client: ClientInfo = BACKEND

    def params(self, nonce: str, signed_at: int) -> dict[str, Any]:
        """Those of the connect request, for a challenge's nonce and time (milliseconds)."""
        auth = {"token": self.token, "deviceToken": self.device_token}
        params: dict[str, Any] = {
            "minProtocol": PROTOCOL[0],
            "maxProtocol": PROTOCOL[1],
            "client": self.client.params(),
            "role": "operator",
            "scopes": list(self.scopes),
            "caps": [],
            "auth": {key: value for key, value in auth.items() if value},
        }
        if self.device:
            params["device"] = self._signed(self.device, nonce, signed_at)
        return params

    def _signed(self, device: DeviceIdentity, nonce: str, signed_at: int) -> dict[str, Any]:
        payload = auth_payload(
            device_id=device.id,
            client_id=self.client.id,
            client_mode=self.client.mode,
            role="operator",
            scopes=self.scopes,
            signed_at=signed_at,
            token=self.token or self.device_token or "",
            nonce=nonce,
            platform=self.client.platform,
        )
        return {
            "id": device.id,
            "publicKey": device.public_key,
            "signature": device.sign(payload),
            "signedAt": signed_at,
            "nonce": nonce,
        }


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What the HTTP request that opens the WebSocket carries; ``host`` is sent in place of the URL's."""

    origin: str | None = None
    host: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


PLAIN: Final = Upgrade()


@dataclass(frozen=True, slots=True)
class Hello:
    """The gateway's welcome.

    :param scopes: what this connection may do.
    :param device_token: a token for this device alone, if one was issued: a secret.
    :param applied_config: revision of the config that the gateway runs.
    """

    protocol: int
    server_version: str
    role: str
    scopes: tuple[str, ...]
    methods: tuple[str, ...]
    device_token: str | None = field(repr=False, default=None)
    applied_config: str | None = None


def login(endpoint: Endpoint, who: Login, upgrade: Upgrade = PLAIN, timeout: float = 15.0) -> Hello:
    """Connect, and close again. While the gateway says that it starts, ask again until the timeout (seconds).

    :raises ConnectFailed: one of its kinds; MissingLibrary without websockets or cryptography.
    """

    async def attempt() -> Hello:
        async with connected(endpoint, who, upgrade, deadline) as (_connection, hello):
            return hello

    deadline = clock.monotonic() + timeout
    starting: GatewayStarting | None = None

    def look() -> Hello | GatewayStarting:
        nonlocal starting
        try:
            return asyncio.run(attempt())
        except GatewayStarting as error:
            starting = error
        except ConnectFailed:
            if starting is None or clock.monotonic() < deadline:
                raise
        return starting

    def pause() -> float:
        return min((starting and starting.retry_after) or 0.5, _LONGEST_PAUSE)

    answer = look_until(
        "the gateway to start", look, lambda seen: isinstance(seen, Hello), timeout=timeout, every=pause
    )
    if isinstance(answer, GatewayStarting):
        raise answer
    return answer


@contextlib.asynccontextmanager
async def connected(
    endpoint: Endpoint, who: Login, upgrade: Upgrade, deadline: float
) -> AsyncIterator[tuple[Any, Hello]]:
    """A connection on which the login was accepted, and the welcome; `deadline` is the clock's, for both.

    :raises ConnectFailed: one of its kinds.
    """
    connection = await _open(endpoint, upgrade, deadline)
    try:
        yield connection, await _handshake(connection, who, endpoint.ws_url, deadline)
    finally:
        await connection.close()


async def answer_to(connection: Any, request: str, deadline: float) -> Mapping[str, Any]:
    """The response to a request; events and other responses that arrive meanwhile are dropped.

    :raises TimeoutError: at the clock's deadline.
    """
    while True:
        frame = await _receive(connection, deadline)
        if frame.get("type") == "res" and frame.get("id") == request:
            return frame


def lost() -> tuple[type[Exception], ...]:
    """What a connection raises when it is gone."""
    from websockets.exceptions import WebSocketException

    return (OSError, WebSocketException)


def close_reason(error: Exception) -> str:
    """The code and reason that the gateway closed a connection with."""
    received = getattr(error, "rcvd", None)
    if received is not None:
        return f"{received.code} {received.reason}".strip()
    return str(error) or type(error).__name__


async def _open(endpoint: Endpoint, upgrade: Upgrade, deadline: float) -> Any:
    try:
        from websockets.asyncio.client import connect
        from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException
    except ImportError:
        raise MissingLibrary("websockets", "talking to the gateway") from None
    url = endpoint.ws_url
    try:
        context = endpoint.ssl_context
        tls: dict[str, Any] = {"ssl": context, "server_hostname": endpoint.host} if context else {}
        return await connect(
            f"ws{'s' if endpoint.secure else ''}://{upgrade.host or endpoint.authority}{endpoint.path or '/'}",
            sock=endpoint.open(_remaining(deadline)),
            origin=upgrade.origin,  # type: ignore[arg-type]  # a NewType of websockets, for a str
            additional_headers=dict(upgrade.headers),
            compression=None,
            open_timeout=_remaining(deadline),
            ping_interval=None,
            close_timeout=CLOSE_TIMEOUT,
            max_size=MAX_FRAME,
            **tls,
        )
    except (ValueError, OSError, InvalidHandshake, WebSocketException) as error:
        # Of a redirect, which is not followed, the answer is what the error came from.
        answered = error if isinstance(error, InvalidStatus) else error.__cause__ or error.__context__
        if isinstance(answered, InvalidStatus):
            _refuse_status(answered.response.status_code, answered.response.body, url)
        failed = ConnectFailed(
            "No WebSocket connection to the gateway", where=url, why=cause(error), todo=remedy(error) or ""
        )
        failed.obstacle = obstacle(error)
        raise failed from None


def _remaining(deadline: float) -> float:
    return max(0.1, deadline - clock.monotonic())


def _refuse_status(status: int, body: bytes | bytearray | None, url: str) -> NoReturn:
    try:
        data = json.loads(body or b"")
    except ValueError:
        data = None
    try:
        raise_for_attribution(status, data if isinstance(data, dict) else None, url)
    except ProxyAttributionRequired as error:
        raise UntrustedProxy(error.what, where=url, why=error.why, todo=PROXY_REMEDY) from None
    raise ConnectFailed("No WebSocket connection to the gateway", where=url, why=f"HTTP status {status}")


async def _handshake(connection: Any, who: Login, url: str, deadline: float) -> Hello:
    try:
        challenge = await _event(connection, "connect.challenge", deadline)
        nonce, signed_at = challenge.get("nonce"), challenge.get("ts")
        if not isinstance(nonce, str) or not isinstance(signed_at, int):
            raise ConnectFailed("The gateway's challenge cannot be read", where=url)
        frame = {"type": "req", "id": "connect", "method": "connect", "params": who.params(nonce, signed_at)}
        await connection.send(json.dumps(frame))
        answer = await answer_to(connection, "connect", deadline)
    except TimeoutError:
        raise ConnectFailed("The gateway does not answer", where=url, why="no answer in time") from None
    except lost() as error:
        raise ConnectFailed("The gateway closed the connection", where=url, why=close_reason(error)) from None
    if answer.get("ok") is True:
        return _hello(_mapping(answer.get("payload")))
    raise refusal(_mapping(answer.get("error")), url)


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


async def _event(connection: Any, name: str, deadline: float) -> Mapping[str, Any]:
    while True:
        frame = await _receive(connection, deadline)
        if frame.get("type") == "event" and frame.get("event") == name:
            return _mapping(frame.get("payload"))


async def _receive(connection: Any, deadline: float) -> Mapping[str, Any]:
    remaining = deadline - clock.monotonic()
    if remaining <= 0:
        raise TimeoutError
    try:
        return _mapping(json.loads(await asyncio.wait_for(connection.recv(), remaining)))
    except ValueError:
        return {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
