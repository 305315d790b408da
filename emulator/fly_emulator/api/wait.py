"""/machines/{id}/wait: a long poll of at most a minute."""

from __future__ import annotations

from aiohttp import web

from .. import durations
from ..errors import DeadlineExceeded, invalid, not_found
from ..machines.lifecycle import SETTLED
from ..machines.runner import Runner
from ..state.model import Machine
from ..web import request as r
from .machines import MACHINE

routes = web.RouteTableDef()
STATES = ("started", "stopped", "suspended", "destroyed", "failed", "settled")
LEAST, MOST = 1.0, 60.0


@routes.get(MACHINE + "/wait")
async def wait(request: web.Request) -> web.Response:
    _, machine, runner = r.machine(request)
    wanted = r.words(request, "state") or {"started"}
    if unknown := wanted - set(STATES):
        raise invalid(f"state must be one of {', '.join(STATES)}, not {sorted(unknown)[0]}")
    try:
        timeout = durations.parse(request.query.get("timeout") or MOST)
    except ValueError as error:
        raise invalid(f"timeout: {error}") from error
    if not LEAST <= timeout <= MOST:
        raise invalid("invalid WaitMachineRequest.Timeout: value must be inside range [1s, 1m0s]")
    version = request.query.get("version") or request.query.get("instance_id")
    if "stopped" in wanted and not version and r.context(request).answers["wait-stopped"] == "refused":
        raise invalid("instance_id required when waiting for stopped machine")
    after = request.query.get("from_event_id") or ""
    await _reached(request, machine, runner, wanted, version, after, timeout)
    return web.json_response(
        {
            "ok": True,
            "state": machine.state,
            "version": machine.current.version,
            "event_id": machine.events[0].id if machine.events else "",
        }
    )


def _rests(machine: Machine, runner: Runner) -> bool:
    """An update left it stopped: it does not come to `started` by itself."""
    return runner.rests_after_update and machine.state == "stopped"


async def _reached(
    request: web.Request,
    machine: Machine,
    runner: Runner,
    wanted: set[str],
    version: str | None,
    after: str,
    timeout: float,
) -> None:
    """Return when the machine is there; raises 404 when it never will be, 408 when time is over."""
    clock = r.context(request).clock
    deadline = clock.now() + timeout
    while True:
        changed = runner.changed
        there = machine.state in wanted or ("settled" in wanted and machine.state in SETTLED)
        newer = not after or any(event.id > after for event in machine.events)
        if there and newer and (machine.gone or version in (None, machine.current.version)):
            return
        if machine.gone:
            raise not_found("machine")
        if wanted == {"started"} and version == machine.current.version and _rests(machine, runner):
            raise invalid(f"machine {machine.id} is stopped after its update")
        left = deadline - clock.now()
        if left <= 0 or not await clock.within(left, changed):
            raise DeadlineExceeded(
                "deadline_exceeded: machine failed to reach desired state, "
                f"{', '.join(sorted(wanted))}, currently {machine.state}",
            )
