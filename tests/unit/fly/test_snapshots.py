"""How a snapshot that was asked for is waited for, on a clock of its own."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._base import clock
from ansible_collections.openclaw.fly.plugins.module_utils._base.waiting import TimedOut, WaitFailed
from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.errors import LostAnswer
from ansible_collections.openclaw.fly.plugins.module_utils._fly.volumes.snapshots import ask_for_snapshot

OLD = {"id": "vs_old", "status": "created", "created_at": "1970-01-01T00:00:00Z"}


class Api:
    """Lists what it is told to, one list a look, the last one for ever."""

    def __init__(self, *listed: list[dict[str, Any]], lost: bool = False) -> None:
        self._listed, self._lost = listed, lost
        self.asked = self.looks = 0

    def snapshot_volume(self, _app: str, _volume: str) -> None:
        self.asked += 1
        if self._lost:
            raise LostAnswer("the answer was lost", where="volume vol_1 of my-app")

    def volume_snapshots(self, _app: str, _volume: str) -> list[dict[str, Any]]:
        self.looks += 1
        return self._listed[min(self.looks, len(self._listed)) - 1]


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that only sleeping moves."""
    sleeps: list[float] = []
    monkeypatch.setattr(clock, "sleep", sleeps.append)
    for name in ("monotonic", "now"):
        monkeypatch.setattr(clock, name, lambda: sum(sleeps))
    return sleeps


def new(status: str) -> dict[str, Any]:
    return {"id": "vs_new", "status": status, "created_at": "1970-01-01T00:01:00Z"}


def ask(api: Api, known: tuple[str, ...] = ("vs_old",), timeout: float = 600.0) -> str:
    double: Any = api
    made = ask_for_snapshot(double, "my-app", "vol_1", set(known), timeout)
    assert api.asked == 1
    return made["id"]


def test_one_that_is_ready_is_looked_for_once(slept: list[float]) -> None:
    api = Api([OLD, new("created")])
    assert (ask(api), api.looks, slept) == ("vs_new", 1, [])


def test_one_that_is_listed_late_and_ready_later() -> None:
    api = Api([OLD], [OLD], [OLD, new("creating")], [OLD, new("created")])
    assert (ask(api), api.looks) == ("vs_new", 4)


@pytest.mark.parametrize("lost", [False, True])
def test_a_lost_answer_of_one_that_comes(lost: bool) -> None:
    assert ask(Api([OLD], [OLD, new("created")], lost=lost)) == "vs_new"


def test_a_lost_answer_of_one_that_does_not_come(slept: list[float]) -> None:
    with pytest.raises(LostAnswer):
        ask(Api([OLD], lost=True))
    assert sum(slept) == 180


def test_a_recent_one_stands_for_it_when_fly_io_merges_them(slept: list[float]) -> None:
    assert ask(Api([OLD])) == "vs_old"
    assert sum(slept) == 180


def test_without_a_recent_one_it_is_waited_for_until_the_timeout(slept: list[float]) -> None:
    with pytest.raises(TimedOut, match="does not list it yet"):
        ask(Api([]))
    assert sum(slept) == 600


def test_a_timeout_holds_while_none_is_listed(slept: list[float]) -> None:
    with pytest.raises(TimedOut):
        ask(Api([]), timeout=60.0)
    assert sum(slept) == 60


def test_one_that_fails_ends_the_wait() -> None:
    with pytest.raises(WaitFailed, match="its status is failed"):
        ask(Api([OLD], [OLD, new("failed")]))
