"""Send what a check recorded to an emulator, and compare the status and the shape of each answer."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from ansible_collections.openclaw.fly.plugins.module_utils._base import clock

from .hang import HANG
from .platform import TOKEN, Platform

LOOKS, EVERY, PAUSE = 30, 2.0, 2.0
"""A poll is repeated until it shows the recorded state; other pauses are shortened to this many seconds."""
PASSING = ("creating", "starting", "stopping", "replacing", "restarting", "updating", "destroying")
"""States that may be over before they are looked at."""
UNSTEADY = ("rate_limit", "removal")
"""Questions whose answers depend on how fast requests come, and what every ending does."""
NAMED = ("id", "instance_id", "nonce", "version_id", "machine_id", "attached_machine_id", "ip")
EITHER = {"/start": {200, 412}, "/wait": {200, 408}, "/lease": {200, 404}}
"""Statuses that depend on the moment."""
LONG = re.compile(r"<(\d+) characters(?: of '(.)')?>")
Line = dict[str, Any]


@dataclass
class Replay:
    """`org` stands for the organization, whose name is not recorded."""

    fly: Platform
    org: str = "personal"
    names: dict[str, str] = field(default_factory=dict)
    """Ids of the recording, and those of the emulator."""
    sent: int = 0
    never: list[str] = field(default_factory=list)
    """Recorded states that did not come about, for who looks into a difference."""

    def run(self, lines: list[Line]) -> list[str]:
        """All differences, one line each."""
        found: list[str] = []
        before = 0.0
        for line in polled_once(lines):
            if line["check"] in UNSTEADY or line["status"] in (0, 429):
                continue
            clock.sleep(min(max(0.0, line["at"] - before), PAUSE))
            before = line["at"] + line["took"]
            status, answer = self._ask_until_alike(line)
            self._learn(line["answer"], answer)
            place = f"{line['check']}: {line['method']} {line['path']}"
            if status not in _statuses(line):
                found.append(f"{place}: {status}, recorded {line['status']}")
            elif status == line["status"]:
                found += [f"{place}: {each}" for each in shape_differences(line["answer"], answer)]
        return found

    def _ask_until_alike(self, line: Line) -> tuple[int, Any]:
        """A read is repeated until what it shows is in the recorded state."""
        wanted = _state(line["answer"])
        for _ in range(LOOKS):
            status, answer = self._ask(line)
            late = line["method"] == "GET" and wanted is not None and _state(answer) != wanted
            if not late and status != 429:
                break
            clock.sleep(EVERY)
        else:
            self.never.append(f"{line['check']}: {line['path']} {wanted}")
        return status, answer

    def _ask(self, line: Line) -> tuple[int, Any]:
        self.sent += 1
        body = self._own(line["body"])
        if line["path"] == "/v1/apps":
            body = body and {**body, "org_slug": self.org}
        query = {key: self.org if key == "org_slug" else str(value) for key, value in self._own(line["query"]).items()}
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        if line["lease"]:
            headers["fly-machine-lease-nonce"] = self._own(line["lease"])
        connection = http.client.HTTPConnection(urlsplit(self.fly.url).netloc, timeout=HANG)
        try:
            target = self._own(line["path"]) + (f"?{urlencode(query)}" if query else "")
            connection.request(line["method"], target, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        try:
            return response.status, json.loads(text) if text.strip() else None
        except ValueError:
            return response.status, text

    def _own(self, value: Any) -> Any:
        """What was recorded, with the emulator's ids, and long texts in full."""
        if isinstance(value, Mapping):
            return {key: self._own(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._own(each) for each in value]
        if not isinstance(value, str):
            return value
        if long := LONG.fullmatch(value):
            return (long[2] or "YWFh") * (int(long[1]) // len(long[2] or "YWFh"))
        for recorded, ours in self.names.items():
            value = value.replace(recorded, ours)
        return value

    def _learn(self, recorded: Any, answer: Any) -> None:
        if isinstance(recorded, Mapping) and isinstance(answer, Mapping):
            for key in recorded.keys() & answer.keys():
                old, new = recorded[key], answer[key]
                if key in NAMED and isinstance(old, str) and isinstance(new, str) and len(old) > 5 and new:
                    self.names[old] = new
                self._learn(old, new)
        elif isinstance(recorded, list) and isinstance(answer, list):
            for old, new in zip(recorded, answer, strict=False):
                self._learn(old, new)


def polled_once(lines: list[Line]) -> Iterator[Line]:
    """Of the same read several times in a row only the last."""
    asked = [(line["method"], line["path"], str(line["query"])) for line in lines]
    for number, line in enumerate(lines):
        if line["method"] == "GET" and asked[number + 1 : number + 2] == [asked[number]]:
            continue
        yield line


def shape_differences(recorded: Any, answer: Any, at: str = "") -> list[str]:
    """Where the answer has not what was recorded: keys and kinds of values. What is null or empty fits all."""
    if recorded is None or answer is None or recorded in ([], {}, ""):
        return []
    if _kind(recorded) != _kind(answer):
        return [f"{at or 'the answer'} is {_kind(answer)}, recorded {_kind(recorded)}"]
    if isinstance(recorded, Mapping):
        absent = [
            f"{at}.{key} is missing"
            for key, value in recorded.items()
            if key not in answer and value and key not in OPEN
        ]
        deeper = [each for key in recorded.keys() & answer.keys() if key not in OPEN for each in
                  shape_differences(recorded[key], answer[key], f"{at}.{key}")]  # fmt: skip
        return absent + deeper
    if isinstance(recorded, list) and answer:
        return shape_differences(_merged(recorded), _merged(answer), f"{at}[]")
    return []


OPEN = ("env", "metadata", "request")
"""Keys whose values are the client's, or differ from event to event."""


def _merged(entries: list[Any]) -> Any:
    """One entry with the keys of all: events, for one, have different ones."""
    if not all(isinstance(entry, Mapping) for entry in entries):
        return entries[0]
    return {key: value for entry in reversed(entries) for key, value in entry.items() if value is not None}


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list) else "an object"


def _state(answer: Any) -> Any:
    """The state of a machine or volume, with its checks or holder, or of all in a list; None for a passing one."""
    if isinstance(answer, list):
        states = [_state(each) for each in answer]
        return states if None not in states else None
    if not isinstance(answer, Mapping) or not answer.get("state") or answer["state"] in PASSING:
        return None
    checks = [check.get("status") for check in answer.get("checks") or [] if isinstance(check, Mapping)]
    attached = bool(answer.get("attached_machine_id"))
    return (answer["state"], checks, attached) if set(checks) <= {"passing"} else None


def _statuses(line: Line) -> set[int]:
    either = next((statuses for end, statuses in EITHER.items() if line["path"].endswith(end)), set())
    return either if line["status"] in either else {line["status"]}
