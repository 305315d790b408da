# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write TOML text."""

from __future__ import annotations

DOCUMENTATION = r"""
name: to_toml
short_description: Write TOML text
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Turns a dictionary into the text of a TOML file, such as fly.toml. A null is left out.
  - It needs the Python library C(tomli-w) where Ansible runs.
options:
  _input:
    description: The content.
    type: dict
    required: true
  header:
    description: Lines of comment to begin with.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Write a fly.toml
  ansible.builtin.copy:
    content: "{{ {'app': 'my-openclaw', 'primary_region': 'iad'} | openclaw.fly.to_toml }}"
    dest: fly.toml
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The text.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._base.errors import CollectionError
from ..module_utils._fly.toml.writer import written


def to_toml(content: dict[str, Any], header: str = "") -> str:
    try:
        return written(content, header)
    except (CollectionError, TypeError, ValueError) as error:
        raise AnsibleFilterError(f"This cannot be written as TOML: {error}") from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"to_toml": to_toml}
