# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses, names and ports: whether anything leads to the gateway that should not."""

from __future__ import annotations

import errno
import socket
import ssl
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from .._fly.facts.addresses import TYPES
from .._fly.machines.config import in_maintenance
from .._fly.machines.services import Port, published
from .._openclaw.endpoint import Endpoint, cause
from .notes import Notes, Skipped
from .target import ForeignAddress, Target

GATEWAY_PORTS = (3000, 18789)
"""The port that Fly's guide uses, and the gateway's own default."""
_WEB = ("tcp/80", "tcp/443")
_NO_ROUTE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL)


def addresses(target: Target, notes: Notes) -> None:
    """The set is exact, and what the services say goes with it."""
    have = Counter(entry["type"] for entry in target.addresses)
    notes.saw(", ".join(f"{entry['type']} {entry['ip']}" for entry in target.addresses) or "no address")
    for kind in TYPES:
        listed = " ".join(entry["ip"] for entry in target.addresses if entry["type"] == kind)
        if have[kind] > target.wanted.get(kind, 0):
            notes.found(f"the app holds {kind} {listed}; {target.wanted.get(kind, 0) or 'none'} declared")
        elif have[kind] < target.wanted.get(kind, 0):
            notes.found(f"the app holds {have[kind] or 'no'} {kind}; {target.wanted[kind]} declared")
    if target.exposure != "public":
        names = [certificate["hostname"] for certificate in target.api.certificates(target.app)]
        if names:
            notes.found(f"the app holds certificates for {', '.join(names)}", "Remove them, with fly_certificate")
    _services(target, notes)


def _services(target: Target, notes: Notes) -> None:
    managed = {machine["id"] for machine in target.deployed}
    ports = [port for port in target.ports if port.machine in managed]
    _one_off(target, notes)
    if not managed:
        notes.found("the app has no machine", "Run site.yml")
    elif all(in_maintenance(machine.get("config") or {}) for machine in target.deployed):
        notes.found("its machine is in maintenance: no gateway runs", "Run site.yml")
    elif target.exposure == "sealed":
        if ports:
            notes.found(f"a machine has services on {_listed(ports)}", "Run site.yml: sealed has none")
    elif not ports:
        _no_service(target, notes)
    elif target.exposure == "private":
        if any(port.force_https for port in ports):
            notes.found(
                "a service has force_https, so that Flycast answers nothing but a redirect to a port without TLS",
                "Run site.yml with fly_app_exposure: private",
            )
    elif not any(80 in port and port.force_https for port in ports):
        notes.found("no service sends http to https (force_https)", "Run site.yml with fly_app_exposure: public")


def _one_off(target: Target, notes: Notes) -> None:
    """Machines that no deploy manages: Fly's proxy sends requests to those that publish a port all the same."""
    managed = {machine["id"] for machine in target.deployed}
    for machine in target.machines:
        ports = published(machine)
        if machine["id"] not in managed and ports:
            notes.found(
                f"the one-off machine {machine['id']} publishes {_listed(ports)}",
                f"Remove it: fly machine destroy {machine['id']} --app {target.app}",
                detail="one_off",
            )


def _no_service(target: Target, notes: Notes) -> None:
    """What the widespread guide ends in: a private address, and nothing behind it."""
    private = [entry["ip"] for entry in target.addresses if entry["type"] == "private_v6"]
    leads = f"Flycast address {private[0]} leads nowhere" if private else "its addresses lead nowhere"
    what = f"the {leads}: no machine has a service for Fly's proxy"
    if target.exposure == "private":
        listens = _listens_on_ipv4_only(target)
        what += (
            f". Nor does fly proxy {target.port}:{target.port} or WireGuard to the machine: 6PN is IPv6 only, and the "
            f"gateway {'listens' if listens else 'can listen'} on IPv4 only (0.0.0.0:{target.port})"
        )
    notes.found(what, "Keep the http service and reach it by Flycast: run site.yml with fly_app_exposure: private")


def _listens_on_ipv4_only(target: Target) -> bool:
    """Whether the machine shows a listener on the gateway's port, and none of IPv6."""
    answer = target.files.run(["cat", "/proc/net/tcp", "/proc/net/tcp6"])
    local = [line.split()[1] for line in answer["stdout"].splitlines() if " 0A " in line]
    here = [address.partition(":")[0] for address in local if address.endswith(f":{target.port:04X}")]
    return bool(here) and all(len(address) == 8 for address in here)


def _listed(ports: Iterable[Port]) -> str:
    return ", ".join(dict.fromkeys(str(port) for port in ports))


def name(target: Target, notes: Notes) -> None:
    """A gateway that is not public has a name that leads nowhere."""
    if target.exposure == "public":
        raise Skipped("public: the name is meant to lead to the gateway")
    for host in target.hostnames:
        for secure in (True, False):
            endpoint = target.edge.endpoint(host, secure)
            scheme = "https" if secure else "http"
            try:
                target.must_be_ours(endpoint)
                answer = _first_line(endpoint, target.connect_timeout)
            except socket.gaierror:
                notes.saw(f"{host} does not resolve")
                break
            except ForeignAddress as error:
                notes.found(f"{error.what}; {error.why}", error.todo, detail="address", lags=True)
                break
            except (OSError, ssl.SSLError) as error:
                notes.saw(f"{scheme}://{host} does not connect: {cause(error)}")
                continue
            if answer:
                notes.found(f"{scheme}://{host} answers: {answer}", lags=True)
            else:
                notes.saw(f"{scheme}://{host} closes the connection without an answer")


def _first_line(endpoint: Endpoint, timeout: float) -> str:
    """What the server answers first to a GET; its certificate does not matter here."""
    sock = endpoint.open(timeout)
    try:
        if endpoint.secure:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            sock = context.wrap_socket(sock, server_hostname=endpoint.host)
        sock.sendall(f"GET / HTTP/1.1\r\nHost: {endpoint.authority}\r\nConnection: close\r\n\r\n".encode())
        return sock.recv(200).decode("latin-1").partition("\r\n")[0]
    finally:
        sock.close()


def ports(target: Target, notes: Notes) -> None:
    """No port is open but those that are meant to be, on any public address."""
    meant = (80, 443) if target.exposure == "public" else ()
    surplus = [port for port in target.ports if str(port) not in _WEB]
    if surplus:
        notes.found(f"a service publishes {_listed(surplus)}")
    if not target.public_addresses:
        notes.saw("no public address to probe")
        return
    probes = [
        (address, port)
        for address in target.public_addresses
        for port in dict.fromkeys((80, 443, *GATEWAY_PORTS, target.port, *(port.first for port in surplus)))
    ]
    with ThreadPoolExecutor(max_workers=8) as pool:
        states = pool.map(lambda probe: _probe(target, *probe), probes)
    for (address, port), state in zip(probes, states, strict=True):
        where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        notes.saw(f"{where} {state}")
        if state == "open" and port not in meant:
            notes.found(f"{where} is open", lags=True)


def _probe(target: Target, address: str, port: int) -> str:
    to = target.edge.to(address, port)
    if to is None:
        return "not tried: nothing stands for this port here"
    try:
        socket.create_connection(to, timeout=target.connect_timeout).close()
    except TimeoutError:
        return "does not answer"
    except OSError as error:
        return "not tried: no route from here" if error.errno in _NO_ROUTE else "closed"
    return "open"
