"""What a person reads when a lookup of ours refuses: what, where, why and what to do, on the error's first line."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.ansible import Run
from support.site import Site

GOOD = "b3c9d2e7f1" * 4


@pytest.fixture
def site(new_site: Callable[..., Site]) -> Site:
    site = new_site("printed")
    site.variables["fly_app_gateway_token_file"] = str(site.root / "of-mine.token")
    return site


@pytest.fixture
def file(site: Site) -> Path:
    return site.root / "of-mine.token"


def readable(file: Path) -> str:
    file.write_text(GOOD)
    file.chmod(0o644)
    return (
        "the gateway token can be read by other users of this machine: its mode is 0644. "
        f"Run chmod 600 {file}, or encrypt it with ansible-vault encrypt."
    )


def folder(file: Path) -> str:
    file.mkdir(mode=0o700)
    return (
        f"the gateway token cannot be read: Is a directory. Make it a file that you can read (chmod 600 {file}) or "
        "give its vault password; or set fly_app_gateway_token_file to another file."
    )


def weak(file: Path) -> str:
    file.touch(0o600)
    file.write_text("abc")
    return (
        "the gateway token is not usable: it must be one line of at least 24 characters. "
        "Write one (openssl rand -hex 32), or remove the file to let the play make one."
    )


def tracked(file: Path) -> str:
    file.touch(0o600)
    file.write_text(GOOD)
    subprocess.run(["git", "init", "-q", file.parent], check=True)
    subprocess.run(["git", "-C", file.parent, "add", "-f", file], check=True)
    return (
        "the gateway token is tracked by git: it is with everybody who has a clone, and in every later commit. "
        f"Run git rm --cached {file} and make a new token, or encrypt the file with ansible-vault encrypt."
    )


def printed(run: Run) -> str:
    """The error's first line, of a run that shows neither a secret nor a traceback."""
    output = run.failed().output
    (line,) = [each for each in output.splitlines() if each.startswith("[ERROR]: ")]
    assert "Traceback" not in output and GOOD not in output
    return line.removeprefix("[ERROR]: Task failed: ")


@pytest.mark.parametrize("spoil", [readable, folder, weak, tracked])
def test_a_token_file_that_cannot_be_used(site: Site, file: Path, spoil: Callable[[Path], str]) -> None:
    said = f"{file}: {spoil(file)}"
    task: dict[str, Any] = {
        "app": site.app,
        "secrets": {"OPENCLAW_GATEWAY_TOKEN": f"{{{{ lookup('openclaw.fly.gateway_token', '{file}') }}}}"},
    }
    run = site.ansible.tasks({"openclaw.fly.fly_secrets": task}, env=site.emulator.environment)
    assert printed(run) == f"Action failed: {said}"
    assert printed(site.run()) == f"Action failed: {said}"
    assert site.writes() == []


@pytest.mark.parametrize("playbook", ["site", "backup", "verify"])
def test_an_emulator_that_does_not_run(site: Site, playbook: str) -> None:
    """The reason, and not that a lookup in a play's defaults failed; Ansible prints each error twice."""
    site.declare()
    (site.root / ".local/emulator/emulator.json").unlink()
    run = site.ansible.playbook(f"openclaw.fly.{playbook}", inventory=site.inventory)
    said = "fly_api_token: the connection to Fly.io is not known: The emulator does not run. Start it with make local."
    assert printed(run).startswith(f"Action failed: {said}")
    assert " ".join(run.output.split()).count("Start it with make local") <= 3, run.output
