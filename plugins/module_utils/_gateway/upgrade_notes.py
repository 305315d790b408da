# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person should know of an upgrade before it: what the target takes otherwise, and what has to move with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .._openclaw.errors import InvalidValue
from .._openclaw.old_forms import old_forms
from .._openclaw.paths import get, show
from .._openclaw.releases import Release, facts
from .._openclaw.upgrade_steps import bridges, first_start

_MOST = 12
"""Changes of the config that are listed."""


@dataclass(frozen=True)
class Move:
    """From one release to another. `config` is the gateway's file; None where it could not be read."""

    running: Release
    target: Release
    image: str
    config: Mapping[str, object] | None = None
    packages: Mapping[str, object] = field(default_factory=dict)
    """The declared plugins with their versions."""


def notes(move: Move) -> list[str]:
    """Sentences, the most important first; no value of the config is in them but names of models."""
    return [*_image(move), *_bridges(move), *_config(move), *_channels(move), *_plugins(move), _outage(move)]


def _image(move: Move) -> Iterator[str]:
    try:
        named = Release.from_image(move.image)
    except InvalidValue:
        yield f"the tag of {move.image} names no release, so that it holds {move.target} is not verified"
        return
    if named != move.target:
        yield f"fly_app_image names {named}, and fly_app_release is {move.target}: set both to the same release"


def _bridges(move: Move) -> Iterator[str]:
    for via, why in bridges(move.running, move.target):
        yield f"upgrade to {via} first: {why}"


def _config(move: Move) -> Iterator[str]:
    if move.config is None:
        yield "its config could not be read, so what the target renames or removes in it is unknown"
        return
    before = {path for path, _remedy in old_forms(move.config, move.running)}
    found = [(path, remedy) for path, remedy in old_forms(move.config, move.target) if path not in before]
    for path, remedy in found[:_MOST]:
        yield f"{show(path)} changes with {move.target}: {remedy[0].lower()}{remedy[1:]}"
    if len(found) > _MOST:
        yield f"{len(found) - _MOST} more keys of the config change"


def _channels(move: Move) -> Iterator[str]:
    gone = facts(move.running).bundled_channels - facts(move.target).bundled_channels
    used = get(move.config, "channels", default={})
    for channel in sorted(gone.intersection(used if isinstance(used, Mapping) else ())):
        if f"@openclaw/{channel}" not in move.packages:
            yield f"{channel} is a plugin in {move.target}: declare @openclaw/{channel} in openclaw_config_packages"


def _plugins(move: Move) -> Iterator[str]:
    """Plugins that are released with OpenClaw, under the same version."""
    for package, version in sorted(move.packages.items()):
        if package.startswith("@openclaw/") and str(version) == str(move.running) != str(move.target):
            yield f"{package} stays at {version}: set it to {move.target} in openclaw_config_packages"


def _outage(move: Move) -> str:
    seconds, measured = first_start(move.running, move.target)
    how = "was measured for these releases" if measured else "is the longest that was measured for other releases"
    return f"expect an outage of some {seconds} s until it is ready, which {how}, and seconds for the machine"
