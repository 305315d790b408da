# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fly_events.py - events of Fly.io machines, health checks and certificates, for ansible-rulebook.

Polls the Machines API and emits an event for each thing that changed since the last look. The first look emits nothing:
it is what later ones are compared with.

Arguments:
    apps: names of the apps to watch; or
    org: slug of an organization, whose apps are all watched
    interval: seconds between two looks (default 15)
    certificates: whether certificates are watched too (default false); one more request per app and look
    api_token: Fly.io API token; a read-only one is enough (default: the variable FLY_API_TOKEN)
    machines_url: base URL of the Machines API (default: FLY_FLAPS_BASE_URL or https://api.machines.dev)
    crash_loop_exits, crash_loop_seconds: how many exits within how many seconds are a crash loop (default 3 in 300)

Events, below the key `fly`; `app`, `kind` and `at` (Unix seconds) are in each:
    kind: machine      a machine's event: machine, type, status, source, exit_code, oom_killed
    kind: crash_loop   several exits within a short time, once until the machine is healthy: machine, exits, exit_code
    kind: health       a check's status changed: machine, check, before, after, output
    kind: state        a machine's state changed: machine, before, after; after is null when it is gone
    kind: certificate  a certificate's status changed: hostname, before, after
    kind: error        an app could not be read; emitted once until it can be read again: message

Example:
    - openclaw.fly.fly_events:
        org: acme
        interval: 30
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import aiohttp

Json = dict[str, Any]
MAX_EVENTS = 500
"""Ids of events that are remembered for each machine; the API returns the newest 20."""


@dataclass
class Settings:
    apps: tuple[str, ...] = ()
    org: str = ""
    interval: float = 15.0
    certificates: bool = False
    api_token: str = field(default="", repr=False)
    machines_url: str = "https://api.machines.dev"
    crash_loop_exits: int = 3
    crash_loop_seconds: float = 300.0

    @classmethod
    def parse(cls, args: Mapping[str, Any]) -> Settings:
        """Raise ValueError with what is wrong and what to do."""
        known = {name: args[name] for name in cls.__dataclass_fields__ if args.get(name) is not None}
        unknown = set(args) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"openclaw.fly.fly_events: unknown argument {', '.join(sorted(unknown))}")
        known.setdefault("api_token", os.environ.get("FLY_ACCESS_TOKEN") or os.environ.get("FLY_API_TOKEN") or "")
        known.setdefault("machines_url", os.environ.get("FLY_FLAPS_BASE_URL") or cls.machines_url)
        apps = known.get("apps", ())
        known["apps"] = tuple(apps.split(",") if isinstance(apps, str) else apps)
        settings = cls(**known)
        if not settings.apps and not settings.org:
            raise ValueError("openclaw.fly.fly_events: set apps (a list of names) or org (an organization's slug)")
        if not settings.api_token:
            raise ValueError("openclaw.fly.fly_events: there is no Fly.io API token; set api_token or FLY_API_TOKEN")
        settings.interval = float(settings.interval)
        if settings.interval < 1:
            raise ValueError("openclaw.fly.fly_events: interval must be at least 1 second")
        return settings


@dataclass
class _App:
    """What the last look at an app found."""

    machines: dict[str, Json] = field(default_factory=dict)
    events: dict[str, dict[str, None]] = field(default_factory=dict)
    exits: dict[str, list[float]] = field(default_factory=dict)
    looping: set[str] = field(default_factory=set)
    certificates: dict[str, str] | None = None
    error: str = ""
    looked: bool = False


class Watcher:
    """Compares each look at the apps with the one before."""

    def __init__(self, settings: Settings, session: aiohttp.ClientSession) -> None:
        self._settings, self._session = settings, session
        self._apps: dict[str, _App] = {}

    async def look(self) -> AsyncIterator[Json]:
        """Look at every app once; yield what changed since the last look."""
        for app in await self._names():
            seen = self._apps.setdefault(app, _App())
            try:
                machines = await self._get(f"/v1/apps/{quote(app, safe='')}/machines")
                changes = list(self._machines(seen, machines))
                if self._settings.certificates:
                    listed = await self._get(f"/v1/apps/{quote(app, safe='')}/certificates")
                    changes += self._certificates(seen, listed.get("certificates") or [])
                seen.error = ""
            except (aiohttp.ClientError, TimeoutError, ValueError, TypeError, AttributeError, KeyError) as error:
                message = f"{type(error).__name__}: {error}"
                changes = [] if seen.error == message else [{"kind": "error", "message": message}]
                seen.error = message
            else:
                if not seen.looked:
                    changes, seen.looked = [], True
            for change in changes:
                yield {"fly": {"app": app, "at": time.time(), **change}}

    async def _names(self) -> tuple[str, ...]:
        if self._settings.apps:
            return self._settings.apps
        try:
            listed = await self._get(f"/v1/apps?org_slug={quote(self._settings.org, safe='')}")
            return tuple(sorted(str(app["name"]) for app in listed.get("apps") or []))
        except (aiohttp.ClientError, TimeoutError, ValueError, AttributeError, KeyError):
            return tuple(self._apps)

    async def _get(self, path: str) -> Any:
        scheme = "FlyV1" if "fm" in self._settings.api_token[:12] else "Bearer"
        token = self._settings.api_token.removeprefix("FlyV1 ").removeprefix("Bearer ")
        url = self._settings.machines_url.rstrip("/") + path
        async with self._session.get(url, headers={"Authorization": f"{scheme} {token}"}) as answer:
            answer.raise_for_status()
            return await answer.json()

    def _machines(self, seen: _App, machines: list[Json]) -> Iterator[Json]:
        now = {machine["id"]: machine for machine in machines if machine.get("state") != "destroyed"}
        for identity, machine in now.items():
            before = seen.machines.get(identity)
            yield from self._events(seen, identity, machine)
            if before is not None:
                yield from _state(identity, before, machine)
                yield from _health(identity, before, machine)
            if machine.get("state") == "started" and _passing(machine):
                seen.looping.discard(identity)
        for identity in seen.machines.keys() - now.keys():
            yield {
                "kind": "state",
                "machine": identity,
                "before": seen.machines[identity].get("state"),
                "after": None,
            }
        seen.machines = now

    def _events(self, seen: _App, identity: str, machine: Json) -> Iterator[Json]:
        known = seen.events.setdefault(identity, {})
        fresh = [event for event in reversed(machine.get("events") or []) if event.get("id") not in known]
        for event in fresh:
            known[str(event.get("id"))] = None
            request = event.get("request") or {}
            ended = request.get("exit_event") or (request.get("MonitorEvent") or {}).get("exit_event") or {}
            change = {
                "kind": "machine",
                "machine": identity,
                "type": event.get("type"),
                "status": event.get("status"),
                "source": event.get("source"),
                "exit_code": ended.get("exit_code"),
                "oom_killed": ended.get("oom_killed"),
            }
            yield change
            if event.get("type") == "exit" and not ended.get("requested_stop"):
                yield from self._crash_loop(seen, identity, float(event.get("timestamp") or 0) / 1000, change)
        while len(known) > MAX_EVENTS:
            del known[next(iter(known))]

    def _crash_loop(self, seen: _App, identity: str, at: float, change: Json) -> Iterator[Json]:
        window = self._settings.crash_loop_seconds
        exits = [moment for moment in [*seen.exits.get(identity, []), at] if moment > at - window]
        seen.exits[identity] = exits
        if len(exits) >= self._settings.crash_loop_exits and identity not in seen.looping:
            seen.looping.add(identity)
            yield {**change, "kind": "crash_loop", "exits": len(exits)}

    def _certificates(self, seen: _App, listed: list[Json]) -> list[Json]:
        now = {str(entry["hostname"]): str(entry.get("status") or entry.get("configured")) for entry in listed}
        before, seen.certificates = seen.certificates, now
        if before is None:
            return []
        return [
            {"kind": "certificate", "hostname": name, "before": before.get(name), "after": now.get(name)}
            for name in sorted(before.keys() | now.keys())
            if before.get(name) != now.get(name)
        ]


def _state(identity: str, before: Json, machine: Json) -> Iterator[Json]:
    if before.get("state") != machine.get("state"):
        yield {"kind": "state", "machine": identity, "before": before.get("state"), "after": machine.get("state")}


def _health(identity: str, before: Json, machine: Json) -> Iterator[Json]:
    old = {check.get("name"): check.get("status") for check in before.get("checks") or []}
    for check in machine.get("checks") or []:
        name, status = check.get("name"), check.get("status")
        if old.get(name) != status:
            yield {
                "kind": "health",
                "machine": identity,
                "check": name,
                "before": old.get(name),
                "after": status,
                "output": str(check.get("output") or "")[:500],
            }


def _passing(machine: Json) -> bool:
    return all(check.get("status") == "passing" for check in machine.get("checks") or [])


async def main(queue: asyncio.Queue[Any], args: dict[str, Any]) -> None:
    """Entry point of ansible-rulebook."""
    settings = Settings.parse(args)
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        watcher = Watcher(settings, session)
        while True:
            async for event in watcher.look():
                await queue.put(event)
            await asyncio.sleep(settings.interval)
