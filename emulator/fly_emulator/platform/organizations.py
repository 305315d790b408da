"""Organisations: who they are."""

from __future__ import annotations

from ..context import Context
from ..settings import Organization

BUILDER_IMAGE = "flyio/rchab"


def named(context: Context, slug: str) -> Organization:
    """The organisation of an app, which whoever sees the app may see."""
    known = {org.slug: org for org in context.settings.orgs}
    return known.get(slug) or Organization(slug)
