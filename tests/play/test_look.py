"""A run that looks first, and ends where there is nothing to do; and the report of what it would do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from support.ansible import REPO, Run
from support.hang import until
from support.site import Site, result


def drift(site: Site, *args: str, **extra: Any) -> Run:
    site.declare()
    return site.ansible.playbook(REPO / "playbooks/drift.yml", *args, inventory=site.inventory, extra_vars=extra)


def requests(site: Site) -> list[str]:
    return [f"{each['method']} {each['path']}" for kind in ("read", "exec") for each in site.emulator.journal(kind)]


@pytest.mark.parametrize("exposure", ["public", "private", "sealed"])
def test_an_idle_run_is_one_task(new_site: Callable[..., Site], exposure: str) -> None:
    site = new_site(f"idle-{exposure}", fly_app_exposure=exposure)
    site.converge()
    toml = site.root / ".local/fly" / site.app / "fly.toml"
    written = toml.read_text()
    shutil.rmtree(toml.parent)
    site.emulator.clear_journal()

    run = site.converge()
    assert (run.recap[site.app]["ok"], run.recap[site.app]["skipped"], run.changed) == (1, 0, 0)
    assert "runs    OpenClaw" in run.output and site.writes() == []
    asked = requests(site)
    reads = [request for request in asked if request.startswith("GET")]
    assert len(asked) <= 9 and len(set(reads)) == len(reads)
    assert toml.read_text() == written, "a file that a run leaves is left by one with nothing to do too"


def loses_an_address(site: Site) -> None:
    address = next(ip["ip"] for ip in site.get("/ip_assignments")["ips"] if ":" in ip["ip"])
    site.emulator.request("DELETE", f"/v1/apps/{site.app}/ip_assignments/{address}")
    until(lambda: address not in [ip["ip"] for ip in site.get("/ip_assignments")["ips"]], "the address to be gone")


def has_another_config(site: Site) -> None:
    config = site.data / "openclaw.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "gateway": {"mode": "local", "port": 3000}}))


def is_stopped(site: Site) -> None:
    site.emulator.request("POST", f"/v1/apps/{site.app}/machines/{site.machine['id']}/stop", {})
    until(lambda: site.machine["state"] == "stopped", "the machine to be stopped")


def is_declared_with_a_secret(site: Site) -> None:
    site.variables["fly_app_secrets"] = {"ANTHROPIC_API_KEY": "sk-ant-api03-" + "a1B2" * 12}


def is_declared_larger(site: Site) -> None:
    site.variables |= {"fly_app_vm_memory": "4096mb", "fly_app_volume_size_gb": 2}


def has_no_app(site: Site) -> None:
    site.emulator.request("DELETE", f"/v1/apps/{site.app}?force=true")


@pytest.mark.parametrize(
    "happens",
    [loses_an_address, has_another_config, is_stopped, is_declared_with_a_secret, is_declared_larger, has_no_app],
)
def test_what_drifted_is_what_a_check_would_change(
    new_site: Callable[..., Site], happens: Callable[[Site], None]
) -> None:
    site = new_site(happens.__name__.replace("_", "-"))
    site.converge()
    assert f"{site.app}: as declared" in drift(site).ok().output

    happens(site)
    site.emulator.clear_journal()
    file = site.root / "drift.json"
    page = site.root / "drift.html"
    reported = drift(site, report=str(file), page=str(page)).failed()
    (gateway,) = json.loads(file.read_text())["gateways"]
    check = site.run("--check")
    would = [
        (each.task, each.result.get("changes", [])) for each in check.results if each.changed or each.status == "failed"
    ]
    assert [(step["task"], step.get("changes", [])) for step in gateway["steps"]] == would and would, check.output
    assert all(change in reported.output for _task, changes in would for change in changes)
    assert f'<th scope="row">{site.app}</th>' in page.read_text() and page.stat().st_mode & 0o777 == 0o600
    assert site.writes() == [] and file.stat().st_mode & 0o777 == 0o600
    assert drift(site, fail_on_drift=False).ok().changed == 0

    site.converge()
    assert f"{site.app}: as declared" in drift(site).ok().output


def test_a_declaration_that_is_refused_is_all_that_is_reported(new_site: Callable[..., Site]) -> None:
    site = new_site("refused", fly_app_region="frx")
    reported = drift(site).failed()
    (step,) = result(reported, "openclaw_look")["steps"]
    assert "fly_app_region" in step["error"] and "fly_app_region" in reported.of("Fail where there is drift")["msg"]


def test_a_look_at_nothing_is_no_idle_run(new_site: Callable[..., Site]) -> None:
    site = new_site("unseen")
    site.declare()
    look = {"openclaw.fly.openclaw_look": {}}
    play = {"hosts": "gateways", "connection": "local", "gather_facts": False, "tasks": [look]}
    failed = site.ansible.playbook([play], inventory=site.inventory).failed()
    assert "No task of a role comes after openclaw_look" in failed.output
    blocks = [{"block": [look]}, {"block": [{"import_role": {"name": "openclaw.fly.openclaw_gateway"}}]}]
    run = site.ansible.playbook([{**play, "tasks": blocks}], "--check", inventory=site.inventory)
    assert result(run, "openclaw_look")["idle"] is False
