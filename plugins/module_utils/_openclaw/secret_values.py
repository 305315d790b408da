# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge the values of secrets before they are set: their type, whether they can be guessed, and their shape.

A value is in no message. Sources of the shapes: the vendors' documentation and the manifests of 2026.9.6.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from .._base.secret_values import fault_of
from .channels import SHAPES, Shape
from .problems import Problem
from .rule import may_be_waived

may_be_waived("secret-shape", "weak-secret")

SHORTEST_TOKEN: Final = 24
"""Characters of the gateway's token; OpenClaw's own audit warns below."""
_BITS: Final = 80
"""What a token must be worth to somebody who guesses; `openssl rand -hex 32` gives over 200 by this measure."""
_PLACEHOLDER: Final = re.compile(
    r"change[-_ ]?(?:me|this|it)\S*|replace[-_ ]?(?:me|this|with)\S*|(?:insert|put|enter|add)[-_ ]your\S*|your[-_ ]\S+"
    r"|<.*>|\{\{.*|x{3,}|\*{3,}|\.{3,}|0{4,}|todo|tbd|fixme|dummy|placeholder"
    r"|(?:some|my)[-_ ]?(?:token|key|secret|password)"
    r"|(?:sk|xoxb|xapp|ghp)-?(?:[a-z]+-)*(?:\.{2,}|x{3,}|\*{3,}|your\S*)",
    re.IGNORECASE,
)
_COMMON: Final = re.compile(
    r"(?:abc|test|secret|password|passwd|token|admin|openclaw|gateway|qwerty|letmein|123)+\d*", re.IGNORECASE
)

_MORE_SHAPES: Final[Mapping[str, Shape]] = {
    "ANTHROPIC_API_KEY": Shape(re.compile(r"sk-ant-[\w-]{20,}"), "sk-ant-..."),
    "OPENAI_API_KEY": Shape(re.compile(r"sk-[\w-]{20,}"), "sk-..."),
    "OPENROUTER_API_KEY": Shape(re.compile(r"sk-or-[\w-]{20,}"), "sk-or-..."),
    "GEMINI_API_KEY": Shape(re.compile(r"(?:AIza|AQ\.)[\w-]{30,}"), "AIza..."),
    "GROQ_API_KEY": Shape(re.compile(r"gsk_\w{20,}"), "gsk_..."),
    "XAI_API_KEY": Shape(re.compile(r"xai-[\w-]{20,}"), "xai-..."),
    "HF_TOKEN": Shape(re.compile(r"hf_\w{16,}"), "hf_..."),
    "GITHUB_TOKEN": Shape(re.compile(r"(?:gh[pousr]_|github_pat_)\w{16,}"), "ghp_... or github_pat_..."),
    "TS_AUTHKEY": Shape(re.compile(r"tskey-\S{8,}"), "tskey-..."),
}
_ALL_SHAPES: Final[Mapping[str, Shape]] = {**SHAPES, **_MORE_SHAPES}


def judge(
    secrets: Mapping[str, object],
    token: object = None,
    *,
    variable: str = "fly_app_secrets",
    token_variable: str = "fly_app_gateway_token",
) -> Iterator[Problem]:
    """Problems of the app's secrets and of the gateway's token; `secret-shape` and `weak-secret` may be waived."""
    for name, value in secrets.items():
        yield from _secret(f"{variable}.{name}", str(name), value)
    if token is not None:
        yield from _token(token_variable, token)


def _secret(path: str, name: str, value: Any) -> Iterator[Problem]:
    if fault := fault_of(value):
        yield Problem(path, fault.why, suggestion=fault.todo, rule="secret-value")
        return
    if _PLACEHOLDER.fullmatch(value.strip()):
        todo = "Give it the real value"
        yield Problem(path, "is a placeholder, not a secret", suggestion=todo, rule="weak-secret")
    elif (shape := _ALL_SHAPES.get(name)) and not shape.pattern.fullmatch(value.strip()):
        yield Problem(
            path,
            f"does not look like such a key ({shape.words})",
            suggestion='Copy it again from where it was made, or waive it: {"secret-shape": "the reason"}',
            rule="secret-shape",
        )


def _token(path: str, value: Any) -> Iterator[Problem]:
    fault = fault_of(value)
    if fault or any(char.isspace() for char in value):
        why, todo = (fault.why, fault.todo) if fault else ("contains white space", "Give it one word")
        yield Problem(path, why, suggestion=todo, rule="secret-value")
    elif weakness := weakness_of(value):
        yield Problem(
            path,
            f"can be guessed: {weakness}",
            suggestion="Make one with openssl rand -hex 32, or remove the variable and let the play make one",
            rule="weak-token",
        )


def weakness_of(token: str) -> str | None:
    """Why a token can be guessed; None when it cannot."""
    if _PLACEHOLDER.fullmatch(token) or _COMMON.fullmatch(token):
        return "it is a placeholder or a common word"
    if len(token) < SHORTEST_TOKEN:
        return f"it has {len(token)} characters, and {SHORTEST_TOKEN} are the least"
    if _bits(token) < _BITS:
        return "it repeats itself"
    return None


def _bits(token: str) -> float:
    """Shannon's measure of its characters and of the steps between them, times its length; the smaller of both."""
    steps = [ord(b) - ord(a) for a, b in pairwise(token)]
    return min(_entropy(token) * len(token), _entropy(steps) * len(token))


def _entropy(items: Any) -> float:
    counts = Counter(items)
    total = sum(counts.values())
    return -sum(count / total * math.log2(count / total) for count in counts.values())
