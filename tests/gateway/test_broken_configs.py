"""Every broken config is refused before the running gateway is touched, by the rules and the real release's schema.

The gateway is the stand-in, which logs every reload; its schema is the pinned release's, as a first run caches it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from support.ansible import Ansible, Core
from support.broken import BROKEN, LITERAL
from support.emulator import Emulator
from support.guide import EVERYTHING
from support.site import Site

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_schema import prepare, store
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.releases import DEFAULT_RELEASE, Release
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.render import deep_merge, gateway_config

pytestmark = [pytest.mark.gateway, pytest.mark.slow]


@pytest.fixture(scope="module")
def site(
    own_core: Core,
    collections_path: Path,
    start_emulator: Callable[..., AbstractContextManager[Emulator]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    ansible = Ansible(own_core, collections_path, tmp_path_factory.mktemp("home"))
    with start_emulator() as emulator:
        site = Site(ansible, emulator, tmp_path_factory.mktemp("site"), "broken")
        site.converge()
        raw = json.loads(Path(os.environ["OPENCLAW_TEST_SCHEMA"]).read_text())
        store(prepare(raw, Release.parse(DEFAULT_RELEASE)), ansible.home / ".cache" / "openclaw-fly" / "schemas")
        yield site


def test_each_is_refused_with_its_path_and_remedy_and_nothing_is_touched(site: Site) -> None:
    assert len(BROKEN) >= 40
    host = f"broken.fly.dev.localhost:{site.emulator.info['edge_https_port']}"
    good = gateway_config({**EVERYTHING, "hostnames": [f"https://{host}"]})
    configs = [{"name": name, "config": deep_merge(good, over)} for name, (over, _path, _word) in BROKEN.items()]
    before, log, machine = site.fingerprint(), reloads(site), site.machine
    site.emulator.clear_journal()

    run = site.ansible.tasks(
        {
            "openclaw.fly.openclaw_config": {
                "app": "broken",
                "hostnames": [f"https://{host}"],
                "config": "{{ item.config }}",
                "api_token": site.emulator.token,
                "machines_url": site.emulator.api_url,
                "api_url": site.emulator.api_url,
            },
            "loop": configs,
            "loop_control": {"label": "{{ item.name }}"},
            "ignore_errors": True,
            "register": "refused",
        },
        {"name": "told", "ansible.builtin.set_fact": {"told": "{{ refused.results }}"}},
    )

    told = {each["item"]["name"]: each for each in run.of("told")["ansible_facts"]["told"]}
    assert [name for name in BROKEN if not told[name].get("failed")] == []
    wrong = {
        name: told[name]["msg"]
        for name, (_over, path, word) in BROKEN.items()
        if not any(
            line.startswith((f"- {path}: ", f"app broken: {path}: ", f"broken:/data/openclaw.json: {path}: "))
            and word in line
            for line in told[name]["msg"].splitlines()
        )
    }
    assert wrong == {}
    assert all("The gateway keeps the config that it has." in each["msg"] for each in told.values())
    assert not any("It is not declared" in each["msg"] for each in told.values())
    assert not any(LITERAL in each["msg"] for each in told.values())
    assert site.fingerprint() == before
    assert site.writes() == []
    assert reloads(site) == log
    assert (site.machine["instance_id"], site.machine["events"]) == (machine["instance_id"], machine["events"])


def reloads(site: Site) -> list[str]:
    """What the gateway logged of its config."""
    data = site.emulator.get(f"/api/v1/apps/{site.app}/logs?next_token=0")["data"]
    return [line for each in data if "[reload]" in (line := str(each["attributes"]["message"]))]
