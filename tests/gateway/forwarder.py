"""What Fly's proxy does to a request: another source address, and forwarding headers on every request."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def forwarder(port: int, *, source: str, client: str) -> Iterator[int]:
    """Forward to 127.0.0.1:``port`` from a source address, naming a client. Yields the port to connect to."""
    loop = asyncio.new_event_loop()
    added = f"X-Forwarded-For: {client}\r\nX-Forwarded-Proto: https\r\n".encode()

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"upgrade: websocket" not in head.lower():
            # One request a connection, so that each carries the headers.
            head = head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        inner_writer.write(head[:-2] + added + b"\r\n")
        await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))

    server = loop.run_until_complete(asyncio.start_server(handle, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:

        async def stop() -> None:
            server.close()
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(stop(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
