"""Masking hides secrets from people and leaves data as it is."""

from __future__ import annotations

import random

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._converge.masking import mask_result, mask_text

DATA = {
    "changed": True,
    "machines": [
        {
            "id": "1781953c421d89",
            "state": "started",
            "region": "iad",
            "config": {
                "guest": {"cpus": 2, "memory_mb": 2048},
                "env": {"NODE_ENV": "production", "PORT": "3000"},
                "metadata": {"fly_process_group": "app"},
                "checks": {"health": {"interval": "15s", "path": "/healthz"}},
            },
        }
    ],
    "state": {"fingerprint": "9f86d081884c7d65", "set_at": 1764135905.25},
    "names": ["FLAG", "OPENCLAW_GATEWAY_TOKEN"],
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "error": {"status": 404, "code": "not_found", "request_id": "01HX"},
}
TOKEN = "5d41402abc4b2a76b9719d911017c592"


def by_chance() -> list[str]:
    """Secrets as people have them, each of which occurs in data that has nothing to do with it."""
    rng = random.Random(33)
    digits = [str(rng.randrange(10**n)) for n in range(1, 14)]
    words = ["true", "false", "null", "None", "a", "app", "iad", "started", "production", "15s", "/healthz", "2048"]
    fragments = ['{"cpus": 2}', "[]", "{}", '"state"', "openclaw", "https", "1764135905.25", "2026-11-26T05:52:10Z"]
    letters = ["".join(rng.choices("abcdef0123456789", k=rng.randrange(1, 8))) for _ in range(50)]
    return [*digits, *words, *fragments, *letters]


@pytest.mark.parametrize("secret", by_chance())
def test_data_stays_as_it_is(secret: str) -> None:
    assert mask_result(DATA, {secret}) == DATA


def test_data_stays_as_it_is_with_all_of_them() -> None:
    assert mask_result(DATA, {*by_chance(), 1, 2048, 3000, None, ""}) == DATA


def test_a_token_is_in_nothing_that_leaves() -> None:
    told = {"stdout": f"x {TOKEN} y", "machines": [{"config": {"env": {"T": TOKEN}}}], "msg": f"bad {TOKEN}"}
    assert TOKEN not in repr(mask_result(told, {TOKEN}))


@pytest.mark.parametrize("secret", ["hunter2", "1234", "production", TOKEN])
def test_people_read_no_secret(secret: str) -> None:
    told = {
        "msg": f"it is {secret}",
        "warnings": [f"{secret}!"],
        "diff": [{"before": f"a\n{secret}\n", "after": {"x": secret}}],
        "changes": [f"set {secret}"],
        "invocation": {"module_args": {"secrets": {"A": secret}}},
        "error": {"kind": "FlyError", "what": f"no {secret}", "why": secret, "status": 404},
    }
    masked = mask_result(told, {secret})
    assert secret not in repr(masked)
    assert masked["error"]["status"] == 404
    assert mask_text(f"it is {secret}", {secret}) == "it is ********"
    assert secret not in mask_text(secret, {secret})


def test_a_short_secret_leaves_sentences_alone() -> None:
    message = "app 1st: 11 problems in 1 file: FLAG=1 is '1', \"a\" and FLAG=a; 2026-11-01"
    masked = mask_result({"msg": message, "invocation": {"secrets": {"FLAG": "1", "B": "a"}, "size": 1}}, {"1", "a"})
    assert masked["msg"] == message.replace("=1", "=********").replace("'1'", "'********'").replace(
        '"a"', '"********"'
    ).replace("=a", "=********")
    assert masked["invocation"] == {"secrets": {"FLAG": "********", "B": "********"}, "size": 1}
    assert mask_text("1 problem", {"1"}) == "1 problem"


def test_a_part_of_a_token_that_an_error_echoes_is_hidden() -> None:
    said = f"invalid token {TOKEN[:12]}… at https://u:hunter2@x.example/?token=abc"
    result = mask_result({"msg": said, "error": {"why": said, "status": 401}, "state": said}, [TOKEN])
    assert TOKEN[:12] not in result["msg"] and "hunter2" not in result["msg"] and "abc" not in result["msg"]
    assert result["error"] == {"why": result["msg"], "status": 401}
    assert result["state"] == said, "data is left alone"
    assert mask_text(said, [TOKEN]) == result["msg"]


def test_arguments_that_hold_a_secret_in_the_wrong_place_are_hidden() -> None:
    given = {
        "tunnels": [{"kind": "ngrok", "authtoken": "abc-def", "hostname": "x.example"}],
        "build": {"git": "https://u:hunter2@h/x"},
    }
    shown = mask_result({"invocation": {"module_args": given}}, [])["invocation"]["module_args"]
    assert shown == {
        "tunnels": [{"kind": "ngrok", "authtoken": "********", "hostname": "x.example"}],
        "build": {"git": "https://u:********@h/x"},
    }
