# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times of the machine and its health check, judged before anything is written."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._preflight import app
from ansible_collections.openclaw.fly.plugins.module_utils._preflight.declaration import App, Declaration


def judged(exposure: str = "public", **times: Any) -> list[str]:
    declaration = SimpleNamespace(app=App("my-app", times=times, exposure=exposure))
    return [problem.path for problem in app.times(cast(Declaration, declaration))]


@pytest.mark.parametrize(
    "times",
    [
        {"kill_timeout": "5m"}, {"kill_timeout": 300}, {"check_interval": "1s"},
        {"check_timeout": "60s"}, {"check_grace_period": "3m"},
    ],
)  # fmt: skip
def test_what_a_machine_can_have(times: dict[str, Any]) -> None:
    assert judged(**times) == []


@pytest.mark.parametrize(
    "times",
    [
        {"kill_timeout": "301s"}, {"kill_timeout": "300"}, {"check_interval": "0s"}, {"check_timeout": "61s"},
        {"check_grace_period": "soon"}, {"check_interval": 15},
    ],
)  # fmt: skip
def test_what_it_cannot(times: dict[str, Any]) -> None:
    assert judged(**times) == [f"fly_app_{name}" for name in times]


def test_the_check_of_an_app_without_a_service_has_its_own_limit() -> None:
    assert judged("sealed", check_interval="1s") == ["fly_app_check_interval"]
