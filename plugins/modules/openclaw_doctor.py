#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_doctor
short_description: Find out what is wrong with a gateway
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Judges a gateway by a catalogue of known failures, at Fly.io, in its machine and in the gateway itself. Each finding
    has what was seen, its cause and its remedy.
  - Works on a gateway that is down, from events and the log of Fly.io, and on an app that this collection did not
    deploy.
  - What cannot be read is listed in RV(unread) with the reason, and is no error.
  - Changes nothing and starts nothing. In the machine it reads files and asks the gateway; O(commands) run OpenClaw's
    checks there, which need up to 750 MB for some seconds. One that does not fit into the free memory is not run.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.reads
options:
  grounds:
    description: Where to look. V(fly) alone sends no command into the machine.
    type: list
    elements: str
    choices: [fly, machine, gateway]
    default: [fly, machine, gateway]
  commands:
    description: OpenClaw's checks to run in the machine, one after the other.
    type: list
    elements: str
    choices: [security audit, doctor --lint, secrets audit]
    default: []
  texts:
    description: Lines of a log, or error messages, that you saw and want explained.
    type: list
    elements: str
    default: []
  exposure:
    description: Who should be able to reach the gateway, if that is to be judged.
    type: str
    choices: [public, private, sealed]
  url:
    description: The gateway's URL, to see whether it can be reached. Without it, nothing is requested from outside.
    type: str
  hostnames:
    description: The gateway's names; without them C(APP.fly.dev).
    type: list
    elements: str
    default: []
  release:
    description: The OpenClaw release that runs. Without it, the one that the image's tag names.
    type: str
  state_dir:
    description: The gateway's state. Without it, E(OPENCLAW_STATE_DIR) of the machine, or the path of its volume.
    type: str
  owner:
    description: Numeric user and group that the gateway runs as.
    type: str
    default: "1000:1000"
  connect_to:
    description: Address to connect to in place of what the name in O(url) resolves to, as C(host:port).
    type: str
  tls_ca_file:
    description: PEM file with the certificate authority of O(url), if it is a private one.
    type: path
"""

EXAMPLES = r"""
- name: Find out what is wrong
  openclaw.fly.openclaw_doctor:
    app: my-openclaw
    url: https://my-openclaw.fly.dev
  register: doctor

- name: Print it
  ansible.builtin.debug:
    var: doctor.report

- name: Explain an error, with Fly.io's API only
  openclaw.fly.openclaw_doctor:
    app: my-openclaw
    grounds: [fly]
    texts: ["disconnected (1008): pairing required"]

- name: Look at everything, OpenClaw's checks included
  openclaw.fly.openclaw_doctor:
    app: my-openclaw
    commands: [security audit, doctor --lint, secrets audit]
"""

RETURN = r"""
findings:
  description: What is wrong, the most severe first.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The finding, as in docs/troubleshooting.md.
      type: str
      sample: fly.autostop
    severity:
      description: V(critical), V(warning) or V(info).
      type: str
      sample: critical
    title:
      description: The symptom.
      type: str
      sample: Fly.io stops the gateway when nobody visits it
    detail:
      description: What was seen; secrets are hidden.
      type: str
      sample: "service on 3000: autostop stop"
    evidence:
      description: What was read for it.
      type: list
      elements: str
      sample: [machines]
    cause:
      description: Why that happens.
      type: str
    remedy:
      description: What to do.
      type: str
    apply:
      description: Whether the remedy is safe to apply without a person.
      type: bool
    source:
      description: Where the fact is from.
      type: str
unread:
  description: What could not be read, each with C(what), C(why) and the findings that were C(not_judged) for it.
  returned: success
  type: list
  elements: dict
  sample: [{what: inside, why: "machine 3287abc is stopped, and nothing was started", not_judged: [machine.disk_full]}]
read:
  description: What was read.
  returned: success
  type: list
  elements: str
  sample: [machines, volumes, log]
checked:
  description: Number of findings that were judged.
  returned: success
  type: int
  sample: 110
report:
  description: The same, in lines for a person.
  returned: success
  type: list
  elements: str
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._doctor.evidence import Subject
from ..module_utils._doctor.examine import examine
from ..module_utils._doctor.sources import Readers
from ..module_utils._openclaw.endpoint import Endpoint, host_and_port
from ..module_utils._openclaw.releases import Release
from ..module_utils._options.api import API_OPTIONS, connect, connect_platform

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "grounds": {
            "type": "list",
            "elements": "str",
            "choices": ["fly", "machine", "gateway"],
            "default": ["fly", "machine", "gateway"],
        },
        "commands": {
            "type": "list",
            "elements": "str",
            "choices": ["security audit", "doctor --lint", "secrets audit"],
            "default": [],
        },
        "texts": {"type": "list", "elements": "str", "default": []},
        "exposure": {"type": "str", "choices": ["public", "private", "sealed"]},
        "url": {"type": "str"},
        "hostnames": {"type": "list", "elements": "str", "default": []},
        "release": {"type": "str"},
        "state_dir": {"type": "str"},
        "owner": {"type": "str", "default": "1000:1000"},
        "connect_to": {"type": "str"},
        "tls_ca_file": {"type": "path"},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    connect_to = host_and_port(params["connect_to"], "connect_to")
    endpoint = Endpoint.parse(params["url"], connect_to, params["tls_ca_file"]) if params["url"] else None
    subject = Subject(
        params["app"],
        params["exposure"] or "",
        Release.parse(params["release"]) if params["release"] else None,
        tuple(params["hostnames"]),
        endpoint.port if endpoint and endpoint.secure else 443,
        tuple(params["texts"]),
    )
    readers = Readers(
        connect(params, context),
        connect_platform(params, context),
        params["app"],
        endpoint,
        params["owner"],
        params["state_dir"] or "",
        frozenset(params["grounds"]),
        tuple(params["commands"]),
    )
    return examine(subject, readers)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
