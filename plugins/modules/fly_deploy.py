#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_deploy
short_description: Create and update an app's machines from its fly.toml
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Translates fly.toml to machine configurations, as C(flyctl deploy) does, and applies them over the Machines API,
    one machine after another, each under its lease and with a health gate.
  - If a machine does not become healthy, its previous configuration is restored and the task fails with the reason.
  - The result is the same as after C(fly deploy), so you can continue with plain C(fly deploy -c fly.toml). When a
    machine
    is created or updated, the app gets a release entry as well, if the token is allowed to write one; if not, the task
    warns and continues.
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
    description: The content of fly.toml as a dictionary, instead of a file.
    type: dict
  image:
    description: The image to run; wins over fly.toml's C(build.image).
    type: str
  engine:
    description:
      - V(machines) deploys an existing image.
      - V(flyctl) builds one from O(build), or from what fly.toml's C([build]) names, with flyctl, and pushes
        it to Fly.io's registry; it is deployed over the Machines API all the same, with leases, gate and rollback.
      - The image's tag is a digest of its source, so the image is rebuilt only when the source has changed. Needs
        flyctl
        0.4 or newer where Ansible runs.
      - Defaults to V(flyctl) if O(build) is given, else to V(machines).
    type: str
    choices: [machines, flyctl]
  build:
    description: What flyctl builds the image from; takes precedence over fly.toml's C([build]).
    type: dict
    suboptions:
      path:
        description:
          - The build context; its C(.dockerignore) is honoured, and C(.git) is always left out. With O(build.git), the
            folder in the repository.
          - Defaults to the folder of fly.toml, or with O(build.content) to an empty one.
        type: path
      git:
        description:
          - A Git repository to build from instead, read with the credentials that Git has on the controller. It is
            fetched only when an image is built, without submodules.
        type: str
      version:
        description: Branch, tag or full commit of O(build.git). Defaults to its default branch.
        type: str
      dockerfile:
        description: The Dockerfile's path in the build context. Defaults to C(Dockerfile).
        type: str
      content:
        description: A Dockerfile's text instead, such as a rendered template.
        type: str
      ignorefile:
        description: The file in the build context to use as C(.dockerignore).
        type: str
      args:
        description: Build arguments. They can be read from the image, so values that look like secrets are refused.
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
        description: Timeout in seconds for building and pushing.
        type: float
        default: 1800.0
  flyctl:
    description: Name or path of the flyctl program.
    type: str
    default: flyctl
  flycast:
    description:
      - Whether the app is reached over a private address only. flyctl is then called with C(--flycast), and otherwise
        with
        C(--no-public-ips); it allocates no address either way, because it only builds.
    type: bool
    default: false
  fallback_regions:
    description:
      - Where to create a machine without a volume, in this order, if C(primary_region) has no room.
      - A machine with a volume is only created in the volume's region, because the data would be left behind. To move
        the data, fork the volume with M(openclaw.fly.fly_volume) and set O(volume).
    type: list
    elements: str
    default: []
  volume:
    description:
      - ID of the volume that a new machine mounts if several unattached volumes have the mount's name, such as a fork
        on
        another host. Defaults to the oldest one, those in C(primary_region) first.
    type: str
  maintenance:
    description:
      - Only make sure that there is a machine that can run commands, to prepare its volume before its process starts.
      - Without a machine, one is created that only sleeps; a machine that is down or in a crash loop is put to sleep; a
        running one is left unchanged. The next run without this option starts the process.
    type: bool
    default: false
  public_env:
    description: Names of C(env) variables that look like secrets but are not.
    type: list
    elements: str
    default: []
  secrets_changed:
    description:
      - Whether an earlier task changed the app's secrets. In check mode they are not set yet; with this option the
        update that they will cause is planned nevertheless.
    type: bool
    default: false
  secrets_memory:
    description: See M(openclaw.fly.fly_secrets); read when the first machine is created.
    type: path
    default: ~/.cache/openclaw-fly/secrets
  secrets_state:
    description: RV(openclaw.fly.fly_secrets#module:state) of a task just before this one; saves a request.
    type: dict
  wait_timeout:
    description: Timeout in seconds for a machine to be started and healthy, including the image pull.
    type: float
    default: 300.0
  retry_on_log:
    description:
      - Texts in the log of a process that ends because something else must end first, such as a lease of another
        process on its data.
      - While one of them is among the last log lines, such an end is waited out until O(wait_timeout), instead of
        failing at once.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Deploy fly.toml
  openclaw.fly.fly_deploy:
    config: fly.toml
    image: ghcr.io/openclaw/openclaw:2026.9.6

- name: Build a custom image when its folder has changed, and deploy it
  openclaw.fly.fly_deploy:
    config: fly.toml
    engine: flyctl
    build:
      path: image

- name: Build the image from a Git repository
  openclaw.fly.fly_deploy:
    config: fly.toml
    engine: flyctl
    build:
      git: https://git.example.com/my-openclaw.git
      version: v3

- name: Copy a volume to another host because its host is full
  openclaw.fly.fly_volume:
    app: my-openclaw
    name: openclaw_data
    fork_from: vol_4xqz1p9w
  register: copy

- name: Create a machine that mounts the copy
  openclaw.fly.fly_deploy:
    config: fly.toml
    volume: "{{ copy.volume.id }}"
"""

RETURN = r"""
machines:
  description: The machines as the Machines API returns them.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The machine's ID.
      type: str
    name:
      description: The machine's name.
      type: str
    state:
      description: The machine's state, such as V(started), V(stopped) or V(suspended).
      type: str
    region:
      description: The machine's region.
      type: str
    instance_id:
      description: ID of the machine's current version.
      type: str
    private_ip:
      description: The machine's address in the private network (6PN).
      type: str
    config:
      description:
        - The machine's configuration, including C(image), C(env), C(guest), C(mounts), C(services) and C(metadata).
      type: dict
    checks:
      description: The health checks, each with its C(name), C(status) and C(output).
      type: list
      elements: dict
    events:
      description: The most recent events, newest first.
      type: list
      elements: dict
image:
  description: The image that was requested, or that was or would be built.
  returned: success
  type: str
release:
  description: The release entry that was created; null if nothing was deployed.
  returned: success
  type: dict
  sample: {id: Vd2e7Jk9, version: 12}
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: ["update machine 3287abc: env.TZ"]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.client.releases import ReleaseEntry
from ..module_utils._fly.machines.gate import Gate
from ..module_utils._fly.secrets.applied import told_state
from ..module_utils._fly.secrets.ledger_file import LedgerFile
from ..module_utils._fly.toml.definition import FlyToml
from ..module_utils._fly.toml.fly_names import app_of
from ..module_utils._fly.toml.secret_check import refuse_secrets
from ..module_utils._fly.toml.warnings import launch_leftovers, only_by_flyctl
from ..module_utils._options.api import API_OPTIONS, connect, connect_deploys
from ..module_utils._options.image import image_build
from ..module_utils._resources.deployment import Deployment, DeployParts, WantedDeployment

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
        "maintenance": {"type": "bool", "default": False},
        "public_env": {"type": "list", "elements": "str", "default": []},
        "secrets_changed": {"type": "bool", "default": False, "no_log": False},
        "secrets_memory": {"type": "path", "default": "~/.cache/openclaw-fly/secrets", "no_log": False},
        "secrets_state": {"type": "dict", "no_log": False},
        "wait_timeout": {"type": "float", "default": 300.0},
        "retry_on_log": {"type": "list", "elements": "str", "default": []},
    },
    "mutually_exclusive": [("config", "definition")],
    "required_one_of": [("config", "definition")],
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> Deployment:
    given = params["config"]
    toml = FlyToml.load(given) if given is not None else FlyToml.parse(params["definition"])
    for line in (*launch_leftovers(toml), *only_by_flyctl(toml)):
        context.warn(line)
    app = app_of(toml, params["app"])
    refuse_secrets(toml, f"fly.toml of {app}", params["public_env"], context.secret)
    api = connect(params, context)
    platform, releases = connect_deploys(params, context)
    wanted = WantedDeployment(
        app=app,
        toml=toml,
        image=params["image"],
        maintenance=params["maintenance"],
        secrets_pending=params["secrets_changed"] and context.check_mode,
        secrets_state=told_state(params["secrets_state"]),
        fallback_regions=tuple(params["fallback_regions"]),
        volume=params["volume"],
    )
    parts = DeployParts(
        gate=Gate(api, platform, app, params["wait_timeout"], context.progress, tuple(params["retry_on_log"])),
        memory=LedgerFile(params["secrets_memory"], app),
        release=ReleaseEntry(releases, app, toml.data, context.warn),
        build=image_build(params, context, app, toml),
    )
    return Deployment(api, wanted, parts)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
