"""Saved profiles that win over a key in the environment, from what a gateway reports of its providers."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._gateway.secrets_in_force import shadowing

KEY = "OPENROUTER_API_KEY"


def provider(name: str = KEY, **profile: str) -> dict[str, Any]:
    profiles = [{"profileId": "openrouter:manual", "type": "api_key", **profile}] if profile else []
    return {"provider": "openrouter", "apiKey": {"source": "env", "envVar": name}, "profiles": profiles}


@pytest.mark.parametrize("source", ["saved", "inherited"])
def test_a_saved_profile_wins(source: str) -> None:
    found = shadowing({"providers": [provider(source=source)]}, {KEY: "value"})
    assert found == [{"name": KEY, "provider": "openrouter", "profile": "openrouter:manual"}]


@pytest.mark.parametrize(
    "status",
    [
        None, {}, {"providers": None}, {"providers": [provider()]}, {"providers": [provider(source="config")]},
        {"providers": [provider("ANOTHER_KEY", source="saved")]}, {"providers": [{"provider": "x", "profiles": []}]},
    ],
)  # fmt: skip
def test_nothing_wins(status: Any) -> None:
    assert shadowing(status, {KEY: "value"}) == []
