# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway token that is made once and kept in a file."""

from __future__ import annotations

DOCUMENTATION = r"""
name: gateway_token
short_description: A gateway's token, made once and kept on the controller
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Returns the token in a file. Nothing else is asked as long as the file exists.
  - Without the file, and with O(app), the app is asked. If it has a gateway token already, the token is read from the
    running machine, and written to the file. So a new clone, an execution environment or an AWX job does not replace
    the token of a gateway that runs. If the token cannot be read, the lookup fails and explains how to provide it.
  - Only where there is no token yet, 32 random bytes are written to the file in hexadecimal, with mode 0600.
  - In check mode no file is written. A token that would be made is replaced by a random one that is not kept.
  - A file that was encrypted with C(ansible-vault encrypt) is read with the vault secrets of the run.
options:
  _terms:
    description: Path of the file. Missing directories are made, with mode 0700.
    required: true
    type: list
    elements: path
  app:
    description: The app to ask when the file does not exist. Leave it out to make a token without asking.
    type: str
  connection:
    description:
      - How to reach Fly.io, as P(openclaw.fly.connection#lookup) returns it. The rest comes from the environment.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Set the token of this gateway
  openclaw.fly.fly_secrets:
    app: my-openclaw
    secrets:
      OPENCLAW_GATEWAY_TOKEN: "{{ lookup('openclaw.fly.gateway_token', 'my-openclaw.token', app='my-openclaw') }}"
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
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ..module_utils._base.errors import CollectionError
from ..module_utils._converge.context import Context
from ..module_utils._gateway.current_token import current_token
from ..module_utils._options.api import API_OPTIONS, connect

_BYTES = 32
_SHORTEST = 24
"""Characters; OpenClaw's own audit warns below."""
_VAULT = b"$ANSIBLE_VAULT"


class LookupModule(LookupBase):
    def run(self, terms: list[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[str]:
        self.set_options(var_options=variables, direct=kwargs)
        check_mode = bool((variables or {}).get("ansible_check_mode"))
        return [self._token(os.path.abspath(os.path.expanduser(str(term))), check_mode) for term in terms]

    def _token(self, path: str, check_mode: bool) -> str:
        if not os.path.exists(path):
            current = self._current()
            token = current or secrets.token_hex(_BYTES)
            if check_mode or self._keep(path, token, current):
                return token
        self._refuse_open(path)
        try:
            text: str = self._loader.get_text_file_contents(path)
        except Exception as error:
            raise AnsibleError(f"The gateway token in {path} cannot be read: {error}") from error
        token = text.strip()
        if len(token) < _SHORTEST or any(char.isspace() for char in token):
            raise AnsibleError(
                f"The gateway token in {path} is not usable: it must be one line of at least {_SHORTEST} characters."
                " Write one (openssl rand -hex 32), or remove the file to let the play make one."
            )
        return token

    def _current(self) -> str | None:
        """The token that the app has already."""
        app = self.get_option("app")
        if not app:
            return None
        validator = ArgumentSpecValidator(API_OPTIONS)
        given = validator.validate(dict(self.get_option("connection") or {}))
        if given.error_messages:
            raise AnsibleError(f"The connection to Fly.io cannot be used: {given.errors.msg}")
        try:
            return current_token(connect(given.validated_parameters, Context()), str(app))
        except CollectionError as error:
            raise AnsibleError(str(error)) from error

    def _keep(self, path: str, token: str, current: str | None) -> bool:
        """Write a new file whole, 0600; False when another run was first."""
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
            if current:
                return True  # it is asked for again
            raise AnsibleError(f"The gateway token cannot be kept in {path}: {error}") from error
        if current:
            Display().display(f"  The token of {self.get_option('app')} was read from its machine, and is in {path}.")
        return True

    def _refuse_open(self, path: str) -> None:
        """A token that others can read is no secret, unless it is encrypted."""
        try:
            with open(path, "rb") as file:
                encrypted = file.read(len(_VAULT)) == _VAULT
            mode = os.stat(path).st_mode & 0o777
        except OSError:
            return
        if mode & 0o077 and not encrypted:
            raise AnsibleError(
                f"The gateway token in {path} can be read by other users of this machine: its mode is {mode:04o}."
                f" Run chmod 600 {path}, or encrypt it with ansible-vault encrypt."
            )
