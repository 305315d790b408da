"""Tokens that the API gives out: deploy tokens and organisation tokens; they survive a restart."""

from __future__ import annotations

from . import ids, macaroon
from .context import Context
from .settings import Token
from .state.model import LimitedToken


def mint(
    context: Context, org: str, apps: tuple[str, ...] | None, name: str, profile: str, lifetime: float
) -> LimitedToken:
    """Give out a token for these apps of the organisation, None for all of them; `lifetime` in seconds."""
    now = context.clock.now()
    record = context.store.organization(org)
    token = LimitedToken(
        id=ids.node_id(),
        name=name,
        value=macaroon.token(ids.digest("organization", org), int(now), int(now + lifetime)),
        profile=profile,
        apps=None if apps is None else list(apps),
        owner=f"deploy-token@{apps[0] if apps else org}",
        created_at=now,
        expires_at=now + lifetime,
    )
    record.tokens[token.id] = token
    context.store.save_organization(record)
    _accept(context, org, token)
    return token


def revoke(context: Context, org: str, token: LimitedToken) -> None:
    token.revoked_at = context.clock.now()
    context.minted.pop(token.value, None)
    context.store.save_organization(context.store.organization(org))


def restore(context: Context) -> None:
    """Accept the tokens given out before a restart."""
    for record in context.store.organizations.values():
        for token in record.tokens.values():
            if token.revoked_at is None:
                _accept(context, record.slug, token)


def _accept(context: Context, org: str, token: LimitedToken) -> None:
    apps = None if token.apps is None else tuple(token.apps)
    context.minted[token.value] = Token(token.value, token.owner, (org,), apps, token.expires_at)
