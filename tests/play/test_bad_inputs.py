"""Bad inputs: each is refused with a message that says what, where and what to do, and nothing is changed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from support.ansible import Ansible, Run
from support.emulator import Emulator
from support.needs import NODE
from support.site import Site

CLOSED = "http://127.0.0.1:9"
"""Nobody listens there."""
SECRET = "sk-live0123456789abcdef"


@pytest.fixture(scope="module")
def emulator(start_emulator: Callable[..., AbstractContextManager[Emulator]]) -> Iterator[Emulator]:
    """An emulator on which somebody else holds an app's name."""
    with start_emulator("--foreign-app", "somebody-elses") as emulator:
        yield emulator


@pytest.fixture(scope="module")
def running(file_ansible: Ansible, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A gateway that serves, and whose release's schema is in the controller's cache."""
    site = Site(file_ansible, emulator, tmp_path_factory.mktemp("site"), "running")
    site.converge()
    return site


@pytest.fixture
def refused(running: Site) -> Callable[..., str]:
    """Run the play for the gateway with bad variables; return the message of the task that refuses them."""

    def run(**bad: Any) -> str:
        good, before, machine = running.variables, running.fingerprint(), running.machine
        files = {name: _read(running, name) for name in running.files()}
        running.emulator.clear_journal()
        running.variables = {**good, **bad}
        try:
            message = message_of(running.run("--diff"))
        finally:
            running.variables = good
        assert running.emulator.journal("write") == []
        assert running.fingerprint() == before
        assert running.machine["instance_id"] == machine["instance_id"]
        assert {name: _read(running, name) for name in running.files()} == files
        return message

    return run


def _read(site: Site, name: str) -> bytes:
    folder = site.ansible.home / ".cache/openclaw-fly" if name.startswith("schemas/") else site.root / ".local"
    return (folder / name).read_bytes()


def message_of(run: Run) -> str:
    """What the failed task of a run says, which is printed too."""
    (failed,) = (each for each in run.failed().results if each.status == "failed")
    message = str(failed.result["msg"])
    for line in message.splitlines():
        assert line.strip()[:60] in run.output
    return message


BAD = [
    pytest.param(
        {"fly_api_token": "fm2_wrong"},
        ["does not accept the API token", "fly tokens create"],
        id="wrong-token",
    ),
    pytest.param(
        {"fly_api_token": "{{ vault_fly_api_token }}"}, ["vault_fly_api_token", "undefined"], id="token-not-in-vault"
    ),
    pytest.param({"fly_machines_url": "{{ vault_urls.machines }}"}, ["vault_urls", "undefined"], id="url-not-in-vault"),
    pytest.param({"fly_api_token": ""}, ["there is no Fly.io API token", "FLY_API_TOKEN"], id="no-token"),
    pytest.param(
        {"fly_api_token": "two words"}, ["a character that no token has", "Paste it again"], id="broken-token"
    ),
    pytest.param(
        {"openclaw_config_ownership": "shared"},
        ["value of openclaw_config_ownership must be one of: merge, exact, readonly, got: shared"],
        id="no-such-choice",
    ),
    pytest.param({"fly_app_region": "frx"}, ["Fly.io has no region 'frx'", "Did you mean fra?"], id="unknown-region"),
    pytest.param(
        {"fly_app_vm_size": "shared-cpu-1x", "fly_app_vm_memory": "8192mb"},
        ["1 shared CPU cannot have 8192 MB", "256 to 2048 MB in steps of 256", "shared-cpu-4x"],
        id="memory-unlike-size",
    ),
    pytest.param({"fly_app_vm_size": "shared-cpu-3x"}, ["no machine size 'shared-cpu-3x'"], id="unknown-size"),
    pytest.param(
        {"fly_app_command": "node dist/index.js gateway --port 4000 --bind lan"},
        ["internal_port", "is 3000, but the gateway listens on 4000 (--port)", "start the gateway with --port 3000"],
        id="port-unlike-internal-port",
    ),
    pytest.param({"fly_app_bind": "0.0.0.0"}, ["--bind", "is 0.0.0.0, which OpenClaw refuses", "lan"], id="bind-any"),
    pytest.param(
        {"fly_app_bind": "loopback"},
        ["--bind", "where Fly's proxy cannot reach it", "Write lan"],
        id="bind-loopback",
    ),
    pytest.param(
        {"openclaw_config_bind": "loopback"}, ["gateway.bind", "proxy cannot reach it"], id="config-bind-loopback"
    ),
    pytest.param(
        {"openclaw_config_extra": {"gateway": {"trustedProxy": ["10.0.0.0/8"]}}},
        ["gateway.trustedProxy", "trustedProxies"],
        id="unknown-config-key",
    ),
    pytest.param(
        {"openclaw_config_extra": {"gatewai": {}}}, ["gatewai", "Did you mean 'gateway'?"], id="unknown-root-key"
    ),
    pytest.param(
        {"fly_app_command": f"node dist/index.js gateway --port 3000 --bind lan --api-key {SECRET}"},
        ["fly_app_command", "readable in fly.toml", "Set the Fly secret API_KEY (fly_app_secrets)"],
        id="secret-in-command",
    ),
    pytest.param(
        {"fly_app_env": {"SOME_API_KEY": SECRET}},
        ["what looks like a secret: SOME_API_KEY", "fly_secrets"],
        id="secret-in-env",
    ),
    pytest.param(
        {"openclaw_config_channels": {"discord": {"token": SECRET}}},
        ["channels.discord.token", "Set the Fly secret DISCORD_BOT_TOKEN"],
        id="secret-in-config",
    ),
    pytest.param(
        {"openclaw_config_channels": {"discord": {"token": "${DISCORD_BOT_TOKEN}"}}},
        ["channels.discord.token", "${DISCORD_BOT_TOKEN}, which the machine does not have"],
        id="secret-not-set",
    ),
    pytest.param(
        {"openclaw_config_trusted_proxies": []},
        ["gateway.trustedProxies", "403", "172.16.0.0/12"],
        id="proxy-not-trusted",
    ),
    pytest.param(
        {"openclaw_config_allowed_origins": ["*"]},
        ["gateway.controlUi.allowedOrigins[", "any website"],
        id="any-origin",
    ),
    pytest.param(
        {"fly_app_release": "2026.8.1", "fly_app_image": "registry.fly.io/featherweight:2026.8.1"},
        ["fly_app_release: is 2026.8.1, but 2026.9.6 runs", "only migrates forward", "waive downgrade"],
        id="older-release",
    ),
    pytest.param(
        {
            "openclaw_config_agents": {"main": {}, "work": {}},
            "openclaw_config_channels": {"telegram": {"enabled": True, "dmPolicy": "allowlist", "allowFrom": ["42"]}},
            "fly_app_secrets": {"TELEGRAM_BOT_TOKEN": "123456789" + ":" + "aB3" * 12},
        },
        ["channels.telegram: has no agent", "openclaw_config_bindings: {agentId: main, match: {channel: telegram}}"],
        id="channel-without-an-agent",
    ),
    pytest.param(
        {"openclaw_config_extra": {"gateway": {"tailscale": {"mode": "serve"}}}},
        ["gateway.tailscale.mode: is serve", "gateway.bind is lan", "fly_app_tunnels"],
        id="tailscale-beside-lan",
    ),
    pytest.param(
        {
            "openclaw_config_extra": {
                "mcp": {"servers": {"forge": {"command": "npx", "env": {"GITHUB_TOKEN": "gh" + "p_" + "a1" * 18}}}},
                "hooks": {
                    "enabled": True,
                    "token": {"source": "env", "provider": "default", "id": "OPENCLAW_GATEWAY_TOKEN"},
                },
            }
        },
        [
            "mcp.servers.forge.env.GITHUB_TOKEN",
            'Set the Fly secret GITHUB_TOKEN and write "${GITHUB_TOKEN}"',
            "hooks.token: is a reference, which OpenClaw 2026.9.6 does not take here",
        ],
        id="references-where-none-fits",
    ),
    pytest.param(
        {"openclaw_config_channels": None, "openclaw_config_agents": {"main": "opus"}},
        ["openclaw_config_channels is null", "openclaw_config_agents.main is text, but must be a dictionary"],
        id="null-variables",
    ),
]


@pytest.mark.parametrize(("bad", "told"), BAD)
def test_refused_before_anything_is_touched(refused: Callable[..., str], bad: dict[str, Any], told: list[str]) -> None:
    message = refused(**bad)

    assert [part for part in told if part not in message] == [], message
    assert SECRET not in message


def test_all_problems_in_one_message(refused: Callable[..., str]) -> None:
    message = refused(fly_app_region="frx", fly_app_bind="0.0.0.0", openclaw_config_trusted_proxies=[])

    assert message.startswith("app running: 3 problems in the declared config:")
    assert "Nothing was changed" in message


@pytest.mark.parametrize(
    ("app", "bad", "told"),
    [
        ("of-nobody", {"fly_app_org": "nobody"}, ["organization"]),
        ("somebody-elses", {}, ["taken by another organization", "names are global", "Choose another name"]),
    ],
    ids=["missing-org", "name-taken"],
)
def test_app_that_cannot_be(new_site: Callable[..., Site], app: str, bad: dict[str, Any], told: list[str]) -> None:
    site = new_site(app, **bad)
    site.emulator.clear_journal()

    message = message_of(site.run())

    assert [part for part in told if part not in message] == [], message
    assert [entry for entry in site.emulator.journal("write") if entry["status"] < 400] == []


def test_invalid_config_of_a_gateway_that_never_ran(new_site: Callable[..., Site]) -> None:
    """Without a cached schema the release itself is asked, in a machine on hold: the gateway must not start."""
    site = new_site("never-ran", openclaw_config_extra={"gateway": {"trustedProxy": ["10.0.0.0/8"]}})
    site.variables["openclaw_config_schema_cache"] = str(site.root / "no-schemas-yet")

    message = message_of(site.run())

    assert "gateway.trustedProxy" in message or "gateway: " in message
    assert "trustedProxy" in message
    assert not (site.data / "openclaw.json").exists()
    assert site.machine["config"]["metadata"]["ansible_hold"] == "true"

    del site.variables["openclaw_config_extra"]

    site.converge()


def test_unknown_image_leaves_the_old_machine_running(running: Site) -> None:
    good, before = running.variables, running.machine["config"]["image"]
    running.variables = {**good, "fly_app_image": "registry.fly.io/no-such-image:1"}
    try:
        message = message_of(running.run())
    finally:
        running.variables = good

    assert "registry.fly.io/no-such-image:1" in message
    assert running.machine["state"] == "started"
    assert running.machine["config"]["image"] == before
    running.converge()


def test_emulator_that_does_not_run(new_site: Callable[..., Site]) -> None:
    site = new_site("no-emulator")
    file = site.root / ".local/emulator/emulator.json"
    info = json.loads(file.read_text())

    file.unlink()
    run = site.run()

    assert run.rc != 0
    assert "Start it with make local" in " ".join(run.output.split())
    assert "Traceback" not in run.output

    file.write_text(json.dumps({**info, "api_url": CLOSED}))

    message = message_of(site.run())

    assert f"{CLOSED} cannot be reached" in message
    assert [name for name in site.files() if not name.startswith("schemas/")] == []


@pytest.mark.parametrize(
    ("kept", "env", "told"),
    [
        pytest.param(
            ("node", "npm"),
            {"npm_config_registry": CLOSED, "npm_config_fetch_retries": "0"},
            ["npm could not look up openclaw@2026.9.6", "npm config get registry"],
            id="registry-not-reachable",
        ),
        pytest.param(
            (),
            {"PIP_INDEX_URL": f"{CLOSED}/simple", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": "/dev/null"},
            ["No Node.js", "on this machine", "put `node` on PATH"],
            id="no-node",
        ),
    ],
)
def test_image_that_cannot_be_made(
    start_emulator: Callable[..., AbstractContextManager[Emulator]],
    ansible: Ansible,
    tmp_path: Path,
    kept: tuple[str, ...],
    env: dict[str, str],
    told: list[str],
) -> None:
    tools = without_node(tmp_path / "bin")
    if kept and not (tools.parent / "node-bin").is_dir():
        pytest.skip(NODE.missing)
    path = f"{tools.parent / 'node-bin'}:{tools}" if kept else str(tools)
    with start_emulator("--cache-dir", str(tmp_path / "cache"), env={"PATH": path, **env}) as emulator:
        site = Site(ansible, emulator, tmp_path / "site", "no-image")
        del site.variables["fly_app_image"]
        message = message_of(site.run())

    assert [part for part in told if part not in message] == [], message


def without_node(folder: Path) -> Path:
    """A folder with all programs of PATH but Node's, which lie in `node-bin` beside it."""
    folder.mkdir()
    for entry in reversed(os.environ["PATH"].split(":")):
        for program in Path(entry).iterdir() if Path(entry).is_dir() else ():
            target = folder
            if program.name in ("node", "nodejs", "npm", "npx", "corepack"):
                target = folder.parent / "node-bin"
                target.mkdir(exist_ok=True)
            link = target / program.name
            link.unlink(missing_ok=True)
            link.symlink_to(program)
    return folder
