# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module openclaw_secrets_info, in the worker."""

from __future__ import annotations

from ..modules import openclaw_secrets_info
from ..plugin_utils.in_worker import InWorkerAction


class ActionModule(InWorkerAction):
    module = openclaw_secrets_info
