# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module openclaw_variables, in the worker."""

from __future__ import annotations

from ..modules import openclaw_variables
from ..plugin_utils.preflight import VariablesAction


class ActionModule(VariablesAction):
    module = openclaw_variables
