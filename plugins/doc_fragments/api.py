# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options, attributes and notes that every Fly.io module documents alike."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  api_token:
    description:
      - The Fly.io API token, an app's deploy token or an organization's token.
      - It is sent as C(FlyV1) or C(Bearer), as its form demands; a pasted C(FlyV1) prefix is understood.
      - If not given, the environment variables E(FLY_ACCESS_TOKEN) and E(FLY_API_TOKEN) are read, in this order.
    type: str
  machines_url:
    description:
      - Base URL of the Machines API; a path in it is ignored, as flyctl does.
      - If not given, the environment variable E(FLY_FLAPS_BASE_URL) is read.
    type: str
    default: https://api.machines.dev
  api_url:
    description:
      - Base URL of Fly.io's older API, used for logs, WireGuard peers and tokens only.
      - If not given, the environment variable E(FLY_API_BASE_URL) is read.
    type: str
    default: https://api.fly.io
  ca_file:
    description:
      - PEM file with the certificate authority to trust, for an API behind a private one.
      - If not given, the environment variable E(FLY_CA_FILE) is read.
    type: path
  api_timeout:
    description: Seconds to wait for an answer.
    type: float
    default: 30.0
  api_retries:
    description:
      - How often a request that surely did no harm is sent again after a failure.
      - Being told to slow down (429) is no failure; that is waited through for two minutes.
    type: int
    default: 5
requirements:
  - python >= 3.11
notes:
  - Runs in Ansible's worker process, a few milliseconds a task, unless the task asks for C(async), C(become) or a
    remote host; then it runs as an ordinary module.
  - Fly.io limits what is done to one machine or app, to 1 request a second for each kind (3 at once) and 5 reads; there
    is no limit for a token. So any number of hosts may share a token, and C(forks) need not be kept low.
attributes:
  action_group:
    description: Use C(group/openclaw.fly.all) in C(module_defaults) to set these options once.
    support: full
    membership:
      - openclaw.fly.all
"""

    APP = r"""
options:
  app:
    description: The app's name.
    type: str
    required: true
"""

    CONVERGES = r"""
attributes:
  check_mode:
    description: Can run in check mode; nothing is written, and what is returned is what a run would do.
    support: full
  diff_mode:
    description: Shows what changes; secrets by name only.
    support: full
  idempotent:
    description: A second run changes nothing and writes nothing.
    support: full
"""

    READS = r"""
attributes:
  check_mode:
    description: Only reads, so check mode makes no difference.
    support: full
  diff_mode:
    description: Only reads, so there is nothing to show.
    support: N/A
  idempotent:
    description: Only reads.
    support: full
"""

    COMMANDS = r"""
attributes:
  check_mode:
    description: A command that changes something is not run in check mode.
    support: partial
    details: Only a command that is said to change nothing runs in check mode.
  diff_mode:
    description: A command's effect is not known beforehand.
    support: none
  idempotent:
    description: Depends on the command.
    support: N/A
"""
