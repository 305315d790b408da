# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The token that a gateway has already, read from its running machine.

Fly.io never returns a secret's value. The machine has it in its environment, so whoever may run a command there may
know it. Without this, a run from a controller that has no token would make a new one and lock everybody out.
"""

from __future__ import annotations

from .._base.errors import CollectionError
from .._fly.client.api import MachinesApi
from .._fly.client.errors import FlyError, Forbidden, NameTaken
from .._fly.client.types import Machine
from .._fly.machines.config import in_maintenance
from .._fly.machines.deployed import is_live
from .._fly.machines.remote_files import ON_ITS_WAY, RemoteFiles

NAME = "OPENCLAW_GATEWAY_TOKEN"
_PRINT = 'printf %s "${OPENCLAW_GATEWAY_TOKEN-}"'


def current_token(api: MachinesApi, app: str) -> str | None:
    """The gateway's token; None when the app has none. Raises when it has one that cannot be read."""
    try:
        listed = api.secrets(app) or []
    except Forbidden as error:
        raise NameTaken.of(f"app {app}", error) from error
    if all(entry.get("name") != NAME for entry in listed):
        return None
    machines = [machine for machine in api.machines(app) or [] if is_live(machine)]
    # One that starts just now is waited for where the command is run.
    started = [machine for machine in machines if machine.get("state") in ("started", *ON_ITS_WAY)]
    failure: CollectionError | None = None
    for machine in sorted(started, key=_in_maintenance):
        try:
            if token := _read(api, app, machine):
                return token
        except FlyError as error:
            failure = error
    if started and failure is None and all(map(_in_maintenance, machines)):
        return None  # no gateway ever ran with it, so nobody has it
    raise _unavailable(app, machines, failure)


def _read(api: MachinesApi, app: str, machine: Machine) -> str:
    answer = RemoteFiles(api, app, machine["id"]).run(["sh", "-c", _PRINT], safe=True)
    return "" if answer["exit_code"] else str(answer["stdout"]).strip()


def _in_maintenance(machine: Machine) -> bool:
    return in_maintenance(machine.get("config") or {})


def _unavailable(app: str, machines: list[Machine], failure: CollectionError | None) -> CollectionError:
    why = "it has no machine"
    if failure is not None:
        why = failure.why or failure.what
    elif machines:
        states = ", ".join(f"{machine['id']} is {machine.get('state')}" for machine in machines)
        why = f"no running machine has it ({states})"
    start = f"Start the machine (fly machine start -a {app}), or provide" if machines and not failure else "Provide"
    return CollectionError(
        "the gateway has a token that this controller does not have, and it cannot be read from the machine",
        where=f"gateway {app}",
        why=why,
        todo=f"{start} the token as fly_app_gateway_token or in the file fly_app_gateway_token_file. A new token there "
        "replaces the old one and locks its users out",
    )
