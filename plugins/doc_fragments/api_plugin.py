# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that inventory and connection plugins share to reach Fly.io."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  api_token:
    description:
      - The Fly.io API token. A read-only organization token (C(fly tokens create readonly)) is enough to read.
    type: str
    env:
      - name: FLY_ACCESS_TOKEN
      - name: FLY_API_TOKEN
  machines_url:
    description: Base URL of the Machines API.
    type: str
    default: https://api.machines.dev
    env:
      - name: FLY_FLAPS_BASE_URL
  api_url:
    description: Base URL of Fly.io's GraphQL API.
    type: str
    default: https://api.fly.io
    env:
      - name: FLY_API_BASE_URL
  ca_file:
    description: PEM file with the certificate authority to trust, for an API behind a private one.
    type: path
    env:
      - name: FLY_CA_FILE
  api_timeout:
    description: Timeout in seconds for each request.
    type: float
    default: 30.0
  api_retries:
    description: Maximum number of retries for requests that are safe to repeat.
    type: int
    default: 5
"""
