# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Models that a provider no longer serves, and what takes their place, as data.

Sources: the migrations of 2026.9.6 (Anthropic, OpenAI) and the suppressions in its provider manifests (Google), read on
2026-11-26. The release rewrites the former by itself and refuses the latter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .releases import Release


@dataclass(frozen=True, slots=True)
class Retired:
    """A pattern of retired models of one provider.

    :param refused: the release refuses the config instead of rewriting the model.
    """

    provider: str
    models: re.Pattern[str]
    new: str
    refused: bool = False


def _named(provider: str, new: str, names: Iterable[str], *, refused: bool = False) -> Retired:
    return Retired(provider, re.compile("|".join(map(re.escape, names))), new, refused)


_GPT: Final = {
    "gpt-5.5": "gpt-4 gpt-4-turbo gpt-4.1 gpt-4o gpt-5 gpt-5-chat-latest gpt-5.1 gpt-5.1-chat-latest gpt-5.2",
    "gpt-5.4-mini": "gpt-4.1-mini gpt-4o-mini gpt-5-mini gpt-5.1-codex-mini",
    "gpt-5.4-nano": "gpt-4.1-nano gpt-5-nano",
    "gpt-5.5-pro": "gpt-5-pro gpt-5.2-pro",
    "gpt-5.3-codex": "gpt-5-codex gpt-5.1-codex gpt-5.2-codex",
}
_GEMINI: Final = {
    "gemini-2.5-flash": (
        "gemini-1.5-flash gemini-2.0-flash gemini-2.0-flash-001 gemini-2.0-flash-exp gemini-2.0-flash-thinking-exp "
        "gemini-2.0-flash-thinking-exp-01-21 gemini-2.0-flash-thinking-exp-1219 gemini-2.5-flash-preview-04-17 "
        "gemini-2.5-flash-preview-05-20"
    ),
    "gemini-2.5-flash-lite": (
        "gemini-1.5-flash-8b gemini-2.0-flash-lite gemini-2.0-flash-lite-001 gemini-2.0-flash-lite-preview "
        "gemini-2.0-flash-lite-preview-02-05 gemini-2.5-flash-lite-preview-06-17"
    ),
    "gemini-3.1-flash-lite": "gemini-2.5-flash-lite-preview-09-25 gemini-2.5-flash-lite-preview-09-2025",
    "gemini-3-flash-preview": "gemini-2.5-flash-preview-09-25 gemini-2.5-flash-preview-09-2025",
    "gemini-3.1-pro-preview": (
        "gemini-1.5-pro gemini-2.0-pro-exp gemini-2.0-pro-exp-02-05 gemini-2.5-pro-exp-03-25 "
        "gemini-2.5-pro-preview-03-25 gemini-2.5-pro-preview-05-06 gemini-2.5-pro-preview-06-05 gemini-3-pro-preview "
        "gemini-3.1-pro-preview-customtools"
    ),
    "gemini-2.5-flash-image": (
        "gemini-2.0-flash-exp-image-generation gemini-2.0-flash-preview-image-generation gemini-2.5-flash-image-preview"
    ),
    "gemini-3.1-flash-live-preview": (
        "gemini-2.0-flash-live-001 gemini-2.5-flash-exp-native-audio-thinking-dialog "
        "gemini-2.5-flash-preview-native-audio-dialog gemini-live-2.5-flash gemini-live-2.5-flash-preview "
        "gemini-live-2.5-flash-preview-native-audio"
    ),
}
_GOOGLE: Final = ("google", "google-gemini-cli", "google-vertex")

RETIRED: Final[tuple[Retired, ...]] = (
    Retired(
        "anthropic",
        re.compile(r"claude-opus-4(?:[-.][015])?(?:[-.:]20\d{6})?|claude-3.*opus.*"),
        "claude-opus-4-7",
    ),
    Retired(
        "anthropic",
        re.compile(r"claude-sonnet-4(?:[-.][015])?(?:[-.:]20\d{6})?|claude-3.*(?:sonnet|haiku).*"),
        "claude-sonnet-4-6",
    ),
    *(_named("openai", new, names.split()) for new, names in _GPT.items()),
    *(_named(provider, new, names.split(), refused=True) for provider in _GOOGLE for new, names in _GEMINI.items()),
)
SINCE: Final = Release.parse("2026.9.6")


def replacement(reference: str, release: Release, *, refused_only: bool = False) -> str | None:
    """What takes the place of a ``provider/model``; None if it is still served, as far as is known."""
    if release < SINCE:
        return None
    provider, slash, rest = reference.partition("/")
    model, at, profile = rest.partition("@")
    for row in RETIRED if slash else ():
        if row.provider == provider and (row.refused or not refused_only) and row.models.fullmatch(model):
            return f"{provider}/{row.new}{at}{profile}"
    return None
