# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that the preflight modules document alike."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  app:
    description: The app's name.
    type: str
    required: true
  org:
    description: The slug of the app's organization; the token must cover it.
    type: str
  image:
    description: The image to run; an empty one is refused.
    type: str
  region:
    description: The region for the machine and its volume.
    type: str
  fallback_regions:
    description: Regions for a new volume where that one has no room.
    type: list
    elements: str
    default: []
  port:
    description: The port that the app listens on.
    type: int
  vm_size:
    description: The machine's size, such as shared-cpu-2x.
    type: str
  vm_memory:
    description: The machine's memory, such as 2048mb.
    type: str
  volume_name:
    description: The volume's name.
    type: str
  volume_size_gb:
    description: The volume's size in GB.
    type: int
  snapshot_retention:
    description: Days for which daily snapshots are kept.
    type: int
  env:
    description: The machine's environment.
    type: dict
    default: {}
  public_env:
    description: Names of variables in O(env) that look like secrets but are not.
    type: list
    elements: str
    default: []
  secrets:
    description: Values of secrets by name. They are judged by their shape before they are set.
    type: dict
    default: {}
  secrets_exact:
    description: Whether every other secret of the app is removed, so that those that it has do not count.
    type: bool
    default: false
  certificates:
    description: Host names that get a certificate.
    type: list
    elements: str
    default: []
  exposure:
    description: Who can reach the app.
    type: str
    choices: [public, private, sealed]
    default: public
  allow_public:
    description: Whether an app that is private or sealed now may become public.
    type: bool
    default: false
  files:
    description: Files that the run writes on the controller.
    type: list
    elements: path
    default: []
  kill_timeout:
    description: How long the machine has to stop, such as 300s.
    type: raw
  check_grace_period:
    description: How long after a start the health check counts as pending.
    type: raw
  check_interval:
    description: How often the health check is made.
    type: raw
  check_timeout:
    description: How long a health check may take.
    type: raw
  image_programs:
    description: The programs that a derived image gets, as O(openclaw.fly.image_programs#filter:_input).
    type: list
    elements: dict
    default: []
  image_signal:
    description: signal-cli's release in a derived image, as O(openclaw.fly.image_programs#filter:signal).
    type: dict
    default: {}
  build:
    description: What the image is built of, as O(openclaw.fly.fly_deploy#module:build).
    type: dict
    default: {}
  flyctl:
    description: The program flyctl, where an image is to be built.
    type: str
  sharing:
    description: Other hosts of the run that declare the same app. The action plugin fills this in.
    type: list
    elements: str
    default: []
"""

    VARIABLES = r"""
options:
  unknown_variables:
    description: Variables in the host's scope that look like ones of this collection's roles and that no role knows. The
      action plugin fills this in.
    type: list
    elements: str
    default: []
  wrong_variables:
    description: Problems of variables whose values are of another kind than their role takes. The action plugin fills
      this in.
    type: list
    elements: dict
    default: []
  playbook_variables:
    description:
      - The variables that the playbook reads beside those of roles, and the kind of each, such as C(str), C(float) or
        its choices as C(one|other).
      - A variable given on the command line that is nearly one of them is refused.
    type: dict
    default: {}
  own_variables:
    description: Names of such variables that are the user's own.
    type: list
    elements: str
    default: []
"""
