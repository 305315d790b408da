# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that Fly.io accepts.

Source: Fly.io's answers to names that it refuses: apps "may only contain numbers, lowercase letters and dashes",
volumes the same with underscores and at most 30 characters; secrets are variables of the environment. Host names:
RFC 1123.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..._base.errors import CollectionError


@dataclass(frozen=True)
class Rejected:
    """A value that Fly.io refuses: the reason, and what to write instead."""

    why: str
    todo: str

    def error(self, where: str, what: str) -> CollectionError:
        return CollectionError(what, where=where, why=self.why, todo=self.todo)


@dataclass(frozen=True)
class _Rule:
    kind: str
    pattern: re.Pattern[str]
    text: str
    example: str
    near: Callable[[str], str]
    """The closest text that may fit."""

    def check(self, name: object) -> Rejected | None:
        if isinstance(name, str) and self.pattern.fullmatch(name):
            return None
        if not isinstance(name, str) or not name:
            return Rejected(f"{self.kind} is empty" if name in ("", None) else f"{self.kind} is no text", self.example)
        near = self.near(name)
        todo = f"Write {near}" if self.pattern.fullmatch(near) else self.example
        return Rejected(f"{self.kind} {name!r} is not valid: {self.text}", todo)


def _words(name: str, joint: str, longest: int) -> str:
    """ "myBot 2" as "my-bot-2": lower case, with one joint between words."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", joint, name)
    return re.sub(r"[^a-z0-9]+", joint, apart.lower()).strip(joint)[:longest].strip(joint)


def _bare_host(name: str) -> str:
    """A host name without scheme, user, port and path."""
    text = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*://", "", name.strip())
    text = re.split(r"[/?#]", text, maxsplit=1)[0].rpartition("@")[2]
    return re.sub(r":\d+$", "", text).rstrip(".").lower()


_APP = _Rule(
    "the app's name",
    re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"),
    "it has lowercase letters, digits and inner dashes only, at most 63",
    "Choose a name such as my-openclaw",
    lambda name: _words(name, "-", 63),
)
_VOLUME = _Rule(
    "the volume's name",
    re.compile(r"[a-z0-9_]{1,30}"),
    "it has lowercase letters, digits and underscores only, at most 30",
    "Choose a name such as openclaw_data",
    lambda name: _words(name, "_", 30),
)
_SECRET = _Rule(
    "the secret's name",
    re.compile(r"[A-Za-z_][A-Za-z0-9_]*"),
    "it becomes a variable of the environment: letters, digits and underscores, no digit first",
    "Choose a name such as OPENAI_API_KEY",
    lambda name: re.sub(r"^(?=\d)", "_", _words(name, "_", 200).upper()),
)
_VARIABLE = replace(
    _SECRET,
    kind="the name of this variable of the environment",
    text="it has letters, digits and underscores only, no digit first",
    example="Choose a name such as LOG_LEVEL",
)
_HOST = _Rule(
    "the host name",
    re.compile(r"(?=.{1,253}$)(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])"),
    "it is a bare name with a domain: no scheme, no port, no path, no underscore",
    "Write it as bot.example.com",
    _bare_host,
)


def app_name(name: object) -> Rejected | None:
    """Why Fly.io refuses this name for an app; None when it is fine."""
    return _APP.check(name)


def volume_name(name: object) -> Rejected | None:
    """Why Fly.io refuses this name for a volume; None when it is fine."""
    return _VOLUME.check(name)


def secret_name(name: object) -> Rejected | None:
    """Why this cannot be the name of a secret; None when it is fine."""
    return _SECRET.check(name)


def variable_name(name: object) -> Rejected | None:
    """Why this cannot be the name of a variable of the environment; None when it is fine."""
    return _VARIABLE.check(name)


def hostname(name: object) -> Rejected | None:
    """Why no certificate can be had for this; None when it is fine. Upper case is not a fault."""
    return _HOST.check(name.lower() if isinstance(name, str) else name)
