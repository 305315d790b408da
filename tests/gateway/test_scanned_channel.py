"""playbooks/channels.yml and the real gateway, with a channel of ours that a phone links: WhatsApp needs its vendor."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from support.gateway import GatewaySite, eventually

pytestmark = [pytest.mark.gateway, pytest.mark.slow]

PLUGIN = Path(__file__).parent / "phone"
CORNER = "██ ▄▄▄▄▄ █"
"""How a QR code's first corner begins in a terminal."""


@pytest.fixture(scope="module")
def gateway(deployed: GatewaySite) -> GatewaySite:
    """The gateway with the plugin and its channel."""
    for file in sorted(PLUGIN.iterdir()):
        path, text = f"/data/phone/{file.name}", base64.b64encode(file.read_bytes()).decode()
        deployed.sh(f"mkdir -p /data/phone; base64 -d > {path}; chown -R 1000:1000 /data/phone", text)
    env = deployed.variables.get("fly_app_env", {"npm_config_fetch_retries": "0"})
    deployed.variables |= {
        "fly_app_env": {name: value for name, value in env.items() if name != "OPENCLAW_SKIP_CHANNELS"},
        "openclaw_config_channels": {"phone": {"enabled": True}},
        "openclaw_config_plugins": {"phone": {"enabled": True}},
        "openclaw_config_extra": {"plugins": {"load": {"paths": ["/data/phone"]}}},
    }
    deployed.converge()
    return deployed


def test_a_channel_is_linked_by_scanning_what_the_play_shows(gateway: GatewaySite) -> None:
    run = gateway.ansible.playbook("openclaw.fly.channels", inventory=gateway.inventory).failed()
    assert "phone (default): not linked" in run.output

    waiting = gateway.ansible.start("openclaw.fly.channels", inventory=gateway.inventory, extra_vars={"link": "phone"})
    eventually("the gateway's code", lambda: "web.login.start" in "\n".join(gateway.log()))
    gateway.sh("touch /data/scanned")
    run = waiting.wait().ok()
    assert CORNER in run.stdout
    assert run.of("Link the channel with the phone")["changes"] == ["link phone (default)"]
    [told] = run.of("Verify that every enabled channel works")["gateway"]["channels"]
    assert (told["running"], told["connected"], told["linked"]) == (True, True, True)

    again = gateway.play("channels", link="phone", openclaw_config_wait_for_channels=30)
    assert (again.changed, CORNER in again.stdout) == (0, False)


def test_what_the_gateway_does_not_know_cannot_be_linked(gateway: GatewaySite) -> None:
    run = gateway.ansible.playbook(
        "openclaw.fly.channels", inventory=gateway.inventory, extra_vars={"link": "whatsapp"}
    ).failed()
    for part in ("whatsapp", "the gateway does not know this channel", "Declare the channel, and its plugin"):
        assert part in run.output


def test_who_waits_to_be_let_in_is_told_first(gateway: GatewaySite) -> None:
    run = gateway.ansible.playbook(
        "openclaw.fly.channels", inventory=gateway.inventory, extra_vars={"channel": "telegram", "code": "ABCD2345"}
    ).failed()
    assert "No sender is pending with the code ABCD2345" in run.output
