"""What a gateway made of a changed config: a table of its log, its own answer and the time."""

from __future__ import annotations

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._gateway.config_effect import Effect, judge
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.releases import Release, facts

NEW, OLD = facts(Release.parse("2026.9.6")), facts(Release.parse("2026.7.1"))
LOOKS = "[reload] config change detected; evaluating reload (agents.defaults)"
APPLIED = "[reload] config hot reload applied (agents.defaults)"
TOOK = "[reload] config change applied"
RESTARTS = "[reload] config change requires gateway restart (gateway.port)"
SKIPPED = "[reload] config reload skipped (invalid config): gateway.port"
IGNORED = "[reload] hot mode ignoring gateway.port"
DISABLED = "[reload] config reload disabled"
READY = "[gateway] ready"


@pytest.mark.parametrize(
    ("lines", "asked", "elapsed", "effect"),
    [
        ([], None, 0, Effect.PENDING),
        ([], False, 44, Effect.PENDING),
        ([], False, 46, Effect.NONE),
        ([], True, 3, Effect.HOT),
        ([LOOKS], None, 1, Effect.PENDING),
        ([LOOKS], None, 46, Effect.NONE),
        ([LOOKS, APPLIED], None, 2, Effect.HOT),
        ([LOOKS, TOOK], False, 2, Effect.HOT),
        ([LOOKS, IGNORED], None, 2, Effect.NONE),
        ([DISABLED], True, 2, Effect.NONE),
        ([LOOKS, SKIPPED], None, 2, Effect.REFUSED),
        ([LOOKS, SKIPPED, APPLIED], True, 2, Effect.REFUSED),
        ([LOOKS, RESTARTS], None, 2, Effect.RESTARTING),
        ([LOOKS, RESTARTS], True, 2, Effect.RESTARTING),
        ([LOOKS, RESTARTS], None, 179, Effect.RESTARTING),
        ([LOOKS, RESTARTS], None, 181, Effect.NONE),
        ([READY, LOOKS, RESTARTS], None, 20, Effect.RESTARTING),
        ([LOOKS, RESTARTS, READY], None, 20, Effect.RESTARTED),
    ],
)
def test_the_effect(lines: list[str], asked: bool | None, elapsed: float, effect: Effect) -> None:
    assert judge(lines, asked, elapsed, NEW) is effect


@pytest.mark.parametrize(
    ("lines", "elapsed", "effect"),
    [
        ([LOOKS], 5, Effect.PENDING),
        ([LOOKS], 7, Effect.HOT),
        ([], 7, Effect.PENDING),
        ([LOOKS, RESTARTS], 7, Effect.RESTARTING),
    ],
)
def test_a_release_that_cannot_be_asked_says_no_more_when_it_has_nothing_to_do(
    lines: list[str], elapsed: float, effect: Effect
) -> None:
    assert not OLD.tells_applied_config
    assert judge(lines, None, elapsed, OLD) is effect


def test_only_two_effects_are_waited_on() -> None:
    assert {effect for effect in Effect if not effect.is_final} == {Effect.PENDING, Effect.RESTARTING}
