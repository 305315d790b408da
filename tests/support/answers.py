"""The sets of answers to what is not known of Fly.io under which the collection is tested: `pytest --answers NAME`."""

from __future__ import annotations

from fly_emulator.questions import QUESTIONS

DEFAULTS = "defaults"
SETS: dict[str, dict[str, str]] = {
    DEFAULTS: {},
    # `durations` is a set of its own: with it everything takes many times as long.
    "others": {each.name: each.answers[-1] for each in QUESTIONS if each.name != "durations"},
    "narrowest": {each.name: each.answers[1] for each in QUESTIONS if len(each.answers) > 2},
    "slow": {"durations": "recorded"},
}
"""Together they have each answer of each question at least once."""
DELAYS = "0.1"
"""What Fly.io's own delays are multiplied by where a test waits for them in real time, but under the defaults."""


def arguments(name: str) -> list[str]:
    """For the emulator's `start`."""
    chosen = [word for question, answer in SETS[name].items() for word in ("--answer", f"{question}={answer}")]
    return [*chosen, "--delays", DELAYS] if chosen else []
