"""The page that drift.yml writes."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from support.ansible import REPO

PAGE = REPO / "playbooks/templates/drift.html.j2"


def page(gateways: list[dict[str, Any]]) -> str:
    report = {"format": 1, "at": "2026-11-27T12:00:00Z", "gateways": gateways}
    templar = Templar(DataLoader(), {"openclaw_drift_report": report})
    return str(templar.template(trust_as_template(Path(PAGE).read_text())))


def gateway(number: int, *steps: dict[str, Any]) -> dict[str, Any]:
    return {"host": f"gateway-{number:03}", "idle": not steps, "steps": list(steps)}


class Rows(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)


def test_what_needs_attention_comes_first() -> None:
    differs = {"task": "role : Deploy the machine", "changes": ["update machine 1: guest.memory_mb"]}
    fails = {"task": "role : Validate", "error": "unknown region frx"}
    text = page([gateway(1), gateway(2, differs), gateway(3, fails)])
    places = [text.index(f'<th scope="row">gateway-{number:03}') for number in (3, 2, 1)]
    assert places == sorted(places)
    assert "Deploy the machine: update machine 1: guest.memory_mb" in text and "unknown region frx" in text


def test_text_from_elsewhere_is_no_markup() -> None:
    hostile = "<script>alert(1)</script>{{ 7 * 7 }}"
    step = {"task": hostile, "changes": [hostile], "diff": {"before": hostile}}
    text = page([gateway(1, step), gateway(2, {"task": "x", "error": hostile})])
    assert "script" not in Rows(text).tags and text.count("{{ 7 * 7 }}") == 4


def test_five_hundred_gateways_stay_light() -> None:
    step = {"task": "role : Write the config", "changes": ["set gateway.port", "set channels.discord.enabled"]}
    text = page([gateway(number, *([step] * (number % 3))) for number in range(500)])
    assert len(text) < 500_000 and Rows(text).tags.count("tr") == 501
