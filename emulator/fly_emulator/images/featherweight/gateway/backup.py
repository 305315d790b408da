"""`backup create|restore`: an archive of the state, laid out and reported as the release does.

For tests, FEATHER_FILL_MB=<n> puts that much into the archive, of what does not compress.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

from .config import state_dir

_LEFT_OUT = {"tmp": "volatile", "npm": "regenerable", "cache": "regenerable"}
_ROOT = "openclaw-backup"


def create(output: str, version: str) -> dict[str, Any]:
    """Raises SystemExit, having said why, where the release refuses."""
    state, target = state_dir().resolve(), Path(output)
    if target.exists():
        sys.exit(f"Refusing to overwrite existing backup archive: {target}")
    if target.resolve().is_relative_to(state):
        sys.exit(f"Backup output must not be written inside a source path: {state}")
    assets = [{"kind": "state", "sourcePath": str(state), "archivePath": f"{_ROOT}/payload/posix{state}"}]
    skipped = [
        {"kind": "path", "sourcePath": str(state / name), "reason": reason}
        for name, reason in _LEFT_OUT.items()
        if (state / name).exists()
    ]
    report = {"createdAt": _now(), "archiveRoot": _ROOT, "archivePath": output, "verified": True}
    try:
        with tarfile.open(target, "x:gz") as archive:
            os.chmod(target, 0o600)
            for path in sorted(state.iterdir()):
                if path.name not in _LEFT_OUT:
                    archive.add(path, f"{_ROOT}/payload/posix{path}")
            for number in range(int(os.environ.get("FEATHER_FILL_MB", "0"))):
                _add(archive, f"payload/posix{state}/filling/{number}", os.urandom(1 << 20))
            manifest = {
                "schemaVersion": 1,
                "runtimeVersion": version,
                "paths": {"stateDir": str(state)},
                "assets": assets,
            }
            _add(archive, "manifest.json", json.dumps(manifest).encode())
    except OSError as error:
        target.unlink(missing_ok=True)
        sys.exit(f"Backup archive write failed: {os.strerror(error.errno or 0)}: {error.filename}")
    return {**report, "assets": assets, "skipped": skipped}


def restore(source: str, target: str) -> dict[str, Any]:
    """Raises SystemExit, having said why, for a target that exists and a file that is no archive."""
    if Path(target).exists():
        sys.exit(f"Refusing to restore into an existing target: {target}")
    try:
        with tarfile.open(source, "r:gz") as archive:
            archive.extractall(target, filter="data")
        manifest = json.loads((Path(target) / _ROOT / "manifest.json").read_text())
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        sys.exit(f"Backup archive is not readable: {error}")
    return {"ok": True, "archivePath": source, "archiveRoot": _ROOT, "targetPath": target, **_about(manifest)}


def _about(manifest: dict[str, Any]) -> dict[str, Any]:
    return {"runtimeVersion": manifest["runtimeVersion"], "assetCount": len(manifest["assets"]), "warnings": []}


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(f"{_ROOT}/{name}")
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
