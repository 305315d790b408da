"""What joins machines to one private network: a namespace that forwards between their interfaces. As root.

Each machine keeps its 6PN address on its loopback. Its interface and the switch's end of the pair have fixed link-local
addresses, over which the routes lead, so nothing depends on what interfaces are called or numbered.
"""

from __future__ import annotations

import os
import socket

from . import libc, netns
from .spawn import Inside, call

SWITCH, MACHINE = "fe80::1", "fe80::2"


def begin(addresses: list[str]) -> None:
    """Enter a namespace that forwards and has these addresses itself."""
    libc.unshare(libc.CLONE_NEWNET)
    trouble = netns.configure([], addresses)
    if trouble:
        raise OSError(trouble)
    with open("/proc/sys/net/ipv6/conf/all/forwarding", "w") as file:
        file.write("1")


def attach(name: str, pid: int, theirs: str, destination: str, prefix: int, address: str) -> None:
    """Join the namespace of a process by a pair of interfaces, ours and theirs, and lead its packets for `destination`
    here. With `address`, which its loopback has, they come from it, and those for it go there.
    """
    namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    try:
        ours = netns.veth(name, theirs, namespace)
        netns.up(ours)
        netns.add_address(ours, SWITCH, 64)
        call(Inside(namespaces=[(namespace, libc.CLONE_NEWNET)]), lambda: _join(theirs, destination, prefix, address))
        if address:
            netns.add_route(address, 128, ours, gateway=MACHINE)
    finally:
        os.close(namespace)


def _join(name: str, destination: str, prefix: int, address: str) -> None:
    """Done inside the other namespace."""
    index = socket.if_nametoindex(name)
    netns.up(index)
    netns.add_address(index, MACHINE, 64)
    netns.add_route(destination, prefix, index, gateway=SWITCH, source=address)
