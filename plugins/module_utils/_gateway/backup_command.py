# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenClaw's own `backup create`, run in the gateway's machine: right on a gateway that runs, and verified by it.

It writes a file and cannot stream, and refuses to write one into the state that it reads. So the archive lies in the
machine's /tmp, which is not on its volume, until it is stored elsewhere.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from .._base.errors import CollectionError
from .._fly.machines.remote_files import RemoteFiles
from .._fly.machines.transfer import Transfer
from .._openclaw.paths import get
from .cli import GatewayCli, no_answer

_FOLDER: Final = "/tmp/.openclaw-backup-"
_FULL: Final = ("ENOSPC", "disk is full", "No space left")
_SHOWN: Final = 50
_TRANSCRIPTS: Final = """
in_archive=$(tar -tzf "$1" | grep -c '/agents/[^/]*/sessions/[^/]*\\.jsonl$' || true)
there=$(find "$2"/agents/*/sessions -maxdepth 1 -name '*.jsonl' 2>/dev/null | wc -l)
echo "$in_archive $there"
"""
_REMOVE: Final = 'rm -rf -- "$1"'


@dataclass(frozen=True)
class Archive:
    """A file in the machine."""

    path: str
    size: int
    sha256: str
    left_out: tuple[str, ...]
    """What is not in it, one line each."""


def create(files: RemoteFiles, cli: GatewayCli, owner: str, timeout: float) -> Archive:
    """Create and verify an archive; nothing is left behind when it fails."""
    folder = f"{_FOLDER}{secrets.token_hex(8)}"
    path = f"{folder}/openclaw-backup.tar.gz"
    files.make_directory(folder, owner, "700")
    try:
        answer = cli.run("backup", "create", "--output", path, "--verify", "--json", timeout=timeout)
        if answer["exit_code"]:
            raise _failed(files.place, answer)
        size, digest = Transfer(files, files.place).digest(path)
        return Archive(path, size, digest, _left_out(files, path, _reported(answer)))
    except BaseException:
        with suppress(CollectionError):
            remove(files, path)
        raise


def is_there(files: RemoteFiles, path: str, sha256: str) -> bool:
    """Whether the archive still lies in the machine, whole; /tmp is empty after a restart."""
    try:
        return Transfer(files, files.place).digest(path)[1] == sha256
    except CollectionError:
        return False


def remove(files: RemoteFiles, path: str) -> None:
    """Remove an archive and its folder."""
    if path.startswith(_FOLDER):
        files.shell("remove an archive", _REMOVE, [str(PurePosixPath(path).parent)], safe=True)


def _reported(answer: Mapping[str, Any]) -> dict[str, Any]:
    text = str(answer["stdout"])
    try:
        found: dict[str, Any] = json.loads(text[text.index("{") :])
    except ValueError:
        return {}
    return found


def _left_out(files: RemoteFiles, path: str, reported: Mapping[str, Any]) -> tuple[str, ...]:
    """What the release says that it skipped, and transcripts, which some releases leave out without a word."""
    skipped = [each for each in reported.get("skipped") or () if each.get("reason") != "covered"]
    lines = [f"{each.get('sourcePath')} ({each.get('reason')})" for each in skipped]
    if len(lines) > _SHOWN:
        lines = [*lines[:_SHOWN], f"and {len(lines) - _SHOWN} more"]
    state = next((str(get(each, "sourcePath")) for each in reported.get("assets") or () if _is_state(each)), "")
    if state:
        archived, there = map(int, files.shell("look into an archive", _TRANSCRIPTS, [path, state], safe=True).split())
        if archived < there:
            lines.insert(0, f"{there - archived} of {there} transcripts ({state}/agents/*/sessions/*.jsonl)")
    return tuple(lines)


def _is_state(asset: Mapping[str, Any]) -> bool:
    return asset.get("kind") == "state"


def _failed(where: str, answer: Mapping[str, Any]) -> CollectionError:
    said = f"{answer['stderr']}{answer['stdout']}"
    if any(each in said for each in _FULL):
        return CollectionError(
            "the machine has no room for a backup",
            where=where,
            why="its root disk is full: twice its databases and one archive must fit there",
            todo="Start the machine anew, which empties /tmp, or give it a larger root disk",
        )
    return no_answer("openclaw backup create failed", where, dict(answer))
