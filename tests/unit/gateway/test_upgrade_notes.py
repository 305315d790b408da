"""What a plan states of an upgrade."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._gateway.upgrade_notes import Move, notes
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.releases import Release

IMAGE = "ghcr.io/openclaw/openclaw"


def said(running: str, target: str, image: str = "", **more: Any) -> str:
    moved = {"config": {}, **more}
    return "\n".join(notes(Move(Release.parse(running), Release.parse(target), image or f"{IMAGE}:{target}", **moved)))


def test_a_small_step_has_only_an_outage() -> None:
    (line,) = said("2026.7.1", "2026.9.6").splitlines()
    assert line.startswith("expect an outage of some 87 s until it is ready, which was measured for these releases")
    assert "longest that was measured" in said("2026.8.2", "2026.9.6")


@pytest.mark.parametrize(
    ("image", "text"),
    [
        (f"{IMAGE}:2026.9.3", "fly_app_image names 2026.9.3, and fly_app_release is 2026.9.6"),
        (f"{IMAGE}:latest", "names no release"),
        (f"{IMAGE}:2026.9.6-slim", ""),
    ],
)
def test_a_pinned_image(image: str, text: str) -> None:
    found = said("2026.8.2", "2026.9.6", image)
    assert text in found and len(found.splitlines()) == (2 if text else 1)


def test_releases_to_go_through() -> None:
    assert "upgrade to 2026.7.1 first" in said("2026.5.12", "2026.9.6")
    assert "first:" not in said("2026.5.12", "2026.7.1")


def test_what_the_target_takes_otherwise() -> None:
    config = {"commitments": {}, "agents": {"defaults": {"model": "openai/gpt-4o"}}}
    found = said("2026.8.2", "2026.9.6", config=config)
    assert "commitments changes with 2026.9.6: remove it" in found
    assert "openai/gpt-5.5: openai/gpt-4o is retired" in found
    assert "commitments" not in said("2026.9.6", "2026.9.6", config=config)
    assert "could not be read" in said("2026.8.2", "2026.9.6", config=None)


def test_plugins_that_move() -> None:
    config = {"channels": {"discord": {}}}
    assert "declare @openclaw/discord" in said("2026.5.1", "2026.9.6", config=config)
    packages = {"@openclaw/discord": "2026.8.2", "another": "2026.8.2"}
    found = said("2026.8.2", "2026.9.6", config=config, packages=packages)
    assert "@openclaw/discord stays at 2026.8.2: set it to 2026.9.6" in found and "another" not in found
    assert "declare" not in found
