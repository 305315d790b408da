"""Kinds of variables: what each takes, and how a value of another kind is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._preflight.kinds import Undefined, wrong


def paths(resolved: Any = None, **scope: Any) -> list[str]:
    return [problem.path for problem in wrong(scope, lambda value: value if resolved is None else resolved)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fly_app_volume_size_gb", 3), ("fly_app_volume_size_gb", "3"), ("fly_app_wait_timeout", "1.5"),
        ("fly_app_secrets_exact", "false"), ("fly_app_secrets_exact", True), ("fly_app_secrets", {}),
        ("fly_app_hostnames", []), ("fly_app_hostnames", ["a.example.com", 5]), ("fly_app_tunnels", [{"kind": "x"}]),
        ("fly_app_exposure", "sealed"), ("fly_app_release", 2026.9), ("openclaw_config_layer_10", {}),
        ("fly_app_region", "{{ undefined }}"), ("of_somebody_else", None), ("fly_app_port", object()),
    ],
)  # fmt: skip
def test_what_is_of_its_kind(name: str, value: Any) -> None:
    assert paths(**{name: value}) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fly_app_wait_timeout", -5), ("fly_app_heap_mb", "-1"),
        ("fly_app_volume_size_gb", True), ("fly_app_volume_size_gb", 1.5), ("fly_app_volume_size_gb", "ten"),
        ("fly_app_volume_size_gb", None), ("fly_app_wait_timeout", "soon"), ("fly_app_secrets_exact", "maybe"),
        ("fly_app_secrets", "A=b"), ("fly_app_hostnames", "a,b"), ("fly_app_exposure", "Public"),
        ("fly_app_exposure", None), ("fly_app_region", {}), ("fly_app_region", False), ("openclaw_config_layer_x", []),
    ],
)  # fmt: skip
def test_what_is_not(name: str, value: Any) -> None:
    assert paths(**{name: value}) == [name]


def test_a_template_is_judged_by_its_value() -> None:
    assert paths("big", fly_app_volume_size_gb="{{ size }}") == ["fly_app_volume_size_gb"]
    assert paths(20, fly_app_volume_size_gb="{{ size }}") == []
    assert paths(AttributeError("undefined"), fly_app_volume_size_gb="{{ size }}") == []


def test_an_authoritys_file_is_read(tmp_path: Path) -> None:
    """It is not what the config's is judged by."""
    (tmp_path / "none.pem").write_text("no certificate")
    for value in ("/nowhere/ca.pem", str(tmp_path / "none.pem")):
        assert paths(openclaw_exposure_ca_file=value) == ["openclaw_exposure_ca_file"]
        assert paths(value, openclaw_exposure_ca_file="{{ folder }}/ca.pem") == ["openclaw_exposure_ca_file"]
    assert paths(openclaw_exposure_ca_file="") == []


def test_what_follows_from_another_is_left_out() -> None:
    scope = {"fly_app_exposure": "pubic", "openclaw_config_exposure": "{{ fly_app_exposure | default('public') }}"}
    assert paths("pubic", **scope) == ["fly_app_exposure"]


def test_a_playbooks_own_variables_are_judged_too() -> None:
    own = {"quiesce": "auto|suspend", "drain_timeout": "float"}
    problems = wrong({"quiesce": "suspent", "drain_timeout": "soon"}, lambda value: value, own)
    assert [str(problem) for problem in problems] == [
        "quiesce: is 'suspent', but must be one of auto, suspend. Did you mean suspend?",
        "drain_timeout: is 'soon', but must be a number, 0 or more. Write drain_timeout: NUMBER, or remove the line",
    ]


def test_what_a_dictionary_of_the_config_holds_is_judged_on_demand() -> None:
    scope = {"openclaw_config_agents": {"main": "opus", "other": 3}, "openclaw_config_bindings": [{}, "x"]}
    assert len(wrong(scope, lambda value: value)) == 1
    assert len(wrong(scope, lambda value: value, deep=scope)) == 3


def test_a_template_that_refers_to_nothing_is_told_on_demand() -> None:
    scope = {"fly_app_region": "{{ nowhere }}", "fly_app_org": "{{ nowhere }}"}
    (problem,) = wrong(scope, lambda value: Undefined("'nowhere' is undefined"), deep=["fly_app_region"])
    assert str(problem).startswith("fly_app_region: cannot be resolved: 'nowhere' is undefined. Define")


def test_no_value_that_may_be_a_secret_is_shown() -> None:
    scope = {"fly_app_secrets": "KEY=hunter2", "fly_app_gateway_token": {"t": "hunter2"}, "fly_app_build": "hunter2"}
    problems = wrong(scope, lambda value: value)
    assert len(problems) == 3 and "hunter2" not in str(problems)
