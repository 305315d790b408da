"""docs/fidelity.md names for each row the questions that settle it."""

from __future__ import annotations

import re

import pytest
from support.ansible import REPO

from ansible_collections.openclaw.fly.plugins.module_utils._platform_check import check
from ansible_collections.openclaw.fly.plugins.module_utils._platform_check.question import QUESTIONS
from fly_emulator.questions import QUESTIONS as EMULATED_QUESTIONS

ANSWERS = {question.name: question.answers for question in EMULATED_QUESTIONS}
ROW = re.compile(r"^\| (\d+) \|.*\| ([^|]*)\|$", re.MULTILINE)


def test_the_document_names_the_questions() -> None:
    assert check.PlatformCheck, "imports the questions"
    rows = {int(number): re.findall(r"`(\w+)`", names) for number, names in ROW.findall(text())}
    assert sorted(rows) == list(range(1, 84))
    wanted = {number: [q.name for q in QUESTIONS.values() if number in q.rows] for number in rows}
    assert {number: sorted(names) for number, names in rows.items()} == {
        number: sorted(names) for number, names in wanted.items()
    }


def test_the_document_has_the_playbooks_variables() -> None:
    used = set(re.findall(r"fly_platform_check(_\w+)", (REPO / "playbooks/platform_check.yml").read_text()))
    assert [name for name in used - {"_plan", "_result"} if f"{name}`" not in text()] == []


@pytest.mark.parametrize("page", ["docs/fidelity.md", "emulator/README.md"])
def test_the_documents_have_every_question_of_the_emulator_and_its_answers(page: str) -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|(.*)\|$", (REPO / page).read_text(), re.MULTILINE)
    answers = {name: set(re.findall(r"`([\w+-]+)`", rest.rpartition(" | ")[2])) for name, rest in rows}
    assert {name: found & set(ANSWERS[name]) for name, found in answers.items() if name in ANSWERS} == {
        name: set(each) for name, each in ANSWERS.items()
    }


def text() -> str:
    return (REPO / "docs/fidelity.md").read_text()
