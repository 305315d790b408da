"""All that holds for machines, once more without root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NOBODY = 65534


@pytest.mark.slow
def test_machines_run_the_same_without_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("the tests run without root already")
    with tempfile.TemporaryDirectory(prefix="fly-nobody-") as name:
        os.chown(name, NOBODY, NOBODY)
        packages = [str(HERE.parents[1] / "emulator"), sysconfig.get_path("purelib")]
        env = {"PATH": os.environ["PATH"], "HOME": name, "TMPDIR": name, "PYTHONPATH": os.pathsep.join(packages)}
        python = _python(env)
        done = _run(
            [python, "-B", "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", str(HERE), "--confcutdir", str(HERE),
             "--import-mode=importlib", "-p", "no:cacheprovider", str(HERE / "test_machines.py")], env,
        )  # fmt: skip
        assert done.returncode == 0 and " passed" in done.stdout, done.stdout + done.stderr


def _python(env: dict[str, str]) -> str:
    """A Python of this version that another user may run: this one may lie in root's home."""
    version = f"python3.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/bin/{version}", shutil.which(version) or ""):
        if candidate and os.path.exists(candidate):
            try:
                if _run([candidate, "-B", "-c", "import aiohttp, pytest, fly_emulator"], env).returncode == 0:
                    return candidate
            except OSError:
                continue
    pytest.skip(f"no {version} here that another user may run with this environment's packages")


def _run(argv: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        env=env,
        cwd=env["HOME"],
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )
