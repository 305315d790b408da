# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules that start a copy of a gateway in a throw-away app."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  definition:
    description: The content of the gateway's fly.toml. Of it, environment, command, machine size, mount and health
      checks are used.
    type: dict
    required: true
  token_env:
    description: Name of the variable with the gateway's token.
    type: str
    default: OPENCLAW_GATEWAY_TOKEN
  wait_timeout:
    description: Timeout in seconds for each of the machine, the readiness probe and the gateway's answers.
    type: float
    default: 600.0
  retry_on_log:
    description: Texts in the log of a process that ends but can run later, without a correction.
    type: list
    elements: str
    default: []
  owner:
    description: Numeric user and group to run as in the machine; defaults to the image's user.
    type: str
    default: "1000:1000"
attributes:
  diff_mode:
    description: There is nothing to compare.
    support: none
  idempotent:
    description: Each run creates and removes an app.
    support: none
"""
