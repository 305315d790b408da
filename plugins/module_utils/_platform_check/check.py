# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One check of Fly.io, from its plan to its table."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from .._base import clock
from .._base.errors import CollectionError
from .._base.version import USER_AGENT
from .._converge.context import Context
from .._fly.client import token
from .._fly.client.api import MachinesApi, PlatformApi
from .._fly.client.errors import Forbidden, NotFound, QuotaReached, Unauthorized
from .._fly.throwaway.removal import Removal
from .._fly.throwaway.signals import Interrupted, interruptible
from . import budget, life, questions_exec, questions_machines, questions_storage
from .emulated import EMULATED
from .guard import Guard
from .question import QUESTIONS, Question
from .recording import Recorder
from .wire import GuardedTransport
from .world import Image, Place, Unanswered, World

_ORDER = [each.__name__ for each in (life, questions_machines, questions_exec, questions_storage)]
"""Their import registers their questions; they are asked in this order."""
_UNASKED = "not asked"
Connect = Callable[[str, Guard, Recorder], GuardedTransport]
"""From the name of an API, machines or api, to a connection."""


@dataclass(frozen=True)
class Wanted:
    org: str
    region: str
    machine: Image
    consent: bool
    minutes: int = 40
    dollars: float = 1.0
    only: tuple[str, ...] = ()
    slow: bool = True


@dataclass
class Row:
    """One line of the table."""

    question: Question
    answer: str
    seconds: float

    def as_dict(self) -> dict[str, object]:
        question = self.question
        return {
            "name": question.name,
            "question": question.text,
            "rows": list(question.rows),
            "answer": self.answer,
            "emulator": EMULATED.get(question.name, "unknown"),
            "assumed": question.assumed,
            "verdict": self.verdict,
            "seconds": round(self.seconds, 1),
        }

    @property
    def verdict(self) -> str:
        if self.answer.startswith(_UNASKED):
            return _UNASKED
        if not self.question.fits(self.answer):
            return "unexpected"
        return "as the emulator" if self.answer == EMULATED.get(self.question.name) else "as assumed"


@dataclass
class PlatformCheck:
    wanted: Wanted
    connect: Connect
    recorder: Recorder
    context: Context
    app: str = ""
    rows: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.app = budget.new_name(clock.now(), self.wanted.minutes)
        unknown = sorted(set(self.wanted.only) - QUESTIONS.keys())
        if unknown:
            raise CollectionError(
                f"there is no question {unknown[0]}", where="checks", todo=f"Choose from {', '.join(QUESTIONS)}"
            )

    def plan(self) -> dict[str, Any]:
        """What a run will do and cost, and which apps of earlier checks it will remove. Reads only."""
        wanted = self.wanted
        cost = budget.cost(wanted.region, wanted.minutes)
        if cost.total > wanted.dollars:
            raise CollectionError(
                f"the check could cost ${cost.total:.3f}",
                where="max_dollars",
                why=f"more than {wanted.dollars:g} is not allowed",
                todo="Give it less time with max_minutes, or raise max_dollars",
            )
        wire = self.connect("machines", Guard(self.app, wanted.org), Recorder(None))
        found = self._apps(MachinesApi(wire))
        now = clock.now()
        left = {name: at for name in found if (at := budget.expiry(name)) is not None}
        return {
            "app": self.app,
            "org": wanted.org,
            "cost": str(cost),
            "questions": [each.name for each in self._questions()],
            "expired": sorted(name for name, at in left.items() if at <= now),
            "running": sorted(name for name, at in left.items() if at > now),
        }

    def _apps(self, api: MachinesApi) -> list[str]:
        """The organization's apps; raises when the token cannot create one there."""
        token.require_creation(api, self.app, self.wanted.org)
        try:
            return [str(each.get("name") or "") for each in api.apps(self.wanted.org)]
        except (Forbidden, NotFound) as error:
            raise CollectionError(
                "the token does not reach the organization",
                where=f"organization {self.wanted.org}",
                why=error.why,
                todo="Correct org (fly orgs list prints the slugs), or use that organization's token",
            ) from error

    def _questions(self) -> list[Question]:
        only = self.wanted.only
        found = [q for q in QUESTIONS.values() if (q.name in only if only else self.wanted.slow or not q.slow)]
        return sorted(found, key=lambda question: _ORDER.index(question.ask.__module__))

    def run(self) -> dict[str, object]:
        """Ask everything, and remove everything."""
        plan = self.plan()
        if not self.wanted.consent:
            raise CollectionError(
                "the check was not consented to",
                where=f"organization {self.wanted.org}",
                why=f"it creates the app {self.app} with machines and volumes, and removes it. Cost: {plan['cost']}",
                todo="Give consent: true (fly_platform_check_consent in the playbook)",
            )
        self.context.progress(f"{self.app} in {self.wanted.org}: {plan['cost']}")
        guard = Guard(self.app, self.wanted.org, plan["expired"])
        wire = self.connect("machines", guard, self.recorder)
        self.recorder.begin(self._about(wire))
        with interruptible() as ignore_signals:
            api = MachinesApi(wire)
            swept = [name for name in plan["expired"] if Removal(api, name, self.context.progress).run()]
            interrupted = ""
            try:
                self._ask_all(wire, guard)
            except Interrupted as signal:
                interrupted = str(signal)
            finally:
                ignore_signals()
                self.recorder.check = "removal"
                removed = Removal(api, self.app, self.context.progress).run(uncertain=True)
        if interrupted:
            raise CollectionError(
                f"the check was interrupted by {interrupted}",
                where=f"app {self.app}",
                why="everything that it made is removed" if removed else "it had made nothing",
                todo="Run it again",
            )
        return self._result(plan, swept)

    def _about(self, wire: GuardedTransport) -> dict[str, object]:
        wanted = self.wanted
        return {
            "collection": USER_AGENT,
            "at": clock.text(clock.now()),
            "api": wire.base,
            "app": self.app,
            "region": wanted.region,
            "image": wanted.machine.name,
        }

    def _ask_all(self, wire: GuardedTransport, guard: Guard) -> None:
        wanted = self.wanted
        until = clock.monotonic() + 60 * wanted.minutes
        with tempfile.TemporaryDirectory(prefix="openclaw-check-") as memory:
            platform = PlatformApi(self.connect("api", guard, self.recorder))
            place = Place(self.app, wanted.org, wanted.region, wanted.machine)
            world = World(place, wire, platform, self.context, memory)
            for question in self._questions():
                if clock.monotonic() > until:
                    self.rows.append(Row(question, f"{_UNASKED}: the time is over", 0.0))
                else:
                    self.rows.append(self._ask(question, world))

    def _ask(self, question: Question, world: World) -> Row:
        """Whatever a question fails with is an answer, but what makes all further ones pointless."""
        self.recorder.check = question.name
        began = clock.monotonic()
        try:
            answer = question.ask(world)
        except (Unauthorized, QuotaReached):
            raise
        except Unanswered as error:
            answer = f"{_UNASKED}: {error}"
        except CollectionError as error:
            if question.ask is life.life_app:
                raise
            answer = f"failed: {str(error).splitlines()[0]}"
        row = Row(question, answer, clock.monotonic() - began)
        self.context.progress(f"{question.name}: {answer} ({row.verdict})")
        return row

    def _result(self, plan: dict[str, Any], swept: Iterable[str]) -> dict[str, object]:
        table = [row.as_dict() for row in self.rows]
        return {
            **plan,
            "changed": True,
            "swept": list(swept),
            "table": table,
            "report": report(table),
            "unexpected": [row["name"] for row in table if row["verdict"] == "unexpected"],
            "requests": self.recorder.lines,
            "recording": str(self.recorder.path or ""),
        }


def report(table: list[dict[str, Any]]) -> list[str]:
    """The table as lines of text: what is unexpected first, then what differs from the emulator, then the rest."""
    order = ("unexpected", _UNASKED, "as assumed", "as the emulator")
    rows = sorted(table, key=lambda row: order.index(row["verdict"]))
    columns = [("verdict", "name", "Fly.io", "emulator", "the collection assumes")]
    columns += [(row["verdict"], row["name"], row["answer"], row["emulator"], row["assumed"]) for row in rows]
    widths = [min(40, max(len(row[column]) for row in columns)) for column in range(4)]
    return [
        " | ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[4]]) for row in columns
    ]
