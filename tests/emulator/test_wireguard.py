"""A WireGuard peer in a network of its own reaches what Fly.io's private network would let it reach."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import socket
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from emulator.client import TOKEN, App, Client, service, until
from emulator.conftest import Run
from emulator.test_sixpn import CHECKED, answers, query
from support.needs import WIREGUARD

from fly_emulator.runtime import RuntimeUnavailable
from fly_emulator.runtime.sixpn import Network, prefix_of
from fly_emulator.runtime.wireguard import PROGRAM, WireGuard

ADD = """mutation($input: AddWireGuardPeerInput!) {
  addWireGuardPeer(input: $input) { peerip endpointip pubkey } }"""
REMOVE = "mutation($input: RemoveWireGuardPeerInput!) { removeWireGuardPeer(input: $input) { clientMutationId } }"


class Laptop:
    """A peer with a namespace of its own. Its tunnel's packets go over this host's loopback."""

    def __init__(self) -> None:
        self._network = Network()
        self._device = WireGuard(shutil.which(PROGRAM) or PROGRAM, f"lap{os.getpid()}", self._network)
        self.key = X25519PrivateKey.generate()

    @property
    def public_key(self) -> str:
        return base64.b64encode(self.key.public_key().public_bytes_raw()).decode()

    async def up(self, peer: dict[str, str], port: int) -> None:
        """As wg-quick does it with the file that Fly.io's answer makes."""
        self.address, self.network = peer["peerip"], prefix_of(peer["peerip"])
        await self._network.open()
        await self._device.open(self.key.private_bytes_raw(), 0)
        await self._network.serve(self.address, True)
        await self._device.set(
            f"public_key={base64.b64decode(peer['pubkey']).hex()}", f"endpoint={peer['endpointip']}:{port}",
            "persistent_keepalive_interval=15", "allowed_ip=fdaa::/16",
        )  # fmt: skip

    async def down(self) -> None:
        await self._device.close()
        await self._network.close()

    async def get(self, address: str, port: int, seconds: float = 60) -> str:
        """The body of an answer, "refused", or "nothing"."""
        await self._network.route(address, self._device.name, gateway="")
        opened = await self._network.socket(self.address, 0)
        try:
            async with asyncio.timeout(seconds):
                await asyncio.get_running_loop().sock_connect(opened, (address, port))
                reader, writer = await asyncio.open_connection(sock=opened)
                writer.write(f"GET / HTTP/1.0\r\nHost: [{address}]\r\n\r\n".encode())
                body = (await reader.read()).decode().rpartition("\r\n\r\n")[2]
                writer.close()
                return body
        except ConnectionRefusedError:
            return "refused"
        except (TimeoutError, OSError):
            return "nothing"
        finally:
            opened.close()

    async def resolve(self, name: str) -> str:
        server = f"{self.network}3"
        await self._network.route(server, self._device.name, gateway="")
        with await self._network.socket(self.address, 0, datagrams=True) as asking:
            loop = asyncio.get_running_loop()
            await loop.sock_connect(asking, (server, 53))
            await loop.sock_sendall(asking, query(name, 28))
            answer = await asyncio.wait_for(loop.sock_recv(asking, 512), 60)
        return socket.inet_ntop(socket.AF_INET6, answer[-16:])


def graph(fly: Client, text: str, **values: str | bool) -> dict[str, dict[str, str]]:
    organization = 'query { organization(slug: "personal") { id } }'
    found = fly.post("/graphql", {"query": organization}, Authorization=f"Bearer {TOKEN}").json
    sent = {"organizationId": found["data"]["organization"]["id"], **values}
    answer = fly.post("/graphql", {"query": text, "variables": {"input": sent}}).json
    assert "errors" not in answer, answer
    return dict(answer["data"])


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_peer_comes_in_and_only_to_its_own_network(run: Run) -> None:
    if not WIREGUARD.path():
        pytest.skip(WIREGUARD.missing)
    port = free_port()
    try:
        with run(wireguard_port=port) as fly:
            asyncio.run(scene(fly, port))
    except RuntimeUnavailable as unavailable:
        pytest.skip(str(unavailable))


async def scene(fly: Client, port: int) -> None:
    guide, right, dual = fly.app("guide"), fly.app("right"), fly.app("dual")
    plain = service(3000, ports=[{"port": 80, "handlers": ["http"]}])
    wrong, gateway = answers(guide, "0.0.0.0", **CHECKED), answers(right, "0.0.0.0", services=[plain], **CHECKED)
    reachable = answers(dual, "::")
    flycast = right.ip("private_v6")
    assert fly.post("/v1/apps", {"name": "apart", "org_slug": "personal", "network": "apart"}).status == 201
    elsewhere = answers(App(fly, "apart"), "::")
    for machine in (wrong, gateway):
        until(lambda machine=machine: machine.view()["checks"][0]["status"] == "passing", "it listens on IPv4")
    laptop = Laptop()
    made = graph(fly, ADD, name="laptop", pubkey=laptop.public_key, region="ams", nats=False)["addWireGuardPeer"]
    assert made["endpointip"] == "127.0.0.1"
    try:
        await laptop.up(made, port)
        inside = reachable.view()["private_ip"]
        assert await laptop.get(inside, 3000) == f"hello {made['peerip']} None"
        assert await laptop.resolve("right.flycast") == flycast
        assert await laptop.resolve("dual.internal") == inside
        assert await laptop.get(flycast, 80) == f"hello 172.19.0.1 {made['peerip']}, {flycast}"
        assert await laptop.get(wrong.view()["private_ip"], 3000) == "refused"
        assert await laptop.get(elsewhere.view()["private_ip"], 3000, 1) == "nothing"
        graph(fly, REMOVE, name="laptop")
        deadline = asyncio.get_running_loop().time() + 60
        while await laptop.get(inside, 3000, 1) != "nothing":
            assert asyncio.get_running_loop().time() < deadline, "a peer that was removed still comes in"
    finally:
        await laptop.down()


def test_what_is_missing_is_said(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("fly_emulator.runtime.peers.PROGRAM", "no-such-wireguard")
    with pytest.raises(RuntimeUnavailable, match=r"needs no-such-wireguard\. Install it|needs machines with 6PN"):
        run(wireguard_port=free_port()).__enter__()
