#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_skill
short_description: Install skills of a gateway, pinned by their content
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Copies folders of the controller, each with a C(SKILL.md), into the state on the volume. The folder's content is
    what is installed, so that the project that contains it pins it; with a digest, any other content is refused.
  - Nothing is fetched from ClawHub or another registry, and nothing changes automatically. Download a skill, read it,
    and keep it with the inventory.
  - Agents use new skills from their next turn on, without a restart.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  skills:
    description: >-
      Folders by the skill's name, or for each a dictionary with C(source), the folder, and C(sha256), the digest that
      it must have.
    type: dict
    default: {}
  relative_to:
    description: Directory that relative folders start from.
    type: path
    default: .
  exact:
    description: Whether to remove other skills in O(path), whoever put them there.
    type: bool
    default: false
  path:
    description: The folder of skills on the volume. C(/data/skills) serves all agents, a workspace's C(skills) one.
    type: str
    default: /data/skills
  owner:
    description: Numeric user and group of the files; defaults to the image's user.
    type: str
    default: "1000:1000"
"""

EXAMPLES = r"""
- name: Install our agents' skills
  openclaw.fly.openclaw_skill:
    app: my-openclaw
    relative_to: "{{ inventory_dir }}"
    skills:
      release-notes: skills/release-notes
    exact: true

- name: Install exactly what was reviewed, for one agent
  openclaw.fly.openclaw_skill:
    app: my-openclaw
    path: /data/workspace/skills
    skills:
      weather:
        source: "{{ inventory_dir }}/skills/weather"
        sha256: 0b5f9e1f6a3b6b0d9d1b1b5d3c1a4f3f0c2f6f1a1b7f0d9b7c3e2d1f0a9b8c7d
"""

RETURN = r"""
path:
  description: The folder of skills.
  returned: success
  type: str
skills:
  description: Digests of the declared skills by name, over paths, contents and executable flags, as O(skills) takes
    them.
  returned: success
  type: dict
others:
  description: Skills in the folder that are not declared.
  returned: success
  type: list
  elements: str
shadows:
  description: Declared skills that replace a bundled one; also reported as warnings.
  returned: success
  type: list
  elements: str
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: ["install the skill release-notes"]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: SkillUnusable, what: The skill weather cannot be used, why: it has no SKILL.md}
"""

from pathlib import Path
from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._openclaw.skills import wanted
from ..module_utils._options.api import API_OPTIONS, connect
from ..module_utils._resources.skills import Skills, WantedSkills

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "skills": {"type": "dict", "default": {}},
        "relative_to": {"type": "path", "default": "."},
        "exact": {"type": "bool", "default": False},
        "path": {"type": "str", "default": "/data/skills"},
        "owner": {"type": "str", "default": "1000:1000"},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> Skills:
    app = params["app"]
    wanted_skills = WantedSkills(
        app,
        wanted(params["skills"], Path(params["relative_to"]), f"app {app}"),
        params["exact"],
        params["path"].rstrip("/"),
        params["owner"],
    )
    return Skills(connect(params, context), wanted_skills)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
