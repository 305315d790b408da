"""Which release is which, and what holds for it."""

from __future__ import annotations

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.errors import InvalidValue
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.releases import DEFAULT_RELEASE, Release, facts


def test_order_follows_publication() -> None:
    published = ["2026.1.29", "2026.2.2", "2026.2.2-3", "2026.2.12", "2026.9.1-beta.1", "2026.9.1", "2026.10.1"]
    assert sorted(Release.parse(text) for text in reversed(published)) == [*map(Release.parse, published)]
    assert [str(Release.parse(text)) for text in published] == published


@pytest.mark.parametrize(
    "text", ["latest", "2026.9", "2026.9.6.1", "", "9.6.2026", "2026.9.6-slim", "2026.13.1", "2026.0.1"]
)
def test_what_is_no_release_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="is not an OpenClaw release"):
        Release.parse(text)


@pytest.mark.parametrize(
    "image",
    [
        "ghcr.io/openclaw/openclaw:2026.9.6",
        "ghcr.io/openclaw/openclaw:2026.9.6-slim",
        "registry.example:5000/openclaw:2026.9.6@sha256:00ff",
        "openclaw:v2026.9.6",
    ],
)
def test_an_image_names_its_release(image: str) -> None:
    assert Release.from_image(image) == Release.parse("2026.9.6")


@pytest.mark.parametrize("image", ["ghcr.io/openclaw/openclaw", "openclaw:latest", "localhost:5000/openclaw"])
def test_a_moving_image_names_none(image: str) -> None:
    with pytest.raises(InvalidValue, match=r"The OpenClaw release of the image is unknown.*Pin an exact release"):
        Release.from_image(image)


def test_old_and_new_releases_differ() -> None:
    old, new = facts(Release.parse("2026.2.9")), facts(Release.parse(DEFAULT_RELEASE))
    assert old.startup_path is None
    assert new.startup_path == "/startupz"
    assert old.is_ready_line("[gateway] listening on ws://0.0.0.0:3000 (PID 7)")
    assert not old.is_ready_line("[gateway] ready")
    assert new.is_ready_line("2026-11-22T08:00:00.000Z [gateway] ready")
    assert not new.is_ready_line("[gateway] http server listening (14 plugins; 12.8s)")
    assert "discord" in old.bundled_channels
    assert "discord" not in new.bundled_channels
    assert (old.needs_trusted_proxies, new.needs_trusted_proxies) == (False, True)
    assert (old.has_config_validate, new.has_config_validate) == (False, True)
    assert (old.control_ui_config, new.control_ui_config) == (
        "/__openclaw/control-ui-config.json",
        "/control-ui-config.json",
    )
    assert (old.tells_applied_config, new.tells_applied_config) == (False, True)


def test_what_came_step_by_step() -> None:
    middle = facts(Release.parse("2026.7.1"))
    assert (middle.health_path, middle.ready_path, middle.startup_path) == ("/healthz", "/readyz", None)
    assert middle.is_ready_line("[gateway] gateway ready")
    assert middle.is_ready_line("[gateway] listening on ws://0.0.0.0:3000 (PID 7)")
    assert middle.bundled_channels == {"imessage", "telegram"}
    early = facts(Release.parse("2026.3.8"))
    assert (early.has_config_validate, early.has_config_schema) == (True, False)


@pytest.mark.parametrize(
    ("release", "engine"),
    [
        ("2026.2.9", ">=22.12.0"),
        ("2026.3.24", ">=22.14.0"),
        ("2026.5.2", ">=22.14.0"),
        ("2026.5.12", ">=22.16.0"),
        ("2026.5.18", ">=22.19.0"),
        ("2026.6.33", ">=22.19.0"),
        ("2026.7.1", ">=22.22.3 <23 || >=24.15.0 <25 || >=25.9.0"),
        ("2026.9.2", ">=22.22.3 <23 || >=24.15.0 <25 || >=25.9.0"),
        ("2026.9.3", ">=24.16.0 <25 || >=26.1.0"),
        ("2026.9.6", ">=24.16.0 <25 || >=26.1.0"),
        ("2026.9.7", None),
        ("2027.1.1", None),
    ],
)
def test_what_node_a_release_wants(release: str, engine: str | None) -> None:
    """A requirement can only tighten: of a release that is newer than the table, none is known."""
    found = facts(Release.parse(release))
    assert found.node_engine == engine
    assert found.known == (engine is not None)


def test_a_newer_release_takes_the_newest_facts() -> None:
    assert facts(Release.parse("2027.1.1")).startup_path == "/startupz"
    assert facts(Release.parse("2025.12.1")).startup_path is None
