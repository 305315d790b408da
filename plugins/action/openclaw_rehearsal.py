# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module openclaw_rehearsal, in the worker."""

from __future__ import annotations

from ..modules import openclaw_rehearsal
from ..plugin_utils.in_worker import InWorkerAction


class ActionModule(InWorkerAction):
    module = openclaw_rehearsal
