"""Values of secrets are judged before they are set, and are in no message."""

from __future__ import annotations

import secrets
import string
from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._base.secret_values import fault_of
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.secret_values import judge, weakness_of

PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "is null"),
        (True, "is a boolean"),
        (3000, "is a number"),
        (0.5, "is a number"),
        ({"a": "b"}, "is a dictionary"),
        (["a"], "is a list"),
        ("", "is empty"),
        (" \n", "is empty"),
        ("first\nsecond", "has several lines"),
        ("first\r\nsecond", "has several lines"),
        ("value\n", "begins or ends with white space"),
        (" value", "begins or ends with white space"),
        ("va\0lue", "contains a NUL"),
    ],
)
def test_what_cannot_be_a_value(value: Any, why: str) -> None:
    fault = fault_of(value)
    assert fault is not None and why in fault.why and fault.todo
    [problem] = judge({"SOME_KEY": value})
    assert (problem.path, problem.rule) == ("fly_app_secrets.SOME_KEY", "secret-value")
    [problem] = judge({}, value) if value is not None else judge({"X": None})
    assert problem.rule == "secret-value"


@pytest.mark.parametrize("value", ["1", "true", "a", "a b", '{"type": "x",\n "key": 1}', PEM, "käse", "ab" * 2500])
def test_what_can_be_one(value: str) -> None:
    assert fault_of(value) is None
    assert list(judge({"FLAG": value})) == []


@pytest.mark.parametrize(
    "token",
    [
        "abc", "changeme", "change-me-please", "your-token-here", "<token>", "0" * 32, "1" * 64, "x" * 32, "test123",
        "secretsecretsecretsecret", "passwordpasswordpassword", "abababababababababababab", "12345678901234567890123",
        "abcdefghijklmnopqrstuvwxyz", "123456789012345678901234567890",
    ],
)  # fmt: skip
def test_weak_tokens(token: str) -> None:
    [problem] = judge({}, token)
    assert (problem.path, problem.rule) == ("fly_app_gateway_token", "weak-token")
    assert token not in problem.message or len(token) < 4


def test_made_tokens_are_strong() -> None:
    made = [secrets.token_hex(32) for _ in range(200)] + [secrets.token_urlsafe(18) for _ in range(200)]
    made += [secrets.token_hex(16) for _ in range(200)]
    alphabet = string.ascii_letters + string.digits
    made += ["".join(secrets.choice(alphabet) for _ in range(24)) for _ in range(200)]
    assert [token for token in made if weakness_of(token)] == []


@pytest.mark.parametrize(
    "value",
    ["changeme", "your-api-key", "<key>", "xxxx", "sk-ant-...", "sk-xxxxxxxx", "Tbd", "replace-me", "...", "********"],
)
def test_placeholders(value: str) -> None:
    [problem] = judge({"SOME_KEY": value})
    assert problem.rule == "weak-secret"


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("ANTHROPIC_API_KEY", "sk-ant-api03-" + "a1B2" * 10, "sk-" + "a1B2" * 10),
        ("OPENAI_API_KEY", "sk-proj-" + "a1B2" * 10, "a1B2" * 10),
        ("OPENROUTER_API_KEY", "sk-or-v1-" + "a1B2" * 10, "a1B2" * 10),
        ("TELEGRAM_BOT_TOKEN", "123456789:" + "A" * 35, "A" * 35),
        ("DISCORD_BOT_TOKEN", "M" * 24 + "." + "a" * 6 + "." + "b" * 27, "abc.def"),
        ("SLACK_BOT_TOKEN", "xoxb-1234567890-abc", "xoxp-1234567890-abc"),
    ],
)
def test_shapes(name: str, good: str, bad: str) -> None:
    assert list(judge({name: good})) == []
    [problem] = judge({name: bad})
    assert problem.rule == "secret-shape"
    assert bad not in str(problem)
