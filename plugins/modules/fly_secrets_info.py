#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_secrets_info
short_description: Read the names of an app's secrets
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Reads names, digests and ages. Fly.io never returns values.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.reads
"""

EXAMPLES = r"""
- name: Check whether the token is set
  openclaw.fly.fly_secrets_info:
    app: my-openclaw
  register: found
"""

RETURN = r"""
names:
  description: The secrets' names.
  returned: success
  type: list
  elements: str
  sample: [OPENCLAW_GATEWAY_TOKEN]
digests:
  description: Fly.io's digest by name; it changes when the value does.
  returned: success
  type: dict
  sample: {OPENCLAW_GATEWAY_TOKEN: 1f3c9a}
secrets:
  description: The secrets, by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name.
      type: str
    digest:
      description: Fly.io's digest.
      type: str
    set_at:
      description: When the value was last set; null if Fly.io does not return it.
      type: str
    age_days:
      description: Days since then; null if unknown.
      type: float
  sample: [{name: OPENCLAW_GATEWAY_TOKEN, digest: 1f3c9a, set_at: "2026-09-20T10:00:00Z", age_days: 67.5}]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.secrets.age import aged_view
from ..module_utils._options.api import API_OPTIONS, connect

SPEC: dict[str, Any] = {
    "argument_spec": {**API_OPTIONS, "app": {"type": "str", "required": True}},
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    found = connect(params, context).secrets(params["app"]) or []
    digests = {entry["name"]: entry.get("digest") or "" for entry in found}
    aged = [aged_view(entry) for entry in sorted(found, key=lambda entry: entry["name"])]
    return {"changed": False, "names": sorted(digests), "digests": digests, "secrets": aged}


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
