# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine's configuration can be read through the API, and fly.toml by anybody: no secret may stand in either."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ..._base.errors import CollectionError
from ..._base.secret_recognition import Finding, find_in_arguments, find_in_command, find_secrets
from .definition import FlyToml

Mask = Callable[[str], object]


def refuse_secrets(toml: FlyToml, where: str, public: Iterable[str], mask: Mask = str) -> None:
    """Raise when anything in fly.toml looks like a secret: environment, commands, headers, build arguments, files.

    `public` are the names of variables, or paths, that are known not to be secret; `mask` gets each secret, so that the
    task's own arguments do not show it.
    """
    _refuse(_in_file(toml), where, public, mask)


def refuse_in_settings(
    env: Mapping[str, object], command: list[str] | None, where: str, public: Iterable[str], mask: Mask = str
) -> None:
    """The same of what a task gives a machine beside its fly.toml."""
    found = [*find_secrets(dict(env), ("env",)), *find_in_arguments(command or [], ("command",))]
    _refuse(found, where, public, mask)


def _in_file(toml: FlyToml) -> Iterator[Finding]:
    data = dict(toml.data)
    commands: list[tuple[tuple[str, ...], str]] = [
        (("processes", group), text) for group, text in (data.pop("processes", None) or {}).items()
    ]
    commands += [(("console_command",), data.pop("console_command", ""))]
    deploy = data.pop("deploy", None) or {}
    commands += [(("deploy", key), deploy.get(key, "")) for key in ("release_command", "seed_command")]
    for path, text in commands:
        if found := find_in_command(text, path):
            yield found
    yield from find_secrets(data)


def _refuse(findings: Iterable[Finding], where: str, public: Iterable[str], mask: Mask) -> None:
    known = set(public)
    found = [hit for hit in findings if not known & {hit.where, hit.where.removeprefix("env.")}]
    for hit in found:
        mask(hit.secret)
    if not found:
        return
    only_env = all(hit.path[0] == "env" for hit in found)
    names = [str(hit.path[-1]) if only_env else hit.where for hit in found]
    raise CollectionError(
        f"{'env' if only_env else 'fly.toml'} holds what looks like a secret: {', '.join(sorted(set(names)))}",
        where=where,
        why="; ".join(f"{hit.where} is {hit.reason}" for hit in found) + "; fly.toml and env can be read by others",
        todo="Make it a secret (fly_secrets, fly_app_secrets), which the machine gets as an environment variable; or "
        "name it in public_env (fly_app_public_env) if it is not secret",
        names=sorted(set(names)),
    )
