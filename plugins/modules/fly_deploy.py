#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_deploy
short_description: Converge an app's machines to its fly.toml
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Translates fly.toml to machine configurations, as C(flyctl deploy) does, and applies them over the Machines API,
    one machine after another, each under its lease and behind a health gate.
  - When a machine does not get healthy, the configuration that ran before is put back and the task fails, saying why.
  - The result is what C(fly deploy) leaves, so a person can go on with plain C(fly deploy -c fly.toml). When a machine
    is made or updated, the app gets a release entry as well, if the token may write one; if not, the task says so in a
    warning and goes on.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.converges
options:
  app:
    description: The app's name. If not given, fly.toml's C(app).
    type: str
  config:
    description: Path of the fly.toml on the controller.
    type: path
  definition:
    description: The same as a dictionary, instead of a file.
    type: dict
  image:
    description: The image to run; wins over fly.toml's C(build.image).
    type: str
  engine:
    description:
      - V(machines) needs an image that is there.
      - V(flyctl) builds one from O(build), or from what fly.toml's C([build]) names, with flyctl, and pushes
        it to Fly.io's registry; it is deployed over the Machines API all the same, with leases, gate and rollback.
      - The image's tag is a digest of its source, so it is built when the source has changed and not else. Needs flyctl
        0.4 or newer where Ansible runs.
      - V(flyctl) when O(build) is given, else V(machines).
    type: str
    choices: [machines, flyctl]
  build:
    description: What to build an image from, by flyctl; over what fly.toml's C([build]) says.
    type: dict
    suboptions:
      path:
        description:
          - The folder to build in; its C(.dockerignore) is honoured, and C(.git) never counts. With O(build.git), the
            folder in the repository.
          - If not given, the folder of fly.toml, or with O(build.content) an empty one.
        type: path
      git:
        description:
          - A repository to build from instead. It is looked at with git and the credentials that git has here; fetched
            only to build. Submodules are not.
        type: str
      version:
        description: Branch, tag or whole commit of O(build.git). If not given, its default branch.
        type: str
      dockerfile:
        description: The Dockerfile, in the folder. If not given, C(Dockerfile).
        type: str
      content:
        description: A Dockerfile's text instead, such as a rendered template.
        type: str
      ignorefile:
        description: The file to use as C(.dockerignore), in the folder.
        type: str
      args:
        description: Build arguments. They can be read in the image, so what looks like a secret is refused.
        type: dict
      target:
        description: The stage to build.
        type: str
      builder:
        description: Build with Fly.io's builder (C(--remote-only)) or with this machine's Docker (C(--local-only)).
        type: str
        choices: [remote, local]
        default: remote
      timeout:
        description: Seconds for building and pushing.
        type: float
        default: 1800.0
  flyctl:
    description: The program, by name or path.
    type: str
    default: flyctl
  flycast:
    description:
      - That the app is reached over a private address only. flyctl is told C(--flycast) then, and C(--no-public-ips)
        otherwise; it allocates nothing either way, as it only builds.
    type: bool
    default: false
  fallback_regions:
    description:
      - Where to create a machine without a volume, in this order, if C(primary_region) has no room.
      - A machine with a volume is created beside it and nowhere else, as the data would be left behind. To move the
        data, fork it with M(openclaw.fly.fly_volume) and give O(volume).
    type: list
    elements: str
    default: []
  volume:
    description:
      - Id of the volume that a new machine mounts when several of the mount's name are free, such as a fork on another
        host. If not given, the oldest one, those in C(primary_region) first.
    type: str
  hold:
    description:
      - Only make sure that there is a machine that can be reached, for work on its volume before its process may start.
      - Without a machine, one is created that holds still; a machine that is down or in a crash loop is put on hold; a
        running one is left alone. The next run without this option starts the process.
    type: bool
    default: false
  public_env:
    description: Names in C(env) that look like secrets and are none.
    type: list
    elements: str
    default: []
  secrets_changed:
    description:
      - That a task before this one changed the app's secrets. In check mode they are not set yet; with this the update
        that they will cause is planned all the same.
    type: bool
    default: false
  secrets_memory:
    description: The same as for M(openclaw.fly.fly_secrets), where secrets were set before the first machine is made.
    type: path
    default: ~/.cache/openclaw-fly/secrets
  secrets_state:
    description: RV(openclaw.fly.fly_secrets#module:state) of a task just before this one; it saves a request.
    type: dict
  wait_timeout:
    description: Seconds for a machine to be started and healthy, image pull included.
    type: float
    default: 300.0
"""

EXAMPLES = r"""
- name: Machines as fly.toml says
  openclaw.fly.fly_deploy:
    config: fly.toml
    image: ghcr.io/openclaw/openclaw:2026.9.6

- name: An image of one's own, built when its folder has changed
  openclaw.fly.fly_deploy:
    config: fly.toml
    engine: flyctl
    build:
      path: image

- name: The same from a repository
  openclaw.fly.fly_deploy:
    config: fly.toml
    engine: flyctl
    build:
      git: https://git.example.com/my-openclaw.git
      version: v3

- name: The host of a volume is full, so its data goes on on another one
  openclaw.fly.fly_volume:
    app: my-openclaw
    name: openclaw_data
    fork_from: vol_4xqz1p9w
  register: copy

- name: A machine that mounts the copy
  openclaw.fly.fly_deploy:
    config: fly.toml
    volume: "{{ copy.volume.id }}"
"""

RETURN = r"""
machines:
  description: The machines as the Machines API gives them.
  returned: success
  type: list
  elements: dict
image:
  description: The image that was asked for, or that was or would be built.
  returned: success
  type: str
release:
  description: The release entry that was made, its C(id) and C(version); null when nothing was deployed.
  returned: success
  type: dict
  sample: {id: Vd2e7Jk9, version: 12}
changes:
  description: What was done, or in check mode would be, a line each.
  returned: success
  type: list
  elements: str
  sample: ["update machine 3287abc: env.TZ"]
error:
  description: The failure in parts, to be tested in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token may not do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.client.releases import ReleaseEntry
from ..module_utils._fly.machines.gate import Gate
from ..module_utils._fly.secrets.applied import told_state
from ..module_utils._fly.secrets.ledger_file import LedgerFile
from ..module_utils._fly.toml.definition import launch_leftovers, load
from ..module_utils._fly.toml.env_check import refuse_secrets
from ..module_utils._options.api import API_OPTIONS, connect, connect_deploys
from ..module_utils._options.image import image_build
from ..module_utils._resources.deployment import Deployment

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str"},
        "config": {"type": "path"},
        "definition": {"type": "dict"},
        "image": {"type": "str"},
        "engine": {"type": "str", "choices": ["machines", "flyctl"]},
        "build": {
            "type": "dict",
            "options": {
                "path": {"type": "path"},
                "git": {"type": "str"},
                "version": {"type": "str"},
                "dockerfile": {"type": "str"},
                "content": {"type": "str"},
                "ignorefile": {"type": "str"},
                "args": {"type": "dict"},
                "target": {"type": "str"},
                "builder": {"type": "str", "choices": ["remote", "local"], "default": "remote"},
                "timeout": {"type": "float", "default": 1800.0},
            },
        },
        "flyctl": {"type": "str", "default": "flyctl"},
        "flycast": {"type": "bool", "default": False},
        "fallback_regions": {"type": "list", "elements": "str", "default": []},
        "volume": {"type": "str"},
        "hold": {"type": "bool", "default": False},
        "public_env": {"type": "list", "elements": "str", "default": []},
        "secrets_changed": {"type": "bool", "default": False, "no_log": False},
        "secrets_memory": {"type": "path", "default": "~/.cache/openclaw-fly/secrets", "no_log": False},
        "secrets_state": {"type": "dict", "no_log": False},
        "wait_timeout": {"type": "float", "default": 300.0},
    },
    "mutually_exclusive": [("config", "definition")],
    "required_one_of": [("config", "definition")],
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> Deployment:
    definition, base_dir = load(params["config"], params["definition"])
    for line in launch_leftovers(definition):
        context.warn(line)
    app = params["app"] or definition.get("app") or ""
    refuse_secrets(definition.get("env") or {}, f"fly.toml of {app}", params["public_env"], context.secret)
    api = connect(params, context)
    platform, releases = connect_deploys(params, context)
    gate = Gate(api, platform, app, params["wait_timeout"], context.progress)
    return Deployment(
        api,
        gate,
        app,
        definition,
        image=params["image"],
        hold=params["hold"],
        base_dir=base_dir,
        secrets_pending=params["secrets_changed"] and context.check_mode,
        memory=LedgerFile(params["secrets_memory"], app),
        secrets_state=told_state(params["secrets_state"]),
        fallback_regions=tuple(params["fallback_regions"]),
        volume=params["volume"],
        release=ReleaseEntry(releases, app, definition, context.warn),
        build=image_build(params, context, app, definition, base_dir),
    )


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
