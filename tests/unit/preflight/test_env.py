# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of fly_app_env, judged before anything is written."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._preflight import app
from ansible_collections.openclaw.fly.plugins.module_utils._preflight.declaration import App, Declaration


def judged(env: dict[str, Any]) -> dict[str, str]:
    declaration = cast(Declaration, SimpleNamespace(app=App("my-app", env=env)))
    return {problem.path: problem.message for problem in app.env(declaration)}


@pytest.mark.parametrize("value", ["", "hello 👋", "a\nb", True, False, 3, 1.5])
def test_what_a_machine_can_have(value: Any) -> None:
    assert judged({"A": value}) == {}


@pytest.mark.parametrize(("value", "said"), [(None, "is null"), ({}, "is a dictionary"), (["x"], "is no text")])
def test_what_it_cannot(value: Any, said: str) -> None:
    assert judged({"A": value}) == {"fly_app_env.A": said}


def test_a_secret_is_told_with_its_name() -> None:
    (message,) = judged({"DBPASSWORD": "abc"}).values()
    assert "DBPASSWORD" in message and "abc" not in message
