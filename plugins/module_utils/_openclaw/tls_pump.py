# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS for a library that reads in one thread and writes in another.

A TLS connection must not be used by two threads at once, and websockets' synchronous client does so: it waits until
the socket is readable, finds only a session ticket of TLS 1.3 there, blocks in the read, and the request that the other
thread writes meanwhile is lost. Observed with websockets 17.4 on Python 3.11 and 3.13.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading

_CHUNK = 64 * 1024


def plain_end(tls: ssl.SSLSocket) -> socket.socket:
    """A socket whose bytes go through `tls`, which from now on belongs to a thread of its own; closing it ends both."""
    near, far = socket.socketpair()
    tls.setblocking(False)
    threading.Thread(target=_pump, args=(far, tls), name="tls", daemon=True).start()
    return near


def _pump(far: socket.socket, tls: ssl.SSLSocket) -> None:
    with far, tls, contextlib.suppress(OSError):
        with contextlib.suppress(OSError):
            _until_one_ends(far, tls)
        # As on a connection that the other side has closed: what came is still read, what is written goes nowhere.
        far.shutdown(socket.SHUT_WR)
        while far.recv(_CHUNK):
            pass


def _until_one_ends(far: socket.socket, tls: ssl.SSLSocket) -> None:
    while True:
        readable = [tls] if tls.pending() else select.select([far, tls], [], [])[0]
        if tls in readable and not _from(tls, far):
            return
        if far in readable:
            data = far.recv(_CHUNK)
            if not data:
                return
            _send(tls, data)


def _from(tls: ssl.SSLSocket, far: socket.socket) -> bool:
    """Pass on what has come; False at the end."""
    try:
        data = tls.recv(_CHUNK)
    except ssl.SSLWantReadError:
        return True  # a ticket, or half a record
    far.sendall(data)
    return bool(data)


def _send(tls: ssl.SSLSocket, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[tls.send(rest) :]
        except ssl.SSLWantWriteError:
            select.select([], [tls], [])
        except ssl.SSLWantReadError:
            select.select([tls], [], [])
