"""The collection as people get it: built, installed, listed, and run by each ansible-core."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from support.ansible import Ansible, Core


@pytest.fixture(scope="session")
def installed(collections_path: Path) -> Path:
    return collections_path / "ansible_collections" / "openclaw" / "fly"


def test_the_artifact_holds_what_a_user_runs(installed: Path) -> None:
    named = {entry["name"] for entry in json.loads((installed / "FILES.json").read_text())["files"]}
    assert {name.split("/")[0] for name in named} <= {
        ".", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md", "changelogs", "docs",
        "extensions", "meta", "playbooks", "plugins", "roles",
    }  # fmt: skip
    assert {"LICENSE", "meta/runtime.yml", "plugins/modules", "plugins/action"} <= named


def test_every_core_lists_and_documents_all_modules(
    ansible_core: Core, collections_path: Path, installed: Path, tmp_path: Path
) -> None:
    modules = {f"openclaw.fly.{path.stem}" for path in (installed / "plugins" / "modules").glob("*.py")}
    (tmp_path / "ansible.cfg").touch()
    done = subprocess.run(
        [ansible_core.bin / "ansible-doc", "-t", "module", "--json", *sorted(modules)],
        env={
            "PATH": str(ansible_core.bin),
            "HOME": str(tmp_path),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(collections_path),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    documented = json.loads(done.stdout)
    assert set(documented) == modules
    for name, page in documented.items():
        assert page["examples"] and page["return"], f"{name} has no examples or says nothing of what it returns"


def test_every_core_runs_a_play(ansible_core: Core, collections_path: Path, tmp_path: Path) -> None:
    """The runner that all play tests use tells results, recap and failure apart."""
    ansible = Ansible(ansible_core, collections_path, tmp_path / "home")
    good = ansible.tasks(
        {"name": "say", "ansible.builtin.debug": {"msg": "{{ word }}"}},
        {"name": "change", "ansible.builtin.command": "true"},
        extra_vars={"word": "said"},
    ).ok()
    assert (good.of("say")["msg"], good.changed, good.recap["localhost"]["ok"]) == ("said", 1, 2)
    bad = ansible.tasks({"name": "refuse", "ansible.builtin.fail": {"msg": "no"}}).failed()
    assert [(each.task, each.status) for each in bad.results] == [("refuse", "failed")]
