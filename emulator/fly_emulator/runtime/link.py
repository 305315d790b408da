"""The emulator's end of the channel to a holder."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from .holder.channel import FDS_AT_ONCE, Closed, Decoder, Message, encode

PACKAGES = Path(__file__).resolve().parents[2]
BOOT = f"import sys; sys.path.insert(0, {str(PACKAGES)!r}); from fly_emulator.runtime.holder.main import main; main()"


LIBRARY_PATHS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""What some Pythons need to start at all; a holder gets nothing else of the environment."""


class HolderFailed(RuntimeError):
    """What the holder could not do, in words; `errno` where the system said one."""

    def __init__(self, reason: str, errno: int = 0) -> None:
        super().__init__(reason)
        self.errno = errno


class Link:
    """Starts a holder and talks to it; replies are matched by id, the rest goes to `on_event`."""

    def __init__(self, on_event: Callable[[Message], None], on_closed: Callable[[], None]) -> None:
        self._on_event = on_event
        self._on_closed = on_closed
        self._waiting: dict[int, asyncio.Future[tuple[Message, list[int]]]] = {}
        self._sending = asyncio.Lock()
        self._ids = 0
        # Not asyncio's: that kills its child when the loop ends, and a killed holder cannot clean up.
        self.process: subprocess.Popen[bytes]
        self.pid: int
        """The holder's."""

    async def open(self) -> None:
        """Start the holder; raises RuntimeError with the reason."""
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", BOOT, str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={name: os.environ[name] for name in LIBRARY_PATHS if name in os.environ},
                cwd="/",
                start_new_session=True,
            )
        self._begin(ours, self.process.pid)

    def host_pid(self, pid: int) -> int:
        """The number on this host of a process that the holder told of."""
        return pid

    def _begin(self, channel: socket.socket, pid: int) -> None:
        """Speak over this channel to the holder of this number."""
        self.pid = pid
        self._loop = asyncio.get_running_loop()
        channel.setblocking(False)
        self._channel = channel
        self._decoder = Decoder(channel)
        self._loop.add_reader(channel.fileno(), self._readable)

    async def ended(self) -> None:
        """Wait for the holder's end, which follows that of the channel."""
        await asyncio.to_thread(self.process.wait)

    def next_id(self) -> int:
        self._ids += 1
        return self._ids

    async def ask(self, message: Message, fds: list[int]) -> tuple[Message, list[int]]:
        """Send and wait for the reply with the same id; raises HolderFailed."""
        future: asyncio.Future[tuple[Message, list[int]]] = self._loop.create_future()
        self._waiting[message["id"]] = future
        try:
            await self.tell(message, fds)
            reply, received = await future
        finally:
            self._waiting.pop(message["id"], None)
        if reply["op"] == "failed":
            raise HolderFailed(reply["error"], reply.get("errno", 0))
        return reply, received

    async def tell(self, message: Message, fds: list[int]) -> None:
        if len(fds) > FDS_AT_ONCE:
            raise ValueError("too many descriptors for one message")
        data = encode(message, len(fds))
        async with self._sending:
            try:
                # The descriptors go with the first bytes; the rest may have to wait for the holder to read.
                sent = socket.send_fds(self._channel, [data[:4096]], fds)
                await self._loop.sock_sendall(self._channel, data[sent:])
            except OSError as error:
                raise HolderFailed(f"the machine has ended ({error.strerror})") from None

    def close(self) -> None:
        """Drop the channel, on which the holder kills all and ends."""
        if self._channel.fileno() >= 0:
            self._loop.remove_reader(self._channel.fileno())
            self._channel.close()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(HolderFailed("the machine has ended"))

    def _readable(self) -> None:
        try:
            messages = self._decoder.read()
        except BlockingIOError:
            return
        except (Closed, OSError):
            self.close()
            self._on_closed()
            return
        for message, fds in messages:
            waiting = self._waiting.get(message.get("id", -1)) if message["op"] != "exited" else None
            if waiting and not waiting.done():
                waiting.set_result((message, fds))
                continue
            for fd in fds:
                with suppress(OSError):
                    os.close(fd)
            self._on_event(message)
