"""What can be done to a machine besides changing its config: start, stop, restart, signal, cordon, exec, ps."""

from __future__ import annotations

import asyncio
import shlex
from typing import Any

from aiohttp import web

from .. import durations, questions
from ..errors import DeadlineExceeded, Internal, TooLarge, invalid, not_implemented, precondition
from ..machines import processes
from ..machines.config import MAX_STOP_TIMEOUT
from ..machines.supervisor import signal_number
from ..platform import leases, machines
from ..runtime.base import ExecResult
from ..web import request as r
from .machines import MACHINE

routes = web.RouteTableDef()
MAX_EXEC = 60.0
"""Seconds: longer commands fail on Fly with 408."""
EXEC = 0.55
"""Seconds that the shortest command takes."""
OK = {"ok": True}


def _timeout(value: Any) -> float | None:
    if value in (None, ""):
        return None
    try:
        seconds = durations.parse(value)
    except ValueError as error:
        raise invalid(f"timeout: {error}") from error
    if seconds > MAX_STOP_TIMEOUT:
        raise invalid("timeout must be at most 5m0s")
    return seconds


def _signal(value: Any) -> int | None:
    return None if value in (None, "") else signal_number(value)


@routes.post(MACHINE + "/start")
async def start(request: web.Request) -> web.Response:
    _, machine, runner = r.leased(request)
    request.app[r.FLEET].require_memory(machine)
    previous = runner.start()
    return web.json_response({"previous_state": previous, "migrated": False, "new_host": ""})


@routes.post(MACHINE + "/stop")
async def stop(request: web.Request) -> web.Response:
    _, _, runner = r.leased(request)
    sent = await r.body(request)
    runner.stop(_signal(sent.get("signal")), _timeout(sent.get("timeout")))
    return web.json_response(OK)


@routes.post(MACHINE + "/restart")
async def restart(request: web.Request) -> web.Response:
    _, _, runner = r.leased(request)
    runner.restart(
        _signal(request.query.get("signal")), _timeout(request.query.get("timeout")), r.flag(request, "force_stop")
    )
    return web.json_response(OK)


@routes.post(MACHINE + "/suspend")
async def suspend(request: web.Request) -> web.Response:
    _, _, runner = r.leased(request)
    runner.suspend()
    return web.json_response(OK)


@routes.post(MACHINE + "/signal")
async def signal(request: web.Request) -> web.Response:
    _, _, runner = r.leased(request)
    await runner.kill(signal_number((await r.body(request)).get("signal")))
    return web.json_response(OK)


@routes.post(MACHINE + "/cordon")
@routes.post(MACHINE + "/uncordon")
async def cordon(request: web.Request) -> web.Response:
    app, machine, _ = r.leased(request)
    machines.cordon(r.context(request), app, machine, request.path.endswith("/cordon"))
    return web.json_response(OK)


@routes.get(MACHINE + "/ps")
async def ps(request: web.Request) -> web.Response:
    _, machine, runner = r.machine(request, alive=True)
    if runner.running is None:
        raise precondition(f"machine not running, current state: '{machine.state}'")
    inside = {host: port for port, host in runner.running.ports.items()}
    return web.json_response(await asyncio.to_thread(processes.below, runner.running.pid, inside))


@routes.post(MACHINE + "/exec")
async def execute(request: web.Request) -> web.Response:
    _, machine, runner = r.machine(request, alive=True)
    context = r.context(request)
    if context.answers["exec-under-lease"] == "refused":
        leases.require(context, machine, r.nonce(request))
    sent = await r.body(request)
    argv = sent.get("command")
    if not argv and isinstance(sent.get("cmd"), str):
        try:
            argv = shlex.split(sent["cmd"])
        except ValueError as error:
            raise invalid(f"cmd: {error}") from error
    if not isinstance(argv, list) or not argv or not all(isinstance(word, str) for word in argv):
        raise invalid("command must be an array of strings with at least one word")
    if not isinstance(sent.get("stdin") or "", str):
        raise invalid("stdin must be a string")
    most = questions.limit(context.answers["exec-stdin"])
    if most is not None and len(await request.read()) > most:
        raise TooLarge(f"request body too large: more than {most} bytes")
    if sent.get("container"):
        raise not_implemented("exec in a container")
    await context.spend(EXEC)
    limit = min(float(r.integer(sent.get("timeout") or int(MAX_EXEC), "timeout")), MAX_EXEC)
    try:
        result = await runner.exec(tuple(argv), (sent.get("stdin") or "").encode(), limit)
    except FileNotFoundError as error:
        result = ExecResult(127, b"", str(error).encode(), unknown=True)
    except (OSError, RuntimeError) as error:
        raise Internal(f"internal: exec failed: {error}") from error
    if result.timed_out:
        raise DeadlineExceeded(
            'deadline_exceeded: Post "http://unix/v1/exec": net/http: request canceled (Client.Timeout exceeded while '
            f"awaiting headers) (after {limit:g}s)"
        )
    return web.json_response(_ended(context.answers, argv[0], result))


def _ended(answers: questions.Answers, command: str, result: ExecResult) -> dict[str, Any]:
    if result.unknown and answers["exec-missing-command"] == "error":
        raise Internal(f"internal: failed to spawn {command}: No such file or directory (os error 2)")
    by_signal = result.exit_signal and answers["exec-signal"] == "null"
    most = questions.limit(answers["exec-output"])
    return {
        "exit_code": None if by_signal else result.exit_code,
        "exit_signal": result.exit_signal,
        "stdout": result.stdout[:most].decode(errors="replace"),
        "stderr": result.stderr[:most].decode(errors="replace"),
    }
