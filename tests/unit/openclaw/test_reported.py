"""The reason in an answer of OpenClaw's."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.errors import reported


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"error": {"type": "config", "message": "the config is locked"}}, "the config is locked"),
        ({"error": "the config is locked"}, "the config is locked"),
        ({"error": {"code": 5}}, "it has no summary"),
        ({"error": ""}, "it has no summary"),
        ({}, "it has no summary"),
        ([], "it has no summary"),
    ],
)
def test_the_reason_is_a_sentence(answer: Any, told: str) -> None:
    assert reported(answer, "it has no summary") == told
