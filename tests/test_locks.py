"""The lock files: exact versions with hashes, for all that the ranges ask for and every Python we support."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support.ansible import REPO

ALL = ("3.11", "3.12", "3.13", "3.14")
EMULATOR = "emulator/pyproject.toml"
# The lock file, what it is made from (tools/lock), and the Pythons that it is for.
LOCKS = {
    "meta/ee-lock.txt": (("meta/ee-requirements.txt",), ALL),
    "requirements/lock.txt": (("requirements/lock.in",), ALL),
    "requirements/run.txt": (("requirements/run.in", EMULATOR), ALL),
    "requirements/test.txt": (("requirements/test.in", EMULATOR), ALL),
    "requirements/core-2.19.txt": (("requirements/core-2.19.in",), ("3.11", "3.12", "3.13")),
    "requirements/core-2.21.txt": (("requirements/core-2.21.in",), ("3.12", "3.13", "3.14")),
}
EACH = pytest.mark.parametrize("lock", LOCKS)


def ranges(path: Path) -> Iterator[Requirement]:
    if path.suffix == ".toml":
        project = tomllib.loads(path.read_text())
        yield from map(Requirement, project["project"]["dependencies"] + project["build-system"]["requires"])
        return
    for line in path.read_text().splitlines():
        words = line.split("#")[0].strip()
        if words.startswith("-r "):
            yield from ranges(path.parent / words.removeprefix("-r ").strip())
        elif words:
            yield Requirement(words)


def entries(lock: str) -> list[str]:
    """Each entry of a lock file in one line, hashes included."""
    return (REPO / lock).read_text().replace("\\\n", "").splitlines()


def pins(lock: str, python: str) -> dict[str, str]:
    """The version of each library that pip installs on a Python; one each, or it would refuse."""
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.1",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "sys_platform": "linux",
        "platform_system": "Linux",
    }
    found: dict[str, set[str]] = defaultdict(set)
    for entry in entries(lock):
        pin = Requirement(entry.split(" --hash=")[0])
        if pin.marker is None or pin.marker.evaluate(environment):
            (specifier,) = pin.specifier
            assert specifier.operator == "==" and "*" not in specifier.version, entry
            found[canonicalize_name(pin.name)].add(specifier.version)
    assert {name: versions for name, versions in found.items() if len(versions) > 1} == {}
    return {name: versions.pop() for name, versions in found.items()}


@EACH
def test_covers_its_ranges_on_every_python(lock: str) -> None:
    sources, pythons = LOCKS[lock]
    for python in pythons:
        locked = pins(lock, python)
        outside = [
            f"{wanted} on Python {python}: {locked.get(canonicalize_name(wanted.name), 'no version')}"
            for source in sources
            for wanted in ranges(REPO / source)
            if locked.get(canonicalize_name(wanted.name), "-") not in wanted.specifier
        ]
        assert outside == [], f"{lock} does not fit its ranges: make lock"


@EACH
def test_holds_nothing_but_versions_with_hashes(lock: str) -> None:
    """No header that names an index, no address, no file of this machine, and a hash for everything."""
    odd = [entry[:80] for entry in entries(lock) if not re.fullmatch(r"[^@/]+?( +--hash=sha256:[0-9a-f]{64})+", entry)]
    assert odd == []


def test_one_version_of_a_library_everywhere() -> None:
    """The second install into an environment moves nothing that the first one put there."""
    for python in ALL:
        base = pins("requirements/run.txt", python)
        for lock, (_, pythons) in LOCKS.items():
            if python in pythons and lock != "requirements/core-2.19.txt":
                other = pins(lock, python)
                assert {name: other[name] for name in base.keys() & other.keys() if other[name] != base[name]} == {}


def test_every_install_of_the_makefile_is_locked() -> None:
    installed = re.findall(r"tools/venv \S+ \"[^\"]*\" (\S+)", (REPO / "Makefile").read_text())
    assert set(installed) == LOCKS.keys() - {"meta/ee-lock.txt"}
    calls = re.findall(r"^ *(?:\[.*\|\| )?install (--.*)$", (REPO / "tools/venv").read_text(), re.MULTILINE)
    assert [call.split()[0] for call in calls] == ["--require-hashes", "--no-deps"]
