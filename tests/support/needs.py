"""Programs that some tests need, and what a skip advises where they are missing (tests/unit/test_skip_advice.py)."""

from __future__ import annotations

import shutil
from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    names: tuple[str, ...]
    """Any of them will do."""
    install: str

    def path(self) -> str | None:
        return next(filter(None, map(shutil.which, self.names)), None)

    @property
    def missing(self) -> str:
        """The reason to skip."""
        one = "" if len(self.names) == 1 else "any of "
        return f"the PATH does not have {one}{', '.join(self.names)}: {self.install}"


NODE = Program(("node",), "install Node.js (Debian: apt install nodejs)")
CHROMIUM = Program(
    ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"),
    "install Chromium (Debian: apt install chromium)",
)
WIREGUARD = Program(("wireguard-go",), "install wireguard-go (Debian: apt install wireguard-go)")
GO = Program(("go",), "install Go 1.25 or newer (Debian: apt install golang)")
CORES = {"2.19": "3.11, 3.12 or 3.13", "2.21": "3.12, 3.13 or 3.14"}


def missing_core(version: str) -> str:
    """The reason to skip what needs another ansible-core."""
    return (
        f"ansible-core {version} is not installed: run `make cores` with Python {CORES[version]} on the PATH, "
        "or name a folder of its programs in OPENCLAW_FLY_CORES"
    )
