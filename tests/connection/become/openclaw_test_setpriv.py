"""A become plugin that needs no PAM, as a machine's image may have none."""

from __future__ import annotations

from typing import Any

from ansible.plugins.become import BecomeBase

DOCUMENTATION = """
name: openclaw_test_setpriv
short_description: setpriv
author: tests
description: Runs a command as another user by setpriv.
options:
  become_user:
    description: The user.
    default: root
    vars: [{name: ansible_become_user}]
    keyword: [{name: become_user}]
  become_exe:
    description: The program.
    default: setpriv
  become_flags:
    description: Options.
    default: ""
  become_pass:
    description: None.
"""


class BecomeModule(BecomeBase):
    name = "openclaw_test_setpriv"

    def build_become_command(self, cmd: str, shell: Any) -> str:
        super().build_become_command(cmd, shell)
        user = self.get_option("become_user")
        command = self._build_success_command(cmd, shell)
        return f"setpriv --reuid {user} --regid {user} --clear-groups -- {command}"
