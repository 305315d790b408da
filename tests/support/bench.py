"""Where a benchmark runs plays: the collection as it is now, an emulator and a folder, all gone afterwards."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .ansible import REPO, Ansible, installed_cores
from .emulator import Emulator


@contextmanager
def rig() -> Iterator[tuple[Ansible, Emulator, Path]]:
    """Ansible of the oldest core that is installed, the emulator, and the folder for what plays leave."""
    collections = REPO / "build" / "collections"
    subprocess.run([sys.executable, REPO / "tools" / "collection.py", "install", collections], check=True)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        emulator = Emulator(root / "emulator")
        emulator.start()
        try:
            yield Ansible(installed_cores()[0], collections, root / "home"), emulator, root
        finally:
            emulator.stop()
