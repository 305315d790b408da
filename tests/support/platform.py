"""An emulator in this process with a clock of its own, and the collection's modules driven without Ansible."""

from __future__ import annotations

import asyncio
import importlib
import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.openclaw.fly.plugins.module_utils._base import clock
from ansible_collections.openclaw.fly.plugins.module_utils._converge.context import Context
from ansible_collections.openclaw.fly.plugins.module_utils._converge.run import run
from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.api import MachinesApi
from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.transport import Transport
from fly_emulator.journal import Entry
from fly_emulator.settings import Organization, Settings, Token
from fly_emulator.state.model import App, Machine
from fly_emulator.thread import EmulatorThread

from .hang import HANG
from .still import Images, StillRuntime

TOKEN = "emulator-token"
VALIDATION = ("mutually_exclusive", "required_together", "required_one_of", "required_if", "required_by")
TICK, SPEED = 0.005, 30
"""Every 5 ms of ours, the platform's clock goes 150 ms on by itself, so that its own waits end."""


@dataclass
class Outcome:
    """What a task returned, and the requests that it made."""

    result: dict[str, Any]
    requests: list[Entry]
    warnings: list[str]
    said: list[str]

    def __getitem__(self, key: str) -> Any:
        return self.result[key]

    @property
    def failed(self) -> bool:
        return bool(self.result.get("failed"))

    @property
    def changed(self) -> bool:
        return bool(self.result.get("changed"))

    @property
    def writes(self) -> list[str]:
        """Without those that a fault hit: their note may come late, in another task's time."""
        return [f"{entry.method} {entry.path}" for entry in self.requests if entry.kind == "write" and not entry.fault]

    def __repr__(self) -> str:
        shown = [f"{entry.method} {entry.path} {entry.status}" for entry in self.requests]
        return f"Outcome({self.result}, requests={shown})"


@dataclass
class Platform:
    thread: EmulatorThread
    defaults: dict[str, Any] = field(default_factory=dict)
    """Given to every module that has such an option."""
    on_loop: Callable[[Callable[[], Any]], Any] = lambda call: call()

    @property
    def url(self) -> str:
        return self.thread.api_url

    @property
    def context(self) -> Any:
        return self.thread.emulator.context

    def app(self, name: str) -> App | None:
        found: App | None = self.context.store.apps.get(name)
        return found

    def machines(self, app: str) -> list[Machine]:
        found = self.app(app)
        return found.live_machines() if found else []

    def machine(self, app: str, identity: str) -> Machine:
        return next(machine for machine in self.machines(app) if machine.id == identity)

    def api(self) -> MachinesApi:
        """A client beside the modules, as another program would be."""
        return MachinesApi(Transport(self.url, f"Bearer {TOKEN}"))

    def module(self, name: str, /, check: bool = False, **params: Any) -> Outcome:
        """Run a module as a task would, and tell its requests."""
        loaded = importlib.import_module(f"ansible_collections.openclaw.fly.plugins.modules.{name}")
        spec = loaded.SPEC
        known = {key: value for key, value in self.defaults.items() if key in spec["argument_spec"]}
        validator = ArgumentSpecValidator(
            spec["argument_spec"], **{key: spec[key] for key in VALIDATION if key in spec}
        )
        validated = validator.validate({**known, **params})
        assert not validated.error_messages, validated.error_messages
        before = len(self.journal())
        warnings: list[str] = []
        said: list[str] = []
        context = Context(check_mode=check, diff=True, warn=warnings.append, progress=said.append)
        result = run(loaded.body, validated.validated_parameters, context)
        return Outcome(result, self.journal()[before:], warnings, said)

    def fault(self, **rule: Any) -> Any:
        """Add a fault rule (see the emulator's faults); return it, counts and all."""
        return self.on_loop(lambda: self.context.faults.add(rule))

    def clear_faults(self) -> None:
        self.on_loop(self.context.faults.clear)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the emulator's own API, below /emulator/v1."""
        request = urllib.request.Request(
            f"{self.url}/emulator/v1{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=HANG) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def advance(self, seconds: float) -> None:
        self.on_loop(lambda: self.context.clock.advance(seconds))

    def until(self, there: Callable[[], bool], seconds: float = HANG, what: str = "it") -> None:
        """Wait, for real, until something in the background of the platform is done."""
        deadline = time.monotonic() + seconds
        while not there():
            assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
            time.sleep(0.002)

    def journal(self) -> list[Entry]:
        found: list[Entry] = self.on_loop(self.context.journal.select)
        return found

    def forget_journal(self) -> None:
        self.on_loop(self.context.journal.clear)


@contextmanager
def platform(state_dir: Path, timeout: float = 30.0, **changes: Any) -> Iterator[Platform]:
    """Start one with a virtual clock; the client's sleeps move it, so nobody waits for real."""
    settings = Settings(
        **{
            "state_dir": state_dir,
            "api_port": 0,
            "edge_http_port": 0,
            "edge_https_port": 0,
            "runtime": StillRuntime(state_dir),
            "images": Images(),
            "tokens": (
                Token(TOKEN),
                Token("fm2_one", apps=("one-app",), orgs=("personal",)),
                Token("fm2_acme", owner="", orgs=("acme",)),
            ),
            "orgs": (Organization("personal", "Personal"), Organization("acme", "Acme")),
            "foreign_apps": ("somebody-elses",),
            "clock_running": False,
            **changes,
        }
    )
    with EmulatorThread(settings) as thread, pytest.MonkeyPatch.context() as patch:

        def on_loop(call: Callable[[], Any]) -> Any:
            async def called() -> Any:
                return call()

            return asyncio.run_coroutine_threadsafe(called(), thread._loop).result(30)

        async def tick() -> None:
            while True:
                await asyncio.sleep(TICK)
                thread.emulator.context.clock.advance(TICK * SPEED)

        ticking = asyncio.run_coroutine_threadsafe(tick(), thread._loop)
        defaults = {
            "api_token": TOKEN, "machines_url": thread.api_url, "api_url": thread.api_url, "api_timeout": timeout,
            "secrets_memory": str(state_dir / "secrets_memory"),
        }  # fmt: skip
        started = Platform(thread, defaults, on_loop)
        patch.setattr(clock, "sleep", started.advance)
        for name in ("monotonic", "now"):
            patch.setattr(clock, name, lambda: started.context.clock.now())
        try:
            yield started
        finally:
            ticking.cancel()
