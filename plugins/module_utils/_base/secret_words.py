# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names under which secrets stand: keys, variables, options, headers, query parameters."""

from __future__ import annotations

import re
from enum import Enum


class Name(Enum):
    """What a name says of its value."""

    SECRET = "secret"
    """Whatever text stands there is a secret: `botToken`, `DB_PASSWORD`."""
    PERHAPS = "perhaps"
    """A secret if the value looks like one: `STRIPE_KEY`, `session`, `API_KEYS`."""
    PLAIN = "plain"
    """Nothing to learn from the name."""
    PUBLIC = "public"
    """Values that look random and are not secret: ids, digests, public keys, paths."""


_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")
_SECRET = frozenset({"token", "secret", "password", "passwd", "passphrase", "credential", "credentials", "bearer",
                     "pass", "pwd", "passcode", "apikey", "authkey", "accesskey", "privatekey", "secretkey",
                     "signingkey", "authtoken", "authorization", "cookie"})  # fmt: skip
_GLUED = re.compile(
    r"(?:token|secret|passwd|password|passphrase|credentials?|bearer|(?:api|auth|access|private|secret|signing)key"
    r"|(?:db|sql|pg|user|root|admin|my|smtp|mail|redis|ftp|ssh|login|basic)(?:pass|pwd))\Z"
)
_KEYS_OF = frozenset({"api", "auth", "access", "private", "secret", "signing", "encryption", "master", "webhook",
                      "license", "service", "shared"})  # fmt: skip
"""What before `key` makes it a secret one."""
_PERHAPS = frozenset({"key", "auth", "session", "sid", "cert", "seed", "salt", "pin", "creds", "cred", "webhook",
                      "dsn", "pat", "tokens", "secrets", "passwords", "keys", "cookies", "signature", "sig", "code",
                      "otp", "jwt"})  # fmt: skip
_COUNTED = frozenset({"max", "min", "num", "count", "limit", "budget", "total", "per"})
_PUBLIC_KEYS = frozenset({"public", "pub", "publishable", "primary", "foreign", "partition", "sort", "cache"})
_PUBLIC = frozenset({"id", "ids", "uuid", "guid", "commit", "sha", "sha1", "sha256", "sha512", "digest", "checksum",
                     "hash", "integrity", "rev", "revision", "version", "release", "ref", "etag", "fingerprint",
                     "path", "file", "dir", "image", "tag", "name", "region", "host", "hostname", "model",
                     "source"})  # fmt: skip
_VARIANTS = frozenset({"prod", "production", "dev", "staging", "stage", "test", "live", "default", "main", "old",
                       "new", "primary", "secondary", "backup", "plain", "raw", "value", "b64", "base64"})  # fmt: skip
_HEADER = re.compile(
    r"(?:proxy-)?authorization|(?:set-)?cookie|x-(?:[a-z0-9]+-)*(?:key|token|secret|auth|password|signature)"
    r"|(?:api|auth|access|subscription)-?key",
    re.IGNORECASE,
)


def words_of(name: str) -> list[str]:
    """`botToken`, `BOT_TOKEN` and `bot-token` as `[bot, token]`; an abbreviation stays whole: `GITHUB_API` is two."""
    return [word.lower() for word in _BORDER.split(name) if word]


def judge(name: str) -> Name:
    """What the name of a key says of its value. A further word makes it something else: `tokenFile`, `passwordEnv`."""
    if _HEADER.fullmatch(name):
        return Name.SECRET
    words = words_of(name)
    while len(words) > 1 and (words[-1].isdigit() or words[-1] in _VARIANTS):
        words.pop()
    if not words:
        return Name.PLAIN
    last, before = words[-1].rstrip("0123456789") or words[-1], words[-2] if len(words) > 1 else ""
    if last in _PUBLIC or (last == "key" and before in _PUBLIC_KEYS):
        return Name.PUBLIC
    if last in ("token", "tokens", "secret", "secrets") and before in _COUNTED:
        return Name.PLAIN
    if last in _SECRET or (last == "key" and before in _KEYS_OF) or _GLUED.search(last):
        return Name.SECRET
    return Name.PERHAPS if last in _PERHAPS else Name.PLAIN
