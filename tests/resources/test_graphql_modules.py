"""WireGuard peers and deploy tokens, which only the GraphQL API makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.platform import Outcome, Platform

from ansible_collections.openclaw.fly.plugins.module_utils._fly.client import wireguard


def peers(fly: Platform) -> dict[str, Any]:
    found: dict[str, Any] = fly.context.store.organization("personal").peers
    return found


def tokens(fly: Platform, app: str) -> list[Any]:
    held = fly.context.store.organization("personal").tokens.values()
    return [token for token in held if token.apps == [app] and token.revoked_at is None]


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def peer(fly: Platform, dest: Path, **params: object) -> Outcome:
    return fly.module("fly_wireguard_peer", org="personal", name=dest.stem, dest=str(dest), **params)


def test_a_peer_and_its_file(fly: Platform, tmp_path: Path) -> None:
    dest = tmp_path / "laptop.conf"
    planned = peer(fly, dest, check=True, region="ams")
    assert not dest.exists() and "laptop" not in peers(fly)
    done = peer(fly, dest, region="ams")
    assert planned["changes"] == done["changes"] == ["add it"]
    text, private = dest.read_text(), wireguard.key_of(dest.read_text())
    assert mode(dest) == 0o600
    assert private not in repr(done.result)
    held = peers(fly)["laptop"]
    assert (held.pubkey, held.region) == (wireguard.public_key(private), "ams")
    network = ":".join(held.peerip.split(":")[:3])
    for line in (
        f"Address = {held.peerip}/120", f"DNS = {network}::3", f"AllowedIPs = {network}::/48",
        "Endpoint = ams1.gateway.6pn.dev:51820",
    ):  # fmt: skip
        assert line in text
    assert not peer(fly, dest, region="ams").changed
    assert peer(fly, dest, region="fra")["changes"] == ["remove it, to add it again: it is in ams", "add it"]
    assert [found["name"] for found in fly.module("fly_wireguard_peer_info", org="personal")["peers"]] == ["laptop"]
    dest.chmod(0o644)
    assert peer(fly, dest)["changes"] == ["set the file's mode"]
    assert peer(fly, dest, state="absent")["changes"] == ["remove it", "remove the wg-quick file"]
    assert not peer(fly, dest, state="absent").changed and not dest.exists()


def test_somebody_elses_peer_is_left_alone(fly: Platform, tmp_path: Path) -> None:
    peer(fly, tmp_path / "office.conf")
    other = fly.module("fly_wireguard_peer", org="personal", name="office", dest=str(tmp_path / "mine.conf"))
    assert other.failed and "its key is not here" in other["msg"] and other.writes == []
    taken = fly.module(
        "fly_wireguard_peer", org="personal", name="office", dest=str(tmp_path / "mine.conf"), replace=True
    )
    assert taken["changes"] == ["remove it, to add it again: its key is not here", "add it"]
    assert peer(fly, tmp_path / "office.conf", state="absent").changed


@pytest.mark.parametrize("when", ["before", "after"])
def test_one_peer_though_the_answer_is_lost(fly: Platform, tmp_path: Path, when: str) -> None:
    dest = tmp_path / f"lost-{when}.conf"
    fly.fault(method="POST", path="/graphql", nth=2, action="reset", when=when)
    done = peer(fly, dest)
    assert not done.failed, done
    held = peers(fly)[dest.stem]
    assert wireguard.address_of(dest.read_text()) == held.peerip
    assert wireguard.public_key(wireguard.key_of(dest.read_text())) == held.pubkey


def test_a_deploy_token_has_nothing_to_do_with_organizations(fly: Platform, tmp_path: Path) -> None:
    outcome = peer(fly, tmp_path / "no.conf", api_token="fm2_one")
    assert outcome["error"]["kind"] == "Forbidden" and "fly tokens create org" in outcome["msg"]


def token(fly: Platform, app: str, dest: Path, **params: object) -> Outcome:
    return fly.module("fly_deploy_token", app=app, dest=str(dest), **params)


def test_a_token_in_a_file(fly: Platform, app: str, tmp_path: Path) -> None:
    dest = tmp_path / "token"
    assert token(fly, app, dest, check=True)["changes"] == ["make a token: none exists"]
    done = token(fly, app, dest, expiry="720h")
    value = dest.read_text().strip()
    assert mode(dest) == 0o600 and value.startswith("FlyV1 ") and value not in repr(done.result)
    (held,) = tokens(fly, app)
    assert held.expires_at - held.created_at == 720 * 3600
    again = token(fly, app, dest, expiry="720h")
    assert (again.changed, [entry.method for entry in again.requests]) == (False, ["POST"])
    assert fly.module("fly_ips", app=app, v6=1, api_token=value).changed, "it manages the app"
    assert fly.module("fly_token_info", api_token=value)["apps"] == [app]
    assert token(fly, app, dest, return_token=True)["token"] == value


def test_a_token_is_renewed_in_time(fly: Platform, app: str, tmp_path: Path) -> None:
    dest = tmp_path / "token"
    token(fly, app, dest, expiry="720h")
    first = dest.read_text()
    fly.advance(600 * 3600)
    assert token(fly, app, dest, expiry="720h").changed
    assert dest.read_text() != first and len(tokens(fly, app)) == 1, "the old one is revoked"
    refused = fly.module("fly_app_info", name=app, api_token=first)
    assert refused["error"]["kind"] == "Unauthorized"
    assert len(token(fly, app, dest, state="absent")["changes"]) == 2
    assert tokens(fly, app) == [] and not dest.exists()


@pytest.mark.parametrize("when", ["before", "after"])
def test_one_token_though_the_answer_is_lost(fly: Platform, app: str, tmp_path: Path, when: str) -> None:
    dest = tmp_path / "token"
    fly.fault(method="POST", path="/graphql", nth=2, action="reset", when=when)
    assert not token(fly, app, dest).failed
    assert len(tokens(fly, app)) == 1
    assert fly.module("fly_app_info", name=app, api_token=dest.read_text().strip())["apps"]


def test_the_log(fly: Platform, app: str) -> None:
    logbook = fly.context.logbook
    for message, level in (("one", "info"), ("two", "error"), ("three", "info")):
        fly.on_loop(lambda message=message, level=level: logbook.append(app, message, "m1", "iad", level, "app"))
    fly.advance(120)
    fly.on_loop(lambda: logbook.append(app, "four", "m2", "lhr", "info", "app"))

    def messages(**params: object) -> list[str]:
        return [line["message"] for line in fly.module("fly_logs_info", app=app, **params)["lines"]]

    assert messages() == ["one", "two", "three", "four"]
    assert messages(limit=2) == ["three", "four"]
    assert messages(machine="m2") == messages(region="lhr") == messages(since="1m") == ["four"]
    assert messages(level="error") == messages(pattern="^tw") == ["two"]
    assert fly.module("fly_logs_info", app=app, pattern="(").failed
    assert fly.module("fly_logs_info", app=app, since="soon").failed
