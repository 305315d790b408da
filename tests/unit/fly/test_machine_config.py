"""fly.toml to machine configuration, and what of it differs."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.openclaw.fly.plugins.filter.machine_config import machine_config as filtered
from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError
from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines.compare import desired, differences
from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines.config import (
    for_maintenance,
    in_maintenance,
    machine_config,
)
from ansible_collections.openclaw.fly.plugins.module_utils._fly.toml.definition import FlyToml

GUIDE = """
app = "my-openclaw"
primary_region = "iad"

[env]
  NODE_ENV = "production"
  OPENCLAW_PREFER_PNPM = "1"
  OPENCLAW_STATE_DIR = "/data"
  NODE_OPTIONS = "--max-old-space-size=1536"

[processes]
  app = "node dist/index.js gateway --allow-unconfigured --port 3000 --bind lan"

[http_service]
  internal_port = 3000
  force_https = true
  auto_stop_machines = false
  auto_start_machines = true
  min_machines_running = 1
  processes = ["app"]

[[vm]]
  size = "shared-cpu-2x"
  memory = "2048mb"

[mounts]
  source = "openclaw_data"
  destination = "/data"
"""


def translate(text: str, group: str = "app", **options: Any) -> dict[str, Any]:
    return machine_config(FlyToml.parse(text, **options), group, "image:1", "vol_1")


def test_the_filter() -> None:
    found = filtered(tomllib.loads(GUIDE), image="image:1", volume="vol_1")
    assert found == translate(GUIDE)
    for wrong, said in (
        ({"app": 1}, "app: must be text, not 1"),
        ({"processes": {"a": "x"}}, "no process group 'app'"),
    ):
        with pytest.raises(AnsibleFilterError, match=said):
            filtered(wrong, "app")


def test_the_guides_file_becomes_what_flyctl_sends() -> None:
    config = translate(GUIDE)
    assert config["env"] == {
        "FLY_PROCESS_GROUP": "app",
        "NODE_ENV": "production",
        "NODE_OPTIONS": "--max-old-space-size=1536",
        "OPENCLAW_PREFER_PNPM": "1",
        "OPENCLAW_STATE_DIR": "/data",
        "PRIMARY_REGION": "iad",
    }
    command = ["node", "dist/index.js", "gateway", "--allow-unconfigured", "--port", "3000", "--bind", "lan"]
    assert config["init"] == {"cmd": command}
    assert config["guest"] == {"cpu_kind": "shared", "cpus": 2, "memory_mb": 2048}
    assert config["mounts"] == [{"path": "/data", "volume": "vol_1", "name": "openclaw_data"}]
    (service,) = config["services"]
    assert (service["protocol"], service["internal_port"]) == ("tcp", 3000)
    assert (service["autostop"], service["autostart"], service["min_machines_running"]) == (False, True, 1)
    assert [(port["port"], port["handlers"]) for port in service["ports"]] == [(80, ["http"]), (443, ["http", "tls"])]
    assert service["ports"][0]["force_https"] is True
    assert config["metadata"] == {"fly_platform_version": "v2", "fly_process_group": "app"}
    assert "restart" not in config


def test_sections_are_for_the_process_groups_that_they_name() -> None:
    text = """
    [processes]
    web = "serve"
    job = "work --hard 'two words'"
    [[vm]]
    memory = "256mb"
    processes = ["web"]
    [[vm]]
    memory = "1gb"
    processes = ["job"]
    [http_service]
    internal_port = 80
    processes = ["web"]
    [[restart]]
    policy = "never"
    processes = ["job"]
    """
    web, job = translate(text, "web"), translate(text, "job")
    assert (len(web["services"]), len(job["services"])) == (1, 0)
    assert (web["guest"]["memory_mb"], job["guest"]["memory_mb"]) == (256, 1024)
    assert job["init"]["cmd"] == ["work", "--hard", "two words"]
    assert ("restart" in web, job["restart"]) == (False, {"policy": "no"})


def test_a_section_that_names_no_process_is_for_the_default_group() -> None:
    text = """
    [processes]
    job = "work"
    app = "serve"
    [[vm]]
    memory = "256mb"
    [[vm]]
    memory = "1gb"
    processes = ["job"]
    [mounts]
    source = "data"
    destination = "/data"
    [checks.up]
    type = "tcp"
    port = 1
    [metrics]
    port = 2
    path = "/metrics"
    [[restart]]
    policy = "always"
    [[files]]
    guest_path = "/a"
    raw_value = "hello"
    """
    app, job = translate(text, "app"), translate(text, "job")
    assert [len(job[key]) for key in ("mounts", "checks")] == [0, 0]
    assert [len(app[key]) for key in ("mounts", "checks")] == [1, 1]
    assert ("metrics" in job, "restart" in job) == (False, False)
    assert ("metrics" in app, "restart" in app) == (True, True)
    # The exceptions: sizes and files are for all.
    assert (app["guest"]["memory_mb"], job["guest"]["memory_mb"]) == (256, 1024)
    assert app["files"] == job["files"] == [{"guest_path": "/a", "raw_value": "aGVsbG8="}]
    assert len(translate(text.replace("app =", "zoo ="), "job")["mounts"]) == 1, "the first by name without an app"


def test_values_reach_the_machine_as_go_writes_them() -> None:
    text = """
    [env]
    YES = true
    WHOLE = 3
    PART = 1.5
    [[services]]
    internal_port = 1
    [[services.http_checks]]
    interval = 15000
    method = "get"
    [[services.tcp_checks]]
    timeout = "2s"
    [http_service]
    internal_port = 9
    [checks.up]
    type = "http"
    method = "get"
    """
    config = translate(text)
    assert {key: config["env"][key] for key in ("YES", "WHOLE", "PART")} == {"YES": "true", "WHOLE": "3", "PART": "1.5"}
    tcp, http = config["services"][1]["checks"]
    assert (tcp["type"], http["interval"], http["method"]) == ("tcp", "15s", "get")
    assert config["checks"]["up"] == {"type": "http", "port": 9, "method": "GET"}


def test_a_machine_pinned_by_flyctl_to_the_tag_s_digest_is_up_to_date() -> None:
    wanted = translate("")
    actual = {**wanted, "image": "image:1@sha256:abc"}
    assert differences(wanted, actual) == ({}, {})
    assert desired(wanted, actual)["image"] == "image:1@sha256:abc"
    assert differences({**wanted, "image": "image:2"}, actual)[1] == {"image": "image:2"}


def test_files_are_read_beside_the_toml(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    text = '[[files]]\nguest_path = "/a"\nlocal_path = "a.txt"\n[[files]]\nguest_path = "/b"\nsecret_name = "B"'
    assert translate(text, folder=tmp_path)["files"] == [
        {"guest_path": "/a", "raw_value": "aGVsbG8="},
        {"guest_path": "/b", "secret_name": "B"},
    ]
    with pytest.raises(CollectionError, match=r"missing\.txt.*cannot be read"):
        translate('[[files]]\nguest_path = "/a"\nlocal_path = "missing.txt"', folder=tmp_path)


def test_what_the_api_fills_in_is_no_difference() -> None:
    wanted = translate(GUIDE)
    actual = {
        **wanted,
        "checks": None,
        "files": None,
        "restart": {"policy": "on-failure", "max_retries": 10},
        "dns": {},
        "metadata": {**wanted["metadata"], "fly_release_version": "7", "mine": "x"},
        "mounts": [{**wanted["mounts"][0], "encrypted": True, "size_gb": 1}],
        "services": [{**wanted["services"][0], "force_instance_key": None}],
    }
    assert differences(wanted, actual) == ({}, {})


def test_a_service_without_a_protocol_is_tcp() -> None:
    wanted = translate("[[services]]\ninternal_port = 80")
    assert "protocol" not in wanted["services"][0]
    actual = {**wanted, "services": [{"internal_port": 80, "protocol": "tcp"}]}
    assert differences(wanted, actual) == ({}, {})
    assert differences(wanted, {**wanted, "services": [{"internal_port": 80, "protocol": "udp"}]}) != ({}, {})


def test_a_difference_is_shown_alone() -> None:
    wanted = translate(GUIDE)
    actual = translate(GUIDE.replace("2048mb", "1024mb").replace('"production"', '"test"'))
    assert differences(wanted, actual) == (
        {"env": {"NODE_ENV": "test"}, "guest": {"memory_mb": 1024}},
        {"env": {"NODE_ENV": "production"}, "guest": {"memory_mb": 2048}},
    )


def test_an_env_value_that_goes_is_a_difference_even_when_empty() -> None:
    wanted = translate(GUIDE)
    actual = {**wanted, "env": {**wanted["env"], "LEFT": ""}}
    assert differences(wanted, actual) == ({"env": {"LEFT": ""}}, {"env": {}})


def test_an_update_keeps_what_fly_toml_does_not_decide() -> None:
    wanted = translate("[env]\nA = '1'")
    actual = {
        **wanted,
        "schedule": "daily",
        "guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 256},
        "restart": {"policy": "always"},
        "services": [{"internal_port": 80}],
        "metadata": {"mine": "x"},
    }
    update = desired(wanted, actual)
    assert (update["schedule"], update["guest"]["memory_mb"]) == ("daily", 256)
    assert "restart" not in update, "without [[restart]] a deploy goes back to the platform's policy"
    assert update["services"] == []
    assert update["metadata"] == {"mine": "x", **wanted["metadata"]}


def test_a_machine_on_hold_serves_nothing_and_leaves_no_trace() -> None:
    wanted = translate(GUIDE)
    held = for_maintenance(wanted)
    assert in_maintenance(held) and not in_maintenance(wanted)
    assert (held["services"], held["checks"], held["init"]["exec"][0]) == ([], {}, "/bin/sleep")
    assert held["mounts"] == wanted["mounts"]
    back = desired(wanted, held)
    assert differences(wanted, back) == ({}, {})
    assert "restart" not in back and not in_maintenance(back)
