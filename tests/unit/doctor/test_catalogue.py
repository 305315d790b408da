"""The catalogue as data, and its page."""

from __future__ import annotations

import re
import sys

import pytest
from support.ansible import REPO

from ansible_collections.openclaw.fly.plugins.module_utils._doctor import fly_signs, gateway_signs, start_signs
from ansible_collections.openclaw.fly.plugins.module_utils._doctor.catalogue import BY_ID, CATALOGUE
from ansible_collections.openclaw.fly.plugins.module_utils._doctor.finding import GROUNDS, SEVERITIES
from ansible_collections.openclaw.fly.plugins.module_utils._doctor.gateway_reports import ALREADY
from ansible_collections.openclaw.fly.plugins.module_utils._doctor.sign import Sign

sys.path.insert(0, str(REPO / "tools"))
import troubleshooting

SIGNS = (*fly_signs.SIGNS, *start_signs.SIGNS, *gateway_signs.SIGNS)
HEALTHY = """
[gateway] loading configuration...
[gateway] resolving authentication...
[gateway] starting...
[gateway] starting HTTP server...
[gateway] agent model: openai/gpt-5.5 (thinking=medium, fast=off)
[gateway] http server listening (7 plugins: browser, canvas, file-transfer, memory-core, talk-voice; 12.4s)
[gateway] log file: /tmp/openclaw-1000/openclaw-2026-11-26.log
[gateway] starting channels and sidecars...
[gateway] ready
[heartbeat] started
Health check 'servicecheck-00-http-3000' on port 3000 is now passing.
[reload] config change detected; evaluating reload (gateway.controlUi.allowedOrigins)
[reload] config hot reload applied (gateway.controlUi.allowedOrigins)
[ws] unauthorized conn=4d1b remote=203.0.113.7 reason=token_missing
[gateway] received SIGTERM; shutting down
[shutdown] completed cleanly in 1480ms
Main child exited normally with code: 0
""".strip().splitlines()


def test_there_are_more_than_fifty_over_three_grounds() -> None:
    assert len(BY_ID) == len(CATALOGUE) > 100
    assert {one.ground for one in CATALOGUE} == set(GROUNDS)
    assert {one.severity for one in CATALOGUE} == set(SEVERITIES)


def test_each_has_all_that_a_person_needs() -> None:
    for one in CATALOGUE:
        assert re.fullmatch(r"[a-z]+\.[a-z0-9_]+", one.id)
        assert all((one.title, one.cause, one.remedy, one.source)), one.id


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: str(sign.id))
def test_a_line_is_recognised_and_a_healthy_log_is_not(sign: Sign) -> None:
    pattern = re.compile(sign.pattern)
    assert pattern.search(sign.line)
    assert [line for line in HEALTHY if pattern.search(line)] == []
    others = [other.id for other in SIGNS if other is not sign and re.search(other.pattern, sign.line)]
    assert others == []


def test_openclaws_own_findings_lead_to_ours() -> None:
    assert set(ALREADY.values()) <= BY_ID.keys()


def test_the_page_is_current() -> None:
    assert troubleshooting.PAGE.read_text() == troubleshooting.text(), "run: python tools/troubleshooting.py"
