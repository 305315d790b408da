# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What secrets look like: the shapes that vendors document, credentials in URLs, texts that only chance makes."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Final

_HERE = r"(?<![A-Za-z0-9])"


# Shapes that vendors document, or that their libraries check; GitHub's list of scanned partners has most of them.
# The names are for messages.
SHAPES: Final[tuple[tuple[str, str], ...]] = (
    ("an Anthropic key", _HERE + r"sk-ant-[A-Za-z0-9_-]{8,}"),
    ("an OpenAI or OpenRouter key", _HERE + r"sk-(?:proj-|or-|svcacct-)?[A-Za-z0-9_-]{20,}"),
    ("an API key", _HERE + r"sk-(?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{8,}"),
    ("a Slack token", _HERE + r"xox[abeposr]-[A-Za-z0-9-]{8,}"),
    ("a Slack app token", _HERE + r"xapp-[A-Za-z0-9-]{8,}"),
    ("a GitHub token", _HERE + r"(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,})"),
    ("a GitLab token", _HERE + r"gl(?:pat|rt|dt|ptt|cbt)-[A-Za-z0-9_-]{8,}"),
    ("a Google API key", _HERE + r"AIza[A-Za-z0-9_-]{20,}"),
    ("a Google access token", _HERE + r"ya29\.[A-Za-z0-9_-]{20,}"),
    ("a Fly.io token", _HERE + r"(?:FlyV1 )?(?:fm[12][ar]?|fo1)_[A-Za-z0-9+/=_-]{8,}"),
    ("an AWS access key", _HERE + r"(?:AKIA|ASIA)[A-Z0-9]{12,}"),
    ("a Discord bot token", _HERE + r"[MNO][A-Za-z0-9_-]{22,}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27,}"),
    ("a Telegram bot token", _HERE + r"(?:bot)?\d{6,12}:[A-Za-z0-9_-]{30,}"),
    ("a Hugging Face token", _HERE + r"hf_[A-Za-z0-9]{16,}"),
    ("a Tailscale key", _HERE + r"tskey-[A-Za-z0-9-]{8,}"),
    ("a Stripe key", _HERE + r"(?:[sr]k_(?:live|test)_|whsec_)[A-Za-z0-9+/=]{10,}"),
    ("a SendGrid key", _HERE + r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("a package registry's token", _HERE + r"(?:npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{30,})"),
    ("a DigitalOcean token", _HERE + r"do[opr]_v1_[a-f0-9]{30,}"),
    ("a Docker token", _HERE + r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{16,}"),
    ("a Vault token", _HERE + r"hv[sbr]\.[A-Za-z0-9_-]{20,}"),
    ("a Shopify token", _HERE + r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{20,}"),
    ("an API key", _HERE + r"(?:gsk|r8|xai|pplx|jina|lin_api|ntn|csk)[_-][A-Za-z0-9]{20,}"),
    ("an API key", _HERE + r"(?:tvly|figd|nvapi)[_-][A-Za-z0-9_-]{20,}"),
    ("a JSON Web Token", _HERE + r"eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*"),
    ("a private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*-----|\Z)"),
    ("an age key", _HERE + r"AGE-SECRET-KEY-1[A-Z0-9]{20,}"),
)
_BEGINS = re.compile(
    rf"{_HERE}(?:sk-|xox|xapp-|gh[pousr]_|github_|gl[a-z]+-|AIza|ya29|FlyV1|f[mo][12]|AKIA|ASIA|[MNO][A-Za-z0-9_-]{{22}}"
    r"|(?:bot)?\d{6,12}:|hf_|tskey-|[sr]k_|whsec_|SG\.|npm_|pypi-|do[opr]_|dckr_|hv[sbr]\.|shp|gsk|r8|xai|pplx|tvly|jina"
    r"|lin_|figd|ntn|nvapi|csk|eyJ|-----BEGIN|AGE-)"
)
"""What every shape begins with: one search in place of thirty where there is none."""
_CREDENTIALS = re.compile(r"\b(?:Bearer|Basic|Token|Bot)[ :]+([A-Za-z0-9._~+/=:-]{8,})", re.IGNORECASE)
"""The value of an Authorization header, wherever it stands."""
_WEBHOOKS = (
    r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/([\w/-]{8,})",
    r"discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d+/([\w-]{8,})",
    r"(?:[\w.-]+\.)?webhook\.office\.com/webhookb2/([^\s?#\"']{8,})",
    r"outlook\.office(?:365)?\.com/webhook/([^\s?#\"']{8,})",
    r"hooks\.zapier\.com/hooks/catch/([\w/-]{8,})",
    r"maker\.ifttt\.com/trigger/[^\s/]+/(?:json/)?with/key/([\w-]{8,})",
    r"open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook/([\w-]{8,})",
    r"[\w.-]+/hooks/([a-z0-9]{26})(?![a-z0-9])",
)
WEBHOOK: Final = re.compile("|".join(rf"https?://{form}" for form in _WEBHOOKS))
"""Addresses that are secrets themselves: Slack's, Discord's, Teams', Zapier's, IFTTT's, Feishu's, Mattermost's."""
_USERINFO = re.compile(r"\b[a-z][a-z0-9+.-]*://([^\s/@:'\"]*)(?::([^\s/@'\"]*))?@([^\s/:'\"]*)", re.IGNORECASE)
_QUERY = re.compile(r"[?&#;]([A-Za-z0-9_.\[\]-]+)=([^\s&#;'\"]+)")

_REFERENCE = re.compile(
    r"\$\{[^}]*\}|\$\([^)]*\)|(?<![\w$])\$[A-Za-z_]\w*|(?s:\{\{.*?\}\}|\{%.*?%\})|%[A-Z][A-Z0-9_]*%|`[^`]*`"
)
_PLACEHOLDER = re.compile(
    r"(?:change|replace)[-_ ]?(?:me|this|it)\b.*|(?:put|insert|enter|add|paste)[-_ ](?:your|the)\b.*"
    r"|(?:put|insert|enter|add|paste)[-_ ].*[-_ ]here|my[-_ ](?:\w+[-_ ])*here|your[-_ ].+|<[^<>]+>|\[[a-z _-]+\]"
    r"|[x*.•#-]{3,}|(?:[a-z]+[-_])?x{4,}|\w{0,12}[-_]?(?:\.{3}|…)|\*+|[<\[(]?redacted\b.*|\(?hidden\)?|masked|placeholder"
    r"|dummy|todo|tbd|example|none|null|nil|unset|undefined|true|false|yes|no|on|off|disabled|enabled|\(secret\)"
    # What programs take for a key where none is needed: local model servers, other ways to log in.
    r"|(?:[a-z]+-)*local|ollama|lm-?studio|vllm|(?:[a-z]+-)?oauth|not-needed|no-key(?:-required)?|unused|from-env"
    r"|secretref-managed|aws-sdk|gcp-vertex-credentials",
    re.IGNORECASE,
)
_PATH = re.compile(r"(?:~|\.{1,2})?/[\w.@-]+(?:/[\w.@-]+)*/?")
_RANDOM = re.compile(r"[A-Za-z0-9+/_=-]{24,}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_CLASSES = ((r"[a-z]", "a"), (r"[A-Z]", "A"), (r"[0-9]", "0"))


def without_references(text: str) -> str:
    """The text less its references to values elsewhere: `${NAME}`, `$NAME`, `$(command)`, `{{ jinja }}`."""
    return _REFERENCE.sub("", text) if has_reference(text) else text


def has_reference(text: str) -> bool:
    return any(sign in text for sign in "${%`") and _REFERENCE.search(text) is not None


def is_placeholder(text: str) -> bool:
    """Is it what documentation writes where a secret belongs, such as `changeme` or `your-token-here`?"""
    stripped = text.strip().strip("'\"")
    return not stripped or _PLACEHOLDER.fullmatch(stripped) is not None


def is_path(text: str) -> bool:
    """Is it a file's path, no part of which looks random?"""
    return _PATH.fullmatch(text) is not None and not any(is_random(part) for part in text.split("/"))


def is_random(text: str) -> bool:
    """Does it look made by chance: long, of letters and digits that alternate more than words and names do?"""
    if not _RANDOM.fullmatch(text) or _UUID.fullmatch(text) or not (re.search(r"\d", text) and re.search(r"\D", text)):
        return False
    kinds = re.sub(r"[^A-Za-z0-9]", "-", text)
    for pattern, letter in _CLASSES:
        kinds = re.sub(pattern, letter, kinds)
    borders = [one != two for one, two in pairwise(kinds) if "-" not in (one, two)]
    return len(borders) >= 16 and sum(borders) / len(borders) >= 0.3 and entropy(text) >= 3.2


def entropy(text: str) -> float:
    """Bits a character, by the text's own frequencies (Shannon)."""
    total = len(text)
    return -sum(count / total * math.log2(count / total) for count in Counter(text).values())


@cache
def _compiled() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Not before the first text that may hold one: it takes longer than most tasks look at texts."""
    return tuple((name, re.compile(pattern)) for name, pattern in SHAPES)


def shape_of(text: str) -> tuple[str, tuple[int, int]] | None:
    """The first known shape in the text, and where it stands; placeholders such as `sk-xxxx` have none."""
    for name, pattern in _compiled() if _BEGINS.search(text) else ():
        for found in pattern.finditer(text):
            body = re.sub(r"^[A-Za-z0-9]+[-_]", "", found[0])
            if not is_placeholder(found[0]) and not is_placeholder(body):
                return name, found.span()
    return None


def credentials_in(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """The value of an Authorization header that stands in the text, if it looks like one and not like a word."""
    for found in _CREDENTIALS.finditer(text):
        if re.search(r"\d", found[1]) and (len(found[1]) >= 16 or is_random(found[1])) and not is_placeholder(found[1]):
            yield "a credential of an Authorization header", found.span(1)


def webhooks_in(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Webhook addresses in the text; the span is that of their secret part."""
    for found in WEBHOOK.finditer(text):
        group = found.lastindex or 0
        if not is_placeholder(found[group].rpartition("/")[2]):
            yield "a webhook address, which is a secret itself", found.span(group)


def userinfo_in(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Passwords and tokens before the host in URLs. A Sentry address carries a public key there."""
    for found in _USERINFO.finditer(text):
        user, password, host = found.groups()
        if password and not is_placeholder(without_references(password)):
            yield "a password in a URL", found.span(2)
        elif not password and (is_random(user) or shape_of(user)) and not host.endswith("sentry.io"):
            yield "a token in a URL", found.span(1)


def queries_in(text: str) -> Iterator[tuple[str, str, tuple[int, int]]]:
    """Name, value and the value's place of the query parameters in the text."""
    for found in _QUERY.finditer(text):
        yield found[1], found[2], found.span(2)
