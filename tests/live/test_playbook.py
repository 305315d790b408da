"""The playbook platform_check: the plan first, consent, the table; and Ctrl-C on ansible-playbook."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Any

import pytest
from support.ansible import REPO, Ansible
from support.emulator import Emulator
from support.faults import poll
from support.platform_check import GATEWAY

pytestmark = [pytest.mark.xdist_group("live")]
PLAYBOOK = REPO / "playbooks" / "platform_check.yml"
FEW = ["life_app", "life_volume", "unknown_machine"]


def variables(**more: Any) -> dict[str, Any]:
    return {**{f"fly_platform_check_{name}": value for name, value in GATEWAY.items()}, **more}


def left(emulator: Emulator) -> list[str]:
    return [app["name"] for app in emulator.get("/v1/apps?org_slug=personal")["apps"] if "check" in app["name"]]


def test_the_playbook(ansible: Ansible, session_emulator: Emulator, tmp_path: Path) -> None:
    run = ansible.playbook(PLAYBOOK, extra_vars=variables(), env=session_emulator.environment)
    assert run.rc and "Nothing was created" in run.output and "Cost: at most $0." in run.output
    assert left(session_emulator) == []

    recording = tmp_path / "recording.jsonl"
    consent = variables(
        fly_platform_check_consent=True,
        fly_platform_check_questions=FEW,
        fly_platform_check_recording=str(recording),
    )
    run = ansible.playbook(PLAYBOOK, extra_vars=consent, env=session_emulator.environment).ok()
    assert re.search(r"as the emulator +\| unknown_machine +\| 404 +\| 404 +\| 404", run.output)
    assert len(recording.read_text().splitlines()) > len(FEW)
    assert left(session_emulator) == []


def test_ctrl_c_removes_everything(ansible: Ansible, session_emulator: Emulator, tmp_path: Path) -> None:
    consent = variables(fly_platform_check_consent=True, fly_platform_check_recording=str(tmp_path / "recording.jsonl"))
    started = ansible.start(PLAYBOOK, extra_vars=consent, env=session_emulator.environment)
    try:
        assert poll(lambda: bool(left(session_emulator)))
        started.process.send_signal(signal.SIGINT)
        started.process.communicate(timeout=120)
        assert poll(lambda: not left(session_emulator)), "the app was left behind"
    finally:
        started.kill()
