"""However a task ends, in the worker and as an ordinary module: what it changed is known, and how it ended is noted."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import pytest
from support.ansible import Ansible, Run

PLUGINS = Path(__file__).parents[1] / "support/plugins"
SECRET = "canary-of-an-ending-0123456789"
AS_MODULE = {"become": True, "become_user": getpass.getuser(), "remote_user": getpass.getuser()}
ENDS = ("well", "error", "bug", "never")


@pytest.fixture(scope="module")
def ended(own_core: Any, collections_path: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    home = tmp_path_factory.mktemp("endings")
    env = {"ANSIBLE_ACTION_PLUGINS": str(PLUGINS / "action"), "ANSIBLE_LIBRARY": str(PLUGINS / "modules")}
    tasks = [
        {
            "name": f"{end} in the {where}",
            "row": {"end": end, "log": str(home / f"{end}-{where}"), "secret": SECRET},
            "diff": True,
            "ignore_errors": True,
            **({"timeout": 5} if end == "never" else {}),
            **(AS_MODULE if where == "module" else {}),
        }
        for end in ENDS
        for where in ("worker", "module")
        if (end, where) != ("never", "module")  # its process is not told when Ansible gives up waiting for it
    ]
    return Ansible(own_core, collections_path, home / "home", env).tasks(*tasks).ok(), home


@pytest.mark.parametrize("where", ["worker", "module"])
def test_a_good_end(ended: tuple[Run, Path], where: str) -> None:
    result = ended[0].of(f"well in the {where}")
    assert (result["changed"], result["changes"], len(result["diff"])) == (True, ["add one"] * 3, 3)
    assert (ended[1] / f"well-{where}").read_text().split() == ["1", "2", "3", "failed=False"]


@pytest.mark.parametrize("where", ["worker", "module"])
@pytest.mark.parametrize("end", ["error", "bug"])
def test_a_failure_reports_what_was_changed_before_it(ended: tuple[Run, Path], end: str, where: str) -> None:
    result = ended[0].of(f"{end} in the {where}")
    assert (result["changed"], result["failed_change"]) == (True, "add one")
    assert result["changes"] == ["add one"] * 2
    assert [diff["after"] for diff in result["diff"]] == ["1\n", "2\n"]
    assert (ended[1] / f"{end}-{where}").read_text().split()[-1] == "failed=True"


@pytest.mark.parametrize("where", ["worker", "module"])
def test_a_bug_asks_for_a_report(ended: tuple[Run, Path], where: str) -> None:
    result = ended[0].of(f"bug in the {where}")
    assert result["msg"].startswith("a bug in openclaw.fly: KeyError: ") and "Report it" in result["msg"]
    assert result["error"]["kind"] == "Bug"
    assert "Traceback" not in ended[0].output


def test_a_timeout_reports_what_was_changed_before_it(ended: tuple[Run, Path]) -> None:
    result = ended[0].of("never in the worker")
    assert (result["changed"], result["changes"]) == (True, ["add one"] * 2)
    assert "within its timeout of 5 s" in result["msg"] and result["timedout"]["period"] == 5
    assert (ended[1] / "never-worker").read_text().split()[-1] == "failed=True"


def test_no_ending_prints_a_secret(ended: tuple[Run, Path]) -> None:
    assert SECRET not in ended[0].output
    assert SECRET not in str([result.result for result in ended[0].results])


def test_the_traceback_is_shown_on_demand_and_masked(own_core: Any, collections_path: Path, tmp_path: Path) -> None:
    env = {"ANSIBLE_ACTION_PLUGINS": str(PLUGINS / "action"), "ANSIBLE_LIBRARY": str(PLUGINS / "modules")}
    task = {"row": {"end": "bug", "log": str(tmp_path / "log"), "secret": SECRET}}
    tasks = [{"name": "worker", "ignore_errors": True, **task}, {"name": "module", **task, **AS_MODULE}]
    plays = [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]
    run = Ansible(own_core, collections_path, tmp_path / "home", env).playbook(plays, "-vvv")
    assert run.rc == 2 and "Traceback (most recent call last)" in run.output
    assert SECRET not in run.output
