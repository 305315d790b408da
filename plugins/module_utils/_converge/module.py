# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a body as an ordinary Ansible module."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule

from .context import Context
from .masking import mask_result, mask_text, unmistakable
from .run import Body, run


class _Module(AnsibleModule):  # type: ignore[misc]  # ansible-core has no types
    def add_path_info(self, kwargs: dict[str, object]) -> dict[str, object]:
        """Leave the result alone: a `path` or `dest` of ours is not always on the machine that runs this."""
        return kwargs


def run_module(spec: dict[str, object], body: Body) -> None:
    """Parse the task's arguments by `spec` (AnsibleModule's keyword arguments), run, report, exit."""
    module = _Module(**spec)
    context = Context(check_mode=module.check_mode, diff=module._diff, traceback=module._verbosity >= 3)
    context.warn = lambda text: module.warn(mask_text(text, module.no_log_values | context.secrets))
    result = run(body, module.params, context)
    secrets = module.no_log_values | context.secrets
    result = mask_result(result, secrets)
    # What is left for AnsibleModule are the arguments, and a second look at data with what cannot be there by chance.
    module.params = mask_result({"invocation": module.params}, secrets)["invocation"]
    module.no_log_values = unmistakable(secrets)
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)
