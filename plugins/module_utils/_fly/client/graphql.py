# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fly.io's GraphQL API, for the few things that no other API does: WireGuard peers, limited tokens, what
a registry has.

Source: Fly.io's GraphQL schema as flyctl ships it (2026-08).
"""

from __future__ import annotations

from typing import Required, TypedDict, TypeVar, cast

from ..._base.printable import one_line
from .edge import Door
from .errors import FlyError, Forbidden, NotFound, not_the_api
from .shapes import Mismatch, typed, typed_list
from .transport import Transport
from .types import Json, Time

T = TypeVar("T")
_PEERS = """
query($slug: String!, $after: String) { organization(slug: $slug) { id slug wireGuardPeers(first: 200, after: $after) {
  nodes { id name pubkey region network peerip } pageInfo { hasNextPage endCursor } } } }
"""
_ADD_PEER = """
mutation($input: AddWireGuardPeerInput!) { addWireGuardPeer(input: $input) { peerip endpointip pubkey network } }
"""
_REMOVE_PEER = """
mutation($input: RemoveWireGuardPeerInput!) { removeWireGuardPeer(input: $input) { organization { id } } }
"""
_APP_TOKENS = """
query($name: String!, $after: String) { app(name: $name) { id organization { id slug }
  limitedAccessTokens(first: 200, after: $after) {
    nodes { id name createdAt expiresAt revokedAt } pageInfo { hasNextPage endCursor } } } }
"""
_CREATE_TOKEN = """
mutation($input: CreateLimitedAccessTokenInput!) { createLimitedAccessToken(input: $input) {
  limitedAccessToken { id tokenHeader } } }
"""
_DELETE_TOKEN = """
mutation($input: DeleteLimitedAccessTokenInput!) { deleteLimitedAccessToken(input: $input) { token } }
"""
_IMAGE = """
query($name: String!, $ref: String!) { app(name: $name) { id image(ref: $ref) { digest } } }
"""
_ADDRESSES = """
query($slug: String!, $after: String) { organization(slug: $slug) { id apps(first: 100, after: $after) {
  nodes { name sharedIpAddress ipAddresses(first: 50) { nodes { address type } } }
  pageInfo { hasNextPage endCursor } } } }
"""


class PageInfo(TypedDict, total=False):
    hasNextPage: bool | None
    endCursor: str | None


class Page(TypedDict, total=False):
    nodes: list[dict[str, object] | None] | None
    pageInfo: PageInfo | None


class Owner(TypedDict, total=False):
    """An app or an organization, with one list of what is its own."""

    id: Required[str]
    slug: str | None
    wireGuardPeers: Page | None
    limitedAccessTokens: Page | None
    apps: Page | None


class OrganizationId(TypedDict, total=False):
    id: Required[str]
    slug: str | None


class AppOwner(Owner, total=False):
    organization: Required[OrganizationId]


class AddressNode(TypedDict, total=False):
    address: Required[str]
    type: Required[str]


class AddressPage(TypedDict, total=False):
    nodes: list[AddressNode | None] | None


class AppAddresses(TypedDict, total=False):
    name: Required[str]
    sharedIpAddress: str | None
    ipAddresses: AddressPage | None


class PeerNode(TypedDict, total=False):
    id: str | None
    name: Required[str]
    pubkey: str | None
    region: str | None
    network: str | None
    peerip: str | None


class TokenNode(TypedDict, total=False):
    id: Required[str]
    name: str | None
    createdAt: Required[Time]
    expiresAt: Required[Time]
    revokedAt: Time | None


class AddedPeer(TypedDict, total=False):
    peerip: Required[str]
    """Our address."""
    endpointip: Required[str]
    """The gateway's name."""
    pubkey: Required[str]
    """The gateway's key."""
    network: str | None


class MadeToken(TypedDict, total=False):
    id: Required[str]
    tokenHeader: Required[str]


class CreatedToken(TypedDict, total=False):
    limitedAccessToken: Required[MadeToken]


class Image(TypedDict, total=False):
    digest: str | None


class ImageOwner(TypedDict, total=False):
    image: Image | None


class GraphqlError(TypedDict, total=False):
    message: str | None
    extensions: dict[str, object] | None


class GraphqlAnswer(TypedDict, total=False):
    data: dict[str, object] | None
    errors: list[GraphqlError] | None


_OWNERS: dict[str, type[Owner]] = {"app": AppOwner}


class GraphqlApi:
    """One method an operation. An answer with errors is an error, whatever its status."""

    def __init__(self, transport: Transport) -> None:
        self._http = transport
        self._door = Door(transport)

    def peers(self, org: str) -> tuple[str, list[PeerNode]]:
        """The organization's id and its WireGuard peers: {id, name, pubkey, region, network, peerip}."""
        owner, nodes = self._nodes(_PEERS, {"slug": org}, "organization", "wireGuardPeers", PeerNode)
        return owner["id"], nodes

    def add_peer(self, org_id: str, name: str, pubkey: str, region: str | None, network: str | None) -> AddedPeer:
        given: dict[str, object] = {"organizationId": org_id, "name": name, "pubkey": pubkey, "nats": False}
        given |= {key: value for key, value in (("region", region), ("network", network)) if value}
        return self._run(AddedPeer, _ADD_PEER, {"input": given}, "addWireGuardPeer", safe=False)

    def remove_peer(self, org_id: str, name: str) -> None:
        given = {"organizationId": org_id, "name": name, "nats": False}
        self._run(dict, _REMOVE_PEER, {"input": given}, "removeWireGuardPeer", safe=False)

    def app_tokens(self, app: str) -> tuple[AppOwner, list[TokenNode]]:
        """The app {id, organization} and its limited tokens {id, name, createdAt, expiresAt, revokedAt}."""
        app_, nodes = self._nodes(_APP_TOKENS, {"name": app}, "app", "limitedAccessTokens", TokenNode)
        return cast(AppOwner, app_), nodes

    def create_deploy_token(self, org_id: str, app_id: str, name: str, expiry: str) -> tuple[str, str]:
        """Returns the token's id and its value, which Fly.io never shows again. `expiry` is a Go duration."""
        given = {
            "organizationId": org_id,
            "name": name,
            "profile": "deploy",
            "profileParams": {"app_id": app_id},
            "expiry": expiry,
        }
        answer = self._run(CreatedToken, _CREATE_TOKEN, {"input": given}, "createLimitedAccessToken", safe=False)
        made = answer["limitedAccessToken"]
        return made["id"], made["tokenHeader"]

    def delete_token(self, identity: str) -> None:
        self._run(dict, _DELETE_TOKEN, {"input": {"id": identity}}, "deleteLimitedAccessToken", safe=False)

    def image_digest(self, app: str, reference: str) -> str | None:
        """The digest of an image that is in a registry which Fly.io can read for this app."""
        try:
            found = self._run(ImageOwner, _IMAGE, {"name": app, "ref": reference}, "app", safe=True)
        except NotFound:
            return None
        return (found.get("image") or {}).get("digest")

    def addresses(self, org: str) -> dict[str, list[Json]]:
        """The addresses {ip, type} of all apps of an organization, by app; type as in `facts.addresses`."""
        _owner, nodes = self._nodes(_ADDRESSES, {"slug": org}, "organization", "apps", AppAddresses)
        found: dict[str, list[Json]] = {}
        for node in nodes:
            listed = (node.get("ipAddresses") or {}).get("nodes") or []
            held = [{"ip": entry["address"], "type": entry["type"]} for entry in listed if entry]
            shared = node.get("sharedIpAddress")
            found[node["name"]] = held + ([{"ip": shared, "type": "shared_v4"}] if shared else [])
        return found

    def _nodes(
        self, query: str, variables: dict[str, object], root: str, connection: str, node: type[T]
    ) -> tuple[Owner, list[T]]:
        """The owner, and what all pages of one of its lists hold, each a `node`."""
        owners: list[Owner] = []

        def page(cursor: str) -> tuple[list[dict[str, object]], str]:
            owner = self._run(_OWNERS.get(root, Owner), query, {**variables, "after": cursor or None}, root, safe=True)
            owners.append(owner)
            found: Page = owner.get(connection) or {}  # type: ignore[assignment]  # the key is the query's
            info = found.get("pageInfo") or {}
            after = info.get("endCursor") or ""
            if info.get("hasNextPage") and not after:
                raise not_the_api(_place(root, variables), self._http.base, "pageInfo.endCursor is missing")
            return [node for node in found.get("nodes") or [] if node], after if info.get("hasNextPage") else ""

        nodes = list(self._door.pages(_place(root, variables), page))
        try:
            return owners[-1], typed_list(node, nodes)
        except Mismatch as error:
            raise not_the_api(_place(root, variables), self._http.base, f"{connection}: {error}") from None

    def _run(self, shape: type[T], query: str, variables: dict[str, object], field: str, *, safe: bool) -> T:
        """Send an operation; return its one field. `safe`: it changes nothing and may be sent again."""
        sent = {"query": " ".join(query.split()), "variables": variables}
        answer = self._http.request("POST", "/graphql", body=sent, safe=safe)
        where = _place(field, variables)
        try:
            body = typed(GraphqlAnswer, answer.body)
            found = (body.get("data") or {}).get(field)
            if body.get("errors") or found is None:
                raise _error(body.get("errors") or [], where, answer.request_id)
            return typed(shape, found)
        except Mismatch as error:
            raise not_the_api(where, self._http.base, str(error), answer.request_id) from None


def _place(field: str, variables: dict[str, object]) -> str:
    """The app or organization that an operation is about, and the operation."""
    given = variables.get("input")
    thing = f"app {variables['name']}" if "name" in variables else ""
    thing = thing or (f"organization {variables['slug']}" if "slug" in variables else "")
    thing = thing or (str(given["name"]) if isinstance(given, dict) and given.get("name") else "")
    return f"{thing} (GraphQL {field})" if thing else f"GraphQL {field}"


def _error(errors: list[GraphqlError], where: str, request_id: str | None) -> FlyError:
    why = one_line("; ".join(str(error.get("message")) for error in errors), 600) or "the answer is empty"
    code = next((str((error.get("extensions") or {}).get("code") or "") for error in errors), "")
    facts: dict[str, object] = {"code": one_line(code, 60), "request_id": request_id}
    if code in ("UNAUTHORIZED", "FORBIDDEN"):
        todo = "Use an organization's token (fly tokens create org), not an app's deploy token"
        return Forbidden("the API token is not allowed to do this", where=where, why=why, todo=todo, **facts)
    if code == "NOT_FOUND" or "could not find" in why.lower():
        return NotFound("Fly.io does not know it", where=where, why=why, todo="Check the name", **facts)
    return FlyError(
        "Fly.io refuses this", where=where, why=why, todo="Correct what Fly.io names, and run again", **facts
    )
