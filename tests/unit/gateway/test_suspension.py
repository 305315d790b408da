"""The lease of a suspension: renewed while it is needed, given back in every ending, and noticed when it was lost."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._base import clock
from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError
from ansible_collections.openclaw.fly.plugins.module_utils._gateway.suspension import PREPARE, RESUME, suspended


class Gateway:
    """Stands in for the command line in a machine: one lease of 120 seconds, and a clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.lease = ""
        self.expires = 0.0
        self.count = 0
        self.busy = False
        self.lost: list[str] = []
        """Methods whose next answer is lost."""
        self.calls: list[tuple[float, str]] = []

    def node(self, _source: str, wanted: str, *, token: None, safe: bool) -> dict[str, Any]:
        assert safe
        ((method, params),) = json.loads(wanted)
        self.calls.append((self.now, method))
        payload = self._prepared() if method == PREPARE else self._resumed(params["suspensionId"])
        if method in self.lost:
            self.lost.remove(method)
            raise CollectionError("the answer was lost")
        answer = {"version": "2026.9.6", "methods": [PREPARE], "answers": [{"ok": True, "payload": payload}]}
        return {"stdout": base64.b64encode(gzip.compress(json.dumps(answer).encode())), "stderr": "", "exit_code": 0}

    @property
    def closed(self) -> bool:
        return bool(self.lease) and self.now < self.expires

    def _prepared(self) -> dict[str, Any]:
        if not self.closed:
            self.count += 1
            self.lease = f"lease-{self.count}"
        self.expires = self.now + 120
        blockers = [{"kind": "cron-run", "count": 2, "message": "a private title"}] if self.busy else []
        return {"status": "draining" if self.busy else "ready", "suspensionId": self.lease, "blockers": blockers}

    def _resumed(self, lease: str) -> dict[str, Any]:
        resumed, self.lease = self.closed and lease == self.lease, ""
        return {"ok": True, "resumed": resumed}


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    made = Gateway()

    def sleep(seconds: float) -> None:
        made.now += seconds

    monkeypatch.setattr(clock, "monotonic", lambda: made.now)
    monkeypatch.setattr(clock, "sleep", sleep)
    return made


def suspend(gateway: Gateway, timeout: float = 60.0, said: list[str] | None = None) -> Any:
    told = said if said is not None else []
    return suspended(gateway, "gateway g", timeout, told.append, lambda: None)  # type: ignore[arg-type]  # a stand-in


def test_it_is_renewed_for_as_long_as_it_takes(gateway: Gateway) -> None:
    with suspend(gateway) as renew:
        for _ in range(300):
            gateway.now += 2
            renew()
            assert gateway.closed
    assert gateway.count == 1 and not gateway.closed
    prepares = [at for at, method in gateway.calls if method == PREPARE]
    assert 12 <= len(prepares) <= 16, "not with every look: the gateway takes 30 a minute"


@pytest.mark.parametrize("wrong", [CollectionError("Fly.io made none"), KeyboardInterrupt()])
def test_it_is_resumed_whatever_happens(gateway: Gateway, wrong: BaseException) -> None:
    with pytest.raises(type(wrong)), suspend(gateway):
        raise wrong
    assert not gateway.closed and gateway.calls[-1][1] == RESUME


def test_a_lease_that_ended_is_noticed(gateway: Gateway) -> None:
    with pytest.raises(CollectionError, match="ended too early"), suspend(gateway):
        gateway.now += 121
    with pytest.raises(CollectionError, match="ended too early"), suspend(gateway) as renew:
        gateway.now += 121
        renew()
    assert not gateway.closed, "the lease that the renewal got is given back"


def test_a_busy_gateway_is_resumed_and_named_in_counts(gateway: Gateway) -> None:
    gateway.busy = True
    said: list[str] = []
    with pytest.raises(CollectionError) as failed, suspend(gateway, 30, said):
        pass
    assert failed.value.what == "the gateway is busy" and "2 cron-run" in failed.value.why
    assert "private" not in f"{failed.value}{said}"
    assert not gateway.closed
    assert len(gateway.calls) < 30 / 60 * 30, "the gateway takes 30 requests a minute"


def test_a_lease_whose_answer_was_lost_is_given_back(gateway: Gateway) -> None:
    gateway.lost.append(PREPARE)
    with pytest.raises(CollectionError, match="the answer was lost"), suspend(gateway):
        pass
    assert gateway.count == 1 and not gateway.closed


def test_a_lost_resume_is_said(gateway: Gateway) -> None:
    said: list[str] = []
    gateway.lost.append(RESUME)
    with pytest.raises(ZeroDivisionError), suspend(gateway, said=said):
        _ = 1 / 0
    assert "not resumed, the lease ends by itself within two minutes" in said[-1]
