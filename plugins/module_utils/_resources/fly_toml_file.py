# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fly.toml on the controller: valid, or not written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .._fly.toml.definition import parse, validate
from .._fly.toml.env_check import refuse_secrets
from .local_file import LocalFile


class FlyTomlFile(LocalFile):
    def __init__(self, path: Path, text: str, public_env: list[str], mask: Callable[[str], object]) -> None:
        super().__init__(path, text)
        self.definition = parse(text, str(path))
        validate(self.definition, str(path))
        refuse_secrets(self.definition.get("env") or {}, str(path), public_env, mask)

    def describe(self, observed: tuple[str, int] | None) -> dict[str, Any]:
        return {**super().describe(observed), "definition": self.definition}
