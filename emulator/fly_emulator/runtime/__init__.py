"""How machines run: one tier per file, one contract in `base`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .base import Runtime

TIERS = ("auto", "sandbox", "process")


class RuntimeUnavailable(Exception):
    """The tier cannot run machines here; the text says why and what would help."""


async def select(tier: str, state_dir: Path) -> Runtime:
    """Return the tier that works here, found out by running `true` in it.

    `auto` takes the sandbox, else the process tier with the sandbox's reason in `guarantees.missing`.
    `state_dir` is where the machines' volumes will be, so that the probe writes there too. Raises RuntimeUnavailable.
    """
    # Imported here because the holder, on the bare standard library, lives below this package.
    from .process import ProcessRuntime
    from .sandbox import SandboxRuntime

    if tier not in TIERS:
        raise RuntimeUnavailable(f"There is no runtime tier {tier!r}. Use one of: {', '.join(TIERS)}.")
    reason = ""
    if tier in ("auto", "sandbox"):
        sandbox = await SandboxRuntime.probe(state_dir)
        if isinstance(sandbox, SandboxRuntime):
            return sandbox
        if tier == "sandbox":
            raise RuntimeUnavailable(f"The sandbox tier does not work here: {sandbox} Or use the process tier.")
        reason = sandbox
    return ProcessRuntime(reason)
