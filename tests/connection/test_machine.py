"""The connection plugin: commands and files in a machine, over exec only."""

from __future__ import annotations

import hashlib
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from support.ansible import Ansible
from support.emulator import Emulator

APP = "reached"


@pytest.fixture(scope="module")
def machine(emulator: Emulator) -> str:
    """A machine that only sleeps; its ID."""
    emulator.request("POST", "/v1/apps", {"app_name": APP, "org_slug": "personal"})
    config = {
        "image": "registry.fly.io/scratch:sleep",
        "guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 1024},
        "metadata": {"fly_platform_version": "v2", "fly_process_group": "app"},
    }
    made = emulator.request("POST", f"/v1/apps/{APP}/machines", {"region": "iad", "config": config})
    emulator.get(f"/v1/apps/{APP}/machines/{made['id']}/wait?state=started&timeout=30")
    return str(made["id"])


@pytest.fixture
def inventory(emulator: Emulator, machine: str) -> dict[str, Any]:
    connection = {
        "ansible_connection": "openclaw.fly.machine",
        "ansible_python_interpreter": shutil.which("python3", path="/usr/bin:/usr/local/bin") or "python3",
        "ansible_remote_tmp": "/tmp/.ansible",
        "fly_machines_url": emulator.api_url,
        "fly_api_token": emulator.token,
    }
    return {"all": {"hosts": {APP: connection}}}


def play(*tasks: dict[str, Any], **keywords: Any) -> list[dict[str, Any]]:
    return [{"hosts": "all", "gather_facts": False, "tasks": list(tasks), **keywords}]


def execute(emulator: Emulator, machine: str, script: str) -> str:
    """What a shell in the machine prints."""
    body = {"command": ["sh", "-c", script], "timeout": 20}
    return str(emulator.request("POST", f"/v1/apps/{APP}/machines/{machine}/exec", body).get("stdout") or "")


def test_raw_needs_no_python(ansible: Ansible, inventory: dict[str, Any]) -> None:
    script = "printf 'out\\n'; printf 'err\\n' >&2; exit 3"
    run = ansible.playbook(
        play({"name": "Raw", "ansible.builtin.raw": script, "failed_when": False, "register": "it"}),
        inventory=inventory,
    ).ok()
    result = run.of("Raw")
    assert (result["rc"], result["stdout_lines"], result["stderr_lines"]) == (3, ["out"], ["err"])


def test_a_short_command_is_one_exec(ansible: Ansible, emulator: Emulator, inventory: dict[str, Any]) -> None:
    emulator.clear_journal()
    ansible.playbook(play({"ansible.builtin.raw": "true"}), inventory=inventory).ok()
    assert [entry["path"].rpartition("/")[2] for entry in emulator.journal("exec")] == ["exec"]


@pytest.mark.parametrize("pipelining", [True, False])
def test_modules_run_in_the_machine(ansible: Ansible, inventory: dict[str, Any], pipelining: bool) -> None:
    tasks = [
        {"name": "Write", "ansible.builtin.copy": {"content": "one\n", "dest": "/tmp/one", "mode": "0640"}},
        {"name": "Stat", "ansible.builtin.stat": {"path": "/tmp/one"}},
        {"name": "Read", "ansible.builtin.slurp": {"src": "/tmp/one"}},
    ]
    env = {"ANSIBLE_PIPELINING": str(pipelining)}
    first = ansible.playbook(play(*tasks), inventory=inventory, env=env).ok()
    assert first.of("Stat")["stat"]["mode"] == "0640"
    assert first.of("Read")["content"] == "b25lCg=="
    again = ansible.playbook(play(*tasks), inventory=inventory, env=env).ok()
    assert again.changed == 0


def test_large_files_go_both_ways_with_equal_digests(
    ansible: Ansible, emulator: Emulator, inventory: dict[str, Any], machine: str, tmp_path: Path
) -> None:
    source = tmp_path / "large"
    block = bytes(range(256)) * 4096
    with source.open("wb") as file:
        for number in range(5):
            file.write(number.to_bytes(4, "big") + block)
    run = ansible.playbook(
        play(
            {"ansible.builtin.copy": {"src": str(source), "dest": "/tmp/large", "mode": "0600"}},
            {"ansible.builtin.fetch": {"src": "/tmp/large", "dest": f"{tmp_path}/back", "flat": True}},
        ),
        inventory=inventory,
    )
    run.ok()
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    assert execute(emulator, machine, "sha256sum < /tmp/large").split()[0] == digest
    assert hashlib.sha256((tmp_path / "back").read_bytes()).hexdigest() == digest


def test_output_of_any_size_and_bytes(ansible: Ansible, inventory: dict[str, Any]) -> None:
    script = "head -c 300000 /dev/zero | tr '\\0' x"
    run = ansible.playbook(play({"name": "Raw", "ansible.builtin.raw": script}), inventory=inventory).ok()
    assert run.of("Raw")["stdout"] == "x" * 300_000


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_command_does_not_run_on(
    ansible: Ansible, emulator: Emulator, inventory: dict[str, Any], machine: str, how: int
) -> None:
    mark = f"/tmp/mark-{int(how)}"
    script = f"while true; do date +%s > {mark}; sleep 0.2; done"
    started = ansible.start(play({"ansible.builtin.raw": script}), inventory=inventory)
    deadline = time.monotonic() + 60
    while not execute(emulator, machine, f"cat {mark} 2>/dev/null"):
        assert time.monotonic() < deadline, "the command never began"
        time.sleep(0.1)
    started.kill(how)
    started.wait()
    # The watchdog waits a minute for a controller that was killed; its folder's age is set back instead of waiting.
    deadline = time.monotonic() + 60
    while True:
        folders = execute(
            emulator, machine, "touch -d '2 minutes ago' /tmp/.ansible-*/alive 2>/dev/null; ls -d /tmp/.ansible-*"
        )
        if not folders.strip():
            break
        assert time.monotonic() < deadline, f"still there: {folders}"
        time.sleep(0.2)
    before = execute(emulator, machine, f"cat {mark}")
    assert execute(emulator, machine, f"sleep 1.5; cat {mark}") == before


def test_a_machine_that_is_gone_is_unreachable_with_the_reason(ansible: Ansible, inventory: dict[str, Any]) -> None:
    inventory["all"]["hosts"][APP]["ansible_fly_machine"] = "0000000000"
    run = ansible.playbook(play({"ansible.builtin.raw": "true"}), inventory=inventory)
    assert run.recap[APP]["unreachable"] == 1
    assert "there is no machine 0000000000" in run.output
    assert "Traceback" not in run.output


def test_become_runs_as_another_user(ansible: Ansible, inventory: dict[str, Any], machine: str) -> None:
    """`su` asks PAM; where the machine has none, its own message is what the person reads."""
    tasks = [{"name": "Raw", "ansible.builtin.raw": "id -u"}]
    run = ansible.playbook(
        play(*tasks, become=True, become_user="65534", become_method="openclaw_test_setpriv"),
        inventory=inventory,
        env={"ANSIBLE_BECOME_PLUGINS": str(Path(__file__).parent / "become")},
    )
    assert run.ok().of("Raw")["stdout_lines"] == ["65534"]


def test_commands_run_as_the_user_that_is_given(ansible: Ansible, inventory: dict[str, Any], machine: str) -> None:
    inventory["all"]["hosts"][APP] |= {"ansible_user": "65534", "ansible_remote_tmp": "/tmp/.ansible-65534"}
    run = ansible.playbook(
        play(
            {"name": "Raw", "ansible.builtin.raw": "id -u; id -g"},
            {"name": "Write", "ansible.builtin.copy": {"content": "two", "dest": "/tmp/two", "mode": "0600"}},
            {"name": "Stat", "ansible.builtin.stat": {"path": "/tmp/two"}},
        ),
        inventory=inventory,
        env={"ANSIBLE_PIPELINING": "false"},
    ).ok()
    assert run.of("Raw")["stdout_lines"] == ["65534", "65534"]
    assert run.of("Stat")["stat"]["uid"] == 65534
