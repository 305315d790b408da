"""A running machine with a network of its own, into which the holder opens sockets."""

from __future__ import annotations

import asyncio
import errno
import socket

from .held import HeldMachine


class InsideMachine(HeldMachine):
    async def open(self, port: int, via: str) -> socket.socket:
        family = 6 if via == "6pn" else 4
        address = self.spec.ipv6 if family == 6 else self.spec.ipv4
        source = None if family == 6 else self.spec.proxy_ipv4
        request = {"op": "socket", "id": self._link.next_id(), "family": family, "source": source}
        try:
            _, fds = await self._link.ask(request, [])
        except RuntimeError as failed:
            raise OSError(getattr(failed, "errno", 0) or errno.ECONNREFUSED, str(failed)) from None
        made = socket.socket(fileno=fds[0])
        try:
            made.setblocking(False)
            await asyncio.get_running_loop().sock_connect(made, (address, port))
        except BaseException:
            made.close()
            raise
        return made
