"""Health checks: real probes of a started machine, at Fly's cadence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from .. import durations
from ..clock import Clock
from .reasons import reason

DEFAULT_INTERVAL = 15.0
DEFAULT_TIMEOUT = 10.0
FIRST_INTERVAL = 1.0
"""Until its first success a check probes at least this often: starts are seen without delay."""
BODY_SHOWN = 512

SessionFor = Callable[[int], aiohttp.ClientSession]


@dataclass
class Check:
    """One check and its last result."""

    name: str
    kind: str
    port: int
    interval: float
    timeout: float
    grace: float
    method: str
    path: str
    protocol: str
    headers: tuple[tuple[str, str], ...]
    verify_tls: bool
    service: int | None
    """The index of the service whose routing depends on it; None for a top-level check."""
    status: str = "warning"
    output: str = "the machine hasn't started"
    updated_at: float = 0.0

    def view(self) -> dict[str, str]:
        return {
            "name": self.name,
            "status": self.status,
            "output": self.output,
            "updated_at": durations.rfc3339(self.updated_at),
        }


def from_config(config: dict[str, Any], now: float) -> list[Check]:
    """The checks of a machine's config; a service's are named servicecheck-NN-TYPE-PORT."""
    found: list[Check] = []
    number = 0
    for index, service in enumerate(config.get("services", [])):
        for check in service.get("checks") or []:
            port = check.get("port") or service["internal_port"]
            found.append(_build(f"servicecheck-{number:02d}-{check['type']}-{port}", port, check, index, now))
            number += 1
    for name, check in config.get("checks", {}).items():
        if check.get("port"):
            found.append(_build(name, check["port"], check, None, now))
    return found


def _build(name: str, port: int, check: dict[str, Any], service: int | None, now: float) -> Check:
    headers = tuple(
        (header["name"], value) for header in check.get("headers") or [] for value in header.get("values", [])
    )
    return Check(
        name=name,
        kind=check["type"],
        port=port,
        interval=durations.parse(check.get("interval") or DEFAULT_INTERVAL),
        timeout=durations.parse(check.get("timeout") or DEFAULT_TIMEOUT),
        grace=durations.parse(check.get("grace_period") or 0),
        method=(check.get("method") or "GET").upper(),
        path=check.get("path") or "/",
        protocol=check.get("protocol") or "http",
        headers=headers,
        verify_tls=not check.get("tls_skip_verify"),
        service=service,
        updated_at=now,
    )


class Prober:
    """Probes a started machine until stopped; `changed` is called when a status changes."""

    def __init__(
        self,
        checks: list[Check],
        address: str,
        session_for: SessionFor,
        clock: Clock,
        changed: Callable[[Check, str], None],
    ) -> None:
        self._clock = clock
        self._address = address
        self._session_for = session_for
        self._changed = changed
        self._tasks = [asyncio.create_task(self._run(check)) for check in checks]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, check: Check) -> None:
        begun = self._clock.now()
        check.status, check.output = "critical", "waiting for status update"
        passed = False
        while True:
            ok, output = await self._probe(check)
            now = self._clock.now()
            passed = passed or ok
            # Failures within the grace period do not count; a success does at once.
            if ok or passed or now - begun >= check.grace:
                before, check.status = check.status, "passing" if ok else "critical"
                check.output, check.updated_at = output, now
                if before != check.status:
                    self._changed(check, before)
            await self._clock.sleep(check.interval if passed else min(check.interval, FIRST_INTERVAL))

    async def _probe(self, check: Check) -> tuple[bool, str]:
        try:
            async with asyncio.timeout(check.timeout):
                return await (self._http(check) if check.kind == "http" else self._tcp(check))
        except TimeoutError:
            return False, f"timed out after {check.timeout:g}s"
        except (aiohttp.ClientError, OSError) as error:
            return False, f"connect: {reason(error)}"

    async def _http(self, check: Check) -> tuple[bool, str]:
        url = f"{check.protocol}://{self._address}:{check.port}{check.path}"
        async with self._session_for(check.port).request(
            check.method,
            url,
            headers=check.headers,
            allow_redirects=False,
            ssl=check.verify_tls,
        ) as response:
            body = (await response.content.read(BODY_SHOWN)).decode(errors="replace")
            return 200 <= response.status < 300, (
                f"HTTP {check.method} {url}: {response.status} {response.reason} Output: {body}"
            )

    async def _tcp(self, check: Check) -> tuple[bool, str]:
        connector = self._session_for(check.port).connector
        assert connector is not None
        request = aiohttp.ClientRequest(
            "GET", URL(f"http://{self._address}:{check.port}/"), loop=asyncio.get_running_loop()
        )
        connection = await connector.connect(request, [], aiohttp.ClientTimeout())
        connection.close()
        return True, "Success"
