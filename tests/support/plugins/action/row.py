"""The module `row` in Ansible's worker."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from ansible_collections.openclaw.fly.plugins.plugin_utils.in_worker import InWorkerAction

_spec = importlib.util.spec_from_file_location("row_of_tests", Path(__file__).parents[1] / "modules/row.py")
assert _spec and _spec.loader
row = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(row)


class ActionModule(InWorkerAction):
    module = row
