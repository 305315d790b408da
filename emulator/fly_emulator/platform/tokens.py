"""Tokens that the API gives out: deploy tokens and organisation tokens; they survive a restart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .. import durations, ids, macaroon
from ..context import Context
from ..errors import invalid
from ..settings import Token
from ..state.model import LimitedToken


def lifetime(expiry: Any) -> float:
    """Seconds that a token is good for, 20 years when nothing is said; raises InvalidArgument."""
    try:
        return durations.parse(expiry or "175200h")
    except ValueError as error:
        raise invalid(f"expiry: {error}") from error


def mint(
    context: Context, org: str, apps: tuple[str, ...] | None, name: str, profile: str, expiry: Any
) -> LimitedToken:
    """Give out a token for these apps of the organisation, None for all of them."""
    now, seconds = context.clock.now(), lifetime(expiry)
    record = context.store.organization(org)
    token = LimitedToken(
        id=ids.node_id(),
        name=name,
        value=macaroon.token(ids.digest("organization", org), int(now), int(now + seconds)),
        profile=profile,
        apps=None if apps is None else list(apps),
        owner=f"deploy-token@{apps[0] if apps else org}",
        created_at=now,
        expires_at=now + seconds,
    )
    with context.store.changing(record):
        record.tokens[token.id] = token
    _accept(context, org, token)
    return token


def all_of(context: Context) -> Iterator[tuple[str, LimitedToken]]:
    """Every token given out, with its organisation's slug."""
    for record in context.store.organizations.values():
        for token in record.tokens.values():
            yield record.slug, token


def revoke(context: Context, org: str, token: LimitedToken) -> None:
    with context.store.changing(context.store.organization(org)):
        token.revoked_at = context.clock.now()
    context.minted.pop(token.value, None)


def resume(context: Context) -> None:
    """Accept the tokens given out before a restart."""
    for slug, token in all_of(context):
        if token.revoked_at is None:
            _accept(context, slug, token)


def _accept(context: Context, org: str, token: LimitedToken) -> None:
    apps = None if token.apps is None else tuple(token.apps)
    context.minted[token.value] = Token(token.value, token.owner, (org,), apps, token.expires_at)
