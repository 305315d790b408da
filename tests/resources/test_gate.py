"""What the health gate says: the thing and the reason first, its log below, a line only when something changes."""

from __future__ import annotations

from typing import Any

import pytest
from support.platform import Platform

TOML: dict[str, Any] = {"primary_region": "iad", "build": {"image": "registry.fly.io/still:1"}}
CRASH = {**TOML, "processes": {"app": "crash"}}
CHECKED = {**TOML, "http_service": {"internal_port": 3000, "checks": [{"path": "/", "interval": "5s"}]}}


def log(fly: Platform, app: str, *lines: str) -> None:
    """Let the machine's log have these lines, whatever is asked of it."""
    entries = [{"id": str(n), "attributes": {"message": line}} for n, line in enumerate(lines)]
    fly.fault(path=f"/{app}/logs", status=200, body={"data": entries, "meta": {}}, count=0)


def test_a_crash_loop_begins_with_what_and_where(fly: Platform, app: str) -> None:
    log(fly, app, *(f"\x1b[31mERROR\x1b[0m line {number} {'x' * 5000}" for number in range(40)))
    failed = fly.module("fly_deploy", app=app, definition=CRASH)
    fly.clear_faults()
    (machine,) = fly.machines(app)
    first, *rest = failed["msg"].splitlines()
    assert first.startswith(f"machine {machine.id} of {app}: it ended (state ")
    assert "its process ended with exit code 1" in first and len(first) < 200
    assert rest[0] == "Its last log lines:" and rest[1].startswith("    ERROR line 25 xxx")
    assert len(failed["msg"]) < 15000 and "\x1b" not in failed["msg"] and "[31m" not in failed["msg"]
    assert rest[-1].startswith("Correct what its log reports, and run again")


def test_an_end_that_passes_by_itself_is_waited_out(fly: Platform, app: str) -> None:
    """A process whose data is leased to a machine that is gone can run some minutes later."""
    log(fly, app, "the lease is still active")
    waited = fly.module("fly_deploy", app=app, definition=CRASH, wait_timeout=60, retry_on_log=["still active"])
    assert waited["msg"].splitlines()[0].partition(": ")[2].startswith("it was not healthy within 60 s (state ")
    other = fly.module("fly_deploy", app=app, definition=CRASH, wait_timeout=60, retry_on_log=["something else"])
    fly.clear_faults()
    assert other["msg"].splitlines()[0].partition(": ")[2].startswith("it ended (state ")


def test_what_the_next_process_writes_does_not_hide_why_the_last_one_ended(fly: Platform, app: str) -> None:
    ended, much = "Main child exited normally with code: 1", [f"starting {number}" for number in range(30)]
    log(fly, app, ended, "the lease is still active", ended, *much)
    waited = fly.module("fly_deploy", app=app, definition=CRASH, wait_timeout=60, retry_on_log=["still active"])
    fly.clear_faults()
    assert "it was not healthy within 60 s" in waited["msg"]
    log(fly, app, "the lease is still active", ended, "another reason", ended, *much)
    other = fly.module("fly_deploy", app=app, definition=CRASH, wait_timeout=60, retry_on_log=["still active"])
    fly.clear_faults()
    assert ": it ended (state " in other["msg"], "it ended for another reason since"


def test_what_was_put_back_and_fails_too_keeps_the_head(fly: Platform, app: str) -> None:
    assert not fly.module("fly_deploy", app=app, definition=TOML).failed
    (machine,) = fly.machines(app)
    machine.config["image"] = "registry.fly.io/crash:1"  # it runs on, and would not start again
    log(fly, app, "the log")
    failed = fly.module("fly_deploy", app=app, definition=CRASH)
    fly.clear_faults()
    first, *rest = failed["msg"].splitlines()
    assert first.startswith(f"machine {machine.id} of {app}: it ended (state ")
    assert "with the new configuration; the old configuration was put back, but does not run either: it ended" in first
    assert rest == ["Its last log lines:", "    the log", rest[-1]]


def test_a_check_that_does_not_pass_is_named_in_words(fly: Platform, app: str) -> None:
    failed = fly.module("fly_deploy", app=app, definition=CHECKED, wait_timeout=100)
    (machine,) = fly.machines(app)
    assert f"machine {machine.id} of {app}: it was not healthy within 100 s (state started; HTTP check of port 3000:"
    assert "servicecheck" not in failed["msg"]
    waiting = [line for line in failed.said if "waiting for it to be healthy" in line]
    assert 2 <= len(waiting) <= 8, f"a line a change or 30 s, not one a second: {waiting}"
    assert "HTTP check of port 3000 does not pass" in waiting[-1]


@pytest.mark.parametrize("action", ["stop", "suspend"])
def test_a_machine_that_does_not_come_to_rest(fly: Platform, app: str, action: str) -> None:
    assert not fly.module("fly_deploy", app=app, definition=TOML).failed
    (machine,) = fly.machines(app)
    fly.fault(path=f"/machines/{machine.id}/{action}", status=200, body={"ok": True}, count=0)
    state = {"stop": "stopped", "suspend": "suspended"}[action]
    failed = fly.module("fly_machine", app=app, state=state, wait_timeout=20)
    fly.clear_faults()
    assert failed["msg"].startswith(f"machine {machine.id} of {app}: it was not at rest within 20 s (state started)")
