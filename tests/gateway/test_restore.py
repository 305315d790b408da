"""restore.yml and a drill with an encrypted backup, on a real gateway: sessions, cron jobs and devices as they were."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from pyrage import x25519
from support.ansible import Ansible, Core, Run
from support.emulator import Emulator
from support.gateway import GatewaySite
from support.hang import LONG
from support.site import result

from ansible_collections.openclaw.fly.plugins.module_utils._archive.age import Identities
from ansible_collections.openclaw.fly.plugins.module_utils._archive.folder_store import FolderStore
from ansible_collections.openclaw.fly.plugins.module_utils._archive.inside import inside
from ansible_collections.openclaw.fly.plugins.module_utils._archive.manifest import Manifest, backups
from ansible_collections.openclaw.fly.plugins.module_utils._archive.parts import read_parts
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.device_identity import DeviceIdentity
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.gateway_errors import PairingRequired

pytestmark = [pytest.mark.gateway, pytest.mark.long, pytest.mark.timeout(3000)]
KEY = x25519.Identity.generate()


def play(site: GatewaySite, name: str, *args: str, **extra: Any) -> Run:
    site.declare()
    return site.ansible.start(f"openclaw.fly.{name}", *args, inventory=site.inventory, extra_vars=extra).wait(LONG)


def contents(site: GatewaySite) -> dict[str, Any]:
    run = site.ansible.tasks({"openclaw.fly.openclaw_contents_info": {"app": site.app}}, env=site.emulator.environment)
    found: dict[str, Any] = result(run.ok(), "openclaw_contents_info")["counts"]
    return found


def add_job(site: GatewaySite, name: str) -> str:
    job = {
        "name": name,
        "schedule": {"kind": "every", "everyMs": 86_400_000},
        "sessionTarget": "main",
        "wakeMode": "next-heartbeat",
        "payload": {"kind": "systemEvent", "text": name},
    }
    return str(site.call("cron.add", job)["id"])


def pair(site: GatewaySite) -> DeviceIdentity:
    device = DeviceIdentity.generate()
    with pytest.raises(PairingRequired) as asked:
        site.connect(site.token, device)
    site.play("pair", request_id=asked.value.request_id)
    return device


def as_gnu_tar_lists_it(folder: Path, manifest: Manifest) -> list[str]:
    store = FolderStore(str(folder))
    listed = subprocess.run(
        ["tar", "-tzf", "-"],
        input=b"".join(read_parts(store, manifest, Identities(str(KEY)))),
        capture_output=True,
        check=True,
    )
    assert listed.stderr == b"", listed.stderr
    return listed.stdout.decode().splitlines()


def test_what_was_backed_up_comes_back(
    own_core: Core,
    collections_path: Path,
    start_emulator: Callable[..., AbstractContextManager[Emulator]],
    tmp_path: Path,
) -> None:
    folder, key = tmp_path / "kept", tmp_path / "backup.key"
    key.write_text(f"{KEY}\n")
    with start_emulator() as emulator:
        site = GatewaySite(
            Ansible(own_core, collections_path, tmp_path / "home"), emulator, tmp_path / "s", "my-openclaw"
        )
        site.variables |= {
            "fly_app_backup_recipients": [str(KEY.to_public())],
            "fly_app_backup_folder": str(folder),
        }
        site.run().ok()
        device = pair(site)
        kept = add_job(site, "kept")
        site.call("sessions.create", {"agentId": "main", "label": "kept"})
        before = contents(site)
        assert before["sessions"] > 0 and before["devices"] and kept in before["cron_job_ids"]
        play(site, "backup", "--tags=archive").ok()

        (backup,) = backups(FolderStore(str(folder)), site.app)
        assert backup.good and backup.manifest and backup.manifest.counts == before
        found = inside(read_parts(FolderStore(str(folder)), backup.manifest, Identities(str(KEY))), "the backup")
        names = as_gnu_tar_lists_it(folder, backup.manifest)
        below = [name for name in names if name.startswith(f"{found.prefix}{found.state}/")]
        assert found.state.startswith("/data") and any(name.endswith(".sqlite") for name in below), names[:20]

        drilled = result(play(site, "drill", source="archive", identity_file=str(key)).ok(), "openclaw_drill")
        assert drilled["backup"] == backup.id and drilled["expected"] == before
        assert drilled["counts"]["sessions"] >= before["sessions"] and drilled["ready"]["body"]["ready"] is True
        print({key: drilled[key] for key in ("rto_seconds", "seconds", "counts")})
        assert [app["name"] for app in emulator.get("/v1/apps?org_slug=personal")["apps"]] == [site.app]

        since, old = add_job(site, "since"), site.machine["id"]
        run = play(site, "restore", identity_file=str(key), confirm=site.app).ok()
        assert since in run.output, "the job that is lost is named"
        after = contents(site)
        same = ("sessions", "cron_job_ids", "devices", "agents")
        assert {name: after[name] for name in same} == {name: before[name] for name in same}
        assert site.machine["id"] != old and site.inside()["healthy"] is True
        with site.connect(site.token, device) as client:
            assert device.id in [paired.device_id for paired in client.devices().paired]
        site.run().ok()
        assert site.converge().changed == 0

        (part,) = folder.rglob("*.age")
        content = bytearray(part.read_bytes())
        content[len(content) // 2] ^= 1
        part.write_bytes(content)
        refused = play(site, "drill", source="archive", identity_file=str(key)).failed()
        assert "its content is not what was stored" in refused.output
