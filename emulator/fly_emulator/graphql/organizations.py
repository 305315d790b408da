"""Organisations, their members, and who calls."""

from __future__ import annotations

from typing import Any

from ..errors import NotFound
from ..platform.call import Call
from . import nodes
from .connections import Connection


def organization(call: Call, id: str | None = None, slug: str | None = None) -> nodes.OrganizationNode:
    if id is not None:
        return nodes.organization(call, call.organization_by_id(id))
    if slug not in call.context.settings.org_slugs:
        raise NotFound("Could not find Organization")
    call.require_organization(str(slug))
    return nodes.organization(call, str(slug))


def organizations(call: Call, admin: bool | None = None, **page: Any) -> Connection:
    return Connection([nodes.OrganizationNode(org) for org in call.organizations()], **page)


def personal_organization(call: Call) -> nodes.OrganizationNode:
    return organization(call, slug="personal")


def viewer(call: Call) -> nodes.UserNode | nodes.MacaroonNode:
    caller = call.caller
    kind = nodes.MacaroonNode if caller.value in call.context.minted else nodes.UserNode
    return kind(caller.owner)
