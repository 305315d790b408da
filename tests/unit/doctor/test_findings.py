"""Findings of the machine and the gateway over texts and answers: a broken twin each, and healthy ones without any."""

from __future__ import annotations

import copy
import time
from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._base import clock
from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError
from ansible_collections.openclaw.fly.plugins.module_utils._doctor.catalogue import BY_ID
from ansible_collections.openclaw.fly.plugins.module_utils._doctor.diagnose import diagnose, report
from ansible_collections.openclaw.fly.plugins.module_utils._doctor.evidence import Evidence, Subject
from ansible_collections.openclaw.fly.plugins.module_utils._doctor.inside import parse
from ansible_collections.openclaw.fly.plugins.module_utils._doctor.log_lines import LogLines, lines_of

NOW = time.time()
INSIDE = f"""now {int(NOW)}
disk 1015720 900000
inodes 65536 65000
root 8191416 7000000
MemTotal 2014000
MemAvailable 1200000
node v24.19.0
stat 1000:1000 700 /data
stat 1000:1000 600 /data/openclaw.json
listen 00000000:0BB8
lock 321 /data/tmp/openclaw-1000/gateway.state.lock node dist/index.js gateway --port 3000
gateway node dist/index.js gateway --port 3000 --bind lan
"""
MACHINE: dict[str, Any] = {
    "id": "m1",
    "state": "started",
    "events": [],
    "config": {
        "image": "ghcr.io/openclaw/openclaw:2026.9.6",
        "init": {"cmd": ["node", "dist/index.js", "gateway", "--port", "3000", "--bind", "lan"]},
        "env": {"OPENCLAW_STATE_DIR": "/data", "OPENCLAW_GATEWAY_PORT": "3000"},
        "guest": {"memory_mb": 2048},
        "services": [{"internal_port": 3000, "ports": [{"port": 443, "handlers": ["tls", "http"]}]}],
        "mounts": [{"volume": "vol_1", "path": "/data"}],
        "metadata": {"fly_process_group": "app"},
    },
}
CONFIG: dict[str, Any] = {
    "gateway": {
        "mode": "local",
        "auth": {"mode": "token", "token": "${OPENCLAW_GATEWAY_TOKEN}", "rateLimit": {"maxAttempts": 10}},
        "trustedProxies": ["172.16.0.0/12", "66.241.124.230"],
        "controlUi": {"allowedOrigins": ["https://claw.fly.dev"]},
    },
    "agents": {"defaults": {"model": {"primary": "openrouter/auto"}}},
    "channels": {"telegram": {"enabled": True}},
}
JOB: dict[str, Any] = {
    "name": "news",
    "enabled": True,
    "state": {"nextRunAtMs": (NOW + 600) * 1000, "consecutiveErrors": 0},
}
TELEGRAM = {"accountId": "default", "configured": True, "running": True, "connected": True}
GATEWAY: dict[str, Any] = {
    "release": "2026.9.6",
    "refused": {},
    "health": {"ok": True, "plugins": {"loaded": ["telegram"], "errors": []}, "eventLoop": {"reasons": []}},
    "system.info": {"processMemory": {"rssBytes": 620_000_000}},
    "channels.status": {"channelAccounts": {"telegram": [TELEGRAM]}},
    "device.pair.list": {"pending": [], "paired": [{"deviceId": "d1"}]},
    "config.get": {"valid": True, "appliedConfigHash": "a", "configRevisionHash": "a"},
    "status": {"degradedSecretOwners": []},
    "cron.status": {"enabled": True, "jobs": 1},
    "cron.list": {"jobs": [JOB]},
    "models.authStatus": {"providers": [{"provider": "openrouter", "status": "ok"}]},
    "sessions.storage.status": {"agents": [{"databaseBytes": 5_000_000, "walBytes": 0}]},
}
SECRETS = [{"name": name} for name in ("OPENCLAW_GATEWAY_TOKEN", "OPENROUTER_API_KEY", "TELEGRAM_BOT_TOKEN")]
WORLD: dict[str, Any] = {
    "machines": [MACHINE],
    "addresses": [{"ip": "66.241.124.230", "type": "shared_v4"}],
    "certificates": [],
    "secrets": SECRETS,
    "log": LogLines((), ()),
    "inside": INSIDE,
    "owners": (),
    "openclaw.json": CONFIG,
    "gateway": GATEWAY,
    "edge": {"status": 200, "data": None, "url": "https://claw.fly.dev/"},
    "security audit": {"summary": {}, "findings": [{"checkId": "x.info", "severity": "info"}]},
    "doctor --lint": {"ok": True, "findings": []},
    "secrets audit": {"status": "clean", "findings": []},
}
ABOUT_FLY = "fly."


def seen(**changes: Any) -> Evidence:
    """A world that is healthy but for these sources; an exception is one that cannot be read."""
    world = {**copy.deepcopy(WORLD), **changes}

    def read(value: Any) -> Any:
        if isinstance(value, Exception):
            raise value
        return value

    inside = world["inside"]
    world["inside"] = parse(inside) if isinstance(inside, str) else inside
    return Evidence(Subject("claw", "public"), {name: lambda _seen, v=value: read(v) for name, value in world.items()})


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The world above is of the time when this file was read, which may be long ago."""
    monkeypatch.setattr(clock, "now", lambda: NOW)


def ids(evidence: Evidence) -> list[str]:
    found: Any = diagnose(evidence)["findings"]
    return [entry["id"] for entry in found if not entry["id"].startswith(ABOUT_FLY)]


def put(tree: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with another value at `a/b/c`."""
    copied = copy.deepcopy(tree)
    *above, last = path.split("/")
    node: Any = copied
    for key in above:
        node = node[int(key)] if isinstance(node, list) else node.setdefault(key, {})
    node[last] = value
    return copied


def inside(before: str, after: str) -> dict[str, Any]:
    assert before in INSIDE
    return {"inside": INSIDE.replace(before, after)}


def gateway(path: str, value: Any) -> dict[str, Any]:
    return {"gateway": put(GATEWAY, path, value)}


def config(path: str, value: Any) -> dict[str, Any]:
    return {"openclaw.json": put(CONFIG, path, value)}


def audit(check: str, severity: str) -> dict[str, Any]:
    return {"security audit": {"findings": [{"checkId": check, "severity": severity, "title": "T"}]}}


def job(**state: Any) -> dict[str, Any]:
    return gateway("cron.list", {"jobs": [{**JOB, "state": {**JOB["state"], **state}}]})


def telegram(**changes: Any) -> dict[str, Any]:
    return gateway("channels.status", {"channelAccounts": {"telegram": [{**TELEGRAM, **changes}]}})


def secret_finding(**entry: Any) -> dict[str, Any]:
    return {"secrets audit": {"findings": [entry]}}


STORED = [{"profileId": "openrouter:manual", "type": "api_key", "status": "static"}]
PROXY_403 = {"error": {"type": "proxy_attribution_required", "message": "Proxy client attribution is required."}}
BROKEN: dict[str, dict[str, Any]] = {
    "machine.file_owner": {"owners": ("/data/openclaw.json", "/data/state/openclaw.sqlite-wal")},
    "machine.config_mode": inside("600 /data/openclaw.json", "644 /data/openclaw.json"),
    "machine.config_missing": inside("stat 1000:1000 600 /data/openclaw.json", "absent /data/openclaw.json"),
    "machine.disk_full": inside("disk 1015720 900000", "disk 1015720 1000"),
    "machine.disk_nearly_full": inside("disk 1015720 900000", "disk 1015720 100000"),
    "machine.root_full": inside("root 8191416 7000000", "root 8191416 70000"),
    "machine.memory_low": inside("MemAvailable 1200000", "MemAvailable 90000"),
    "machine.clock": inside(f"now {int(NOW)}", f"now {int(NOW) - 600}"),
    "machine.node_too_old": inside("node v24.19.0", "node v22.22.3"),
    "machine.lock_held": inside("state.lock node dist/index.js gateway --port 3000", "state.lock sleep 1000"),
    "machine.lock_stale": {"inside": INSIDE.partition("lock 321")[0] + "lock 321 /data/tmp/gateway.state.lock \n"},
    "machine.listens_on_loopback": inside("listen 00000000:0BB8", "listen 0100007F:0BB8"),
    "machine.no_listener": inside("listen 00000000:0BB8", "listen 00000000:1F90"),
    "gateway.mode": config("gateway/mode", None),
    "gateway.trusted_proxies": config("gateway/trustedProxies", []),
    "gateway.shared_lockout": config("gateway/trustedProxies", ["172.16.0.0/12"]),
    "gateway.proxy_any": config("gateway/trustedProxies", ["0.0.0.0/0"]),
    "gateway.origins": config("gateway/controlUi/allowedOrigins", ["https://other.example.com"]),
    "gateway.origin_any": config("gateway/controlUi/allowedOrigins", ["*"]),
    "gateway.dangerous_switch": config("gateway/controlUi/allowInsecureAuth", True),
    "gateway.port_twice": config("gateway/port", 18789),
    "gateway.config_refused": config("gateway/auth", {"mode": "trusted-proxy", "token": "${OPENCLAW_GATEWAY_TOKEN}"}),
    "gateway.config_old_form": config("agents/list", [{"id": "main"}]),
    "gateway.config_newer": config("meta", {"lastTouchedVersion": "2026.10.1"}),
    "gateway.secret_in_config": config("channels/telegram/botToken", "123456789:" + "Ab1" * 12),
    "gateway.secret_missing": config("channels/telegram/botToken", "${NOWHERE_TOKEN}"),
    "gateway.model_without_key": config("agents/defaults/model", {"primary": "anthropic/claude-opus-4-7"}),
    "gateway.webhook_unreachable": config("channels/telegram/webhookUrl", "https://claw.fly.dev/telegram"),
    "gateway.no_rate_limit": config("gateway/auth/rateLimit", None),
    "gateway.channel_without_plugin": gateway("channels.status", {"channelAccounts": {}}),
    "gateway.proxy_attribution": {"edge": {"status": 403, "data": PROXY_403, "url": "https://claw.fly.dev/"}},
    "gateway.silent": {"gateway": CollectionError("the gateway does not answer", why="closed: 1006")},
    "gateway.config_invalid": gateway("config.get", {"valid": False, "issues": [{"path": "x", "message": "Unknown"}]}),
    "gateway.config_not_applied": gateway("config.get/configRevisionHash", "b"),
    "gateway.other_release": gateway("release", "2026.9.8"),
    "gateway.pairing_pending": gateway("device.pair.list", {"pending": [{"clientId": "openclaw-control-ui"}]}),
    "gateway.channel_logged_out": telegram(running=False, connected=False, linked=False),
    "gateway.channel_down": telegram(running=False, connected=False, lastError="401: Unauthorized"),
    "gateway.channel_unconfigured": telegram(configured=False),
    "gateway.channel_issue": gateway("channels.status/statusIssues", [{"channel": "telegram", "message": "no rights"}]),
    "gateway.channel_silent": telegram(lastInboundAt=(NOW - 9 * 86400) * 1000),
    "gateway.plugin_degraded": gateway("status", {"degradedPlugins": [{"id": "codex", "reason": "no binary"}]}),
    "gateway.cron_gave_up": job(autoDisabled={"reason": "consecutive-failures", "consecutiveErrors": 10}),
    "gateway.login_expiring": gateway("models.authStatus", {"providers": [{"provider": "xai", "status": "expiring"}]}),
    "gateway.plugin_error": gateway("health/plugins/errors", [{"id": "codex", "error": "cannot load"}]),
    "gateway.secrets_degraded": gateway("status", {"degradedSecretOwners": [{"ownerId": "x"}]}),
    "gateway.cron_off": gateway("cron.status", {"enabled": False, "jobs": 3}),
    "gateway.cron_missed": job(nextRunAtMs=(NOW - 7200) * 1000),
    "gateway.cron_failing": job(consecutiveErrors=5, lastError="no model"),
    "gateway.sessions_large": gateway("sessions.storage.status", {"agents": [{"databaseBytes": 600_000_000}]}),
    "gateway.memory": gateway("system.info", {"processMemory": {"rssBytes": 2_000_000_000}}),
    "gateway.slow": gateway("health/eventLoop/reasons", ["event_loop_delay"]),
    "gateway.suspended": gateway("refused", {"health": "UNAVAILABLE: health unavailable during gateway suspension"}),
    "gateway.key_refused": gateway("models.authStatus", {"providers": [{"provider": "xai", "status": "expired"}]}),
    "gateway.token_short": audit("gateway.token_too_short", "warn"),
    "gateway.token_reused": audit("hooks.token_reuse_gateway_token", "critical"),
    "gateway.audit_critical": audit("tools.exec.open", "critical"),
    "gateway.audit_warning": audit("fs.state_dir.perms_readable", "warn"),
    "gateway.lint_error": {"doctor --lint": {"findings": [{"checkId": "c", "severity": "error", "message": "M"}]}},
    "gateway.lint_warning": {"doctor --lint": {"findings": [{"checkId": "c", "severity": "warning", "message": "M"}]}},
    "gateway.shadowed_key": gateway("models.authStatus/providers/0/profiles", STORED),
    "gateway.plaintext_secret": secret_finding(code="PLAINTEXT_FOUND", provider="own", profileId="own:manual"),
    "gateway.secret_unresolved": secret_finding(code="REF_UNRESOLVED", jsonPath="models.providers.x.apiKey"),
}  # fmt: skip


def test_a_healthy_gateway_has_no_finding() -> None:
    assert ids(seen()) == []


@pytest.mark.parametrize("finding", BROKEN)
def test_its_broken_twin_has_the_finding(finding: str) -> None:
    found: Any = diagnose(seen(**BROKEN[finding]))["findings"]
    entry = next((entry for entry in found if entry["id"] == finding), None)
    assert entry is not None, found
    assert entry["detail"] and entry["evidence"]


def test_every_finding_of_machine_and_gateway_has_a_twin() -> None:
    """Those by a line of a log have theirs in test_catalogue.py, those by events in tests/resources/test_doctor.py."""
    by_line = {identity for identity, one in BY_ID.items() if one.line}
    without = {one for one in BY_ID if not one.startswith(ABOUT_FLY)} - BROKEN.keys() - by_line
    assert without == {"machine.exit_78"}


def test_a_key_on_the_volume_is_found_by_the_audit_of_a_gateway_that_is_silent() -> None:
    """As the real one reports it, after models.authSetApiKey."""
    profile = {"code": "PLAINTEXT_FOUND", "provider": "openrouter", "profileId": "openrouter:manual"}
    found = ids(seen(**secret_finding(**profile), gateway=CollectionError("it is silent")))
    assert "gateway.shadowed_key" in found


def test_what_this_catalogue_has_is_not_reported_twice() -> None:
    """OpenClaw's audit and ours see the same flag; one that only OpenClaw knows stays."""
    flags = audit("config.insecure_or_dangerous_flags", "critical")
    ours = config("gateway/controlUi/dangerouslyAllowHostHeaderOriginFallback", True)
    assert ids(seen(**flags, **ours)) == ["gateway.dangerous_switch"]
    assert ids(seen(**flags)) == ["gateway.audit_critical"]


def test_what_a_gateway_on_fly_needs_is_no_finding() -> None:
    """doctor --lint of 2026.9.6 on a gateway that site.yml made."""
    line = 'WARNING: Gateway bound to "lan" (0.0.0.0) (network-accessible).'
    lint = {"findings": [{"checkId": "core/doctor/security", "severity": "warning", "message": line}]}
    assert ids(seen(**{"doctor --lint": lint})) == []


def test_a_secret_in_a_reason_is_hidden() -> None:
    key = "sk-ant-api03-" + "aB3" * 20
    found: Any = diagnose(seen(**telegram(running=False, connected=False, lastError=f"401 for {key}")))["findings"]
    assert key not in str(found) and "401 for" in str(found)


def test_an_answer_of_another_form_is_unread_and_no_error() -> None:
    result: Any = diagnose(seen(**gateway("cron.list", {"jobs": 7})))
    (entry,) = [entry for entry in result["unread"] if entry["what"].startswith("gateway")]
    assert "unknown form" in entry["why"] and "gateway.cron_missed" in entry["not_judged"]


def test_a_machine_that_is_down_is_judged_by_its_log() -> None:
    """What needs the machine is listed as unread, with the reason once."""
    down = CollectionError("machine m1 is stopped")
    log: Any = [{"message": "Missing config. Run openclaw setup or set gateway.mode=local", "instance": "m1"}]
    stopped: Any = {**MACHINE, "state": "stopped"}
    lines = lines_of(log, stopped)
    parts = ("inside", "owners", "openclaw.json", "gateway", "edge")
    result: Any = diagnose(seen(log=lines, **dict.fromkeys(parts, down)))
    assert "gateway.log_config_missing" in [entry["id"] for entry in result["findings"]]
    assert {entry["why"] for entry in result["unread"]} >= {"machine m1 is stopped"}
    assert any(line.startswith("not read  inside: machine m1 is stopped") for line in report("claw", result))


def test_what_a_later_start_made_good_does_not_count() -> None:
    failed, ready = "Gateway failed to start: Invalid config at /data/openclaw.json:", "[gateway] ready"
    lines: Any = [{"message": text, "instance": "m1"} for text in (failed, ready)]
    machine: Any = MACHINE
    assert ids(seen(log=lines_of(lines, machine))) == []
    assert ids(seen(log=lines_of(lines[:1], machine))) == ["gateway.log_config_invalid"]
