"""Where the evidence about Fly.io is divided or missing: what can be answered, and what the emulator answers now.

The first answer of each question is the default: the more probable and the more hostile one. The exception is how long
things take: nobody waits for what a rehearsal does not need. `docs/fidelity.md` of the collection lists what was
compared with what.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


class BadAnswer(ValueError):
    """There is no such question, or it has no such answer; the text names those that there are."""


@dataclass(frozen=True)
class Question:
    name: str
    text: str
    answers: tuple[str, ...]
    """The default first."""
    source: str


QUESTIONS = (
    Question(
        "update-of-stopped",
        "What an update without skip_launch does to a machine that is not started",
        ("rests", "starts"),
        "superfly/flyctl#4754, superfly/fly-go#283; against: Fly's docs of the machines resource",
    ),
    Question(
        "start-after-update",
        "What the first start after an update that left the machine stopped does",
        ("dropped", "taken"),
        "an observation of one project; answered 200 and nothing started",
    ),
    Question(
        "wait-stopped",
        "A wait for stopped that names no version",
        ("refused", "taken"),
        "superfly/flyctl#1751, Kilo-Org/cloud#297 (2026-02): 400; against: superfly/fly-go#210, with which flyctl of "
        "2026-08 sends such waits",
    ),
    Question(
        "exec-under-lease",
        "An exec while somebody else holds the machine's lease",
        ("refused", "taken"),
        "alchemy-run/distilled#628 (2026-09), by live calls; the API's document does not name a nonce for exec",
    ),
    Question(
        "exec-signal",
        "exit_code of a command that a signal ended",
        ("null", "128+signal"),
        "superfly/init-snapshot src/api/exec.rs (2021); exit_signal is set either way",
    ),
    Question(
        "exec-missing-command",
        "An exec of a command that the image does not have",
        ("error", "127"),
        "superfly/init-snapshot src/api/exec.rs (2021): it cannot be spawned; status and text are not recorded",
    ),
    Question(
        "exec-stdin",
        "The largest stdin of an exec",
        ("1m", "16k", "unlimited"),
        "superfly/flyctl#4181 (1 MB); superfly/init-snapshot (2021) took 16 KiB",
    ),
    Question(
        "exec-output",
        "How much of each output stream an exec returns",
        ("1m", "64k", "whole"),
        "nothing is recorded",
    ),
    Question(
        "execs-at-once",
        "A second exec while one runs in the machine",
        ("in-turn", "parallel"),
        "superfly/init-snapshot src/api/exec.rs (2021) held a mutex; nothing newer is recorded",
    ),
    Question(
        "suspend-large",
        "A suspend of a machine with more than 2 GB of memory",
        ("refused", "taken"),
        "fly.io/docs/reference/suspend-resume discourages it; no answer is recorded",
    ),
    Question(
        "config-size",
        "The largest body of any other request",
        ("1m", "unlimited"),
        "a fake of another project: 989744 bytes were taken, 1056412 refused",
    ),
    Question(
        "snapshots",
        "When a snapshot that was asked for is listed, and whether one may be merged with a recent one",
        ("later", "merged", "at-once"),
        "Lians-ai #64, #65, #74; Fly's API documentation states that they are asynchronous",
    ),
    Question(
        "detach",
        "When the volume of a machine that was destroyed is free",
        ("later", "at-once"),
        "terraform-provider-fly #143, #154, #218; livebook-dev/livebook#2737: up to a minute",
    ),
    Question(
        "lists",
        "Whether the first list after a write may be the one from before it",
        ("strict", "lag"),
        "fly.io/infra-log 2026-04-28, superfly/flyctl#3105; seen in incidents only",
    ),
    Question(
        "private-network",
        "Where a private_v6 lies that was asked for without network",
        ("organization", "app"),
        "fly.io/docs/blueprints/warm-pool-user-machines, superfly/docs#2430; not for an app on the default network",
    ),
    Question(
        "secrets-without-version",
        "What secrets a machine gets that is created or updated right after a change, without min_secrets_version",
        ("old", "new"),
        "superfly/flyctl appsecrets.GetMinvers: it sends the version wherever it can",
    ),
    Question(
        "durations",
        "How long creating, replacing and starting a machine and an exec take",
        ("short", "recorded"),
        "an answer to a create after 16.9 s (x-envoy-upstream-service-time); fly.io/docs/blueprints/"
        "warm-pool-user-machines (20 s for an update); PageSpace (a wake in 1.25 to 1.45 s); spawn#1584 (an exec in "
        "0.55 s)",
    ),
)
_NAMES = {question.name: question for question in QUESTIONS}
NAMES = tuple(_NAMES)


class Answers:
    """The answer to each question; raises BadAnswer for one that there is not."""

    def __init__(self, chosen: Mapping[str, str] | None = None) -> None:
        self._chosen = {question.name: question.answers[0] for question in QUESTIONS}
        self.change(chosen or {})

    def __getitem__(self, name: str) -> str:
        return self._chosen[name]

    def change(self, chosen: Mapping[str, str]) -> None:
        """All of them or none."""
        for name, answer in chosen.items():
            if name not in _NAMES:
                raise BadAnswer(f"there is no question {name!r}; there are {', '.join(NAMES)}")
            if answer not in _NAMES[name].answers:
                raise BadAnswer(f"{name} has no answer {answer!r}; it has {', '.join(_NAMES[name].answers)}")
        self._chosen.update(chosen)

    def reset(self) -> None:
        """Back to the defaults."""
        self.change({question.name: question.answers[0] for question in QUESTIONS})

    def view(self) -> list[dict[str, object]]:
        return [
            {
                "name": question.name,
                "text": question.text,
                "answer": self[question.name],
                "answers": list(question.answers),
                "source": question.source,
            }
            for question in QUESTIONS
        ]

    def chosen(self) -> dict[str, str]:
        return dict(self._chosen)


def parse(words: Iterable[str]) -> dict[str, str]:
    """NAME=ANSWER words; raises BadAnswer."""
    chosen: dict[str, str] = {}
    for word in words:
        name, _, answer = word.partition("=")
        chosen[name] = answer
    Answers(chosen)
    return chosen


SIZES = {"16k": 16 * 1024, "64k": 64 * 1024, "1m": 1024 * 1024}


def limit(answer: str) -> int | None:
    """Bytes; None for no limit."""
    return SIZES.get(answer)
