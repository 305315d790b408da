"""Leases of machines: who holds one may write, others may not."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from .. import durations
from ..context import Context
from ..errors import LeaseHeld, LeaseNotFound, invalid
from ..state.model import App, Lease, Machine


def held(context: Context, machine: Machine) -> Lease | None:
    """The lease that holds now; an expired one counts for nothing."""
    lease = machine.lease
    return lease if lease is not None and lease.expires_at > context.clock.now() else None


def find(context: Context, machine: Machine) -> Lease:
    lease = held(context, machine)
    if lease is None:
        raise LeaseNotFound("lease not found")
    return lease


def require(context: Context, machine: Machine, nonce: str | None, by_write: bool = True) -> None:
    """Refuse a write, or a lease, for whoever does not hold the machine's."""
    lease = held(context, machine)
    if lease is not None and nonce != lease.nonce:
        raise LeaseHeld(
            f"{'aborted: ' if by_write else ''}machine ID {machine.id} lease currently held by {lease.owner}, "
            f"expires at {durations.rfc3339(lease.expires_at)}",
            by_write,
        )


@dataclass(frozen=True)
class Holder:
    owner: str
    description: str = ""


def grant(context: Context, app: App, machine: Machine, holder: Holder, ttl: int) -> Lease:
    """A new lease of `ttl` seconds."""
    expires = context.clock.now() + ttl
    lease = Lease(secrets.token_hex(6), expires, holder.owner, holder.description, machine.current.version)
    with context.store.changing(app):
        machine.lease = lease
    return lease


def acquire(context: Context, app: App, machine: Machine, holder: Holder, ttl: int, nonce: str | None) -> Lease:
    """Grant a lease, or prolong the one that the caller holds by its nonce; raises LeaseHeld."""
    if ttl < 1:
        raise invalid("ttl must be at least 1 second")
    require(context, machine, nonce, by_write=False)
    lease = held(context, machine)
    if lease is None:
        return grant(context, app, machine, holder, ttl)
    with context.store.changing(app):
        lease.expires_at = context.clock.now() + ttl
        lease.version = machine.current.version
    return lease


def release(context: Context, app: App, machine: Machine, nonce: str | None) -> None:
    find(context, machine)
    require(context, machine, nonce, by_write=False)
    with context.store.changing(app):
        machine.lease = None
