"""The same fly.toml by flyctl and by fly_deploy: the same machines, and neither undoes the other's."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.openclaw.fly.plugins.module_utils._converge.context import Context
from ansible_collections.openclaw.fly.plugins.module_utils._converge.run import run
from ansible_collections.openclaw.fly.plugins.modules import fly_deploy

from .conftest import Flyctl, fitting

TOMLS = sorted((Path(__file__).parent / "toml").glob("*.toml"))
FLYCTLS_OWN = ("fly_flyctl_version", "fly_builder_id")
EACH_ITS_OWN = ("fly_release_id", "fly_release_version")
KNOWN = """
app = "any"
primary_region = "iad"
kill_timeout = 7

[env]
  A = "1"
  B = 2

[mounts]
  source = "openclaw_data"
  destination = "/data"

[[vm]]
  size = "shared-cpu-1x"
  memory = "512mb"
"""
OURS = ("ansible_secrets_applied",)


def allowed(config: dict[str, Any]) -> dict[str, Any]:
    """A config without what may differ. Everything else must be equal.

    - metadata of flyctl and its builder: what did it, not what it is.
    - metadata of a release: both leave an entry, and each has its own id and number.
    - metadata ansible_secrets_applied: with it fly_deploy knows that a secret has changed since.
    - a mount's volume: each app has its own.
    - the order of a check's headers: flyctl iterates over a Go map.
    """
    config = copy.deepcopy(config)
    for name in (*FLYCTLS_OWN, *EACH_ITS_OWN, *OURS):
        config["metadata"].pop(name, None)
    for mount in config.get("mounts") or []:
        mount.pop("volume")
    checks = [*(config.get("checks") or {}).values()]
    checks += [check for service in config.get("services") or [] for check in service.get("checks") or []]
    for check in checks:
        if check.get("headers"):
            check["headers"].sort(key=lambda header: header["name"])
    return _without_zeroes(config)


def _without_zeroes(value: Any) -> Any:
    """An absent field and its zero value are one and the same to the API."""
    if isinstance(value, dict):
        pairs = {key: _without_zeroes(item) for key, item in value.items()}
        return {key: item for key, item in pairs.items() if item not in (None, False, 0, "", [], {})}
    return [_without_zeroes(item) for item in value] if isinstance(value, list) else value


def ours(flyctl: Flyctl, app: str, toml: Path) -> dict[str, Any]:
    url = flyctl.emulator.api_url
    given = {
        "api_token": flyctl.emulator.token, "machines_url": url, "api_url": url, "api_retries": 2, "app": app,
        "config": str(toml), "image": fitting(toml), "wait_timeout": 60.0,
    }  # fmt: skip
    params = ArgumentSpecValidator(fly_deploy.SPEC["argument_spec"]).validate(given).validated_parameters
    result = run(fly_deploy.body, params, Context())
    assert not result.get("failed"), result
    return result


def prepared(flyctl: Flyctl, name: str, toml: Path) -> str:
    app = flyctl.app(name)
    text = toml.read_text()
    region = "lhr" if '"lhr"' in text else "iad"
    if "[mounts]" in text:
        volume = {"name": "openclaw_data", "region": region, "size_gb": 1}
        flyctl.emulator.request("POST", f"/v1/apps/{app}/volumes", volume)
    if "FILE_THREE" in text:
        flyctl.emulator.request("POST", f"/v1/apps/{app}/secrets", {"values": {"FILE_THREE": "aGVsbG8="}})
    # Machines that are made later have them, as their times tell.
    flyctl.emulator.request("POST", "/emulator/v1/clock", {"advance": 10})
    return app


def configs(flyctl: Flyctl, app: str) -> list[dict[str, Any]]:
    return [allowed(machine["config"]) for machine in flyctl.machines(app)]


@pytest.mark.parametrize("toml", TOMLS, ids=lambda path: path.stem)
def test_flyctl_equals_us(flyctl: Flyctl, toml: Path) -> None:
    by_flyctl, by_us = (prepared(flyctl, f"{toml.stem}-{who}", toml) for who in ("fly", "us"))
    flyctl.deploy(by_flyctl, toml, "--detach")
    assert ours(flyctl, by_us, toml)["changed"]
    assert configs(flyctl, by_us) == configs(flyctl, by_flyctl)

    before = {machine["id"]: machine["config"] for machine in flyctl.machines(by_us)}
    flyctl.deploy(by_us, toml, "--detach")
    after = {machine["id"]: machine["config"] for machine in flyctl.machines(by_us)}
    assert {key: allowed(config) for key, config in after.items()} == {
        key: allowed(config) for key, config in before.items()
    }, "flyctl's deploy after ours"

    for app in (by_flyctl, by_us):
        flyctl.emulator.clear_journal()
        assert ours(flyctl, app, toml)["changes"] == [], "our deploy after flyctl's"
        assert flyctl.emulator.journal("write,exec") == []


def test_what_flyctl_adds_for_high_availability_stays(flyctl: Flyctl, tmp_path: Path) -> None:
    toml = tmp_path / "fly.toml"
    toml.write_text('app = "any"\nprimary_region = "iad"\n[env]\n  A = "1"\n')
    app = prepared(flyctl, "standby", toml)
    flyctl.deploy(app, toml, "--ha=true", "--detach")
    assert len(flyctl.machines(app)) == 2
    (standby,) = [machine for machine in flyctl.machines(app) if machine["config"].get("standbys")]
    assert ours(flyctl, app, toml)["changes"] == []
    toml.write_text(toml.read_text().replace("1", "2"))
    assert len(ours(flyctl, app, toml)["changes"]) == 2
    after = {machine["id"]: machine for machine in flyctl.machines(app)}
    assert {machine["config"]["env"]["A"] for machine in after.values()} == {"2"}
    assert after.pop(standby["id"])["config"]["standbys"] == standby["config"]["standbys"]
    assert flyctl.emulator.get(f"/v1/apps/{app}/machines/{standby['id']}")["state"] in ("created", "stopped")
    assert [machine["state"] for machine in after.values()] == ["started"]
    assert ours(flyctl, app, toml)["changes"] == []


def test_every_group_gets_every_file(flyctl: Flyctl, tmp_path: Path) -> None:
    """[[files]] processes is documented, and flyctl ignores it; if it ever honours it, this test says so."""
    toml = tmp_path / "fly.toml"
    toml.write_text(
        'app = "any"\nprimary_region = "iad"\n[processes]\n  a = "sleep 1000000"\n  b = "sleep 1000000"\n'
        '[[files]]\n  guest_path = "/etc/for-b"\n  raw_value = "x"\n  processes = ["b"]\n'
    )
    by_flyctl, by_us = prepared(flyctl, "files-of-b-fly", toml), prepared(flyctl, "files-of-b-us", toml)
    flyctl.deploy(by_flyctl, toml, "--detach")
    ours(flyctl, by_us, toml)
    assert [bool(config.get("files")) for config in configs(flyctl, by_flyctl)] == [True, True]
    assert [bool(config.get("files")) for config in configs(flyctl, by_us)] == [True, True]
    assert ours(flyctl, by_flyctl, toml)["changes"] == []


def test_flyctl_knows_our_release(flyctl: Flyctl, tmp_path: Path) -> None:
    """`fly releases`, `config show`, and the commands that start from the last release's definition."""
    toml = tmp_path / "fly.toml"
    toml.write_text(KNOWN)
    by_flyctl, by_us = prepared(flyctl, "known-fly", toml), prepared(flyctl, "known-us", toml)
    flyctl.deploy(by_flyctl, toml, "--detach")
    ours(flyctl, by_us, toml)
    (release,) = flyctl.json("releases", "-a", by_us)
    assert (release["Version"], release["Status"], release["ImageRef"]) == (1, "complete", fitting(toml))
    assert flyctl.json("status", "-a", by_us)["Version"] == 1
    assert [secret["status"] for secret in flyctl.json("secrets", "list", "-a", by_us)] == ["Deployed"]
    shown = [json.loads(flyctl("config", "show", "-a", app)) for app in (by_flyctl, by_us)]
    assert {**shown[0], "app": by_us} == shown[1]
    flyctl("scale", "memory", "1024", "-a", by_us)
    (scaled,) = flyctl.machines(by_us)
    assert (scaled["config"]["guest"]["memory_mb"], scaled["config"]["env"]["B"]) == (1024, "2")
