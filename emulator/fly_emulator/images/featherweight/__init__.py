"""The featherweight image: a stand-in for the OpenClaw gateway that starts in a tenth of a second.

For tests of everything around the gateway. `node` is a shell wrapper around this Python, `/app/dist/index.js`
loads the package `gateway`; both say so. It is laid out as the real image: the same commands, paths, user and
env work.
The tag is its version where it looks like one (`featherweight:2026.9.6`), else 2026.9.6.
"""

from __future__ import annotations

import compileall
import hashlib
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from py_compile import PycInvalidationMode

from .. import host_python
from ..base import Bind, Image

BIN = "/opt/featherweight/bin"
DEFAULT_VERSION = "2026.9.6"

NODE = """#!/bin/sh
# Not Node: the featherweight image runs its index.js with Python.
case "$1" in -v|--version) echo v24.19.0; exit 0 ;; esac
# A program that runs the release's migration, asks the gateway or looks for a database gets the stand-in's.
case "$1 $2" in
  "-e "*legacy-config-migrate*) set -- dist/index.js migrate-config ;;
  "-e "*gateway-probe*) set -- dist/index.js probe-gateway "$3" ;;
  "-e "*gateway-copy-database*) exit 0 ;;
  "-e "*connect.challenge*) set -- dist/index.js call-gateway "$3" ;;
esac
{library}exec {python} -I -S "$@"
"""
INDEX = """# Not JavaScript: the featherweight stand-in for the OpenClaw gateway, run by a `node` that is Python.
import sys
import sysconfig
sys.path.insert(0, __file__.rpartition("/app/")[0] + "/app/dist")
from gateway.main import main
sys.exit(main(sys.argv[1:], "{version}"))
"""
OPENCLAW = """#!/bin/sh
exec node "${OPENCLAW_APP_DIR:-/app}/dist/index.js" "$@"
"""


def image(reference: str, tag: str, cache_dir: Path) -> Image:
    """Lay the image out under `<cache_dir>/images` (once per content) and describe it."""
    version = tag if re.fullmatch(r"\d{4}\.\d+\.\d+(-[\w.]+)?", tag) else DEFAULT_VERSION
    texts = [file.read_bytes() for file in _sources()]
    wrappers = [text.encode() for text in (version, str(host_python.BINARY), NODE, INDEX, OPENCLAW)]
    digest = hashlib.sha256(b"\0".join([*texts, *wrappers])).hexdigest()
    root = cache_dir / "images" / f"featherweight-{digest[:16]}"
    if not root.is_dir():
        _lay_out(root, version)
    return Image(
        reference=reference,
        digest=f"sha256:{digest}",
        binds=(Bind(root / "app", "/app"), Bind(root / "bin", BIN), *host_python.binds()),
        cmd=("node", "openclaw.mjs", "gateway"),
        env={
            "NODE_ENV": "production",
            "PATH": f"{BIN}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "OPENCLAW_APP_DIR": "/app",
        },
        workdir="/app",
        user=(1000, 1000),
        labels={"org.opencontainers.image.version": version, "fly.emulator.stand-in": "featherweight"},
    )


def _lay_out(root: Path, version: str) -> None:
    root.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".featherweight-", dir=root.parent))
    dist = staging / "app" / "dist"
    (staging / "bin").mkdir()
    (dist / "gateway").mkdir(parents=True)
    for file in _sources():
        shutil.copyfile(file, dist / "gateway" / file.name)
    # The root is read-only where it runs, so Python could not keep what it compiles.
    compileall.compile_dir(str(dist), quiet=1, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    for name in ("dist/index.js", "openclaw.mjs"):
        (staging / "app" / name).write_text(INDEX.format(version=version))
    (staging / "app" / "package.json").write_text(
        f'{{"name": "openclaw", "version": "{version}", "featherweight": true}}\n'
    )
    shared = host_python.library_path()
    library = f"export LD_LIBRARY_PATH={shared}; " if shared else ""
    for name, text in (("node", NODE.format(python=host_python.BINARY, library=library)), ("openclaw", OPENCLAW)):
        (staging / "bin" / name).write_text(text)
        (staging / "bin" / name).chmod(0o755)
    staging.chmod(0o755)
    # Another process may have been first: its copy is the same.
    with suppress(OSError):
        staging.rename(root)
    shutil.rmtree(staging, ignore_errors=True)


def _sources() -> list[Path]:
    return sorted((Path(__file__).parent / "gateway").glob("*.py"))
