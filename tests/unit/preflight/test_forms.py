# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that have a form."""

from __future__ import annotations

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._preflight.forms import misformed


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fly_app_image", ""), ("fly_app_image", "ghcr.io/openclaw/openclaw:2026.9.6-slim"),
        ("fly_app_image", f"localhost:5000/a__b/c@sha256:{'0' * 64}"),
        ("fly_app_image", "registry.fly.io/scratch:Sleep_1"),
        ("fly_app_image", "nginx:1.29@sha256:" + "a" * 64), ("fly_app_image", "{{ our_image }}"),
        ("fly_app_check_path", ""), ("fly_app_check_path", "/"), ("fly_app_volume_path", "/var/lib/a"),
        ("fly_app_domain", "fly.dev.localhost"), ("openclaw_config_owner", "0:0"), ("fly_app_org", "our-org-42"),
        ("openclaw_config_url", "https://bot.example.com:8443/"), ("somebody_elses", " "),
    ],
)  # fmt: skip
def test_what_has_its_form(name: str, value: str) -> None:
    assert list(misformed(name, value)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fly_app_image", "a b"), ("fly_app_image", "docker.io/library/NGINX"),
        ("fly_app_image", "https://ghcr.io/a"), ("fly_app_check_path", "a"),
        ("fly_app_volume_path", "/"), ("fly_app_volume_path", "data"), ("fly_app_kill_signal", "TERM"),
        ("openclaw_config_owner", "1000"), ("openclaw_config_url", "bot.example.com"), ("fly_app_org", "Our Org"),
    ],
)  # fmt: skip
def test_what_has_not(name: str, value: str) -> None:
    (problem,) = misformed(name, value)
    assert problem.path == name and repr(value) in problem.message and problem.suggestion
