# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway token that is made once and kept in a file."""

from __future__ import annotations

DOCUMENTATION = r"""
name: gateway_token
short_description: A gateway token, made once and kept on the controller
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Returns the token in a file. If there is no such file, 32 random bytes are written there in hexadecimal, with mode
    0600; they are never made again as long as the file is there.
  - In check mode no file is written, and a random token is returned that nothing will keep.
  - A file that was encrypted with C(ansible-vault encrypt) is read with the vault secrets of the run.
options:
  _terms:
    description: Path of the file; missing directories are made, 0700.
    required: true
    type: list
    elements: path
"""

EXAMPLES = r"""
- name: The token of this gateway
  openclaw.fly.fly_secrets:
    app: my-openclaw
    secrets:
      OPENCLAW_GATEWAY_TOKEN: "{{ lookup('openclaw.fly.gateway_token', 'secrets/my-openclaw.token') }}"
"""

RETURN = r"""
_raw:
  description: The token. Mask it with C(no_log) wherever it goes.
  type: list
  elements: str
"""

import os
import secrets
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

_BYTES = 32
_SHORTEST = 24
"""Characters; OpenClaw's own audit warns below."""


class LookupModule(LookupBase):
    def run(self, terms: list[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[str]:
        check_mode = bool((variables or {}).get("ansible_check_mode"))
        return [self._token(os.path.expanduser(str(term)), check_mode) for term in terms]

    def _token(self, path: str, check_mode: bool) -> str:
        if not os.path.exists(path):
            token = secrets.token_hex(_BYTES)
            if check_mode or self._keep(path, token):
                return token
        try:
            text: str = self._loader.get_text_file_contents(path)
        except Exception as error:
            raise AnsibleError(f"The gateway token in {path} cannot be read: {error}") from error
        token = text.strip()
        if len(token) < _SHORTEST or any(char.isspace() for char in token):
            raise AnsibleError(
                f"The gateway token in {path} is not usable: {_SHORTEST} characters or more in one line are wanted."
                " Write one (openssl rand -hex 32), or remove the file and let the play make one."
            )
        return token

    def _keep(self, path: str, token: str) -> bool:
        """Write a new file whole, 0600; False when somebody else was first."""
        directory = os.path.dirname(path) or "."
        temporary = f"{path}.{os.getpid()}"
        try:
            os.makedirs(directory, mode=0o700, exist_ok=True)
            with open(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
                file.write(token + "\n")
            try:
                os.link(temporary, path)
            except FileExistsError:
                return False
            finally:
                os.unlink(temporary)
        except OSError as error:
            raise AnsibleError(f"The gateway token cannot be kept in {path}: {error}") from error
        return True
