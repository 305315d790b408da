# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options, attributes and notes that every Fly.io module documents alike."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  api_token:
    description:
      - The Fly.io API token, either a deploy token of an app or an organization token.
      - It is sent as C(FlyV1) or C(Bearer) according to its format; a C(FlyV1) prefix in the value is accepted.
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
    description: Timeout in seconds for each request.
    type: float
    default: 30.0
  api_retries:
    description:
      - Maximum number of retries for requests that are safe to repeat.
      - Rate-limit responses (429) do not count; they are retried for up to two minutes.
    type: int
    default: 5
  lock:
    description:
      - How long this run keeps the app for itself, once a task changes something of it. Other runs wait meanwhile.
      - V(task) until the task ends. V(run) until M(openclaw.fly.fly_run_lock) releases it; a lock that is neither renewed
        nor released expires after five minutes.
      - The lock is a file on the app's volume. Without a volume or a running machine there is no lock.
    type: str
    choices: [task, run]
    default: task
  lock_timeout:
    description: Seconds to wait for another run that changes the app, before the task fails and names that run.
    type: float
    default: 600.0
requirements:
  - python >= 3.11
notes:
  - Runs in Ansible's worker process, which takes a few milliseconds per task. Tasks with C(async), C(become) or a
    remote
    host run as an ordinary module.
  - Fly.io limits requests per machine or app and action (1 per second with a burst of 3, 5 for reads), not per token.
    Any
    number of hosts can share a token, and C(forks) does not need to be low.
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
    description: Can run in check mode and returns the changes that a run would make, without writing anything.
    support: full
  diff_mode:
    description: Shows the changes; secrets by name only.
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
    description: Commands that change something are not run in check mode.
    support: partial
    details: Only a command with O(changed=false) runs in check mode.
  diff_mode:
    description: A command's effect is not known beforehand.
    support: none
  idempotent:
    description: Depends on the command.
    support: N/A
"""
