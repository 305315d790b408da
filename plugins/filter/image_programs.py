# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the programs that a derived image gets."""

from __future__ import annotations

DOCUMENTATION = r"""
name: image_programs
short_description: Check the programs that a derived image gets
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Checks that each program is pinned, and returns how it is added to the image; for the Dockerfile of the role
    P(openclaw.fly.fly_app#role).
options:
  _input:
    description:
      - The programs, each with C(name) and either C(url) and C(sha256), or C(image) with its digest and C(member).
      - In an archive, C(member) is the program's path. With C(folder) all of a tar archive goes to C(/opt/NAME), and
        C(links) become commands.
    type: list
    elements: dict
    required: true
  signal:
    description: signal-cli's C(version) and C(sha256), and C(java) with C(url) and C(sha256) for its Java build.
    type: dict
"""

EXAMPLES = r"""
- name: How they come into the image
  ansible.builtin.debug:
    msg: "{{ fly_app_image_programs | openclaw.fly.image_programs }}"
"""

RETURN = r"""
_value:
  description: The same, with C(kind).
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._base.errors import CollectionError
from ..module_utils._fly.images.image_programs import programs


def image_programs(declared: list[dict[str, Any]], signal: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    try:
        return programs([dict(program) for program in declared], dict(signal) if signal else None)
    except CollectionError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"image_programs": image_programs}
