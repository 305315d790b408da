#!/usr/bin/env python3
"""Put the collection where Ansible and Python find it.

tools/collection.py install DEST    build the artifact and install it below DEST, when its sources changed
tools/collection.py tree            link the sources into build/tree, for type checks, lint and unit tests
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
# What goes into the artifact; galaxy.yml's build_ignore leaves out the rest.
LINKED = (
    "galaxy.yml",
    "README.md",
    "CHANGELOG.md",
    "meta",
    "plugins",
    "roles",
    "playbooks",
    "changelogs",
    "extensions",
)
PARTS = (*LINKED, "LICENSE", "docs")


def sources() -> Iterator[Path]:
    """Every file of the artifact, in a fixed order."""
    for part in PARTS:
        path = REPO / part
        files = [path] if path.is_file() else sorted(path.rglob("*"))
        yield from (file for file in files if file.is_file() and file.suffix != ".pyc")


def fingerprint() -> str:
    """A digest of names and contents of all sources."""
    digest = hashlib.sha256()
    for file in sources():
        digest.update(f"{file.relative_to(REPO)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def galaxy(*args: str, scratch: Path) -> None:
    """Run ansible-galaxy away from the user's home and from any installed copy of the collection."""
    command = [str(Path(sys.executable).parent / "ansible-galaxy"), "collection", *args]
    (scratch / "ansible.cfg").touch()
    env = os.environ | {
        "ANSIBLE_CONFIG": str(scratch / "ansible.cfg"),
        "ANSIBLE_HOME": str(scratch / "home"),
        "ANSIBLE_COLLECTIONS_PATH": str(scratch / "none"),
        "ANSIBLE_NOCOLOR": "1",
        "PYTHONWARNINGS": "ignore",
    }
    env.setdefault("LC_ALL", "C.UTF-8")
    done = subprocess.run(command, cwd=REPO, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"ansible-galaxy collection {args[0]} failed:\n{done.stdout}{done.stderr}")


def install(dest: Path) -> None:
    """Leave the installed collection of today's sources in `dest`/ansible_collections."""
    dest = dest.absolute()
    dest.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{dest}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted, stamp = fingerprint(), dest / ".sources"
        if stamp.exists() and stamp.read_text() == wanted:
            return
        with tempfile.TemporaryDirectory(dir=dest.parent) as name:
            scratch = Path(name)
            galaxy("build", "--output-path", str(scratch), scratch=scratch)
            artifact = next(scratch.glob("*.tar.gz"))
            galaxy("install", str(artifact), "-p", str(scratch / "new"), "--offline", "--no-deps", scratch=scratch)
            (scratch / "new" / ".sources").write_text(wanted)
            shutil.rmtree(dest, ignore_errors=True)
            (scratch / "new").rename(dest)
        print(f"==> {artifact.name} built and installed in {os.path.relpath(dest)}")


def tree() -> None:
    """Link the sources below build/tree; only the parts are linked, so that nothing walks in circles."""
    base = REPO / "build" / "tree" / "ansible_collections" / "openclaw" / "fly"
    base.mkdir(parents=True, exist_ok=True)
    for part in LINKED:
        link, target = base / part, Path(os.path.relpath(REPO / part, base))
        if (REPO / part).exists() and not link.is_symlink():
            # Several test processes may come here at once: the last one wins, with the same link.
            with tempfile.TemporaryDirectory(dir=base.parent) as scratch:
                (Path(scratch) / part).symlink_to(target)
                (Path(scratch) / part).rename(link)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["install", dest]:
            install(Path(dest))
        case ["tree"]:
            tree()
        case _:
            sys.exit(__doc__)
