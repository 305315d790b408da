# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with an OpenClaw gateway, reported in the collection's one layout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._base.errors import CollectionError, MissingLibrary

__all__ = ["ConfigUnreadable", "InvalidValue", "MissingLibrary", "OpenClawError", "SchemaUnusable", "reported"]


class OpenClawError(CollectionError):
    """Base of all errors of this package. No part ever carries a secret.

    :param what: what failed, a sentence without its full stop.
    :param where: the gateway, file or config path it concerns.
    :param why: the cause, in the gateway's own words where it gave any.
    :param todo: what the person can do next.
    """

    def __init__(self, what: str, where: str | None = None, why: str | None = None, todo: str | None = None) -> None:
        super().__init__(what, where=where or "", why=why or "", todo=todo or "")


class InvalidValue(OpenClawError):
    """A value given to this package (a release, a variable, a command) cannot be understood."""


class ConfigUnreadable(OpenClawError):
    """A config file is neither JSON nor JSON5, or its root is not an object."""


class SchemaUnusable(OpenClawError):
    """What should be a release's JSON Schema is not one."""


def reported(answer: Any, otherwise: str) -> str:
    """The reason in an answer of OpenClaw's, `{error: {message: ...}}` or `{error: ...}`, else what it lacks."""
    error = answer.get("error") if isinstance(answer, Mapping) else None
    message = error.get("message") if isinstance(error, Mapping) else error
    return message.strip()[:300] if isinstance(message, str) and message.strip() else otherwise
