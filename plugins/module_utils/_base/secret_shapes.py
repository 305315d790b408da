# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What looks like a secret: by a key's name or by a value's shape. When in doubt, it is one."""

from __future__ import annotations

import re
from typing import Any

_KEY = re.compile(
    r"(?:^|_|-)(?:token|secret|password|passwd|passphrase|credentials?|private_?key|api_?key|auth_?key|access_?key|bearer)$",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_VALUE = re.compile(
    r"^(?:sk-[A-Za-z0-9_-]{8,}|xox[abprs]-\S{8,}|xapp-\S{8,}|gh[pousr]_\w{16,}|github_pat_\w{16,}|AIza[\w-]{20,}"
    r"|AKIA[0-9A-Z]{12,}|(?:FlyV1 )?fm[12][ar]?_\S{8,}|fo1_\S{8,}|glpat-\S{8,}|hf_\w{16,}|tskey-\S{8,}"
    r"|\d{6,12}:[\w-]{30,}|[MNO][\w-]{22,}\.[\w-]{6}\.[\w-]{27,}|eyJ[\w-]{10,}\.[\w-]{10,}\.\S*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*)$"
)
_URL_PASSWORD = re.compile(r"^[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s:@]+@", re.IGNORECASE)


def key_looks_secret(key: str) -> bool:
    return bool(_KEY.search(_CAMEL.sub("_", key)))


def value_looks_secret(value: Any) -> bool:
    return isinstance(value, str) and bool(_VALUE.match(value.strip()) or _URL_PASSWORD.match(value))


def looks_secret(key: str, value: Any) -> bool:
    """A text under a secret's name or in a secret's shape; references (`${X}`, empty, booleans) are none."""
    if not isinstance(value, str) or not value or re.fullmatch(r"\$\{[A-Z0-9_]+\}", value):
        return False
    return key_looks_secret(key) or value_looks_secret(value)
