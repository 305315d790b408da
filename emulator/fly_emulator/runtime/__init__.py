"""How machines run: one tier per file, one contract in `base`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .base import Runtime

TIERS = ("auto", "sandbox", "container", "process")


class RuntimeUnavailable(Exception):
    """The tier cannot run machines here; the text says why and what would help."""


async def select(tier: str, state_dir: Path) -> Runtime:
    """Return the tier that works here, found out by running a machine in it.

    `auto` takes the sandbox, else a container, which gives the same but starts ten times slower, else the process
    tier with the others' reasons in `guarantees.missing`. `state_dir` is where the machines' volumes will be, so that
    the probes write there too. Raises RuntimeUnavailable.
    """
    # Imported here because the holder, on the bare standard library, lives below this package.
    from .container import ContainerRuntime
    from .process import ProcessRuntime
    from .sandbox import SandboxRuntime

    if tier not in TIERS:
        raise RuntimeUnavailable(f"There is no runtime tier {tier!r}. Use one of: {', '.join(TIERS)}.")
    reasons: dict[str, str] = {}
    for name, probe in (("sandbox", SandboxRuntime.probe), ("container", ContainerRuntime.probe)):
        if tier in ("auto", name):
            found = await probe(state_dir)
            if not isinstance(found, str):
                return found
            reasons[name] = found
            if tier == name:
                raise RuntimeUnavailable(f"The {name} tier does not work here: {found} Or use the process tier.")
    return ProcessRuntime(reasons)
