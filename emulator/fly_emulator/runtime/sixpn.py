"""6PN: the private networks that join machines of an organisation. As root, where machines have networks of their own.

A network is a process like a machine's holder, which ends with the emulator, in a namespace that forwards between the
machines' interfaces. What serves such a network (names, Flycast) does so over sockets that are made in there.
"""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
import os
import socket

from .holder import netns, switch
from .link import Link

RESOLVER = "fdaa::3"
"""Where every machine finds the names of its network."""
GATE = "gate"
"""The device to the gate, through which WireGuard's peers come."""


def prefix_of(address: str) -> str:
    """The network of a 6PN address: its first 48 bits, such as `fdaa:1:2::`."""
    return str(ipaddress.IPv6Network((address, 48), strict=False).network_address)


class Network:
    """One private network; every method raises RuntimeError with the reason."""

    def __init__(self, prefix: str = "") -> None:
        """Without a prefix it has no addresses of its own: it only forwards."""
        self.prefix = prefix
        self.resolvers = (RESOLVER, f"{prefix}3") if prefix else ()
        self._numbers = itertools.count()
        self._link = Link(lambda _: None, lambda: None)

    async def open(self) -> None:
        await self._link.open()
        await self._ask("switch", addresses=list(self.resolvers))

    @property
    def pid(self) -> int:
        return self._link.pid

    async def close(self) -> None:
        self._link.close()
        await self._link.ended()

    async def attach(self, address: str, pid: int) -> None:
        """Join a machine with this address; `pid` is of a process in its network."""
        words = {"theirs": "eth0", "destination": "fdaa::", "prefix": 16}
        await self._ask("attach", name=f"m{next(self._numbers)}", pid=pid, address=address, **words)

    async def attach_gate(self, gate: Network, theirs: str) -> None:
        """Join a network that only forwards, which calls the way here `theirs`."""
        words = {"theirs": theirs, "destination": self.prefix, "prefix": 48}
        await self._ask("attach", name=GATE, pid=gate.pid, address="", **words)

    async def serve(self, address: str, present: bool) -> None:
        """Have an address of the network ourselves, or give it up."""
        await self._ask("address", address=address, present=present)

    async def socket(self, address: str, port: int, datagrams: bool = False) -> socket.socket:
        """A socket bound to an address that is served."""
        fds = await self._ask("socket", family=6, source=address, port=port, datagrams=datagrams)
        made = socket.socket(fileno=fds[0])
        made.setblocking(False)
        return made

    async def take(self, device: str) -> None:
        """Move a device of the emulator's own namespace here, and bring it up."""
        namespace = os.open(f"/proc/{self.pid}/ns/net", os.O_RDONLY)
        try:
            netns.move(device, namespace)
        finally:
            os.close(namespace)
        await self._ask("up", name=device)

    async def route(self, address: str, device: str = GATE, gateway: str = switch.MACHINE) -> None:
        """Send what is for this address to that device, by default to the gate."""
        await self._ask("route", address=address, name=device, gateway=gateway)

    async def _ask(self, op: str, **words: object) -> list[int]:
        _, fds = await self._link.ask({"op": op, "id": self._link.next_id(), **words}, [])
        return fds


class Networks:
    """All private networks of one emulator, each made when it is first needed."""

    def __init__(self) -> None:
        self._made: dict[str, asyncio.Task[Network]] = {}

    async def of(self, address: str) -> Network:
        prefix = prefix_of(address)
        if prefix not in self._made:
            self._made[prefix] = asyncio.create_task(self._make(prefix))
        return await asyncio.shield(self._made[prefix])

    def made(self) -> list[Network]:
        """Those that are there."""
        done = [making for making in self._made.values() if making.done() and not making.exception()]
        return [making.result() for making in done]

    async def join(self, address: str, pid: int) -> None:
        """See `MachineSpec.join`."""
        await (await self.of(address)).attach(address, pid)

    async def close(self) -> None:
        for network in self.made():
            await network.close()

    async def _make(self, prefix: str) -> Network:
        network = Network(prefix)
        await network.open()
        return network
