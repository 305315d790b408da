"""Which tier is taken, and what is said of those that do not work."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from fly_emulator.runtime import RuntimeUnavailable, select

NO_NAMESPACE = "bwrap: No permissions to create new namespace"
NO_DAEMON = "Cannot connect to the daemon. Is it running"


def program(directory: Path, name: str, script: str) -> None:
    (directory / name).write_text(f"#!/bin/sh\n{script}\n")
    (directory / name).chmod(0o755)


def failing(directory: Path, **programs: str) -> str:
    """A PATH on which these come first, say this and fail."""
    for name, words in programs.items():
        program(directory, name, f"echo '{words}' >&2; exit 1")
    return f"{directory}:/usr/bin:/bin"


def test_without_namespaces_or_engines_the_process_tier_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", failing(tmp_path, bwrap=NO_NAMESPACE, podman="Error: no podman", docker=f"{NO_DAEMON}?"))
    chosen = asyncio.run(select("auto", tmp_path))
    assert chosen.guarantees.tier == "process"
    assert any("No permissions to create new namespace" in words for words in chosen.guarantees.missing)
    assert f"the container tier: podman import: no podman; docker import: {NO_DAEMON}." in chosen.guarantees.missing


def test_where_only_an_engine_works_machines_run_in_containers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        asyncio.run(select("container", tmp_path))
    except RuntimeUnavailable as unavailable:
        pytest.skip(str(unavailable))
    monkeypatch.setenv("PATH", failing(tmp_path, bwrap=NO_NAMESPACE))
    assert asyncio.run(select("auto", tmp_path)).guarantees.tier == "container"


def test_an_engine_that_cannot_run_a_machine_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeUnavailable, match="neither podman nor docker is installed"):
        asyncio.run(select("container", tmp_path))
    program(tmp_path, "docker", """[ "$1" = image ] || { echo "Error: no cgroup for you" >&2; exit 125; }""")
    with pytest.raises(RuntimeUnavailable, match=r"does not work here: docker run: no cgroup for you\. Or use"):
        asyncio.run(select("container", tmp_path))


def test_an_engine_is_asked_again_with_what_it_may_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """podman wants more open files than a user who may not raise limits has."""
    program(
        tmp_path,
        "docker",
        """case "$*" in image*) ;; *--ulimit*) echo "with limits" >&2; exit 1;; *) echo "no" >&2; exit 1;; esac""",
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeUnavailable, match="docker run: no; docker run: with limits"):
        asyncio.run(select("container", tmp_path))


def test_a_sandbox_that_fails_its_probe_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", failing(tmp_path, bwrap="bwrap: setting up uid map: Permission denied"))
    with pytest.raises(RuntimeUnavailable, match="setting up uid map: Permission denied"):
        asyncio.run(select("sandbox", tmp_path))


def test_an_unknown_tier_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match=r"no runtime tier 'docker'.*auto, sandbox, container, process"):
        asyncio.run(select("docker", tmp_path))
