#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_platform_check
short_description: Compare Fly.io with what this collection assumes of it
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Creates an app that exists for nothing else, asks Fly.io some sixty questions with it, and removes it.
  - Among the questions is a small life of one app that is shaped like a gateway's, lived by the code of this
    collection. An app, a volume, a secret, a deploy, a config, an update of a stopped machine, a crash and its
    rollback, a snapshot, a fork and a private address.
  - Returns a table of Fly.io's answers beside those of the emulator and those that the collection is right under.
    Records each request and its answer to a file, without secrets.
  - Touches no other app. A request whose path is not the app's is not sent, except for the list of the organization's
    apps, the token's scope and the regions. Takes no dedicated IPv4 address, no machine larger than 2 shared CPUs with
    512 MB and no volume larger than 1 GB.
  - Removes everything when it ends, fails, is interrupted (SIGINT, SIGTERM, SIGHUP) or reaches the task's C(timeout).
    What is left after a SIGKILL is removed by the next check, as the app's name states when it expires.
extends_documentation_fragment:
  - openclaw.fly.api
options:
  org:
    description: Slug of the organization that the app is created in.
    type: str
    required: true
  consent:
    description: Whether the app may be created. Without it the task fails and reports the cost.
    type: bool
    default: false
  region:
    description: Region of the machines and volumes.
    type: str
    default: iad
  image:
    description: Image of the machines. It serves HTTP, and has a POSIX shell and coreutils or busybox.
    type: str
    default: nginx:alpine
  command:
    description: Command with which it serves, as in fly.toml's C([processes]). The image's own if empty.
    type: str
    default: ''
  port:
    description: Port on which it serves HTTP.
    type: int
    default: 80
  path:
    description: Path that answers 200 once it serves.
    type: str
    default: /
  recording:
    description:
      - File that the requests and answers are written to, one JSON object per line. It must not exist.
      - Without it nothing is recorded.
    type: path
  max_minutes:
    description:
      - Minutes after which no further question is asked.
      - The app's name states an expiry of 20 minutes after this time, from which on any check removes the app.
    type: int
    default: 40
  max_dollars:
    description: Upper bound in dollars. The task fails before it creates anything if the check could cost more.
    type: float
    default: 1.0
  checks:
    description:
      - Names of the questions to ask. All if empty.
      - Some need what an earlier one creates; those are reported as not asked.
    type: list
    elements: str
    default: []
  slow:
    description: Whether to ask the questions that take a minute or more by themselves.
    type: bool
    default: true
attributes:
  check_mode:
    description: Returns the cost, the questions and the leftover apps of earlier checks. Reads only.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  idempotent:
    description: Each run creates and removes an app.
    support: none
seealso:
  - name: What is known of the real Fly.io
    description: What was compared with what, and how to send a recording.
    link: https://github.com/openclaw/ansible-collection-fly/blob/main/docs/fidelity.md
"""

EXAMPLES = r"""
- name: Print what a check costs and asks
  openclaw.fly.fly_platform_check:
    org: personal
  check_mode: true

- name: Check Fly.io
  openclaw.fly.fly_platform_check:
    org: personal
    consent: true
    recording: fly-platform-check.jsonl
  register: check
"""

RETURN = r"""
app:
  description: The app that was created and removed, or would be.
  returned: success
  type: str
  sample: openclaw-check-1790000000-1a2b3c4d
org:
  description: Slug of the organization.
  returned: success
  type: str
  sample: personal
cost:
  description: Upper bound of the cost, computed from the collection's price data.
  returned: success
  type: str
  sample: at most $0.039 (left alone it would be $1.40 a day)
questions:
  description: Names of the questions, in order.
  returned: success
  type: list
  elements: str
  sample: [life_app, life_volume]
expired:
  description: Apps of earlier checks that were left over.
  returned: success
  type: list
  elements: str
  sample: []
running:
  description: Apps of checks whose time is not over; they are left alone.
  returned: success
  type: list
  elements: str
  sample: []
swept:
  description: Leftover apps that were removed.
  returned: success, not in check mode
  type: list
  elements: str
  sample: []
table:
  description: The questions with their answers.
  returned: success, not in check mode
  type: list
  elements: dict
  contains:
    name:
      description: Name of the question.
      type: str
    question:
      description: The question.
      type: str
    rows:
      description: Rows of the table in docs/fidelity.md that it answers.
      type: list
      elements: int
    answer:
      description: Fly.io's answer.
      type: str
    emulator:
      description: The emulator's answer.
      type: str
    assumed:
      description: The answers that the collection is right under.
      type: str
    verdict:
      description: One of V(as the emulator), V(as assumed), V(unexpected) and V(not asked).
      type: str
    seconds:
      description: Seconds that the question took.
      type: float
report:
  description: The table as lines of text of equal columns, unexpected answers first.
  returned: success, not in check mode
  type: list
  elements: str
  sample:
    - "as the emulator | unknown_machine | 404 | 404 | 404"
unexpected:
  description: Names of the questions whose answer the collection does not expect.
  returned: success, not in check mode
  type: list
  elements: str
  sample: []
requests:
  description: Number of requests that were sent.
  returned: success, not in check mode
  type: int
  sample: 310
recording:
  description: The recording's path; empty without one.
  returned: success, not in check mode
  type: str
  sample: fly-platform-check.jsonl
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._options.api import API_OPTIONS
from ..module_utils._options.platform_check import CHECK_OPTIONS, platform_check

SPEC: dict[str, Any] = {
    "argument_spec": {**API_OPTIONS, **CHECK_OPTIONS},
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    return platform_check(params, context)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
