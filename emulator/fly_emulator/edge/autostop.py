"""Stops or suspends machines that nobody uses, where a service asks for it."""

from __future__ import annotations

from collections.abc import Iterator

from ..context import Context
from ..machines.config import AUTOSTOP
from ..machines.fleet import Fleet
from ..machines.runner import Runner
from ..state.model import App

IDLE = 300.0
"""Seconds without a request: Fly's docs say "a few minutes"."""
INTERVAL = 30.0


class Autostop:
    """`autostop = "suspend"` stops where a machine cannot be suspended."""

    def __init__(self, context: Context, fleet: Fleet) -> None:
        self._context = context
        self._fleet = fleet

    async def run(self) -> None:
        """Look around until cancelled."""
        while True:
            await self._context.clock.sleep(INTERVAL)
            for app in list(self._context.store.apps.values()):
                for runner in self._excess(app):
                    self._stop(app, runner)

    def _excess(self, app: App) -> Iterator[Runner]:
        """The idle machines beyond what every service of theirs keeps running."""
        running = [self._fleet.runner(machine) for machine in app.live_machines() if machine.state == "started"]
        for runner in list(running):
            services = runner.machine.config.get("services", [])
            if not services or not all(AUTOSTOP[service.get("autostop")] for service in services):
                continue
            least = max(service.get("min_machines_running") or 0 for service in services)
            idle = not runner.requests and self._context.clock.now() - runner.idle_since >= IDLE
            if idle and len(running) > least:
                running.remove(runner)
                yield runner

    def _stop(self, app: App, runner: Runner) -> None:
        machine = runner.machine
        asked = [AUTOSTOP[service.get("autostop")] for service in machine.config["services"]]
        suspends = all(how == "suspend" for how in asked) and not runner.suspend_refusal
        if suspends:
            runner.suspend("proxy")
        else:
            runner.stop(source="proxy")
        how = "autosuspending" if suspends else "autostopping"
        left = sum(other.state == "started" for other in app.live_machines())
        runner.log(
            f"App {app.name} has excess capacity, {how} machine {machine.id}. {left} out of "
            f"{len(app.live_machines())} machines left running (region={machine.region})",
            "proxy",
        )
