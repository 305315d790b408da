# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What looks like a secret, and how a config refers to one without holding it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from .._base.secret_shapes import value_looks_secret

MASKED: Final = "(secret)"

# Keys whose string value is a secret: token, botToken, apiKey, signingSecret, HOOKS_TOKEN, ...
# A following word makes it something else: tokenFile, passwordEnv, maxTokens.
_SECRET_KEY = re.compile(
    r"(?:^|_|(?<=[a-z0-9])(?=[A-Z])|[a-z0-9])"
    r"(?:token|secret|(?:api|auth|access|private)[_-]?key|password|passphrase|passwd|credentials?|bearer)\Z",
    re.IGNORECASE,
)

# Shapes that vendors document, or that their libraries check. Names are for messages.
TOKEN_SHAPES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("an Anthropic key", re.compile(r"\bsk-ant-[A-Za-z0-9_-]{8,}")),
    ("an OpenAI or OpenRouter key", re.compile(r"\bsk-(?:proj-|or-|svcacct-)?[A-Za-z0-9_-]{20,}")),
    ("a Slack token", re.compile(r"\bxox[abposr]-[A-Za-z0-9-]{8,}")),
    ("a Slack app token", re.compile(r"\bxapp-[A-Za-z0-9-]{8,}")),
    ("a GitHub token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})")),
    ("a Google API key", re.compile(r"\bAIza[A-Za-z0-9_-]{30,}")),
    ("a Fly.io token", re.compile(r"\b(?:FlyV1 |fm[12][ar]?_)[A-Za-z0-9+/=_-]{20,}")),
    ("an AWS access key", re.compile(r"\bAKIA[A-Z0-9]{16}\b")),
    ("a Discord bot token", re.compile(r"\b[MNO][A-Za-z0-9_-]{22,}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27,}")),
    ("a Telegram bot token", re.compile(r"\b\d{8,10}:[A-Za-z0-9_-]{35}\b")),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
)

_ENV_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,127}\Z")
ENV_SUBSTITUTION: Final = re.compile(r"(?<!\$)\$\{([A-Z_][A-Z0-9_]*)\}")


def is_secret_key(key: str) -> bool:
    """Does a key of this name hold a secret, if its value is a string?"""
    return bool(_SECRET_KEY.search(key))


def token_shape(value: str) -> str | None:
    """What the text looks like, such as ``a Slack token``; None if like no token known here."""
    named = next((name for name, shape in TOKEN_SHAPES if shape.search(value)), None)
    return named or ("a token" if value_looks_secret(value) else None)


def is_secret_ref(value: Any) -> bool:
    """Is this a SecretRef object, ``{source, provider, id}``?"""
    return (
        isinstance(value, Mapping)
        and value.get("source") in ("env", "file", "exec", "store")
        and set(value) <= {"source", "provider", "id"}
    )


def secret_ref(name: str, provider: str = "default") -> dict[str, str]:
    """The SecretRef for an environment variable of the machine."""
    return {"source": "env", "provider": provider, "id": name}


def is_env_name(text: str) -> bool:
    return bool(_ENV_NAME.match(text))


def masked(path: Sequence[str | int], value: Any) -> Any:
    """The value, safe to print: secrets in it, by their key or by their shape, are replaced by MASKED."""
    if is_secret_ref(value):
        return value
    if isinstance(value, Mapping):
        return {key: masked((*path, str(key)), inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(path, inner) for inner in value]
    if not isinstance(value, str) or ENV_SUBSTITUTION.fullmatch(value):
        return value
    words = [part for part in path if isinstance(part, str)]
    if (words and is_secret_key(words[-1])) or token_shape(value):
        return MASKED
    return value
