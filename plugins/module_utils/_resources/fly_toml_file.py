# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fly.toml on the controller: valid, or not written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from .._converge.resource import Plan, Refusal
from .._fly.toml.definition import FlyToml
from .._fly.toml.fly_names import refused_names
from .._fly.toml.secret_check import refuse_secrets
from .._fly.toml.writer import written
from .local_file import LocalFile

_HEADER = """Written by Ansible from the inventory; change it there.
`fly deploy -c` with this file leaves the machine as it is."""


class FlyTomlFile(LocalFile):
    """Its content is a text, which is kept as it is, or a definition, which is written as TOML."""

    def __init__(
        self, path: Path, content: str | Mapping[str, object], public_env: list[str], mask: Callable[[str], object]
    ) -> None:
        self.toml = FlyToml.parse(content, str(path))
        refuse_secrets(self.toml, str(path), public_env, mask)
        super().__init__(path, content if isinstance(content, str) else written(self.toml.data, _HEADER))

    def plan(self, observed: tuple[str, int] | None) -> Plan:
        return [*(Refusal(error) for error in refused_names(self.toml)), *super().plan(observed)]

    def describe(self, observed: tuple[str, int] | None) -> dict[str, object]:
        return {**super().describe(observed), "definition": self.toml.data}
