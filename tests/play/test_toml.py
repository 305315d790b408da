# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fly.toml that the role fly_app writes: what the inventory says arrives, whatever characters it is made of."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from support.ansible import Ansible

from ansible_collections.openclaw.fly.plugins.module_utils._fly.toml.definition import FlyToml

ENV: dict[str, Any] = {
    "GREETING": "hello 👋",
    "YES": True,
    "WHOLE": 3,
    "QUOTES": "a 'b' \"c\" \\d",
    "LINES": "one\ntwo",
}
PLAY = """
- name: Write a fly.toml
  hosts: all
  gather_facts: false
  tasks:
    - name: Write it
      ansible.builtin.import_role:
        name: openclaw.fly.fly_app
        tasks_from: toml
"""


def test_the_environment_arrives_to_the_letter(file_ansible: Ansible, tmp_path: Path) -> None:
    play, written = tmp_path / "play.yml", tmp_path / "fly.toml"
    play.write_text(PLAY)
    variables = {
        "ansible_connection": "local",
        "fly_app_name": "any-app",
        "fly_app_config_file": str(written),
        "fly_app_env": ENV,
        "fly_app_image": "ghcr.io/acme/web:1",
    }
    run = file_ansible.playbook(play, inventory={"all": {"hosts": {"any-app": variables}}}).ok()
    toml = FlyToml.load(str(written))
    assert tomllib.loads(written.read_text()) == toml.data
    expected = {**ENV, "YES": "true", "WHOLE": "3"}
    assert {name: value for name, value in toml.env.items() if name in ENV} == expected
    again = file_ansible.playbook(play, inventory={"all": {"hosts": {"any-app": variables}}}).ok()
    assert (run.changed, again.changed) == (0, 0), "a copy on the controller is no change of the app"
