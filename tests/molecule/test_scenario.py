"""One of the collection's scenarios, and the example of a project of one's own, from create to destroy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.ansible import REPO
from support.site import IMAGE


def molecule(project: Path, scenario: str, collections: Path, home: Path) -> str:
    """Run all of a scenario on the stand-in (`make molecule` takes the real gateway) and return what it printed."""
    home.mkdir()
    programs = Path(sys.executable).parent
    env = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "PY_COLORS": "0",
        "NO_COLOR": "1",
        "PYTHONPATH": str(REPO / "emulator"),
        "ANSIBLE_HOME": str(home / ".ansible"),
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "OPENCLAW_IMAGE": IMAGE,
    }
    done = subprocess.run(
        [programs / "molecule", "test", "--scenario-name", scenario],
        cwd=project,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(home.rglob("emulator.json")), "destroy leaves nothing"
    return done.stdout + done.stderr


@pytest.mark.slow
def test_a_scenario_passes(collections_path: Path, tmp_path: Path) -> None:
    assert "4 passed" in molecule(REPO, "private", collections_path, tmp_path / "home")


@pytest.mark.slow
def test_an_app_that_is_not_openclaw_passes(collections_path: Path, tmp_path: Path) -> None:
    assert "Verify that it is what was declared" in molecule(REPO, "app", collections_path, tmp_path / "home")


@pytest.mark.slow
def test_a_project_outside_the_collection_passes(collections_path: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(REPO / "docs" / "examples" / "gateway-project", project, symlinks=True)

    output = molecule(project, "default", collections_path, tmp_path / "home")

    assert "private_v6" in output and "Prove who can reach the gateway" in output
