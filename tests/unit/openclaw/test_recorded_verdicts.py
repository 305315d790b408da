"""Our rules against the recorded verdicts of the pinned release; tests/gateway/test_both_judges.py records them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.judged import DIFFERENCES, OWN

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_rules import Facts, check
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.releases import DEFAULT_RELEASE
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.render import deep_merge

RECORDED = json.loads((Path(__file__).parent / "data" / f"verdicts-{DEFAULT_RELEASE}.json").read_text())


@pytest.mark.parametrize("name", OWN)
def test_the_rules_refuse_what_the_release_refuses(name: str) -> None:
    """Where its schema does not refuse it already."""
    told = RECORDED[name]
    refused = bool(check(deep_merge({"gateway": {"mode": "local"}}, OWN[name]), Facts(exposure="sealed")))
    if name in DIFFERENCES:
        assert refused == told["valid"]
    else:
        assert (refused or told["by_schema"]) == (not told["valid"])
