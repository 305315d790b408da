"""The health gate beside a machine without checks: started is not yet that it goes on."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._base import clock
from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.api import MachinesApi
from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.types import Machine
from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines.gate import Gate, GateFailed

STARTED: dict[str, Any] = {"id": "m1", "instance_id": "v1", "state": "started", "events": []}
ENDED = {"id": "e1", "type": "exit", "request": {"exit_event": {"exit_code": 1, "requested_stop": False}}}
Looks = list[dict[str, Any]]


class Api:
    """Answers one look after the other, and the last one for ever."""

    def __init__(self, looks: Looks) -> None:
        self._looks, self.looked = looks, 0

    def wait_for_machine(self, *_args: object) -> None:
        pass

    def machine(self, _app: str, _id: str) -> dict[str, Any]:
        self.looked += 1
        return self._looks[min(self.looked, len(self._looks)) - 1]


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    sleeps: list[float] = []
    monkeypatch.setattr(clock, "sleep", sleeps.append)
    monkeypatch.setattr(clock, "monotonic", lambda: sum(sleeps))
    return sleeps


def wait(looks: Looks) -> Machine:
    gate = Gate(cast(MachinesApi, Api(looks)), None, "app", 60, lambda _line: None)
    return gate.wait(cast(Machine, looks[0]))


def test_without_checks_it_has_to_run_on(slept: list[float]) -> None:
    assert wait([STARTED]) == STARTED
    assert sum(slept) == 10


@pytest.mark.parametrize("runs", [1, 5, 9])
def test_a_crash_soon_after_the_start_is_seen(slept: list[float], runs: int) -> None:
    with pytest.raises(GateFailed, match="ended with exit code 1"):
        wait([STARTED] * runs + [{**STARTED, "state": "stopped", "events": [ENDED]}])


def test_after_a_restart_it_has_to_run_on_as_long_again(slept: list[float]) -> None:
    again = {**STARTED, "events": [ENDED]}
    assert wait([STARTED] * 6 + [again]) == again
    assert sum(slept) == 6 + 10


def test_what_the_replaced_process_does_until_then_is_not_its_own(slept: list[float]) -> None:
    """A crash loop goes on while its machine gets the old configuration back."""
    crashes = [{**ENDED, "id": f"e{number}"} for number in range(5)]
    replacing = [{**STARTED, "state": "replacing", "events": crashes[-number:]} for number in range(1, 4)]
    replaced = {**STARTED, "events": [{"id": "l", "type": "launch", "status": "created"}, *crashes]}
    assert wait([*replacing, replaced]) == replaced
    with pytest.raises(GateFailed, match="ended with exit code 1"):
        wait([*replacing, {**replaced, "state": "stopped", "events": [{**ENDED, "id": "own"}, *replaced["events"]]}])


def test_with_checks_these_tell(slept: list[float]) -> None:
    assert wait([{**STARTED, "checks": [{"name": "up", "status": "passing"}]}])
    assert slept == []
