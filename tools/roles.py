#!/usr/bin/env python3
"""Write what follows from the roles' argument specs: the variables' types and meanings in the READMEs, and
plugins/module_utils/_preflight/known.py, every variable that the roles know.

python tools/roles.py       after a variable, a registered result or a fact was added or described anew
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

REPO = Path(__file__).resolve().parent.parent
KNOWN = REPO / "plugins/module_utils/_preflight/known.py"
ELSEWHERE = {
    "fly_api_token", "fly_api_url", "fly_ca_file", "fly_machines_url", "openclaw_convert_confirm",
    "openclaw_fly_own_variables",
}  # fmt: skip
"""Variables of lookups and of more than one role."""
HEAD = '''# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every variable that this collection's roles, playbooks and lookups know; written by tools/roles.py."""

from __future__ import annotations

PREFIXES = ("fly_app_", "openclaw_config_", "openclaw_exposure_", "openclaw_gateway_")
LAYER = "openclaw_config_layer_"
"""What begins so is a layer of the config, whatever follows."""

_NAMES = """
'''


def options(role: Path) -> dict[str, Any]:
    """The options of all entry points of a role."""
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]
    return {name: option for spec in specs.values() for name, option in (spec.get("options") or {}).items()}


def variables(file: Path) -> dict[str, Any]:
    """What a role's defaults/main.yml or vars/main.yml defines."""
    return (yaml.safe_load(file.read_text()) or {}) if file.exists() else {}


def _set(node: Any) -> Iterator[str]:
    """Names that tasks set: registered results, facts, a task's own variables."""
    if isinstance(node, list):
        for each in node:
            yield from _set(each)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "register":
                yield str(value)
            elif key in ("ansible.builtin.set_fact", "vars") and isinstance(value, dict):
                yield from value
            yield from _set(value)


def known() -> set[str]:
    """Every variable of roles and playbooks that begins as ours do."""
    found = set(ELSEWHERE)
    for role in (REPO / "roles").iterdir():
        found |= options(role).keys()
        found |= variables(role / "defaults/main.yml").keys() | variables(role / "vars/main.yml").keys()
    for file in (*REPO.glob("roles/*/tasks/*.yml"), *REPO.glob("playbooks/*.yml")):
        text = file.read_text()
        found |= set(_set(yaml.safe_load(text)))
        found |= set(re.findall(r"-e (\w+)=", text))
    return {name for name in found if name.startswith(("fly_", "openclaw_"))}


def known_text() -> str:
    names = textwrap.fill(" ".join(sorted(known())), width=118, break_on_hyphens=False)
    return f'{HEAD}{names}\n"""\nVARIABLES = frozenset(_NAMES.split())\n'


def readme_text(role: Path) -> str:
    """A role's README with the type and the meaning of each variable as the argument specs have them."""
    specs = options(role)

    def row(found: re.Match[str]) -> str:
        name, default = found.groups()
        if name not in specs:
            return found.group()
        kind = f"list of {specs[name]['elements']}" if specs[name]["type"] == "list" else specs[name]["type"]
        return f"| `{name}` | {kind} | {default} | {specs[name]['description']} |"

    return re.sub(r"(?m)^\| `(\w+)` \| [\w ]+ \| (.*?) ?\| .*\|$", row, (role / "README.md").read_text())


if __name__ == "__main__":
    KNOWN.write_text(known_text())
    for each in (REPO / "roles").iterdir():
        (each / "README.md").write_text(readme_text(each))
