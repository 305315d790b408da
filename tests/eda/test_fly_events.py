"""The event source for ansible-rulebook: what happens on the platform becomes an event, once."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import aiohttp
import pytest
from support.ansible import REPO
from support.emulator import Emulator

APP = "watched"
PATH = REPO / "extensions/eda/plugins/event_source/fly_events.py"


def load() -> ModuleType:
    """The plugin as ansible-rulebook loads it: a file, outside any package."""
    spec = importlib.util.spec_from_file_location("fly_events", PATH)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fly_events"] = module
    spec.loader.exec_module(module)
    return module


fly_events = load()


@pytest.fixture(scope="module")
def machine(emulator: Emulator) -> str:
    emulator.request("POST", "/v1/apps", {"app_name": APP, "org_slug": "personal"})
    config = {"image": "registry.fly.io/scratch:sleep", "guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 256}}
    made = emulator.request("POST", f"/v1/apps/{APP}/machines", {"region": "iad", "config": config})
    emulator.get(f"/v1/apps/{APP}/machines/{made['id']}/wait?state=started&timeout=30")
    return str(made["id"])


def watch(
    emulator: Emulator, steps: Callable[[Callable[[], Awaitable[list[Any]]]], Awaitable[Any]], **args: Any
) -> Any:
    """Run `steps` with a function that looks once and returns the events."""

    async def run() -> Any:
        given = {"apps": [APP], "api_token": emulator.token, "machines_url": emulator.api_url, **args}
        async with aiohttp.ClientSession() as session:
            watcher = fly_events.Watcher(fly_events.Settings.parse(given), session)

            async def look() -> list[Any]:
                return [event["fly"] async for event in watcher.look()]

            return await steps(look)

    return asyncio.run(run())


def test_the_first_look_is_what_later_ones_are_compared_with(emulator: Emulator, machine: str) -> None:
    async def steps(look: Callable[[], Awaitable[list[Any]]]) -> None:
        assert await look() == []
        assert await look() == []

    watch(emulator, steps)


def test_a_stop_is_an_event_and_a_change_of_state_once(emulator: Emulator, machine: str) -> None:
    async def steps(look: Callable[[], Awaitable[list[Any]]]) -> None:
        await look()
        emulator.request("POST", f"/v1/apps/{APP}/machines/{machine}/stop", {})
        version = emulator.get(f"/v1/apps/{APP}/machines/{machine}")["instance_id"]
        emulator.get(f"/v1/apps/{APP}/machines/{machine}/wait?state=stopped&timeout=30&instance_id={version}")
        events = await look()
        states = [(event["before"], event["after"]) for event in events if event["kind"] == "state"]
        assert states == [("started", "stopped")]
        assert {event["type"] for event in events if event["kind"] == "machine"} >= {"stop"}
        assert all(event["app"] == APP and event["machine"] == machine for event in events)
        assert await look() == []
        emulator.request("POST", f"/v1/apps/{APP}/machines/{machine}/start", {})
        emulator.get(f"/v1/apps/{APP}/machines/{machine}/wait?state=started&timeout=30")

    watch(emulator, steps)


def test_several_exits_are_one_crash_loop(emulator: Emulator) -> None:
    app = "looping"
    emulator.request("POST", "/v1/apps", {"app_name": app, "org_slug": "personal"})

    async def steps(look: Callable[[], Awaitable[list[Any]]]) -> list[Any]:
        await look()
        config = {
            "image": "registry.fly.io/scratch:sleep",
            "init": {"exec": ["sh", "-c", "exit 3"]},
            "restart": {"policy": "always", "max_retries": 10},
        }
        emulator.request("POST", f"/v1/apps/{app}/machines", {"region": "iad", "config": config})
        loops: list[Any] = []
        for _look in range(150):
            loops += [event for event in await look() if event["kind"] == "crash_loop"]
            if loops:
                break
            await asyncio.sleep(0.2)
        for _look in range(3):
            loops += [event for event in await look() if event["kind"] == "crash_loop"]
        return loops

    loops = watch(emulator, steps, apps=[app])
    assert [(loop["exit_code"], loop["exits"] >= 3) for loop in loops] == [(3, True)]


def test_an_app_that_cannot_be_read_is_one_event(emulator: Emulator, machine: str) -> None:
    async def steps(look: Callable[[], Awaitable[list[Any]]]) -> None:
        first = await look()
        assert [event["kind"] for event in first] == ["error"]
        assert "404" in first[0]["message"]
        assert await look() == []

    watch(emulator, steps, apps=["no-such-app"])


def test_an_organization_is_all_its_apps(emulator: Emulator, machine: str) -> None:
    async def steps(look: Callable[[], Awaitable[list[Any]]]) -> None:
        await look()
        emulator.request("POST", "/v1/apps", {"app_name": "newcomer", "org_slug": "personal"})
        assert await look() == []

    watch(emulator, steps, apps=[], org="personal")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"api_token": "x"}, "set apps (a list of names) or org"),
        ({"apps": ["a"]}, "there is no Fly.io API token"),
        ({"apps": ["a"], "api_token": "x", "interval": 0.1}, "interval must be at least 1 second"),
        ({"apps": ["a"], "api_token": "x", "intervall": 5}, "unknown argument intervall"),
    ],
)
def test_wrong_arguments_are_one_clear_message(
    args: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLY_API_TOKEN", raising=False)
    monkeypatch.delenv("FLY_ACCESS_TOKEN", raising=False)
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(")", r"\)")):
        fly_events.Settings.parse(args)


def test_the_plugin_documents_every_argument() -> None:
    text = Path(PATH).read_text().split('"""')[1]
    assert [name for name in fly_events.Settings.__dataclass_fields__ if name not in text] == []
