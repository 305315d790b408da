"""Every module, disturbed at every request that it makes: the next run converges.

Nothing is doubled, nothing is lost, and a third run has nothing to do. The platform's clock is virtual. With
`--faults all` (`make faults`) each request is disturbed in every way; else in a third of them, in turn, so that a
scenario of three requests has met them all.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
from faults.scenarios import Scenario, Task
from faults.truth import first_snapshot, first_volume, folder, truth, volumes
from support.platform import Outcome, Platform

from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.transport import Transport
from fly_emulator.journal import Entry

SHORT = 0.1
"""Seconds until the client gives up the one answer that does not come in the timeout cases."""
LEASE = {"status": "error", "message": "machine ID 1 lease currently held by a, expires at b", "code": "invalid"}
LEASED = r"/machines/\w+(?:/(?:lease|start|stop|restart|suspend|cordon))?(?:\?|$)"
FAULTS: dict[str, dict[str, Any]] = {
    "500 before": {"status": 500},
    "500 after": {"status": 500, "when": "after"},
    "502 before": {"status": 502},
    "502 after": {"status": 502, "when": "after"},
    "429": {"status": 429, "count": 2, "headers": {"Retry-After": "1"}},
    "timeout before": {"action": "timeout", "seconds": 2 * SHORT},
    "timeout after": {"action": "timeout", "seconds": 2 * SHORT, "when": "after"},
    "reset before": {"action": "reset"},
    "reset after": {"action": "reset", "when": "after"},
    "409 lease": {"status": 409, "body": LEASE, "method": "POST|DELETE", "path": LEASED},
    "killed before": {},
    "killed after": {},
}
TURNS = 3
"""Of so many ways to disturb a request one is taken; 1 takes all. Set by conftest.py."""
_numbers = itertools.count(1)


class Killed(BaseException):
    """The process is gone: nothing of it runs any more."""


@contextmanager
def killed(at: int, after: bool) -> Iterator[None]:
    """End the client's process at its request number `at`, before it goes out or after it took effect."""
    once, requests = Transport._once, itertools.count(1)

    def dying(self: Transport, *args: Any) -> Any:
        number = next(requests)
        if number < at:
            return once(self, *args)
        if number == at and after:
            once(self, *args)
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Transport, "_once", dying)
        yield


@contextmanager
def impatient(at: int) -> Iterator[None]:
    """Let the client wait for the answer to its request number `at` for a short time only."""
    once, requests = Transport._once, itertools.count(1)

    def hurried(self: Transport, *args: Any) -> Any:
        *rest, timeout = args
        return once(self, *rest, SHORT if next(requests) == at else timeout)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Transport, "_once", hurried)
        yield


def run(fly: Platform, app: str, task: Task, check: bool = False, **more: Any) -> Outcome:
    module, params = task
    known = {
        "APP": lambda: app,
        "VOLUME": lambda: first_volume(fly, app),
        "SNAPSHOT": lambda: first_snapshot(fly, app),
        "HOST": lambda: f"{app}.example.com",
        "FILE": lambda: str(folder(fly, app) / "file"),
    }
    named = {k: known[v]() if isinstance(v, str) and v in known else v for k, v in params.items()}
    return fly.module(module, check=check, **named, **more)


def leased(request: Entry) -> bool:
    """Whether it is a write that a lease of somebody else's keeps off."""
    return request.method in ("POST", "DELETE") and bool(re.search(LEASED, request.path))


def begin(fly: Platform, scenario: Scenario) -> str:
    app = f"fault-{next(_numbers)}"
    fly.forget_journal()
    for task in scenario.start:
        outcome = run(fly, app, task)
        assert not outcome.failed, outcome
    if scenario.drift:
        scenario.drift(fly, app)
    return app


def check(
    fly: Platform,
    scenario: Scenario,
    record_property: Callable[[str, object], None],
    kinds: Iterable[str] | None = None,
) -> None:
    """Disturb the scenario's task at each of its requests in each way of `kinds`, or in those whose turn it is."""
    count: Counter[str] = Counter()
    app = begin(fly, scenario)
    undisturbed = run(fly, app, scenario.task)
    assert not undisturbed.failed, undisturbed
    assert undisturbed.changed, "there is something to disturb"
    wanted = truth(fly, app)
    for number, request in enumerate(undisturbed.requests, 1):
        for fault in kinds or _in_turn(number):
            if fault == "409 lease" and not leased(request):
                continue
            where = f"{fault} at request {number}, {request.method} {request.path}"
            nth = sum(map(leased, undisturbed.requests[:number])) if fault == "409 lease" else number
            if disturb(fly, scenario, fault, nth, wanted, where):
                count[fault] += 1
    for fault, number in count.items():
        record_property(f"faults:{fault}", number)


def _in_turn(number: int) -> Iterator[str]:
    return (fault for place, fault in enumerate(FAULTS) if (place + number) % TURNS == 0)


def next_run(fly: Platform, app: str, task: Task) -> Outcome:
    """The run after a disturbed one; later, where it says so: Fly.io may merge a snapshot with a recent one, and a
    volume is not destroyed on the strength of an older one."""
    again = run(fly, app, task)
    if again.failed and "Run again in ten minutes" in again["msg"]:
        fly.advance(600)
        again = run(fly, app, task)
    return again


def disturb(fly: Platform, scenario: Scenario, fault: str, number: int, wanted: Any, where: str) -> bool:
    """Run one case; return whether the fault was met: the number of polls is not always the same."""
    app = begin(fly, scenario)
    had = volumes(fly, app)
    if fault.startswith("killed"):
        try:
            with killed(number, fault.endswith("after")):
                run(fly, app, scenario.task)
            met = False
        except Killed:
            met = True
    else:
        rule = fly.fault(nth=number, **FAULTS[fault])
        with impatient(number) if "timeout" in fault else nullcontext():
            run(fly, app, scenario.task)
        met = bool(rule.hits)
        fly.clear_faults()
    again = next_run(fly, app, scenario.task)
    assert not again.failed, f"{where}: the next run failed: {again}"
    end = truth(fly, app)
    if scenario.late and fault.startswith("killed"):
        wanted = {**wanted, "snapshots": end["snapshots"]}
    assert end == wanted, f"{where}: another end"
    assert scenario.loses or had <= volumes(fly, app), f"{where}: a volume is lost"
    third = run(fly, app, scenario.task, check=True)
    assert not third.changed, f"{where}: a third run would change {third['changes']}"
    assert third.writes == [], where
    return met
