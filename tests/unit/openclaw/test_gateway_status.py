"""What a gateway tells of itself, in few words. Payloads are those of 2026.9.6, shortened."""

from __future__ import annotations

from typing import Any

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.gateway_status import channels, missing, summary

STATUS: dict[str, Any] = {
    "channelAccounts": {
        "telegram": [{"accountId": "default", "configured": True, "running": True, "connected": True}],
        "discord": [{"accountId": "work", "configured": True, "running": False, "lastError": "invalid token"}],
        "slack": [{"accountId": "default", "configured": True, "running": True, "connected": False}],
        "whatsapp": [],
    }
}


def test_channels_that_do_not_work_are_told_with_the_gateways_reason() -> None:
    found = channels(STATUS)
    assert [(each.channel, each.works) for each in found] == [
        ("telegram", True),
        ("discord", False),
        ("slack", False),
        ("whatsapp", False),
    ]
    assert missing(["telegram"], found) == []
    assert missing(["discord", "slack", "whatsapp", "signal"], found) == [
        "discord (work): invalid token",
        "slack (default): not connected",
        "whatsapp (default): not running",
        "signal: the gateway does not know it; its plugin is not loaded",
    ]


def test_a_summary_says_whether_the_file_runs_and_not_what_it_says() -> None:
    raw = '{"gateway": {"auth": {"token": "canary"}}}'
    config = {"path": "/data/openclaw.json", "raw": raw, "valid": True, "configRevisionHash": "a", "issues": []}
    told = summary({"config.get": {**config, "appliedConfigHash": "a"}})
    assert told["config"]["applied"] is True
    assert "canary" not in str(told)
    assert summary({"config.get": {**config, "appliedConfigHash": "b"}})["config"]["applied"] is False


def test_what_is_not_answered_is_none() -> None:
    told = summary({})
    assert (told["healthy"], told["config"], told["devices"], told["uptime"]) == (None, None, None, None)


def test_installed_plugins_are_told_by_package() -> None:
    listed = {
        "plugins": [
            {"id": "telegram", "packageName": "@openclaw/telegram", "origin": "bundled", "installed": True},
            {
                "id": "discord",
                "packageName": "@openclaw/discord",
                "origin": "global",
                "installed": True,
                "version": "1.2.3",
            },
            {"id": "diffs", "packageName": "@openclaw/diffs", "origin": "official", "installed": False},
        ]
    }
    assert summary({"plugins.list": listed})["installed"] == {"@openclaw/discord": "1.2.3"}
