# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module fly_preflight, in the worker."""

from __future__ import annotations

from ..modules import fly_preflight
from ..plugin_utils.preflight import PreflightAction


class ActionModule(PreflightAction):
    module = fly_preflight
