# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a gateway contains, counted in its machine, and compared with what it contained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._base.errors import CollectionError
from .._base.waiting import until_answered
from .._converge.context import Context
from .._fly.client.api import MachinesApi
from .._fly.client.types import Machine
from .._fly.machines.remote_files import RemoteFiles
from .._fly.volumes.mounted import machine_with_volume, mounted_volume
from .._openclaw import gateway_contents
from .calls import Conversation, converse
from .cli import GatewayCli


def ask(cli: GatewayCli) -> Conversation:
    """The gateway's answers to all that is counted. Raises when it does not answer."""
    return converse(cli, list(gateway_contents.METHODS.items()), safe=True)


def counts(said: Conversation) -> dict[str, object]:
    """What its answers to `ask` contain."""
    answers = [answer.payload for answer in said.answers]
    return gateway_contents.counts(dict(zip(gateway_contents.METHODS, answers, strict=True)))


def contents_of(api: MachinesApi, app: str, machine: Machine, owner: str, context: Context) -> dict[str, Any]:
    """{release, counts}. Raises when the gateway does not answer."""
    said = ask(GatewayCli(RemoteFiles(api, app, machine["id"]), owner, progress=context.progress))
    return {"release": said.release, "counts": counts(said)}


def present_contents(api: MachinesApi, app: str, machine: Machine, owner: str, context: Context) -> dict[str, Any]:
    """{release, counts, silence}; the first two are None where `silence` is why the gateway does not answer."""
    silence = f"its machine is {machine.get('state')}"
    if machine.get("state") == "started":
        try:
            return {**contents_of(api, app, machine, owner, context), "silence": ""}
        except CollectionError as error:
            silence = error.why or error.what
    return {"release": None, "counts": None, "silence": silence}


def present_state(api: MachinesApi, app: str, machine: Machine, owner: str, context: Context) -> dict[str, Any]:
    """{machine, volume, image} beside `present_contents`."""
    image = str((machine.get("config") or {}).get("image"))
    where = {"machine": machine["id"], "volume": mounted_volume(machine), "image": image}
    return {**where, **present_contents(api, app, machine, owner, context)}


def proved_contents(
    api: MachinesApi, app: str, owner: str, timeout: float, expected: Mapping[str, Any] | None, context: Context
) -> dict[str, Any]:
    """{release, counts, missing} once the gateway answers. Raises when something of `expected` is missing."""

    def ask_it() -> dict[str, Any]:
        return contents_of(api, app, machine_with_volume(api, app), owner, context)

    return proved(ask_it, f"gateway {app}", timeout, expected, context)


def proved(
    ask_it: Callable[[], dict[str, Any]],
    where: str,
    timeout: float,
    expected: Mapping[str, Any] | None,
    context: Context,
) -> dict[str, Any]:
    """What `ask_it` returns ({release, counts}) and {missing}, once it does not raise, and nothing is missing."""
    found = until_answered("the gateway to answer", ask_it, timeout=timeout, where=where, progress=context.progress)
    missing = gateway_contents.missing(expected or {}, found["counts"])
    if missing:
        raise CollectionError(
            "the gateway does not contain what it did",
            where=where,
            why="; ".join(missing),
            todo="Look at its log (fly logs); rollback.yml goes back to a snapshot",
            **found,
            missing=missing,
        )
    return {"changed": False, **found, "missing": missing}
