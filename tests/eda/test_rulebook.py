"""The event source in a real ansible-rulebook, which needs a Java: a crash loop on the platform starts a rule."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support.ansible import REPO
from support.emulator import Emulator

RULEBOOK = os.environ.get("OPENCLAW_RULEBOOK") or shutil.which("ansible-rulebook")
pytestmark = pytest.mark.skipif(
    not RULEBOOK or not shutil.which("java"),
    reason="needs a Java and ansible-rulebook: pip install ansible-rulebook in an environment of its own, "
    "then OPENCLAW_RULEBOOK=ENVIRONMENT/bin/ansible-rulebook",
)


def run(rulebook: Path, emulator: Emulator, collections: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    assert RULEBOOK
    inventory = tmp_path / "inventory.yml"
    inventory.write_text("all: {hosts: {localhost: {ansible_connection: local}}}\n")
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "FLY_"))},
        **emulator.environment,
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "PATH": f"{Path(RULEBOOK).parent}:{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
    }
    command = [RULEBOOK, "--rulebook", str(rulebook), "-i", str(inventory), "--print-events"]
    return subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False)


def test_a_crash_loop_starts_a_rule(emulator: Emulator, collections_path: Path, tmp_path: Path) -> None:
    app = "rulebook-app"
    emulator.request("POST", "/v1/apps", {"app_name": app, "org_slug": "personal"})
    config = {
        "image": "registry.fly.io/scratch:sleep",
        "init": {"exec": ["sh", "-c", "sleep 4; exit 3"]},
        "restart": {"policy": "always", "max_retries": 10},
    }
    emulator.request("POST", f"/v1/apps/{app}/machines", {"region": "iad", "config": config})
    rulebook = tmp_path / "rulebook.yml"
    rulebook.write_text(
        json.dumps(
            [
                {
                    "name": "Watch",
                    "hosts": "all",
                    "sources": [{"openclaw.fly.fly_events": {"apps": [app], "interval": 1}}],
                    "rules": [
                        {
                            "name": "Crash loop",
                            "condition": 'event.fly.kind == "crash_loop"',
                            "actions": [{"debug": {"msg": "met {{ event.fly.app }}"}}, {"shutdown": {"delay": 0}}],
                        }
                    ],
                }
            ]
        )
    )
    done = run(rulebook, emulator, collections_path, tmp_path)
    assert f"met {app}" in done.stdout + done.stderr, done.stdout + done.stderr


def test_our_rulebook_is_one(tmp_path: Path) -> None:
    """ansible-rulebook itself reads it."""
    assert RULEBOOK
    python = Path(RULEBOOK).parent / "python"
    script = (
        "import sys, yaml; from ansible_rulebook.validators import Validate; "
        "Validate.rulebook(yaml.safe_load(open(sys.argv[1]))); print('valid')"
    )
    path = REPO / "extensions/eda/rulebooks/gateways.yml"
    done = subprocess.run([python, "-c", script, path], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "valid", done.stdout + done.stderr
