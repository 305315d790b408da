"""A tunnel beside the gateway in one machine: playbooks, supervision, secrets and paths, with stand-ins for vendors."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterator

import pytest
from support.ansible import REPO, Ansible, Run
from support.emulator import Emulator
from support.site import Site, changes, result
from support.tunnel import Vendor, until

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.endpoint import Endpoint
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.probes import HttpProbe, ProbeFailed

pytestmark = pytest.mark.xdist_group("tunnels")

HOST = "hooks.tunnel.localhost"
TOKEN = "canary-of-the-tunnel-0123456789"
TUNNEL = {
    "kind": "cloudflared", "hostname": HOST, "paths": ["/hooks/wake", "/tools/invoke"],
    "id": "6ff42ae2-765d-4adf-8112-31c55c1551ef", "program": "/data/bin/cloudflared",
}  # fmt: skip
DECLARED = {
    "fly_app_exposure": "sealed",
    "fly_app_tunnels": [TUNNEL],
    "fly_app_secrets": {"TUNNEL_CRED_CONTENTS": TOKEN},
    "openclaw_exposure_tunnels": [],
}
KILL_GATEWAY = """
for each in /proc/[0-9]*; do
  tr '\\0' ' ' <$each/cmdline | grep -q '^[^ ]*python[^ ]* .*index.js gateway' && kill -9 ${each#/proc/}
done
"""
INTERPRETER = "/opt/featherweight/bin/node"
"""Is Python."""


@pytest.fixture(scope="module")
def site(file_ansible: Ansible, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A sealed gateway with a tunnel to two of its paths."""
    if emulator.info["tier"] == "process":
        pytest.skip("machines need a network and a root of their own")
    site = Site(file_ansible, emulator, tmp_path_factory.mktemp("site"), "tunnelled", **DECLARED)
    site.converge()
    return site


@pytest.fixture(scope="module")
def vendor(site: Site) -> Vendor:
    """cloudflared, brought to the volume while the machine runs: the tunnel comes up by itself."""
    vendor = Vendor(site.data / "bin")
    vendor.install(INTERPRETER)
    if site.emulator.info["guarantees"]["owners"] == "real":
        for path in (vendor.folder, *vendor.folder.iterdir()):
            os.chown(path, 1000, 1000)
    until(lambda: vendor.starts("cloudflared"), 40)
    return vendor


@pytest.fixture(scope="module")
def url(vendor: Vendor) -> Iterator[str]:
    with vendor.edge(HOST) as url:
        yield url


def post_status(url: str, path: str) -> int:
    """0 while nobody is there."""
    probe = HttpProbe(Endpoint.parse(url))
    try:
        return probe.send("POST", path, {"Content-Type": "application/json"}, b"{}").status
    except ProbeFailed:
        return 0
    finally:
        probe.close()


def shell(site: Site, script: str) -> str:
    path = f"/v1/apps/{site.app}/machines/{site.machine['id']}/exec"
    answer = site.emulator.request("POST", path, {"command": ["sh", "-c", script], "timeout": 30})
    return str(answer.get("stdout", ""))


def log(site: Site) -> str:
    entries = site.emulator.get(f"/api/v1/apps/{site.app}/logs")["data"]
    return "\n".join(entry["attributes"]["message"] for entry in entries)


def through(site: Site, playbook: str, url: str, *paths: str) -> Run:
    """Run a playbook that asks the vendor's edge for these paths, without waiting."""
    declared = [{"url": url, "paths": list(paths)}]
    site.variables |= {"openclaw_exposure_tunnels": declared, "openclaw_exposure_wait_timeout": 0}
    site.playbook = REPO / "playbooks" / f"{playbook}.yml"
    try:
        return site.run()
    finally:
        del site.playbook
        site.variables["openclaw_exposure_tunnels"] = []


def test_the_second_run_changes_nothing(site: Site, vendor: Vendor, url: str) -> None:
    """By tunnel.yml, which proves the paths too."""
    site.emulator.clear_journal()
    run = through(site, "tunnel", url, *TUNNEL["paths"]).ok()
    assert changes(run) == []
    assert site.writes() == []
    assert [check["status"] for check in result(run, "openclaw_exposure_info")["checks"]] == ["pass"] * 4
    assert f"tunnel  {url}/hooks/wake, {url}/tools/invoke" in run.output


def test_tunnel_yml_wants_a_tunnel(new_site: Callable[..., Site]) -> None:
    site = new_site("no-tunnel")
    site.playbook = REPO / "playbooks" / "tunnel.yml"
    assert "no-tunnel declares no tunnel. Set fly_app_tunnels" in site.run().failed().output


def test_the_gateway_runs_in_a_sealed_machine_as_before(site: Site, vendor: Vendor) -> None:
    config = site.machine["config"]
    assert config["init"]["cmd"][:5] == ["sh", "/etc/openclaw-tunnels/supervise", "node", "dist/index.js", "gateway"]
    assert site.addresses == [] and not config.get("services")
    assert [check["status"] for check in site.machine["checks"]] == ["passing"]
    written = json.loads((site.data / "openclaw.json").read_text())
    assert written["gateway"]["trustedProxies"] == ["127.0.0.1"]


def test_only_declared_paths_come_through(site: Site, url: str) -> None:
    """One of them demands a token, the other is not the stand-in's to know: 405 is the gateway's own."""
    run = through(site, "verify", url, *TUNNEL["paths"]).ok()
    evidence = str(result(run, "openclaw_exposure_info")["checks"])
    assert f"{url}/tools/invoke: 401 without a signature" in evidence
    assert f"{url}/control-ui-config.json: 404" in evidence
    assert "a WebSocket does not get through" in evidence


def test_a_path_too_many_is_found(site: Site, url: str) -> None:
    run = through(site, "verify", url, "/hooks/wake").failed()
    assert f"{url}/tools/invoke reaches the gateway" in run.output


def test_a_stranger_is_attributed(site: Site, url: str) -> None:
    """What comes from the tunnel is its client's, not the machine's own: no version for him, and no 403 for all."""
    until(lambda: post_status(url, "/tools/invoke") == 401)
    assert "unattributable" not in log(site)


def test_its_secret_is_its_own(site: Site, vendor: Vendor) -> None:
    (*_, start) = vendor.starts("cloudflared")
    assert start["env"]["TUNNEL_CRED_CONTENTS"] == hashlib.sha256(TOKEN.encode()).hexdigest()
    assert "OPENCLAW_GATEWAY_TOKEN" not in start["env"]
    assert TOKEN not in str(start["argv"])
    config = site.machine["config"]
    shown = [json.dumps(config), *(base64.b64decode(file["raw_value"]).decode() for file in config["files"]), log(site)]
    shown += [(site.root / ".local" / "fly" / site.app / "fly.toml").read_text()]
    shown += [path.read_text() for path in site.data.rglob("*.json*") if path.is_file()]
    assert TOKEN not in "".join(shown)


def test_a_tunnel_that_dies_comes_back_and_the_gateway_stays(site: Site, vendor: Vendor, url: str) -> None:
    before, machine = vendor.starts("cloudflared"), site.machine
    shell(site, f"kill -9 {before[-1]['pid']}")
    until(lambda: len(vendor.starts("cloudflared")) > len(before))
    until(lambda: post_status(url, "/tools/invoke") == 401)
    after = site.machine
    assert (after["state"], after["events"]) == ("started", machine["events"])


def test_the_gateways_death_is_the_machines(site: Site, vendor: Vendor, url: str) -> None:
    """Fly.io restarts the machine, and both come up again."""
    starts = len(vendor.starts("cloudflared"))
    shell(site, KILL_GATEWAY)
    until(lambda: len(vendor.starts("cloudflared")) > starts, 40)
    until(lambda: post_status(url, "/tools/invoke") == 401)
    assert "exit" in [event["type"] for event in site.machine["events"]]
    site.emulator.get(f"/v1/apps/{site.app}/machines/{site.machine['id']}/wait?state=started&timeout=30")


def test_a_changed_path_is_one_update(site: Site, vendor: Vendor, url: str) -> None:
    site.variables["fly_app_tunnels"] = [{**TUNNEL, "paths": ["/hooks/wake"]}]
    run = site.converge(diff=True)
    assert [module for module, _lines in changes(run)] == ["fly_toml", "fly_deploy"]
    assert "^(/hooks/wake)$" in run.output, "a person sees what changes"
    until(lambda: post_status(url, "/hooks/wake") == 405)
    assert post_status(url, "/tools/invoke") == 404
    assert site.converge().changed == 0


def test_what_cannot_work_is_told_before_anything_is_done(site: Site, vendor: Vendor) -> None:
    site.variables["fly_app_tunnels"] = [{**TUNNEL, "secret": TOKEN}, {"kind": "frp"}]
    site.emulator.clear_journal()
    run = site.run().failed()
    assert site.writes() == []
    assert "fly_app_tunnels[0].secret: is not the name of a Fly secret" in run.output
    assert "fly_app_tunnels[1].kind: is an unknown kind of tunnel" in run.output
    assert TOKEN not in run.output
