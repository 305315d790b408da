"""Which operation is possible in which state of a machine."""

from __future__ import annotations

import pytest

from fly_emulator.errors import FailedPrecondition
from fly_emulator.machines.lifecycle import DESTROY, RESTART, START, STOP, SUSPEND, UPDATE, Operation, needed

STATES = (
    "created", "starting", "started", "stopping", "stopped", "suspending", "suspended", "restarting", "replacing",
    "failed", "destroying",
)  # fmt: skip
REFUSED = {
    START: {"started", "stopping", "restarting", "replacing", "destroying"},
    STOP: set(),
    SUSPEND: set(STATES) - {"started", "suspending", "suspended"},
    RESTART: set(STATES) - {"started", "starting"},
    UPDATE: set(),
    DESTROY: set(),
}
NOTHING_TO_DO = {
    START: {"starting"},
    STOP: {"stopped", "stopping", "created", "failed"},
    SUSPEND: {"suspended", "suspending"},
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("operation", REFUSED, ids=lambda operation: operation.verb)
def test_an_operation_is_done_refused_or_not_needed(operation: Operation, state: str) -> None:
    if state in REFUSED[operation]:
        with pytest.raises(FailedPrecondition, match=f"getting replaced|current state: .{state}"):
            needed(operation, state)
    else:
        assert needed(operation, state) == (state not in NOTHING_TO_DO.get(operation, set()))


def test_what_is_on_its_way_counts() -> None:
    with pytest.raises(FailedPrecondition):
        needed(START, "created", busy=True)
    assert needed(STOP, "created", busy=True)
    assert needed(STOP, "failed", busy=True)
