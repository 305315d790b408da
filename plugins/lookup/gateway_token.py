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
  - A folder C(.secrets) gets a C(.gitignore), unless it has one, so that the file does not get into a repository.
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
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ..module_utils._base.errors import CollectionError
from ..module_utils._base.project_folder import NoFolder, is_nowhere
from ..module_utils._converge.context import Context
from ..module_utils._gateway import token_file
from ..module_utils._gateway.current_token import current_token
from ..module_utils._options.api import API_OPTIONS, connect
from ..plugin_utils.unusable import refused

_BYTES = 32


class LookupModule(LookupBase):
    def run(self, terms: list[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[str]:
        self.set_options(var_options=variables, direct=kwargs)
        check_mode = bool((variables or {}).get("ansible_check_mode"))
        paths = [Path(os.path.abspath(os.path.expanduser(str(term)))) for term in terms]
        try:
            return [self._token(path, check_mode) for path in paths]
        except CollectionError as error:
            raise AnsibleError(str(error)) from error

    def _token(self, path: Path, check_mode: bool) -> str:
        if is_nowhere(path):
            raise NoFolder
        if not path.exists():
            current = self._current()
            token = current or secrets.token_hex(_BYTES)
            if check_mode or self._keep(path, token, current):
                return token
        token_file.refuse_exposed(path)
        try:
            text: str = self._loader.get_text_file_contents(str(path))
        except Exception as error:
            raise token_file.unreadable(path, error) from None  # Ansible would print the cause after it
        return token_file.token_in(path, text)

    def _current(self) -> str | None:
        """The token that the app has already."""
        app = self.get_option("app")
        if not app:
            return None
        connection = dict(self.get_option("connection") or {})
        if error := next(filter(None, map(refused, connection.values())), None):
            raise error
        given = ArgumentSpecValidator(API_OPTIONS).validate(connection)
        if given.error_messages:
            raise CollectionError(
                "the connection to Fly.io cannot be used",
                where="option connection of the lookup openclaw.fly.gateway_token",
                why=given.errors.msg,
                todo="Give it the options that the collection's modules take: see ansible-doc openclaw.fly.fly_app",
            )
        return current_token(connect(given.validated_parameters, Context()), str(app))

    def _keep(self, path: Path, token: str, current: str | None) -> bool:
        """Write a new file; False when another run was first."""
        try:
            if not token_file.keep(path, token):
                return False
        except OSError as error:
            if current:
                return True  # it is asked for again
            raise CollectionError(
                "the gateway token cannot be kept",
                where=str(path),
                why=str(error.strerror or error),
                todo="Make its folder writable, or set fly_app_gateway_token_file to another file",
            ) from None
        if current:
            Display().display(f"  The token of {self.get_option('app')} was read from its machine, and is in {path}.")
        return True
