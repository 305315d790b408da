"""What Fly.io accepts as names, regions and sizes."""

from __future__ import annotations

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._fly.facts import limits, names, regions
from fly_emulator.regions import regions as emulated


@pytest.mark.parametrize("name", ["my-bot", "a", "7", "a" * 63, "bot2"])
def test_names_of_apps(name: str) -> None:
    assert names.app_name(name) is None


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("myBot", "Write my-bot"),
        ("my_bot", "Write my-bot"),
        ("-bot-", "Write bot"),
        ("My Bot!", "Write my-bot"),
        ("a" * 64, f"Write {'a' * 63}"),
        ("böt", "Write b-t"),
        ("", "Choose a name such as"),
        ("___", "Choose a name such as"),
        (None, "Choose a name such as"),
        (7, "Choose a name such as"),
    ],
)
def test_names_of_apps_that_fly_refuses(name: object, write: str) -> None:
    found = names.app_name(name)
    assert found and found.todo.startswith(write) and "name" in found.why


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("bot-data", "Write bot_data"),
        ("Data", "Write data"),
        ("v" * 31, f"Write {'v' * 30}"),
        ("openclawData", "Write openclaw_data"),
        ("", "Choose"),
    ],
)
def test_names_of_volumes_that_fly_refuses(name: str, write: str) -> None:
    found = names.volume_name(name)
    assert found and found.todo.startswith(write)
    assert names.volume_name("openclaw_data") is None


@pytest.mark.parametrize(("name", "write"), [("my-key", "Write MY_KEY"), ("1st", "Write _1ST"), ("a b", "Write A_B")])
def test_names_of_secrets_that_fly_refuses(name: str, write: str) -> None:
    found = names.secret_name(name)
    assert found and found.todo.startswith(write)
    assert names.secret_name("OPENAI_API_KEY") is None and names.secret_name("lower_1") is None


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("https://bot.example.com/", "Write bot.example.com"),
        ("bot.example.com:443", "Write bot.example.com"),
        ("user@bot.example.com/path?x", "Write bot.example.com"),
        ("bot", "Write it as"),
        ("my_bot.example.com", "Write it as"),
        ("192.0.2.7", "Write it as"),
        ("-a.example.com", "Write it as"),
        ("a" * 64 + ".example.com", "Write it as"),
        (".".join(["abcdefgh"] * 40), "Write it as"),
    ],
)
def test_host_names_that_get_no_certificate(name: str, write: str) -> None:
    found = names.hostname(name)
    assert found and found.todo.startswith(write), found
    for fine in ("Bot.Example.com", "*.example.com", "xn--bt-fka.example.com"):
        assert names.hostname(fine) is None


def test_regions_are_those_of_the_emulator() -> None:
    """Both tables are of one source; a change of one is a change of both."""
    known = emulated()
    assert {code: region["name"] for code, region in known.items()} == {**regions.OPEN, **regions.CLOSED}
    assert {code for code, region in known.items() if region["deprecated"]} == set(regions.CLOSED)


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("Frankfurt", "Did you mean fra?"),
        ("IAD", "Did you mean iad?"),
        ("us-east-1", "Choose one of ams"),
        ("mia", "Choose one of ams"),
        ("", "Choose one of ams"),
        (None, "Choose one of ams"),
    ],
)
def test_regions_that_do_not_exist(code: object, hint: str) -> None:
    found = regions.region(code)
    assert found and hint in found.todo
    assert regions.region("iad") is None


def test_a_region_that_is_newer_than_the_table() -> None:
    assert regions.region("zzz") is None, "Fly.io is asked"
    assert not regions.is_known("zzz")
    assert regions.region("zzz", ["iad", "zzz"]) is None
    found = regions.region("iaf", ["iad", "ams"])
    assert found and "Did you mean iad? Choose one of ams, iad" in found.todo


@pytest.mark.parametrize(("size", "fits"), [(0, False), (1, True), (500, True), (501, False), (-3, False)])
def test_sizes_of_volumes(size: int, fits: bool) -> None:
    found = limits.volume_size(size)
    assert (found is None) == fits
    assert fits or "a volume has 1 to 500 GB" in str(found)


@pytest.mark.parametrize(("days", "fits"), [(0, False), (1, True), (60, True), (61, False)])
def test_how_long_snapshots_are_kept(days: int, fits: bool) -> None:
    assert (limits.snapshot_retention(days) is None) == fits


def test_a_configuration_that_is_too_large() -> None:
    assert limits.config_size({"env": {"A": "b"}}) is None
    found = limits.config_size({"image": "x", "env": {"A": "b" * 1_100_000}})
    assert found and "most of them in env" in found.why and "1,000,000" in found.why
