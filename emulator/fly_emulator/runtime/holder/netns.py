"""A network namespace with addresses on its loopback: all that a machine sees of a network. No root, no `ip` binary."""

from __future__ import annotations

import os
import socket
import struct

from . import libc

RTM_NEWLINK, RTM_NEWADDR = 16, 20
NLM_F_REQUEST, NLM_F_ACK, NLM_F_EXCL, NLM_F_CREATE = 1, 4, 0x200, 0x400
IFA_ADDRESS, IFA_LOCAL = 1, 2
IFA_F_NODAD = 0x02
IFF_UP = 1
LOOPBACK = 1
"""Interface index of lo in every new namespace."""


def enter_new(uid: int, gid: int) -> None:
    """Unshare the network; without root also the users, with the caller shown as uid:gid."""
    if os.geteuid() == 0:
        libc.unshare(libc.CLONE_NEWNET)
        return
    outside = os.geteuid(), os.getegid()
    libc.unshare(libc.CLONE_NEWUSER | libc.CLONE_NEWNET)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {outside[0]} 1"),
        ("gid_map", f"{gid} {outside[1]} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def configure(ipv4: list[str], ipv6: list[str]) -> str:
    """Bring lo up with these addresses; returns why IPv6 is absent, or ""."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        netlink.bind((0, 0))
        _ask(netlink, RTM_NEWLINK, 0, struct.pack("=BxHiII", 0, 0, LOOPBACK, IFF_UP, IFF_UP))
        for address in ipv4:
            _add(netlink, socket.AF_INET, address, 32)
        try:
            for address in ipv6:
                _add(netlink, socket.AF_INET6, address, 128)
        except OSError as error:
            return f"no IPv6 in this kernel's namespaces ({error.strerror})"
    return ""


def _add(netlink: socket.socket, family: int, address: str, prefix: int) -> None:
    packed = socket.inet_pton(family, address)
    body = struct.pack("=BBBBi", family, prefix, IFA_F_NODAD if family == socket.AF_INET6 else 0, 0, LOOPBACK)
    for kind in (IFA_LOCAL, IFA_ADDRESS):
        body += struct.pack("=HH", 4 + len(packed), kind) + packed
    _ask(netlink, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, body)


def _ask(netlink: socket.socket, kind: int, flags: int, body: bytes) -> None:
    netlink.send(struct.pack("=IHHII", 16 + len(body), kind, NLM_F_REQUEST | NLM_F_ACK | flags, 1, 0) + body)
    answer = netlink.recv(4096)
    (code,) = struct.unpack_from("=i", answer, 16)
    if code:
        raise OSError(-code, os.strerror(-code))
