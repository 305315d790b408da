# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fly.io's GraphQL API, for the few things that no other API does: WireGuard peers, limited tokens, what
a registry has.

Source: Fly.io's GraphQL schema as flyctl ships it (2026-08).
"""

from __future__ import annotations

from typing import Any

from .errors import FlyError, Forbidden, NotFound
from .transport import Transport

Json = dict[str, Any]
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


class GraphqlApi:
    """One method an operation. An answer with errors is an error, whatever its status."""

    def __init__(self, transport: Transport) -> None:
        self._http = transport

    def peers(self, org: str) -> tuple[str, list[Json]]:
        """The organization's id and its WireGuard peers: {id, name, pubkey, region, network, peerip}."""
        owner, nodes = self._pages(_PEERS, {"slug": org}, "organization", "wireGuardPeers")
        return str(owner["id"]), nodes

    def add_peer(self, org_id: str, name: str, pubkey: str, region: str | None, network: str | None) -> Json:
        """Returns {peerip, endpointip, pubkey, network}: our address, and the gateway's name and key."""
        given: Json = {"organizationId": org_id, "name": name, "pubkey": pubkey, "nats": False}
        given |= {key: value for key, value in (("region", region), ("network", network)) if value}
        answer: Json = self._run(_ADD_PEER, {"input": given}, "addWireGuardPeer", safe=False)
        return answer

    def remove_peer(self, org_id: str, name: str) -> None:
        given = {"organizationId": org_id, "name": name, "nats": False}
        self._run(_REMOVE_PEER, {"input": given}, "removeWireGuardPeer", safe=False)

    def app_tokens(self, app: str) -> tuple[Json, list[Json]]:
        """The app {id, organization} and its limited tokens {id, name, createdAt, expiresAt, revokedAt}."""
        return self._pages(_APP_TOKENS, {"name": app}, "app", "limitedAccessTokens")

    def create_deploy_token(self, org_id: str, app_id: str, name: str, expiry: str) -> tuple[str, str]:
        """Returns the token's id and its value, which Fly.io never shows again. `expiry` is a Go duration."""
        given = {
            "organizationId": org_id,
            "name": name,
            "profile": "deploy",
            "profileParams": {"app_id": app_id},
            "expiry": expiry,
        }
        answer = self._run(_CREATE_TOKEN, {"input": given}, "createLimitedAccessToken", safe=False)
        made = answer["limitedAccessToken"]
        return str(made["id"]), str(made["tokenHeader"])

    def delete_token(self, identity: str) -> None:
        self._run(_DELETE_TOKEN, {"input": {"id": identity}}, "deleteLimitedAccessToken", safe=False)

    def image_digest(self, app: str, reference: str) -> str | None:
        """The digest of an image that is in a registry which Fly.io can read for this app."""
        try:
            found = self._run(_IMAGE, {"name": app, "ref": reference}, "app", safe=True)
        except NotFound:
            return None
        return (found.get("image") or {}).get("digest")

    def addresses(self, org: str) -> dict[str, list[Json]]:
        """The addresses {ip, type} of all apps of an organization, by app; type as in `facts.addresses`."""
        _owner, nodes = self._pages(_ADDRESSES, {"slug": org}, "organization", "apps")
        found: dict[str, list[Json]] = {}
        for node in nodes:
            listed = (node.get("ipAddresses") or {}).get("nodes") or []
            held = [{"ip": entry["address"], "type": entry["type"]} for entry in listed if entry]
            shared = node.get("sharedIpAddress")
            found[node["name"]] = held + ([{"ip": shared, "type": "shared_v4"}] if shared else [])
        return found

    def _pages(self, query: str, variables: Json, root: str, connection: str) -> tuple[Json, list[Json]]:
        nodes: list[Json] = []
        after: str | None = None
        while True:
            owner: Json = self._run(query, {**variables, "after": after}, root, safe=True)
            page = owner.pop(connection)
            nodes += [node for node in page["nodes"] or [] if node]
            if not page["pageInfo"]["hasNextPage"]:
                return owner, nodes
            after = page["pageInfo"]["endCursor"]

    def _run(self, query: str, variables: Json, field: str, *, safe: bool) -> Json:
        """Send an operation; return its one field. `safe`: it changes nothing and may be sent again."""
        sent = {"query": " ".join(query.split()), "variables": variables}
        answer = self._http.request("POST", "/graphql", body=sent, safe=safe)
        body = answer.body if isinstance(answer.body, dict) else {}
        found = (body.get("data") or {}).get(field)
        if body.get("errors") or found is None:
            raise _error(body.get("errors") or [], field, answer.request_id)
        result: Json = found
        return result


def _error(errors: list[Json], field: str, request_id: str | None) -> FlyError:
    why = "; ".join(str(error.get("message")) for error in errors) or "the answer is empty"
    code = next((str((error.get("extensions") or {}).get("code") or "") for error in errors), "")
    facts: Json = {"code": code, "request_id": request_id}
    where = f"GraphQL {field}"
    if code in ("UNAUTHORIZED", "FORBIDDEN"):
        todo = "Use an organization's token (fly tokens create org), not an app's deploy token"
        return Forbidden("the API token may not do this", where=where, why=why, todo=todo, **facts)
    if code == "NOT_FOUND" or "could not find" in why.lower():
        return NotFound("Fly.io does not know it", where=where, why=why, todo="Check the name", **facts)
    return FlyError("Fly.io refuses this", where=where, why=why, **facts)
