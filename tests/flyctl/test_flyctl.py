"""What people do with flyctl, done by the real flyctl on the emulator."""

from __future__ import annotations

import ipaddress
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from fly_emulator.platform.volumes import LISTED

from .conftest import GATEWAY, SLEEP, Flyctl

SLEEPER = """
app = "any"
primary_region = "iad"
kill_signal = "SIGKILL"

[env]
  COLOUR = "green"
"""


@pytest.fixture
def sleeper(tmp_path: Path) -> Path:
    """A fly.toml without a service, whose machine only sleeps."""
    (tmp_path / "fly.toml").write_text(SLEEPER)
    return tmp_path / "fly.toml"


def machine(flyctl: Flyctl, app: str) -> dict[str, Any]:
    (found,) = flyctl.machines(app)
    return found


def test_apps(flyctl: Flyctl) -> None:
    created = flyctl.json("apps", "create", "shop", "--org", "personal")
    assert (created["Name"], created["Status"], created["Organization"]["Slug"]) == ("shop", "pending", "personal")
    assert "already been taken" in flyctl("apps", "create", "shop", "--org", "personal", fails=True)
    flyctl("apps", "create", "other-shop")
    listed = {app["Name"]: app["Organization"]["Slug"] for app in flyctl.json("apps", "list")}
    assert listed.items() >= {"shop": "personal", "other-shop": "personal"}.items()
    flyctl("apps", "destroy", "shop", "--yes")
    assert "Could not find App" in flyctl("status", "-a", "shop", fails=True)
    assert "Could not find App" in flyctl("apps", "destroy", "shop", "--yes", fails=True)


def test_organisations_and_regions(flyctl: Flyctl) -> None:
    assert flyctl.json("orgs", "list") == {"personal": "Personal"}
    assert "personal" in flyctl("orgs", "show", "personal")
    assert "emulator@localhost" in flyctl("auth", "whoami")
    codes = [region.get("code") or region.get("Code") for region in flyctl.json("platform", "regions")]
    assert {"iad", "lhr", "ams"} <= set(codes)


def test_tokens(flyctl: Flyctl) -> None:
    mine, other = flyctl.app("tokens-mine"), flyctl.app("tokens-other")
    header = flyctl("tokens", "create", "deploy", "-a", mine, "-x", "720h", "-n", "ci").strip()
    assert header.startswith("FlyV1 fm2_")
    deployer = _as(flyctl, header.removeprefix("FlyV1 "))
    assert deployer("GET", f"/v1/apps/{mine}") == 200
    assert deployer("GET", f"/v1/apps/{other}") == 403
    (line,) = [line for line in flyctl("tokens", "list", "-a", mine).splitlines() if " ci " in line]
    flyctl("tokens", "revoke", line.split()[0])
    assert deployer("GET", f"/v1/apps/{mine}") == 401
    organisation = flyctl("tokens", "create", "org", "personal", "-x", "24h", "-n", "all").strip()
    assert _as(flyctl, organisation.removeprefix("FlyV1 "))("GET", f"/v1/apps/{other}") == 200


def _as(flyctl: Flyctl, token: str) -> Any:
    """Call the API with another token; give the status."""

    def call(method: str, path: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        request = urllib.request.Request(flyctl.emulator.api_url + path, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    return call


def test_a_deploy_token_deploys_its_app_and_lists_nothing(flyctl: Flyctl, sleeper: Path) -> None:
    app = flyctl.app("by-token")
    deployer = flyctl.having(flyctl("tokens", "create", "deploy", "-a", app, "-x", "1h").strip())
    deployer.deploy(app, sleeper)
    assert deployer.json("status", "-a", app)["Version"] == 1
    assert "You must be authenticated to view this." in deployer("apps", "list", fails=True)
    assert "Could not find App" in deployer("status", "-a", flyctl.app("not-by-token"), fails=True)


def test_volumes(flyctl: Flyctl) -> None:
    app = flyctl.app("volumes")
    volume = flyctl.json("volumes", "create", "data", "-a", app, "-y", "--region", "iad", "--size", "1")
    assert (volume["name"], volume["size_gb"], volume["region"], volume["state"]) == ("data", 1, "iad", "created")
    assert [held["id"] for held in flyctl.json("volumes", "list", "-a", app)] == [volume["id"]]
    flyctl("volumes", "extend", volume["id"], "--size", "3", "-y", "-a", app)
    assert flyctl.json("volumes", "show", volume["id"])["size_gb"] == 3
    flyctl("volumes", "snapshots", "create", volume["id"])
    flyctl.advance(LISTED)
    (snapshot,) = flyctl.json("volumes", "snapshots", "list", volume["id"])
    assert snapshot["id"].startswith("vs_")
    flyctl("volumes", "destroy", volume["id"], "-y")
    assert flyctl.json("volumes", "list", "-a", app) == []


def test_addresses(flyctl: Flyctl) -> None:
    app = flyctl.app("addresses")
    flyctl("ips", "allocate-v4", "--shared", "-a", app)
    flyctl("ips", "allocate-v4", "--yes", "-a", app)
    flyctl("ips", "allocate-v6", "-a", app)
    flyctl("ips", "allocate-v6", "--private", "-a", app)
    held = {address["Type"]: address["Address"] for address in flyctl.json("ips", "list", "-a", app)}
    assert set(held) == {"v4", "v6", "private_v6"}, "the dedicated address took the shared one's place"
    assert ipaddress.ip_address(held["private_v6"]) in ipaddress.ip_network("fdaa::/16")
    flyctl("ips", "release", held["v4"], "-a", app)
    assert {address["Type"] for address in flyctl.json("ips", "list", "-a", app)} == set(held) - {"v4"}


def test_a_deploy_and_another(flyctl: Flyctl, sleeper: Path) -> None:
    app = flyctl.app("deploys")
    flyctl.deploy(app, sleeper)
    first = machine(flyctl, app)
    metadata = first["config"]["metadata"]
    assert (metadata["fly_platform_version"], metadata["fly_process_group"]) == ("v2", "app")
    assert first["config"]["image"] == SLEEP
    sleeper.write_text(SLEEPER.replace("green", "blue"))
    flyctl.deploy(app, sleeper)
    second = machine(flyctl, app)
    assert (second["id"], second["config"]["env"]["COLOUR"]) == (first["id"], "blue")
    assert second["instance_id"] != first["instance_id"]

    status = flyctl.json("status", "-a", app)
    assert (status["Name"], status["Deployed"], status["Version"]) == (app, True, 2)
    assert [shown["id"] for shown in status["Machines"]] == [first["id"]]
    assert first["id"] in flyctl("status", "-a", app)
    releases = {_field(item, "version"): _field(item, "status") for item in flyctl.json("releases", "-a", app)}
    assert releases == {2: "complete", 1: "complete"}
    assert json.loads(flyctl("config", "show", "-a", app))["env"] == {"COLOUR": "blue"}
    assert "COLOUR" in flyctl("config", "env", "-a", app)
    assert "Machine started" in flyctl("logs", "-a", app, "--no-tail")
    assert flyctl.machines(app)[0].get("nonce") is None


def _field(item: dict[str, Any], name: str) -> Any:
    return next(value for key, value in item.items() if key.lower() == name)


def test_a_public_deploy_has_addresses_and_listens(flyctl: Flyctl) -> None:
    app = flyctl.app("public")
    toml = Path(__file__).parent / "toml" / "guide-public.toml"
    said = flyctl(
        "deploy", "-a", app, "-c", str(toml), "--image", GATEWAY, "--ha=false", "--remote-only", "--dns-checks=false"
    )
    assert "WARNING" not in said, "it listens where its service says"
    assert {address["Type"] for address in flyctl.json("ips", "list", "-a", app)} == {"v6", "shared_v4"}
    assert [volume["name"] for volume in flyctl.json("volumes", "list", "-a", app)] == ["openclaw_data"]
    private = flyctl.app("flycast")
    flyctl.deploy(private, toml, "--flycast", "--no-public-ips=false", "--detach")
    assert {address["Type"] for address in flyctl.json("ips", "list", "-a", private)} == {"private_v6"}


def test_a_failed_deploy_is_a_failed_release(flyctl: Flyctl, sleeper: Path) -> None:
    app = flyctl.app("fails")
    sleeper.write_text(SLEEPER + '[processes]\n  app = "false"\n')
    words = ("deploy", "-a", app, "-c", str(sleeper), "--remote-only", "--yes", "--dns-checks=false", "--image")
    flyctl(*words, SLEEP, "--ha=false", fails=True)
    (release,) = flyctl.json("releases", "-a", app)
    assert _field(release, "status") == "failed"
    unknown = flyctl(*words, "registry.fly.io/nothing:1", fails=True)
    assert "the emulator pulls from no registry" in unknown


def test_secrets(flyctl: Flyctl, sleeper: Path) -> None:
    app = flyctl.app("secrets")

    def states() -> dict[str, str]:
        return {item["name"]: item["status"] for item in flyctl.json("secrets", "list", "-a", app)}

    flyctl("secrets", "set", "ONE=1", "-a", app, "--stage")
    flyctl("secrets", "import", "-a", app, "--stage", stdin="TWO=two words\nTHREE=3\n")
    assert states() == dict.fromkeys(("ONE", "TWO", "THREE", "OPENCLAW_GATEWAY_TOKEN"), "Staged")
    # Fly keeps these times in whole seconds.
    flyctl.advance(2)
    flyctl.deploy(app, sleeper)
    assert set(states().values()) == {"Deployed"}
    identity = machine(flyctl, app)["id"]
    assert "two words" in flyctl("machine", "exec", identity, "printenv TWO", "-a", app)

    flyctl.advance(2)
    flyctl("secrets", "set", "ONE=new", "-a", app, "--dns-checks=false")
    assert "new" in flyctl("machine", "exec", identity, "printenv ONE", "-a", app)
    flyctl("secrets", "unset", "THREE", "-a", app, "--stage")
    assert "3" in flyctl("machine", "exec", identity, "printenv THREE", "-a", app)
    flyctl("secrets", "deploy", "-a", app, "--dns-checks=false")
    # flyctl ends well whatever becomes of the command, and says so only in words.
    assert "Exit code: 1" in flyctl("machine", "exec", identity, "printenv THREE", "-a", app)
    assert "THREE" not in states()


def test_machines(flyctl: Flyctl, sleeper: Path) -> None:
    app = flyctl.app("machines")
    flyctl.deploy(app, sleeper)
    identity = machine(flyctl, app)["id"]

    def state() -> str:
        return str(flyctl.emulator.get(f"/v1/apps/{app}/machines/{identity}")["state"])

    assert [item["id"] for item in flyctl.json("machine", "list", "-a", app)] == [identity]
    flyctl("machine", "update", identity, "-a", app, "--vm-memory", "512", "--yes")
    assert machine(flyctl, app)["config"]["guest"]["memory_mb"] == 512
    flyctl("machine", "restart", identity, "-a", app)
    assert state() == "started"
    flyctl("machine", "stop", identity, "-a", app, "--wait-timeout", "30s")
    assert state() == "stopped"
    flyctl("machine", "start", identity, "-a", app)
    flyctl.emulator.get(f"/v1/apps/{app}/machines/{identity}/wait?state=started")
    assert "hello" in flyctl("machine", "exec", identity, "echo hello", "-a", app)
    flyctl("machine", "suspend", identity, "-a", app, "--wait-timeout", "30s")
    assert state() == "suspended"
    flyctl("machine", "start", identity, "-a", app)
    flyctl.emulator.get(f"/v1/apps/{app}/machines/{identity}/wait?state=started")
    flyctl("machine", "clone", identity, "-a", app)
    (clone,) = [item for item in flyctl.machines(app) if item["id"] != identity]
    assert clone["config"]["env"] == machine_config(flyctl, app, identity)["env"]
    # Other than a deploy, a clone is pinned to the image's digest.
    assert clone["config"]["image"] == f"{SLEEP}@{clone['image_ref']['digest']}"
    assert "started" in flyctl("machine", "destroy", clone["id"], "-a", app, fails=True)
    flyctl("machine", "destroy", clone["id"], "-a", app, "--force")
    assert [item["id"] for item in flyctl.machines(app)] == [identity]
    assert flyctl("machine", "status", identity, "-a", app).count(identity)


def machine_config(flyctl: Flyctl, app: str, identity: str) -> dict[str, Any]:
    return dict(flyctl.emulator.get(f"/v1/apps/{app}/machines/{identity}")["config"])


def test_scale(flyctl: Flyctl, sleeper: Path) -> None:
    app = flyctl.app("scales")
    flyctl.deploy(app, sleeper)
    flyctl("scale", "count", "2", "-a", app, "--yes")
    assert len(flyctl.machines(app)) == 2
    flyctl("scale", "memory", "512", "-a", app)
    assert {item["config"]["guest"]["memory_mb"] for item in flyctl.machines(app)} == {512}
    flyctl("scale", "count", "1", "-a", app, "--yes")
    assert len(flyctl.machines(app)) == 1
    assert "512" in flyctl("scale", "show", "-a", app)


def test_certificates(flyctl: Flyctl) -> None:
    app = flyctl.app("certificates")
    flyctl("certs", "add", "gateway.example.com", "-a", app)
    assert "gateway.example.com" in flyctl("certs", "list", "-a", app)
    assert "gateway.example.com" in flyctl("certs", "check", "gateway.example.com", "-a", app)
    assert "_acme-challenge.gateway.example.com" in flyctl("certs", "setup", "gateway.example.com", "-a", app)
    flyctl("certs", "remove", "gateway.example.com", "-a", app, "-y")
    assert "gateway.example.com" not in flyctl("certs", "list", "-a", app)


def test_wireguard(flyctl: Flyctl, tmp_path: Path) -> None:
    target = tmp_path / "peer.conf"
    flyctl("wireguard", "create", "personal", "iad", "laptop", str(target))
    text = target.read_text()
    assert "Endpoint = iad1.gateway.6pn.dev:51820" in text
    address = next(line.split(" = ")[1] for line in text.splitlines() if line.startswith("Address"))
    assert ipaddress.ip_interface(address) in ipaddress.ip_network("fdaa::/16")
    assert "laptop" in flyctl("wireguard", "list", "personal")
    flyctl("wireguard", "remove", "personal", "laptop")
    assert "laptop" not in flyctl("wireguard", "list", "personal")


def test_config_validate(flyctl: Flyctl, sleeper: Path) -> None:
    assert "Configuration is valid" in flyctl("config", "validate", "-c", str(sleeper))
    sleeper.write_text(SLEEPER + "[checks.up]\n  type = 'tcp'\n  interval = '1s'\n")
    flyctl("config", "validate", "-c", str(sleeper), fails=True)


def test_what_the_emulator_lacks_is_named(flyctl: Flyctl) -> None:
    assert "not implemented by the emulator: GraphQL" in flyctl("redis", "list", fails=True)
