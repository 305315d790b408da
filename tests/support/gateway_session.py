"""A connection to a gateway that stays open for calls: what the collection itself never needs from outside."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

from ansible_collections.openclaw.fly.plugins.module_utils._base import clock
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw import devices
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.devices import DeviceList
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.endpoint import Endpoint
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.gateway_client import (
    PLAIN,
    Hello,
    Login,
    Upgrade,
    answer_to,
    close_reason,
    connected,
    lost,
)


class CallFailed(Exception):
    """The gateway refused a method call, or answered none in time."""

    def __init__(self, method: str, code: str, message: str) -> None:
        super().__init__(f"{method}: {code}: {message}")
        self.code, self.message = code, message


class Session:
    """One open connection. Use as a context manager."""

    def __init__(self, endpoint: Endpoint, who: Login, upgrade: Upgrade = PLAIN, timeout: float = 15.0) -> None:
        self.hello: Hello
        self._runner, self._open, self._ids = asyncio.Runner(), AsyncExitStack(), itertools.count(1)
        entering = self._open.enter_async_context(connected(endpoint, who, upgrade, clock.monotonic() + timeout))
        try:
            self._connection, self.hello = self._runner.run(_awaited(entering))
        except BaseException:
            self._runner.close()
            raise

    def call(self, method: str, params: Mapping[str, Any] | None = None, timeout: float = 30.0) -> Any:
        """Call a method and return its payload."""
        return self._runner.run(self._call(method, dict(params or {}), clock.monotonic() + timeout))

    async def _call(self, method: str, params: dict[str, Any], deadline: float) -> Any:
        request = f"c{next(self._ids)}"
        try:
            await self._connection.send(json.dumps({"type": "req", "id": request, "method": method, "params": params}))
            answer = await answer_to(self._connection, request, deadline)
        except TimeoutError:
            raise CallFailed(method, "TIMEOUT", "no answer in time") from None
        except lost() as error:
            raise CallFailed(method, "DISCONNECTED", close_reason(error)) from None
        if answer.get("ok") is True:
            return answer.get("payload")
        refused = answer.get("error") or {}
        raise CallFailed(method, str(refused.get("code")), str(refused.get("message")))

    def devices(self) -> DeviceList:
        return devices.parse(self.call("device.pair.list"))

    def close(self) -> None:
        self._runner.run(self._open.aclose())

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
        self._runner.close()


async def _awaited(what: Any) -> Any:
    return await what
