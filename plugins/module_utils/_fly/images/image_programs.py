# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that a derived image gets, each pinned: from a URL by its SHA-256, or out of another image by its digest.

Signal's: signal-cli is released as a native program for x86-64 and as a Java one, which needs a Java newer than Debian
12 has (names of its releases: github.com/AsamK/signal-cli, 2026-08).
"""

from __future__ import annotations

import difflib
import re
from typing import Any
from urllib.parse import urlsplit

from ..._base.errors import CollectionError

Program = dict[str, Any]
_SIGNAL_KEYS = ("version", "sha256", "java")
_KEYS = ("name", "url", "sha256", "member", "folder", "links", "image")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_PATH = re.compile(r"(?!/)(?!.*(?:^|/)\.\.(?:/|$))[A-Za-z0-9._+@%/-]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_IMAGE = re.compile(r"[a-z0-9][A-Za-z0-9._:/-]*@sha256:[0-9a-f]{64}")
_TAR = (".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tar")
_SIGNAL = "https://github.com/AsamK/signal-cli/releases/download/v{0}/signal-cli-{0}"


def programs(declared: list[Program], signal: Program | None = None) -> list[Program]:
    """Check and complete them: {name, kind, ...}; `kind` is image, file, tar, zip or folder.

    `signal`: {version, sha256}, and `java` {url, sha256} for the Java build.
    """
    return [_program(program) for program in [*(_signal(signal) if signal else []), *declared]]


def _signal(signal: Program) -> list[Program]:
    for key in signal:
        if key not in _SIGNAL_KEYS:
            raise _refused("fly_app_image_signal", f"unknown key {key}", f"These there are: {', '.join(_SIGNAL_KEYS)}")
    version, java = str(signal.get("version") or ""), signal.get("java")
    if not re.fullmatch(r"\d+(\.\d+)+", version):
        raise _refused("signal-cli", f"{version!r} is no version", "Give its release, such as 0.14.5, as version")
    if java and not isinstance(java, dict):
        raise _refused("signal-cli", "its java is no dictionary", "Give java: {url: ..., sha256: ...}")
    url, pin = _SIGNAL.format(version), {"name": "signal-cli", "sha256": signal.get("sha256")}
    if not java:
        return [{**pin, "url": f"{url}-Linux-native.tar.gz", "member": "signal-cli"}]
    return [{**pin, "url": f"{url}.tar.gz", "folder": True}, {**java, "name": "java", "folder": True}]


def _program(program: Program) -> Program:
    name = str(program.get("name") or "")
    if not _NAME.fullmatch(name):
        raise _refused(name or "a program", "it has no name that a command can have", "Give name")
    for key in program:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, 1)
            todo = f"Did you mean {near[0]}?" if near else f"These there are: {', '.join(_KEYS)}"
            raise _refused(name, f"unknown key {key}", todo)
    if program.get("image"):
        member = str(program.get("member") or "")
        if not _IMAGE.fullmatch(str(program["image"])) or not _PATH.fullmatch(member.removeprefix("/")):
            raise _refused(name, "it is not pinned", "Give image as NAME:TAG@sha256:DIGEST, and member, its path there")
        return {"name": name, "kind": "image", "image": program["image"], "member": member}
    url, digest = str(program.get("url") or ""), str(program.get("sha256") or "").lower()
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or re.search(r"\s", url):
        raise _refused(name, "it has no address to fetch it from", "Give url, with https and without a password")
    if not _SHA256.fullmatch(digest):
        raise _refused(name, "it is not pinned", "Give sha256, the 64 digits that its maker publishes with it")
    found = {"name": name, "url": url, "sha256": digest}
    archive = "tar" if parts.path.endswith(_TAR) else "zip" if parts.path.endswith(".zip") else ""
    if program.get("folder"):
        links = [str(link) for link in program.get("links") or [f"bin/{name}"]]
        if archive != "tar" or not all(_PATH.fullmatch(link) for link in links):
            raise _refused(name, "it is no folder in a tar archive", "Give a .tar.gz, and links within it")
        return {**found, "kind": "folder", "links": links}
    if not archive:
        return {**found, "kind": "file"}
    member = str(program.get("member") or name)
    if not _PATH.fullmatch(member):
        raise _refused(name, f"{member!r} is no path in an archive", "Give member, without a leading slash")
    return {**found, "kind": archive, "member": member}


def _refused(name: str, why: str, todo: str) -> CollectionError:
    return CollectionError("this program cannot go into an image", where=name, why=why, todo=todo)
