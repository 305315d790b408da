# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module openclaw_preflight, in the worker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..modules import openclaw_preflight
from ..plugin_utils.config_sources import sources
from ..plugin_utils.preflight import PreflightAction


class ActionModule(PreflightAction):
    module = openclaw_preflight
    libraries = ("jsonschema",)

    def _seen(self, scope: Mapping[str, Any]) -> dict[str, Any]:
        return {**super()._seen(scope), "sources": sources(scope, self._resolve)}
