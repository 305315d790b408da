# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module fly_platform_check, in the worker."""

from __future__ import annotations

from ..modules import fly_platform_check
from ..plugin_utils.in_worker import InWorkerAction


class ActionModule(InWorkerAction):
    module = fly_platform_check
