"""Stand-ins for tunnels: the vendors' programs (vendor.py) put somewhere, and the vendor's edge on this machine."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import vendor
from .hang import HANG

PROGRAMS = ("ngrok", "cloudflared", "tailscale", "tailscaled")


class Vendor:
    """The stand-in programs in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, interpreter: str, *programs: str) -> None:
        self.folder.mkdir(exist_ok=True)
        for program in programs or PROGRAMS:
            file = self.folder / program
            file.write_text(f"#!{interpreter}\n{Path(vendor.__file__).read_text()}")
            file.chmod(0o755)

    def starts(self, program: str) -> list[dict[str, Any]]:
        """Its starts until now: program, argv, env (names to digests), pid within the machine."""
        notes = self.folder / "starts.jsonl"
        lines = notes.read_text().splitlines() if notes.exists() else []
        return [entry for entry in map(json.loads, lines) if entry["program"] == program]

    @contextlib.contextmanager
    def edge(self, hostname: str) -> Iterator[str]:
        """The base URL of this name at the vendor; what it gets goes down the connection that the program holds."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=self._accept, args=(listener, hostname), daemon=True).start()
            yield f"http://{hostname}:{listener.getsockname()[1]}"
            listener.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket, hostname: str) -> None:
        while True:
            try:
                stream, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(stream, hostname), daemon=True).start()

    def _relay(self, stream: socket.socket, hostname: str) -> None:
        with stream, contextlib.suppress(OSError), self._dialled(hostname) as tunnel:
            back = threading.Thread(target=vendor.pump, args=(tunnel, stream), daemon=True)
            back.start()
            vendor.pump(stream, tunnel)
            back.join()

    def _dialled(self, hostname: str) -> socket.socket:
        """A socket's path holds 107 bytes at most, the folder's own may be longer."""
        folder = os.open(self.folder, os.O_PATH)
        tunnel = socket.socket(socket.AF_UNIX)
        try:
            tunnel.connect(f"/proc/self/fd/{folder}/{hostname}.sock")
        finally:
            os.close(folder)
        return tunnel


def until(there: Any, seconds: float = HANG) -> Any:
    """The first true value of `there()`; fails after that long."""
    deadline = time.monotonic() + seconds
    while not (found := there()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)
    return found
