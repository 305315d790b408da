"""rotate.yml on a real gateway: old token refused, devices kept, a new key in force, a saved one that wins found."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from support.ansible import Ansible, Core
from support.emulator import Emulator
from support.gateway import GatewaySite
from support.site import changes, result

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw import gateway_errors as gc
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.device_identity import DeviceIdentity
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.probes import ProbeFailed

pytestmark = [pytest.mark.gateway, pytest.mark.long, pytest.mark.timeout(3000)]
KEY = "OPENROUTER_API_KEY"
FIRST, SECOND, THIRD, SAVED = (f"sk-or-v1-{digit * 64}" for digit in "1234")


def rotate(site: GatewaySite, **extra: Any) -> Any:
    site.declare()
    return site.ansible.start("openclaw.fly.rotate", inventory=site.inventory, extra_vars=extra or None)


def seconds_without(site: GatewaySite, started: Any) -> float:
    """For how long a client that polls found the gateway away, while a playbook ran."""
    lost = 0.0
    probe = site.probe()
    while started.process.poll() is None:
        began = time.monotonic()
        try:
            probe.startup()
        except ProbeFailed:
            time.sleep(0.1)
            lost += time.monotonic() - began
        else:
            time.sleep(0.1)
    probe.close()
    return lost


def test_rotation(
    own_core: Core,
    collections_path: Path,
    start_emulator: Callable[..., AbstractContextManager[Emulator]],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    ansible = Ansible(own_core, collections_path, tmp_path / "home")
    with start_emulator() as emulator:
        site = GatewaySite(ansible, emulator, tmp_path / "site", "my-openclaw")
        site.variables["fly_app_secrets"] = {KEY: FIRST}
        site.run().ok()
        old, device = site.token, DeviceIdentity.generate()
        with pytest.raises(gc.PairingRequired) as raised:
            site.connect(old, device)
        site.play("pair", request_id=raised.value.request_id)

        started = rotate(site)
        lost = seconds_without(site, started)
        run = started.wait().ok()
        record_property("seconds without service", round(lost, 1))
        print(f"seconds without service: {lost:.1f}")
        new = site.token
        assert new != old and result(run, "openclaw_secrets_info")["token_refused"] is True
        with pytest.raises(gc.TokenMismatch):
            site.connect(old)
        with site.connect(new, device) as client:
            assert client.hello.scopes, "a device that was paired stays so"
        assert old not in run.output and new not in run.output

        site.variables["fly_app_secrets"] = {KEY: SECOND}
        run = rotate(site, rotate=KEY).wait().ok()
        assert result(run, "openclaw_secrets_info")["shadowed"] == [] and site.token == new
        site.emulator.clear_journal()
        assert changes(site.run().ok()) == [] and site.writes() == []

        with site.connect(new, device) as client:
            client.call("models.authSetApiKey", {"provider": "openrouter", "apiKey": SAVED})
        site.variables["fly_app_secrets"] = {KEY: THIRD}
        message = rotate(site, rotate=KEY).wait().failed().output
        assert f"openrouter:manual on the volume is used instead of {KEY}" in " ".join(message.split())
        assert not any(value in message for value in (FIRST, SECOND, THIRD, SAVED))
