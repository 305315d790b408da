"""Whatever fly.toml says: the machines that flyctl makes of it are, to fly_deploy, as they should be."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines.compare import differences
from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines.config import machine_config
from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines.deployed import group_of
from ansible_collections.openclaw.fly.plugins.module_utils._fly.toml.definition import FlyToml

from .conftest import SLEEP, Flyctl

EXAMPLES = int(os.environ.get("FLYCTL_EXAMPLES", "30"))
_numbers = itertools.count(1)

GROUPS = st.sampled_from([[], ["app"], ["app", "worker"], ["web", "job"], ["zed", "app", "mid"]])
COMMANDS = st.sampled_from(
    ["sleep 1000000", "sh -c 'sleep 10000'", "sleep 100 # comment", "sleep 99#x", "sleep '1000000' ", 'sleep "10"000']
)
TIMES = st.sampled_from(["2s", "15s", "59s", "1m0s"])
WRITTEN = {"a": st.sampled_from(["x", "", "a\nb", 1, -3, True, False, 1.5, 1e6, 0.1, 100000.5, 1e21, 1.0, 123456789])}
HEADERS = {"A": st.just("1"), "B": st.just("2"), "C": st.just("x y")}


def some(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=optional)


TCP = some(interval=TIMES, timeout=TIMES, grace_period=st.sampled_from(["500ms", "1m30s", "0.5m", "1h"]))
HTTP = some(
    interval=TIMES, timeout=TIMES, grace_period=TIMES, method=st.sampled_from(["get", "GET", "Post"]),
    path=st.sampled_from(["/", "/healthz"]), protocol=st.sampled_from(["http", "https"]), tls_skip_verify=st.booleans(),
    tls_server_name=st.just("a.b"), headers=some(**HEADERS),
)  # fmt: skip
LIMITS = some(type=st.sampled_from(["requests", "connections"]), soft_limit=st.just(5), hard_limit=st.just(9))
TLS = some(alpn=st.just(["h2"]), versions=st.just(["TLSv1.3"]), default_self_signed=st.booleans())
PORT = some(
    port=st.sampled_from([80, 443, "8080"]), force_https=st.booleans(), tls_options=TLS,
    handlers=st.sampled_from([["http"], ["tls", "http"], []]),
)  # fmt: skip
SCALING = {
    "auto_stop_machines": st.sampled_from([True, False, "off", "stop", "suspend"]),
    "auto_start_machines": st.booleans(),
    "min_machines_running": st.sampled_from([0, 1, 3]),
}
VM = st.sampled_from(
    [
        {"size": "shared-cpu-2x"}, {"size": "shared-cpu-1x", "memory": "512mb"}, {"memory": "1gb"}, {"memory": 512},
        {"size": "performance-1x"}, {"cpus": 2, "memory": "1gb"}, {"size": "shared-cpu-4x", "memory": "2GB"},
        {"cpu_kind": "performance", "cpus": 1, "memory_mb": 4096},
    ]
)  # fmt: skip


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, Any]:
    groups = draw(GROUPS)
    members = st.lists(st.sampled_from(groups), min_size=1, unique=True) if groups else st.none()

    def grouped(section: dict[str, Any], must: bool = False) -> dict[str, Any]:
        return {**section, "processes": draw(members)} if groups and (must or draw(st.booleans())) else section

    def several(strategy: st.SearchStrategy[Any], most: int = 2) -> list[Any]:
        return [grouped(section) for section in draw(st.lists(strategy, max_size=most))]

    top = some(
        kill_signal=st.sampled_from(["SIGTERM", "SIGINT"]), kill_timeout=st.sampled_from([5, "30s", "2m", 120]),
        swap_size_mb=st.sampled_from([0, 512]), env=st.dictionaries(st.sampled_from("ABCD"), WRITTEN["a"]),
        statics=st.just([{"guest_path": "/app", "url_prefix": "/s"}]),
        files=st.just([{"guest_path": "/etc/f", "raw_value": "hello"}]),
    )  # fmt: skip
    result: dict[str, Any] = {"app": "any", "primary_region": "iad", **draw(top)}
    if groups:
        result["processes"] = {group: draw(COMMANDS) for group in groups}
    port = {"internal_port": 8080}
    if draw(st.booleans()):
        options = some(**SCALING, force_https=st.booleans(), concurrency=LIMITS, tls_options=TLS)
        checks = {"checks": draw(st.lists(HTTP, max_size=2))}
        result["http_service"] = grouped({**port, **draw(options), **checks}, must=True)
    result["services"] = [
        grouped({**port, "protocol": draw(st.sampled_from(["tcp", "udp"])), **service}, must=True)
        for service in draw(
            st.lists(
                some(
                    **SCALING,
                    concurrency=st.one_of(LIMITS, st.just("20,25")),
                    ports=st.lists(PORT, max_size=2),
                    http_checks=st.lists(HTTP, max_size=1),
                    tcp_checks=st.lists(TCP, max_size=1),
                ),
                max_size=2,
            )
        )
    ]
    result["checks"] = {
        name: grouped({"type": kind, "port": 8080, **draw(HTTP if kind == "http" else TCP)})
        for name, kind in draw(st.dictionaries(st.sampled_from(["x", "y"]), st.sampled_from(["http", "tcp"]))).items()
    }
    policy = {"policy": st.sampled_from(["always", "never", "on-failure"])}
    result["restart"] = several(st.fixed_dictionaries(policy, optional={"retries": st.sampled_from([0, 5])}))
    result["vm"] = several(VM)
    result["metrics"] = several(st.just({"port": 9091, "path": "/metrics"}), 1)
    result["mounts"] = several(st.just({"source": "data", "destination": "/data"}), 1)
    return {key: value for key, value in result.items() if value not in ([], {})}


def toml(value: Any) -> str:
    """A value in TOML's inline form."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return repr(value) if isinstance(value, float) else json.dumps(value)


@given(definition=definitions())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@pytest.mark.timeout(600)
def test_machines_of_flyctl_need_no_change(flyctl: Flyctl, tmp_path: Path, definition: dict[str, Any]) -> None:
    app = flyctl.app(f"any-{next(_numbers)}")
    file = tmp_path / "fly.toml"
    file.write_text("".join(f"{key} = {toml(value)}\n" for key, value in definition.items()))
    for _ in definition.get("processes") or ["app"]:
        flyctl.emulator.request("POST", f"/v1/apps/{app}/volumes", {"name": "data", "region": "iad", "size_gb": 1})
    try:
        flyctl.deploy(app, file, "--detach", image=SLEEP)
        refused = False
    except (AssertionError, subprocess.TimeoutExpired):
        refused = True
    machines = flyctl.machines(app)
    flyctl.emulator.request("DELETE", f"/v1/apps/{app}")
    assume(not refused)
    wanted = FlyToml.load(str(file))
    assert machines
    for machine in machines:
        config = machine["config"]
        volume = next((mount["volume"] for mount in config.get("mounts") or []), None)
        ours = machine_config(wanted, group_of(machine), SLEEP, volume)
        assert differences(ours, config) == ({}, {})
