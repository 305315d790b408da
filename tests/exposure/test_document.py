"""docs/exposure.md says of each check what the catalogue says."""

from __future__ import annotations

import re

import yaml
from support.ansible import REPO

from ansible_collections.openclaw.fly.plugins.module_utils._exposure.catalogue import CHECKS, IDS
from ansible_collections.openclaw.fly.plugins.modules import openclaw_exposure_info

DOCUMENT = REPO / "docs/exposure.md"


def test_the_document_has_the_catalogues_sentences() -> None:
    text = DOCUMENT.read_text()
    sections = text.partition("\n## The checks\n")[2].partition("\n## ")[0]
    described = dict(re.findall(r"^### (\w+)\n\n(.*?)(?=\n### |\Z)", sections, re.S | re.M))
    assert tuple(described) == IDS
    for check in CHECKS:
        expected = f"{check.proves}.\n\n- **How**: {check.how}.\n- **Fix**: {check.fix}."
        assert described[check.id].strip() == expected, check.id


def test_every_link_to_a_check_leads_to_one() -> None:
    linked = set(re.findall(r"\[([a-z_]+)\]\(#([a-z_]+)\)", DOCUMENT.read_text()))
    assert {target for _text, target in linked} <= set(IDS)
    assert all(text == target for text, target in linked)


def test_the_modules_options_name_the_same_checks() -> None:
    option = yaml.safe_load(openclaw_exposure_info.DOCUMENTATION)["options"]["checks"]
    assert option["choices"] == option["default"] == [*IDS]
