"""Plugins that the machines cannot fetch, judged before anything is written."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._preflight import gateway
from ansible_collections.openclaw.fly.plugins.module_utils._preflight.declaration import Declaration

DISCORD = {"@openclaw/discord": "1.0.0"}


def judged(packages: dict[str, str], machines: list[Any] | None, *, reaches_out: bool) -> list[Any]:
    platform = SimpleNamespace(machines=machines, reaches_out=reaches_out)
    declaration = SimpleNamespace(gateway=SimpleNamespace(packages=packages), platform=platform)
    return list(gateway.packages(cast(Declaration, declaration)))


@pytest.mark.parametrize("machines", [[], None], ids=["no machine yet", "an app that is not there"])
def test_a_first_run_without_a_way_out_is_refused(machines: list[Any] | None) -> None:
    (problem,) = judged(DISCORD, machines, reaches_out=False)
    assert (problem.path, problem.rule) == ("openclaw_config_packages", "egress")
    assert problem.message.startswith("@openclaw/discord: ")
    assert "--egress" in problem.suggestion


@pytest.mark.parametrize(
    ("packages", "machines", "reaches_out"),
    [
        pytest.param(DISCORD, [], True, id="machines reach out"),
        pytest.param({}, [], False, id="no plugin"),
        pytest.param(DISCORD, [{"id": "m1"}], False, id="a machine, which may have them"),
    ],
)
def test_what_can_work_is_not(packages: dict[str, str], machines: list[Any], reaches_out: bool) -> None:
    assert judged(packages, machines, reaches_out=reaches_out) == []


def test_a_declaration_without_a_gateway_has_no_plugins() -> None:
    assert list(gateway.packages(cast(Declaration, SimpleNamespace(gateway=None, platform=None)))) == []
