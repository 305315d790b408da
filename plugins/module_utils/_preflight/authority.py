# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judge of a variable that names a certificate authority's file."""

from __future__ import annotations

import os
from collections.abc import Iterator

from .._openclaw.endpoint import Endpoint
from .._openclaw.errors import InvalidValue
from .._openclaw.problems import Problem


def unusable(name: str, file: str) -> Iterator[Problem]:
    """Why the file of this variable cannot be used; an empty one stands for the system's authorities."""
    if not file:
        return
    try:
        Endpoint.parse("https://gateway", ca_file=os.path.expanduser(os.path.expandvars(file))).ssl_context  # noqa: B018 - read for what it raises
    except InvalidValue as error:
        yield Problem(name, f"{file} cannot be used: {error.why}", (), error.todo, "ca-file")
