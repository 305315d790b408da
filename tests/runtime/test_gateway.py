"""The real gateway, in the image made from npm, and its stand-in: the same answers to the same questions."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from support.hang import HANG

from fly_emulator.images.catalog import Catalog
from fly_emulator.runtime.base import Runtime
from fly_emulator.settings import default_cache_dir

VERSION = "2026.9.6"
TOKEN = "the-token-of-at-least-24-characters"
ORIGIN = "https://app.fly.dev"
ENV = {
    "OPENCLAW_GATEWAY_TOKEN": TOKEN,
    "OPENCLAW_GATEWAY_PORT": "3000",
    "OPENCLAW_SUPERVISOR_MODE": "external",
    "OPENCLAW_NO_AUTO_UPDATE": "1",
    "OPENCLAW_DISABLE_BONJOUR": "1",
    "OPENCLAW_SKIP_CHANNELS": "1",
    "npm_config_fetch_retries": "0",
}
CONFIG: dict[str, Any] = {
    "gateway": {"mode": "local", "bind": "lan", "controlUi": {"allowedOrigins": [ORIGIN]}},
    "models": {"catalogRefresh": {"enabled": False}},
}
THROUGH_PROXY = {"X-Forwarded-For": "203.0.113.7"}
FEATHERWEIGHT = f"registry.fly.io/featherweight:{VERSION}"
OPENCLAW = pytest.param(
    f"ghcr.io/openclaw/openclaw:{VERSION}", marks=[pytest.mark.gateway, pytest.mark.slow], id="openclaw"
)

CONNECTS: list[tuple[str, str | None, str | None, dict[str, Any], int | None]] = [
    # client, its secret, Origin, what the answer holds, close code
    ("cli", TOKEN, None, {"ok": True}, None),
    ("cli", None, None, {"code": "NOT_PAIRED", "message": "device identity required"}, 1008),
    (
        "cli",
        "wrong",
        None,
        {
            "code": "INVALID_REQUEST",
            "message": "unauthorized: gateway token mismatch (set gateway.remote.token to match gateway.auth.token)",
        },
        1008,
    ),
    ("cli", TOKEN, "https://evil.example", {"code": "INVALID_REQUEST"}, 1008),
    (
        "openclaw-control-ui",
        TOKEN,
        ORIGIN,
        {
            "code": "INVALID_REQUEST",
            "message": "control ui requires device identity (use HTTPS or localhost secure context)",
        },
        1008,
    ),
    ("no-such-client", TOKEN, None, {"code": "INVALID_REQUEST"}, 1008),
]


@pytest.fixture
def catalog(request: pytest.FixtureRequest, catalog: Catalog) -> Catalog:
    """For the real image the cache that everybody shares: it is 650 MB."""
    return Catalog(default_cache_dir(), None) if request.node.get_closest_marker("gateway") else catalog


@pytest.mark.parametrize("image", [pytest.param(FEATHERWEIGHT, id="featherweight"), OPENCLAW])
def test_the_gateway_and_its_stand_in_answer_alike(start: Any, runtime: Runtime, image: str) -> None:
    if not runtime.guarantees.private_network:
        pytest.skip("attribution needs the proxy's own address: a network of the machine's own")
    if image != FEATHERWEIGHT and shutil.which("bwrap") and not getattr(runtime, "bwrap", None):
        pytest.skip("one boot is enough: that with bubblewrap")

    async def body() -> None:
        async with start(("sleep", "1000"), ENV, image=image) as idle:
            code, told = await idle.sh("pwd; openclaw --version", timeout=HANG)
            assert (code, told[: told.find("(")]) == (0, f"/app\nOpenClaw {VERSION} ")
            await put(idle, {**CONFIG, "bogus": 1})
            assert (await validate(idle))["valid"] is False
            await put(idle, CONFIG)
            assert (await validate(idle))["valid"] is True
        async with start(env=ENV, image=image, memory_mb=2048, volume=idle.volume) as one:
            await one.ready(240)
            await surface(one)
            ended = await one.machine.stop(15, 30)
            assert ended.code == 0, one.text
        async with start(env=ENV, image=image, memory_mb=2048, volume=idle.volume) as broken:
            assert (await broken.machine.wait()).code == 78, broken.text
            assert 'Invalid config at /data/openclaw.json:\n<root>: Unrecognized key: "bogus"' in broken.text

    asyncio.run(asyncio.wait_for(body(), 800))


async def surface(one: Any) -> None:
    """Ask a ready gateway; first with no proxy trusted, then with Fly's; leaves a config behind that is refused."""
    assert json.loads((await one.get("/healthz", **THROUGH_PROXY))[1]) == {"ok": True, "status": "live"}
    assert json.loads((await until(one, "/startupz", {}, 200))[1]) == {"ok": True, "status": "started"}
    assert json.loads((await one.get("/readyz"))[1]) == {"ready": True}
    refused = await one.get("/startupz", **THROUGH_PROXY)
    assert (refused[0], json.loads(refused[1])["error"]["type"]) == (403, "proxy_attribution_required")
    assert (await one.get("/", Fly_Client_IP="203.0.113.7"))[0] == 200

    await put(one, {**CONFIG, "gateway": {**CONFIG["gateway"], "trustedProxies": ["172.16.0.0/12", "66.241.124.1"]}})
    await until(one, "/startupz", THROUGH_PROXY, 200)
    await logged(one, "[reload] config hot reload applied (gateway.trustedProxies)")
    for path, headers, status in (
        ("/healthz", {}, 200),
        ("/startupz", {}, 403),
        ("/startupz", {"X-Forwarded-For": "172.16.0.9, 66.241.124.1"}, 403),
        ("/", {"X-Forwarded-For": "203.0.113.7, 66.241.124.1"}, 200),
        ("/control-ui-config.json", THROUGH_PROXY, 401),
        ("/control-ui-config.json", {**THROUGH_PROXY, "Authorization": f"Bearer {TOKEN}"}, 200),
        ("/v1/models", THROUGH_PROXY, 404),
        ("/no/such/path", THROUGH_PROXY, 200),
    ):
        assert (path, (await one.get(path, **headers))[0]) == (path, status)
    with pytest.raises(aiohttp.ClientConnectorError):
        await one.get("/healthz", "6pn")
    for client, secret, origin, wanted, closed in CONNECTS:
        answer, code = await connect(one, client, secret, origin)
        told = {**answer, **answer.get("error", {})}
        assert ({name: told.get(name) for name in wanted}, code) == (wanted, closed), answer

    await put(one, {**CONFIG, "bogus": 1})
    await logged(one, "[reload] config reload skipped (invalid config)")


async def logged(one: Any, line: str) -> None:
    deadline = time.monotonic() + HANG
    while line not in one.text:
        assert time.monotonic() < deadline, one.text
        await asyncio.sleep(0.05)


async def connect(one: Any, client: str, secret: str | None, origin: str | None) -> tuple[dict[str, Any], int | None]:
    """The response to `connect` and the code of the close frame that follows, if one does."""
    params = {
        "minProtocol": 4,
        "maxProtocol": 4,
        "client": {"id": client, "version": "1", "platform": "linux", "mode": "cli"},
        "role": "operator",
        "scopes": ["operator.read"],
        "caps": [],
    } | ({"auth": {"token": secret}} if secret else {})
    headers = THROUGH_PROXY | ({"Origin": origin} if origin else {})
    async with (
        aiohttp.ClientSession(connector=one.machine.connector(3000, "proxy")) as session,
        session.ws_connect("http://app.fly.dev/", headers=headers) as ws,
    ):
        challenge = await ws.receive_json(timeout=HANG)
        assert challenge["event"] == "connect.challenge" and {"nonce", "ts"} <= set(challenge["payload"])
        await ws.send_json({"type": "req", "id": "1", "method": "connect", "params": params})
        answer = await ws.receive_json(timeout=HANG)
        if answer["ok"]:
            return answer, None
        await ws.receive(timeout=HANG)
        return answer, ws.close_code


async def put(one: Any, config: dict[str, Any]) -> None:
    """As a deployment does: a new file, its owner, then a rename."""
    script = (
        "cat > /data/.new && chown 1000:1000 /data/.new && chmod 600 /data/.new && mv /data/.new /data/openclaw.json"
    )
    assert await one.sh(script, json.dumps(config).encode()) == (0, "")


async def validate(one: Any) -> dict[str, Any]:
    result = await one.machine.exec(("node", "dist/index.js", "config", "validate", "--json"), b"", 120)
    found: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == (0 if found["valid"] else 1)
    return found


async def until(one: Any, path: str, headers: dict[str, str], status: int) -> tuple[int, str]:
    deadline = time.monotonic() + HANG
    answer: tuple[int, str]
    while (answer := await one.get(path, **headers))[0] != status:
        assert time.monotonic() < deadline, (answer, one.text)
        await asyncio.sleep(0.1)
    return answer


def test_the_stand_in_is_small_quick_and_says_what_it_is(start: Any, go: Any) -> None:
    async def body() -> None:
        async with start() as one:
            await one.ready()
            spent = Path(f"/proc/{one.machine.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
            assert sum(map(int, spent)) / os.sysconf("SC_CLK_TCK") < 1  # seconds of CPU: 0.1
            assert "this is not the real gateway" in one.text
            size = Path(f"/proc/{one.machine.pid}/status").read_text().partition("VmRSS:")[2].split()[0]
            assert int(size) < 25_000

    go(body)


@pytest.mark.parametrize(
    ("env", "options", "code", "words"),
    [
        ({"OPENCLAW_GATEWAY_TOKEN": ""}, "--bind lan --allow-unconfigured", 78, "Refusing to bind gateway to lan"),
        ({}, "--bind lan", 78, "Missing config. Run openclaw setup"),
        ({}, "--bind everywhere --allow-unconfigured", 1, "Invalid --bind."),
        ({}, "--port 70000 --allow-unconfigured", 1, "Invalid --port."),
        ({"OPENCLAW_GATEWAY_TOKEN": "undefined"}, "--bind lan --allow-unconfigured", 1, "placeholder"),
        ({"FEATHER_CRASH": "7"}, "--bind lan --allow-unconfigured", 7, "FEATHER_CRASH"),
    ],
)
def test_what_the_stand_in_refuses(
    start: Any, go: Any, env: dict[str, str], options: str, code: int, words: str
) -> None:
    async def body() -> None:
        async with start(("node", "dist/index.js", "gateway", *options.split()), env) as one:
            assert (await one.machine.wait()).code == code
            assert words in one.text

    go(body)


def test_the_stand_in_pairs_devices(start: Any, go: Any, runtime: Runtime) -> None:
    if not runtime.guarantees.private_network:
        pytest.skip("from 127.0.0.1 a device pairs by itself")

    async def body() -> None:
        async with start() as one:
            await one.ready()
            assert await pair(one) == "PAIRING_REQUIRED"
            _, listed = await one.sh("node dist/index.js devices list --json")
            request = json.loads(listed)["pending"][0]["requestId"]
            assert (await one.sh("node dist/index.js devices approve no-such --json"))[0] == 1
            assert (await one.sh(f"node dist/index.js devices approve {request} --json"))[0] == 0
            assert await pair(one) == "ok"

    async def pair(one: Any) -> str:
        params = {
            "minProtocol": 4,
            "maxProtocol": 4,
            "client": {"id": "cli"},
            "auth": {"token": "the-token"},
            "device": {"id": "device-1"},
        }
        async with (
            aiohttp.ClientSession(connector=one.machine.connector(3000, "proxy")) as session,
            session.ws_connect("http://machine/") as ws,
        ):
            await ws.receive_json(timeout=HANG)
            await ws.send_json({"type": "req", "id": "1", "method": "connect", "params": params})
            answer = await ws.receive_json(timeout=HANG)
            return "ok" if answer["ok"] else str(answer["error"]["details"]["code"])

    go(body)


def test_a_slow_start_is_refused_then_starting_then_started(start: Any, go: Any) -> None:
    async def body() -> None:
        async with start(env={"FEATHER_SLOW_START": "4"}) as one:
            with pytest.raises(aiohttp.ClientConnectorError):
                await one.get("/startupz")
            seen: list[int] = []
            deadline = time.monotonic() + HANG
            while 200 not in seen:
                assert time.monotonic() < deadline, one.text
                try:
                    seen.append((await one.get("/startupz"))[0])
                except aiohttp.ClientConnectorError:
                    await asyncio.sleep(0.01)
            assert set(seen) == {503, 200}

    go(body)
