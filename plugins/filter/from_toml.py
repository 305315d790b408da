# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read TOML text."""

from __future__ import annotations

DOCUMENTATION = r"""
name: from_toml
short_description: Read TOML text
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Turns the text of a TOML file, such as fly.toml, into a dictionary.
options:
  _input:
    description: The text.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Which region
  ansible.builtin.debug:
    msg: "{{ (lookup('ansible.builtin.file', 'fly.toml') | openclaw.fly.from_toml).primary_region }}"
"""

RETURN = r"""
_value:
  description: The content.
  type: dict
"""

import tomllib
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError


def from_toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(str(text))
    except tomllib.TOMLDecodeError as error:
        raise AnsibleFilterError(f"This is not TOML: {error}") from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"from_toml": from_toml}
