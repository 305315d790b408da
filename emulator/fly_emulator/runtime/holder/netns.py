"""A network namespace by netlink: addresses on its loopback, and what joins it to others. No `ip` binary."""

from __future__ import annotations

import os
import socket
import struct

from . import libc

RTM_NEWLINK, RTM_NEWADDR, RTM_DELADDR, RTM_NEWROUTE = 16, 20, 21, 24
NLM_F_REQUEST, NLM_F_ACK, NLM_F_REPLACE, NLM_F_EXCL, NLM_F_CREATE = 1, 4, 0x100, 0x200, 0x400
IFA_ADDRESS, IFA_LOCAL = 1, 2
IFLA_IFNAME, IFLA_LINKINFO, IFLA_NET_NS_FD = 3, 18, 28
IFLA_INFO_KIND, IFLA_INFO_DATA, VETH_INFO_PEER = 1, 2, 1
RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PREFSRC = 1, 4, 5, 7
RT_TABLE_MAIN, RTPROT_STATIC, RTN_UNICAST = 254, 4, 1
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
    up(LOOPBACK)
    for address in ipv4:
        add_address(LOOPBACK, address, 32)
    try:
        for address in ipv6:
            add_address(LOOPBACK, address, 128)
    except OSError as error:
        return f"no IPv6 in this kernel's namespaces ({error.strerror})"
    return ""


def up(index: int) -> None:
    _ask(RTM_NEWLINK, 0, _link(index, IFF_UP))


def add_address(index: int, address: str, prefix: int) -> None:
    _ask(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, _address(index, address, prefix))


def remove_address(index: int, address: str, prefix: int) -> None:
    _ask(RTM_DELADDR, 0, _address(index, address, prefix))


def veth(name: str, peer: str, peer_namespace: int) -> int:
    """Make a pair of interfaces, the peer in the namespace of that descriptor; returns the index of ours."""
    there = _link(0, 0) + _attribute(IFLA_IFNAME, peer.encode() + b"\0")
    there += _attribute(IFLA_NET_NS_FD, struct.pack("=I", peer_namespace))
    kind = _attribute(IFLA_INFO_KIND, b"veth") + _attribute(IFLA_INFO_DATA, _attribute(VETH_INFO_PEER, there))
    here = _link(0, 0) + _attribute(IFLA_IFNAME, name.encode() + b"\0") + _attribute(IFLA_LINKINFO, kind)
    _ask(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, here)
    return socket.if_nametoindex(name)


def move(name: str, namespace: int) -> None:
    """Move an interface of this namespace to that of the descriptor; it is down there."""
    body = _link(socket.if_nametoindex(name), 0) + _attribute(IFLA_NET_NS_FD, struct.pack("=I", namespace))
    _ask(RTM_NEWLINK, 0, body)


def add_route(destination: str, prefix: int, index: int, gateway: str = "", source: str = "") -> None:
    """An IPv6 route, in place of one to the same destination."""
    body = struct.pack("=8BI", socket.AF_INET6, prefix, 0, 0, RT_TABLE_MAIN, RTPROT_STATIC, 0, RTN_UNICAST, 0)
    body += _attribute(RTA_DST, socket.inet_pton(socket.AF_INET6, destination))
    body += _attribute(RTA_OIF, struct.pack("=I", index))
    for kind, address in ((RTA_GATEWAY, gateway), (RTA_PREFSRC, source)):
        if address:
            body += _attribute(kind, socket.inet_pton(socket.AF_INET6, address))
    _ask(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, body)


def _link(index: int, flags: int) -> bytes:
    return struct.pack("=BxHiII", 0, 0, index, flags, flags)


def _address(index: int, address: str, prefix: int) -> bytes:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    packed = socket.inet_pton(family, address)
    body = struct.pack("=BBBBi", family, prefix, IFA_F_NODAD if family == socket.AF_INET6 else 0, 0, index)
    return body + _attribute(IFA_LOCAL, packed) + _attribute(IFA_ADDRESS, packed)


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def _ask(kind: int, flags: int, body: bytes) -> None:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        netlink.bind((0, 0))
        netlink.send(struct.pack("=IHHII", 16 + len(body), kind, NLM_F_REQUEST | NLM_F_ACK | flags, 1, 0) + body)
        (code,) = struct.unpack_from("=i", netlink.recv(4096), 16)
    if code:
        raise OSError(-code, os.strerror(-code))
