"""The stand-in gateway as a program: how it ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

SIGNALLED_WHILE_PRINTING = """
import io, os, signal, sys

class Raw(io.RawIOBase):
    def writable(self):
        return True
    def write(self, data):
        os.write(1, data)
        if {mark!r} in bytes(data):
            os.kill(os.getpid(), signal.SIGTERM)
            for _ in range(100):  # a signal's handler runs between two steps of Python
                pass
        return len(data)

sys.stdout = io.TextIOWrapper(io.BufferedWriter(Raw()))
from fly_emulator.images.featherweight.gateway.main import main
sys.exit(main(["gateway", "--allow-unconfigured", "--port", sys.argv[1], "--bind", "loopback"], "2026.9.6"))
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("mark", [b"starting HTTP server", b"[gateway] ready"])
def test_a_signal_in_the_middle_of_a_print_is_a_clean_end(tmp_path: Path, mark: bytes) -> None:
    """As on a busy machine: whoever read the line sends the signal before the write has returned."""
    state = {"OPENCLAW_STATE_DIR": str(tmp_path), "OPENCLAW_GATEWAY_TOKEN": "t" * 32}
    env = {**os.environ, **state, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", SIGNALLED_WHILE_PRINTING.format(mark=mark), str(free_port())]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, env=env)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "received SIGTERM; shutting down" in ran.stdout
    assert ran.stdout.endswith("[shutdown] completed cleanly in 1ms\n")
