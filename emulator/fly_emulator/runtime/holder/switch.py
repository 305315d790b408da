"""What joins machines to one private network: a namespace that forwards between their interfaces. As root.

Each machine keeps its 6PN address on its loopback. Its eth0 and the switch's end of the pair have fixed link-local
addresses, over which the routes lead, so nothing depends on what interfaces are called or numbered.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct

from . import libc, netns
from .spawn import Inside, call

SWITCH, MACHINE = "fe80::1", "fe80::2"
PRIVATE = ("fdaa::", 16)
TUN = "/dev/net/tun"
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
MTU = 1420


def begin(addresses: list[str]) -> None:
    """Enter a namespace that forwards and has these addresses itself."""
    libc.unshare(libc.CLONE_NEWNET)
    trouble = netns.configure([], addresses)
    if trouble:
        raise OSError(trouble)
    with open("/proc/sys/net/ipv6/conf/all/forwarding", "w") as file:
        file.write("1")


def attach(name: str, pid: int, address: str) -> None:
    """Join the namespace of a process, whose loopback has this address."""
    namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    try:
        ours = netns.veth(name, "eth0", namespace)
        netns.up(ours)
        netns.add_address(ours, SWITCH, 64)
        call(Inside(namespaces=[(namespace, libc.CLONE_NEWNET)]), lambda: _join(address))
        netns.add_route(address, 128, ours, gateway=MACHINE)
    finally:
        os.close(namespace)


def _join(address: str) -> None:
    """Done inside the machine's namespace."""
    theirs = socket.if_nametoindex("eth0")
    netns.up(theirs)
    netns.add_address(theirs, MACHINE, 64)
    netns.add_route(*PRIVATE, theirs, gateway=SWITCH, source=address)


def tunnel(name: str) -> int:
    """A TUN device of this namespace, up; returns its descriptor."""
    device = os.open(TUN, os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    netns.up(socket.if_nametoindex(name))
    return device
