#!/usr/bin/env python3
"""Write what follows from the roles' argument specs: the variables' types and meanings in the READMEs, and
plugins/module_utils/_preflight/known.py, every variable that the roles know.

python tools/roles.py       after a variable, a registered result or a fact was added or described anew
"""

from __future__ import annotations

import json
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
JUDGED = ("openclaw_exposure_ca_file",)
"""Texts whose values the preflight looks at."""
KINDS = {
    "A whole number": "int",
    "A number": "float",
    "True or false": "bool",
    "A dictionary": "dict",
    "A list of texts": "list of str",
    "A list of dictionaries": "list of dict",
}
"""By the second line of an option's description."""
HEAD = '''# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every variable that this collection's roles, playbooks and lookups know, and its kind; written by tools/roles.py."""

from __future__ import annotations

PREFIXES = ("fly_app_", "fly_platform_check_", "openclaw_config_", "openclaw_exposure_", "openclaw_gateway_")
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
        found |= set(re.findall(r"(?<=-e )\w+(?==)|\bfly_platform_check_\w+", text))
    return {name for name in found if name.startswith(("fly_", "openclaw_"))}


def kind(option: dict[str, Any]) -> str:
    """What an option's value must be: `int`, `list of str`, or its choices as `one|other`."""
    if option["type"] != "raw":
        return str(option["type"])
    words = option["description"][1].removesuffix(".")
    return KINDS.get(words) or words.removeprefix("One of ").replace(", ", "|")


def kinds() -> dict[str, str]:
    """The kinds of all options of all roles."""
    found = {name: kind(option) for role in (REPO / "roles").iterdir() for name, option in options(role).items()}
    return {**found, "openclaw_convert_confirm": "bool", "openclaw_fly_own_variables": "list of str"}


def defaults() -> list[str]:
    """Templates that are a role's default where not text is wanted, or one that is judged; their values follow from
    other variables."""
    wanted = {name for name, kind in kinds().items() if kind not in ("str", "path") or name in JUDGED}
    found = {
        value
        for role in (REPO / "roles").iterdir()
        for name, value in variables(role / "defaults/main.yml").items()
        if name in wanted and isinstance(value, str) and "{{" in value
    }
    return sorted(found)


def known_text() -> str:
    names = textwrap.fill(" ".join(sorted(known())), width=118, break_on_hyphens=False)
    by_name = "".join(f'    "{name}": "{kind}",\n' for name, kind in sorted(kinds().items()))
    lines = [f"    {json.dumps(text)}," for text in defaults()]
    texts = "".join(f"{line}{'  # noqa: E501 - as the role has it' if len(line) > 120 else ''}\n" for line in lines)
    return (
        f'{HEAD}{names}\n"""\nVARIABLES = frozenset(_NAMES.split())\nKINDS = {{\n{by_name}}}\n'
        f"DEFAULTS = {{\n{texts}}}\n"
    )


def readme_text(role: Path) -> str:
    """A role's README with the type and the meaning of each variable as the argument specs have them."""
    specs = options(role)

    def row(found: re.Match[str]) -> str:
        name, default = found.groups()
        if name not in specs:
            return found.group()
        shown, meaning = kind(specs[name]), specs[name]["description"]
        if specs[name]["type"] == "raw":
            meaning = meaning[0]
        return f"| `{name}` | {'str' if '|' in shown else shown} | {default} | {meaning} |"

    return re.sub(r"(?m)^\| `(\w+)` \| [\w ]+ \| (.*?) ?\| .*\|$", row, (role / "README.md").read_text())


if __name__ == "__main__":
    KNOWN.write_text(known_text())
    for each in (REPO / "roles").iterdir():
        (each / "README.md").write_text(readme_text(each))
