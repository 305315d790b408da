# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the definition of an app."""

from __future__ import annotations

DOCUMENTATION = r"""
name: app_definition
short_description: Build a fly.toml's content from a few settings
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Builds the content of a fly.toml for an app of one process group, C(app), as a dictionary. Give it to
    M(openclaw.fly.fly_toml), M(openclaw.fly.fly_deploy) or P(openclaw.fly.machine_config#filter), which check it.
  - What is null or left out is not in it.
options:
  _input:
    description:
      - The settings. C(app), C(region), C(image), C(kill_signal), C(kill_timeout), C(env), C(command), C(vm_size),
        C(vm_memory) and C(restart) (always, never or on-failure).
      - C(volume) with C(name), C(path), C(size_gb) and C(snapshot_retention).
      - C(service) with C(port) and C(force_https) publishes the port on 80 and 443; the machine is never stopped.
      - C(check) with C(path), C(method), C(grace_period), C(interval) and C(timeout) checks the service; without a
        service also C(port), and C(name).
      - C(files), a list of C(guest_path) and C(text).
      - C(extra), sections as fly.toml has them, which replace those of the same name.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Write the fly.toml of a web application
  openclaw.fly.fly_toml:
    definition: "{{ settings | openclaw.fly.app_definition }}"
    dest: deploy/my-web/fly.toml
  vars:
    settings:
      app: my-web
      region: ams
      image: docker.io/library/nginx:1.29
      vm_size: shared-cpu-1x
      service: {port: 80}
      check: {path: /, interval: 15s}
"""

RETURN = r"""
_value:
  description: The content of fly.toml.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._base.errors import CollectionError
from ..module_utils._fly.toml.app_definition import app_definition as built


def app_definition(settings: dict[str, Any]) -> dict[str, Any]:
    try:
        return built(settings)
    except CollectionError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"app_definition": app_definition}
