"""The WebSocket client against a server that speaks the handshake; the real gateway is in tests/gateway."""

from __future__ import annotations

import http
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from support.gateway_session import CallFailed, Session
from websockets.sync.server import ServerConnection, serve

from ansible_collections.openclaw.fly.plugins.module_utils._base import clock
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw import gateway_errors as errors
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.device_identity import DeviceIdentity, auth_payload
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.endpoint import Endpoint, Obstacle
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.gateway_client import Login, Upgrade, login
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.gateway_login import prove

TOKEN = "a-token-that-must-not-be-told"
Answer = Callable[[dict[str, Any]], dict[str, Any] | None]
at = Endpoint.parse


class Gateway:
    """``answer(frame)`` gives the response to a request, or None to close the connection."""

    def __init__(self) -> None:
        self.answer: Answer = lambda frame: hello()
        self.requests: list[dict[str, Any]] = []
        self.forbidden: dict[str, Any] | None = None
        self.redirect = ""
        self.headers: Any = None

    def process(self, connection: ServerConnection, request: Any) -> Any:
        self.headers = request.headers
        if self.redirect:
            answer = connection.respond(http.HTTPStatus.FOUND, "")
            answer.headers["Location"] = self.redirect
            return answer
        if self.forbidden is None:
            return None
        return connection.respond(http.HTTPStatus.FORBIDDEN, json.dumps(self.forbidden))

    def handle(self, connection: ServerConnection) -> None:
        connection.send(json.dumps({"type": "event", "event": "tick", "payload": {}}))
        challenge = {"nonce": "n1", "ts": 1737264000000}
        connection.send(json.dumps({"type": "event", "event": "connect.challenge", "payload": challenge}))
        for message in connection:
            frame = json.loads(message)
            self.requests.append(frame)
            answer = self.answer(frame)
            if answer is None:
                connection.close(1008, "go away")
                return
            connection.send(json.dumps({"type": "res", "id": frame["id"], **answer}))


def hello() -> dict[str, Any]:
    payload = {"protocol": 4, "server": {"version": "2026.9.6"}, "auth": {"role": "operator", "scopes": ["s"]}}
    return {"ok": True, "payload": payload}


def refusal(code: str, top: str = "INVALID_REQUEST", **more: Any) -> dict[str, Any]:
    details = {"code": code, **more.pop("details", {})}
    return {"ok": False, "error": {"code": top, "message": f"because {code}", "details": details, **more}}


@pytest.fixture
def gateway() -> Iterator[tuple[Gateway, str]]:
    gateway = Gateway()
    with serve(gateway.handle, "127.0.0.1", 0, process_request=gateway.process) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield gateway, f"http://app.localhost:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()


def test_the_connect_frame_is_signed(gateway: tuple[Gateway, str]) -> None:
    device = DeviceIdentity.generate()
    welcome = login(at(gateway[1]), Login(TOKEN, device, scopes=("operator.read",)))
    assert welcome.server_version == "2026.9.6"
    assert welcome.scopes == ("s",)
    params = gateway[0].requests[0]["params"]
    assert params["auth"] == {"token": TOKEN}
    assert (params["minProtocol"], params["maxProtocol"]) == (3, 4)
    sent = params["device"]
    assert (sent["id"], sent["nonce"], sent["signedAt"]) == (device.id, "n1", 1737264000000)
    payload = auth_payload(
        device_id=device.id,
        client_id="gateway-client",
        client_mode="backend",
        role="operator",
        scopes=("operator.read",),
        signed_at=1737264000000,
        token=TOKEN,
        nonce="n1",
        platform="linux",
    )
    key = Ed25519PublicKey.from_public_bytes(decode(sent["publicKey"]))
    key.verify(decode(sent["signature"]), payload.encode())


def decode(text: str) -> bytes:
    import base64

    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize(
    ("answer", "kind", "todo"),
    [
        (refusal("AUTH_TOKEN_MISSING"), errors.TokenMissing, "Give the gateway token"),
        (refusal("AUTH_TOKEN_MISMATCH"), errors.TokenMismatch, "OPENCLAW_GATEWAY_TOKEN"),
        (refusal("AUTH_RATE_LIMITED", retryable=True, retryAfterMs=60000), errors.LoginsLimited, "Wait"),
        (
            refusal("PAIRING_REQUIRED", "NOT_PAIRED", details={"requestId": "r-1", "reason": "not-paired"}),
            errors.PairingRequired,
            "Approve exactly",
        ),
        (refusal("DEVICE_IDENTITY_REQUIRED", "NOT_PAIRED"), errors.DeviceIdentityRequired, ""),
        (refusal("CONTROL_UI_ORIGIN_NOT_ALLOWED"), errors.OriginNotAllowed, "allowedOrigins"),
        (refusal("PROTOCOL_MISMATCH"), errors.ProtocolMismatch, "speaks 3 to 4"),
        (refusal("SOMETHING_NEW"), errors.ConnectFailed, "because SOMETHING_NEW"),
        (None, errors.ConnectFailed, "1008 go away"),
    ],
)
def test_refusals_have_their_kind(
    gateway: tuple[Gateway, str], answer: dict[str, Any] | None, kind: type[errors.ConnectFailed], todo: str
) -> None:
    gateway[0].answer = lambda frame: answer
    with pytest.raises(errors.ConnectFailed) as raised:
        login(at(gateway[1]), Login(TOKEN))
    assert type(raised.value) is kind
    assert todo in str(raised.value)
    assert TOKEN not in str(raised.value)
    if isinstance(raised.value, errors.PairingRequired):
        assert (raised.value.request_id, raised.value.reason) == ("r-1", "not-paired")
    if isinstance(raised.value, errors.LoginsLimited):
        assert raised.value.retry_after == 60


def test_a_starting_gateway_is_asked_again(gateway: tuple[Gateway, str], monkeypatch: pytest.MonkeyPatch) -> None:
    starting = refusal("UNAVAILABLE", "UNAVAILABLE", retryable=True, retryAfterMs=10)
    gateway[0].answer = lambda frame: starting if len(gateway[0].requests) < 3 else hello()
    login(at(gateway[1]), Login(TOKEN))
    assert len(gateway[0].requests) == 3
    gateway[0].answer = lambda frame: starting
    slept: list[float] = []
    monkeypatch.setattr(clock, "sleep", slept.append)
    monkeypatch.setattr(clock, "monotonic", lambda: time.monotonic() + 100 * len(slept))
    with pytest.raises(errors.GatewayStarting, match="still starting"):
        login(at(gateway[1]), Login(TOKEN), timeout=250)
    assert slept == [0.01] * 3


def test_an_untrusted_proxy_is_told_from_other_refusals(gateway: tuple[Gateway, str]) -> None:
    gateway[0].forbidden = {"error": {"type": "proxy_attribution_required", "message": "x"}}
    with pytest.raises(errors.UntrustedProxy, match=r"gateway\.trustedProxies"):
        prove(at(gateway[1]), TOKEN)
    gateway[0].forbidden = {"error": {"type": "other"}}
    with pytest.raises(errors.ConnectFailed, match="HTTP status 403"):
        prove(at(gateway[1]), TOKEN)


def test_a_gateway_that_lets_everybody_in_is_found(gateway: tuple[Gateway, str]) -> None:
    proof = prove(at(gateway[1]), TOKEN)
    assert (proof.unauthenticated_refused, proof.token_accepted) == (False, True)


def test_calls_are_matched_to_their_answers(gateway: tuple[Gateway, str]) -> None:
    def answer(frame: dict[str, Any]) -> dict[str, Any] | None:
        if frame["method"] == "connect":
            return hello()
        if frame["method"] == "good":
            return {"ok": True, "payload": frame["params"]}
        if frame["method"] == "gone":
            return None
        return refusal("MISSING_SCOPE", "FORBIDDEN")

    gateway[0].answer = answer
    with Session(at(gateway[1]), Login(TOKEN)) as client:
        assert client.call("good", {"a": 1}) == {"a": 1}
        with pytest.raises(CallFailed, match="FORBIDDEN: because MISSING_SCOPE"):
            client.call("bad")
        with pytest.raises(CallFailed, match="DISCONNECTED: 1008 go away"):
            client.call("gone")


def test_nobody_answers() -> None:
    with pytest.raises(errors.ConnectFailed, match="No WebSocket connection") as failed:
        login(at("http://127.0.0.1:9"), Login(TOKEN), timeout=60)
    assert failed.value.obstacle is Obstacle.REFUSED


def test_a_device_does_not_show_its_key() -> None:
    device = DeviceIdentity.generate()
    assert DeviceIdentity(device.private_key).id == device.id
    assert str(device.private_key) not in repr(device)


def test_a_redirect_is_not_followed(gateway: tuple[Gateway, str]) -> None:
    gateway[0].redirect = "http://elsewhere.invalid/"
    with pytest.raises(errors.ConnectFailed, match="HTTP status 302"):
        login(at(gateway[1]), Login(TOKEN))


def test_the_upgrade_request_carries_what_was_given(gateway: tuple[Gateway, str]) -> None:
    login(at(gateway[1]), Login(TOKEN), Upgrade("https://page.example", "other.example", {"X-Forged": "1"}))
    sent = gateway[0].headers
    assert (sent["Origin"], sent["Host"], sent["X-Forged"]) == ("https://page.example", "other.example", "1")
