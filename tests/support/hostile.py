"""A server on loopback that answers as no API should."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Answer = Callable[[socket.socket, bytes], None]
"""Sends an answer to the request (its head); what the client's leaving raises is caught."""


def plain(status: str, body: bytes, *headers: str) -> Answer:
    """A whole answer."""

    def send(peer: socket.socket, _head: bytes) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
        peer.sendall("\r\n".join(lines).encode() + body)

    return send


def stream(head: str, part: bytes, stop: threading.Event, pause: float = 0.0) -> Answer:
    """A head, then the same part again and again until the client or the test ends."""

    def send(peer: socket.socket, _head: bytes) -> None:
        peer.sendall(head.encode())
        while not stop.wait(pause) if pause else not stop.is_set():
            peer.sendall(part)

    return send


@contextmanager
def server(answer: Answer) -> Iterator[str]:
    """Yield its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    ended = threading.Event()
    threads: list[threading.Thread] = []

    def serve(peer: socket.socket) -> None:
        with peer:
            peer.settimeout(5)
            try:
                while head := _request(peer):
                    answer(peer, head)
            except OSError:
                return  # the client has seen enough

    def accept() -> None:
        while not ended.is_set():
            try:
                peer, _address = listener.accept()
            except TimeoutError:
                continue
            thread = threading.Thread(target=serve, args=(peer,), daemon=True)
            thread.start()
            threads.append(thread)

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ended.set()
        acceptor.join(5)
        listener.close()


def _request(peer: socket.socket) -> bytes:
    """The head of one request; its body is read and dropped. Empty when the client has left."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = peer.recv(65536)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += peer.recv(65536)
    return head
