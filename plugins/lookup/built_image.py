# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reference of an image that fly_deploy builds, before it is built."""

from __future__ import annotations

DOCUMENTATION = r"""
name: built_image
short_description: The reference of an image that fly_deploy builds
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - The tag of an image that M(openclaw.fly.fly_deploy) builds is the digest of its source, so it is known beforehand,
    to be named in a fly.toml. Reads the source; builds and writes nothing.
options:
  _terms:
    description: Names of apps.
    type: list
    elements: str
    required: true
  build:
    description: What to build, as in M(openclaw.fly.fly_deploy).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: What would run
  ansible.builtin.debug:
    msg: "{{ lookup('openclaw.fly.built_image', 'my-openclaw', build={'path': 'image'}) }}"
"""

RETURN = r"""
_raw:
  description: A reference for each app.
  type: list
  elements: str
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

from ..module_utils._base.errors import CollectionError
from ..module_utils._fly.images.build import build_wanted, order_of, source_of
from ..module_utils._fly.toml.definition import FlyToml


class LookupModule(LookupBase):
    def run(self, terms: list[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[str]:
        self.set_options(var_options=variables, direct=kwargs)
        try:
            wanted = build_wanted(FlyToml({}), self.get_option("build"))
            source = source_of(wanted)
            return [order_of(app, wanted, source).reference for app in terms]
        except CollectionError as error:
            raise AnsibleError(str(error)) from error
