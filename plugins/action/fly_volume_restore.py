# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module fly_volume_restore, in the worker."""

from __future__ import annotations

from ..modules import fly_volume_restore
from ..plugin_utils.in_worker import InWorkerAction


class ActionModule(InWorkerAction):
    module = fly_volume_restore
