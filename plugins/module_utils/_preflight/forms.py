# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judge of texts that have a form: what else would be refused once the app and its volume are there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .._openclaw.problems import Problem

_SIGNALS = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGTERM")
_OWNER = (r"\d+:\d+", "a user and a group as numbers, such as 1000:1000")
_FORMS = {
    "fly_app_org": (r"[a-z0-9-]+", "an organization's slug, such as personal"),
    "fly_app_network": (r"|[A-Za-z0-9][\w.-]*", "a name of letters, digits and dashes, such as my-network"),
    "fly_app_image": (
        r"|[a-z0-9]+([._-]+[a-z0-9]+|:\d+(?=/)|/[a-z0-9]+)*(:\w[\w.-]*)?(@sha256:[0-9a-f]{64})?",
        "an image, such as ghcr.io/openclaw/openclaw:2026.9.6",
    ),
    "fly_app_image_user": _OWNER,
    "fly_app_domain": (r"[a-z0-9-]+(\.[a-z0-9-]+)+", "a bare domain, such as fly.dev"),
    "fly_app_kill_signal": ("|".join(_SIGNALS), f"one of {', '.join(_SIGNALS)}"),
    "fly_app_check_path": (r"|/\S*", "a path that begins with /"),
    "fly_app_volume_path": (r"/.*[^/].*", "a path in the machine, such as /data"),
    "fly_app_volume_snapshot": (r"|vs_\w+", "a snapshot's id, such as vs_9k3m"),
    "fly_app_config_file": (r".+", "the path of a file"),
    "openclaw_config_owner": _OWNER,
    "openclaw_config_token_env": (r"[A-Za-z_][A-Za-z0-9_]*", "the name of a variable, such as OPENCLAW_GATEWAY_TOKEN"),
    "openclaw_config_url": (r"https?://\S+", "a URL, such as https://my-openclaw.fly.dev"),
    "openclaw_exposure_owner": _OWNER,
}
"""None of them is a secret."""


def misformed(name: str, value: object) -> Iterator[Problem]:
    """What a variable's text is not; a template is not judged."""
    form, wanted = _FORMS.get(name, ("", ""))
    if form and isinstance(value, str) and "{{" not in value and not re.fullmatch(form, value):
        todo = "Write it so, or remove the line for the default"
        yield Problem(name, f"is {value!r}, but must be {wanted}", (), todo, "variable-form")
