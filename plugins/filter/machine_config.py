# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fly.toml makes of a machine."""

from __future__ import annotations

DOCUMENTATION = r"""
name: machine_config
short_description: Translate a fly.toml to a machine's configuration
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Checks a fly.toml and gives the configuration that C(fly deploy) and M(openclaw.fly.fly_deploy) make of it for one
    process group, as the Machines API takes it. Nothing is asked of Fly.io.
options:
  _input:
    description: The content of fly.toml, as P(openclaw.fly.from_toml#filter) reads it.
    type: dict
    required: true
  process_group:
    description: The process group; by default C(app), or the first one if no group has this name.
    type: str
  image:
    description: The image; by default that of C(build.image).
    type: str
  volume:
    description: The id of the volume to mount.
    type: str
  base_dir:
    description: Where C(files.local_path) starts; by default the current directory.
    type: path
"""

EXAMPLES = r"""
- name: What the machine will run
  ansible.builtin.debug:
    msg: "{{ file | openclaw.fly.from_toml | openclaw.fly.machine_config }}"
  vars:
    file: "{{ lookup('ansible.builtin.file', 'fly.toml') }}"
"""

RETURN = r"""
_value:
  description: The machine's configuration.
  type: dict
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._base.errors import CollectionError
from ..module_utils._fly.machines.config import machine_config as translated
from ..module_utils._fly.toml.definition import FlyToml


def machine_config(
    definition: dict[str, Any],
    process_group: str | None = None,
    image: str | None = None,
    volume: str | None = None,
    base_dir: str | None = None,
) -> dict[str, Any]:
    try:
        toml = FlyToml.parse(definition, folder=Path(base_dir) if base_dir else None)
        group = process_group or toml.default_group
        if group not in toml.groups:
            raise CollectionError(f"there is no process group {group!r}", where="fly.toml")
        return translated(toml, group, image or toml.image, volume)
    except CollectionError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"machine_config": machine_config}
