"""This Python, for what runs by it inside a machine."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

from .base import Bind

BINARY = Path(os.path.realpath(sys.executable))


def library_path() -> str:
    """Where its shared library lies, if it has one, else "": not every build knows by itself."""
    shared = sysconfig.get_config_var("Py_ENABLE_SHARED") and sys.platform == "linux"
    return str(sysconfig.get_config_var("LIBDIR")) if shared else ""


def binds() -> tuple[Bind, ...]:
    """What it needs, at its own place, unless it is the system's (which every machine has)."""
    if BINARY.is_relative_to("/usr") and not BINARY.is_relative_to("/usr/local"):
        return ()
    library = Path(sys.base_prefix) / "lib"
    return (Bind(BINARY, str(BINARY)), Bind(library, str(library)))
