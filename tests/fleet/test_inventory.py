"""The inventory plugin: what an organization has, as Ansible sees it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.ansible import Ansible
from support.emulator import Emulator

from ansible_collections.openclaw.fly.plugins.module_utils._fleet.hosts import Selection, hosts
from ansible_collections.openclaw.fly.plugins.module_utils._fleet.organization import FlyApp

IMAGE = "registry.fly.io/featherweight:2026.9.6"


def create(emulator: Emulator, app: str, *, public: bool, region: str = "iad", managed: bool = False) -> str:
    """Create an app with an address, a volume and a stopped machine; return the machine's ID."""
    emulator.request("POST", "/v1/apps", {"app_name": app, "org_slug": "personal"})
    address = {"type": "shared_v4"} if public else {"type": "private_v6"}
    emulator.request("POST", f"/v1/apps/{app}/ip_assignments", address)
    volume = emulator.request("POST", f"/v1/apps/{app}/volumes", {"name": "data", "region": region, "size_gb": 1})
    metadata = {"fly_platform_version": "v2", "fly_process_group": "app"}
    if managed:
        metadata["ansible_secrets"] = "{}"
    port = {"port": 443, "handlers": ["tls", "http"]}
    config = {
        "image": IMAGE,
        "guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 512},
        "metadata": metadata,
        "mounts": [{"volume": volume["id"], "path": "/data"}],
        "services": [{"protocol": "tcp", "internal_port": 3000, "ports": [port]}],
    }
    body = {"region": region, "skip_launch": True, "config": config}
    return str(emulator.request("POST", f"/v1/apps/{app}/machines", body)["id"])


@pytest.fixture(scope="module")
def machines(emulator: Emulator) -> dict[str, str]:
    """Machine IDs by app."""
    return {
        "acme-one": create(emulator, "acme-one", public=True, managed=True),
        "acme-two": create(emulator, "acme-two", public=False, region="ams", managed=True),
        "other": create(emulator, "other", public=False),
    }


def listed(ansible: Ansible, emulator: Emulator, tmp_path: Path, **options: Any) -> dict[str, Any]:
    """What `ansible-inventory --list` prints for a source with these options."""
    source = tmp_path / "test.fly.yml"
    source.write_text(json.dumps({"plugin": "openclaw.fly.fly", **options}))
    run = ansible.inventory(source, "--list", env=emulator.environment)
    assert run.rc == 0, run.output
    found: dict[str, Any] = json.loads(run.stdout, object_hook=_plain)
    return found


def _plain(value: dict[str, Any]) -> Any:
    """ansible-inventory marks texts that are never templated, as all from an API are."""
    return value["__ansible_unsafe"] if value.keys() == {"__ansible_unsafe"} else value


def test_apps_are_hosts_with_variables_and_groups(
    ansible: Ansible, emulator: Emulator, tmp_path: Path, machines: dict[str, str]
) -> None:
    found = listed(
        ansible,
        emulator,
        tmp_path,
        keyed_groups=[{"prefix": "region", "key": "fly_region"}, {"prefix": "exposure", "key": "fly_exposure"}],
        groups={"gateways": "fly_managed"},
        compose={"fly_app_name": "fly_name"},
    )
    one = found["_meta"]["hostvars"]["acme-one"]
    assert one["fly_release"] == "2026.9.6"
    assert one["fly_image"] == IMAGE
    assert one["fly_exposure"] == "public"
    assert [address["type"] for address in one["fly_addresses"]] == ["shared_v4"]
    assert one["fly_memory_mb"] == 512
    assert one["fly_organization"] == "personal"
    assert one["fly_app_name"] == "acme-one"
    assert [volume["name"] for volume in one["fly_volumes"]] == ["data"]
    assert [machine["id"] for machine in one["fly_machines"]] == [machines["acme-one"]]
    assert sorted(found["fly"]["hosts"]) == ["acme-one", "acme-two", "other"]
    assert sorted(found["gateways"]["hosts"]) == ["acme-one", "acme-two"]
    assert found["region_ams"]["hosts"] == ["acme-two"]
    assert sorted(found["exposure_private"]["hosts"]) == ["acme-two", "other"]


def test_a_volume_that_lags_is_listed() -> None:
    """Its machine is gone, and Fly.io names it for a while; a volume of another machine of the app is that one's."""
    machines = [
        {"id": "one", "state": "started"},
        {"id": "two", "state": "started"},
        {"id": "old", "state": "destroyed"},
    ]
    volumes = [{"id": f"vol_{of}", "name": "data", "attached_machine_id": of} for of in ("one", "two", "old")]
    app = FlyApp("app", {"name": "app"}, machines, volumes)
    seen = {
        name: [volume["id"] for volume in variables["fly_volumes"]]
        for name, variables in hosts([app], Selection(), per_machine=True)
    }
    assert seen == {"one": ["vol_one", "vol_old"], "two": ["vol_two", "vol_old"]}


def test_machines_are_hosts(ansible: Ansible, emulator: Emulator, tmp_path: Path, machines: dict[str, str]) -> None:
    found = listed(ansible, emulator, tmp_path, host_per="machine", apps=["acme-*"])
    assert sorted(found["fly"]["hosts"]) == sorted([machines["acme-one"], machines["acme-two"]])
    assert found["_meta"]["hostvars"][machines["acme-two"]]["fly_name"] == "acme-two"


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"regions": ["ams"]}, ["acme-two"]),
        ({"exposures": ["private"]}, ["acme-two", "other"]),
        ({"managed": False}, ["other"]),
        ({"apps": ["acme-o*", "other"]}, ["acme-one", "other"]),
        ({"process_groups": ["worker"]}, []),
    ],
)
def test_filters(
    ansible: Ansible,
    emulator: Emulator,
    tmp_path: Path,
    machines: dict[str, str],
    filters: dict[str, Any],
    names: list[str],
) -> None:
    found = listed(ansible, emulator, tmp_path, **filters)
    assert sorted(found.get("fly", {}).get("hosts", [])) == names


def test_the_second_call_comes_from_the_cache(
    ansible: Ansible, emulator: Emulator, tmp_path: Path, machines: dict[str, str]
) -> None:
    options = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
    first = listed(ansible, emulator, tmp_path, **options)
    emulator.clear_journal()
    assert listed(ansible, emulator, tmp_path, **options) == first
    assert emulator.journal() == []


def test_requests_do_not_depend_on_the_number_of_apps(
    ansible: Ansible, emulator: Emulator, tmp_path: Path, machines: dict[str, str]
) -> None:
    emulator.clear_journal()
    listed(ansible, emulator, tmp_path)
    assert sorted(entry["path"].partition("?")[0] for entry in emulator.journal()) == [
        "/graphql",
        "/v1/apps",
        "/v1/orgs/personal/machines",
        "/v1/orgs/personal/volumes",
    ]


def test_a_missing_token_is_one_clear_message(ansible: Ansible, emulator: Emulator, tmp_path: Path) -> None:
    source = tmp_path / "test.fly.yml"
    source.write_text(json.dumps({"plugin": "openclaw.fly.fly", "org": "personal"}))
    env = {name: value for name, value in emulator.environment.items() if name != "FLY_API_TOKEN"}
    run = ansible.inventory(source, "--list", env={**env, "ANSIBLE_INVENTORY_UNPARSED_FAILED": "true"})
    assert run.rc != 0
    assert "there is no Fly.io API token" in run.output
    assert "Traceback" not in run.output
