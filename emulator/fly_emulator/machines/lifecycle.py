"""The states of a machine, and which operation is possible from which: one table."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import precondition

STARTABLE = ("stopped", "created", "failed", "suspended", "suspending")
SETTLED = ("created", "started", "stopped", "suspended", "failed", "destroyed")
"""States in which nothing is on its way."""
RESTING = ("created", "failed")
"""Nothing runs, and nothing has to be stopped unless something is on its way."""
FROZEN = ("suspended", "suspending")
DOWN = ("created", "stopped", "suspended", "failed", "stopping", "suspending")
"""Not started: an update leaves such a machine stopped."""
GOING = ("destroying", "destroyed")


@dataclass(frozen=True)
class Operation:
    verb: str
    during: str
    """The state in which the machine is while it happens."""
    possible: tuple[str, ...] = ()
    """The states that it is possible from; none: from all."""
    done: tuple[str, ...] = ()
    """In these states there is nothing to do."""


START = Operation("start", "starting", STARTABLE, done=("starting",))
STOP = Operation("stop", "stopping", done=("stopped", "stopping"))
SUSPEND = Operation("suspend", "suspending", ("started",), done=FROZEN)
RESTART = Operation("restart", "restarting", ("started", "starting"))
UPDATE = Operation("update", "replacing")
DESTROY = Operation("destroy", "destroying")
UNDER_WAY = tuple(operation.during for operation in (STOP, SUSPEND, RESTART, UPDATE, DESTROY))
"""Something was asked for; until it is done, its process's own starts and ends do not change the machine's state."""


def needed(operation: Operation, state: str, busy: bool = False) -> bool:
    """Whether the operation has something to do; raises FailedPrecondition where it is not possible.

    `busy`: something is on its way, such as the pull of a machine just created.
    """
    if operation is START and state == "replacing":
        raise precondition("machine getting replaced, refusing to start")
    if state in operation.done or (operation is STOP and state in RESTING and not busy):
        return False
    if (operation.possible and state not in operation.possible) or (operation is START and state == "created" and busy):
        raise precondition(f"unable to {operation.verb} machine from current state: '{state}'")
    return True
