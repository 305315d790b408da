"""POST /graphql: run an operation and answer as Fly does: 200, with errors beside the data."""

from __future__ import annotations

import inspect
import logging
from typing import Any

from aiohttp import web
from graphql import DocumentNode, ExecutionResult, GraphQLError, execute, validate

from ..errors import PlatformError, invalid
from ..platform.call import Call
from ..web import request as r
from ..web.operations import chosen, parsed
from . import apps, images, ips, machines, organizations, platform, releases, tokens, wireguard
from .schema import resolve_field, resolve_type, schema

routes = web.RouteTableDef()
LOG = logging.getLogger("fly_emulator.graphql")
NOT_SERVED = ("Cannot query field", "Unknown argument", "Unknown type")
CODES = {
    "unauthenticated": "UNAUTHORIZED",
    "forbidden": "UNAUTHORIZED",
    "not_found": "NOT_FOUND",
    "conflict": "CONFLICT",
    "unimplemented": "NOT_IMPLEMENTED",
    "internal": "SERVER_ERROR",
    "not_saved": "SERVER_ERROR",
    "unchanged": "UNCHANGED",
}
QUERIES = {
    "app": apps.app,
    "appNameAvailable": apps.name_available,
    "apps": apps.apps,
    "canPerformBluegreenDeployment": apps.can_perform_bluegreen_deployment,
    "latestImageDetails": images.latest_details,
    "machine": machines.machine,
    "nearestRegion": platform.nearest_region,
    "organization": organizations.organization,
    "organizations": organizations.organizations,
    "personalOrganization": organizations.personal_organization,
    "platform": platform.platform,
    "viewer": organizations.viewer,
    "volume": machines.volume,
}
MUTATIONS = {
    "addWireGuardPeer": wireguard.add_peer,
    "allocateIpAddress": ips.allocate,
    "createApp": apps.create,
    "createBuild": releases.create_build,
    "createLimitedAccessToken": tokens.create,
    "createRelease": releases.create,
    "deleteApp": apps.delete,
    "deleteLimitedAccessToken": tokens.delete,
    "finishBuild": releases.finish_build,
    "releaseIpAddress": ips.release,
    "removeWireGuardPeer": wireguard.remove_peer,
    "setSecrets": apps.set_secrets,
    "unsetSecrets": apps.unset_secrets,
    "updateRelease": releases.update,
    "validateWireGuardPeers": wireguard.validate_peers,
}


@routes.post("/graphql")
async def graphql(request: web.Request) -> web.Response:
    sent = await r.body(request)
    query, variables, name = sent.get("query"), sent.get("variables") or {}, sent.get("operationName") or None
    if not isinstance(query, str) or not isinstance(variables, dict):
        raise invalid("a GraphQL request has a query and variables")
    try:
        document = parsed(query)
    except GraphQLError as error:
        return web.json_response({"errors": [error.formatted]})
    problems = validate(schema(), document)
    if problems:
        return _refused(problems)
    return _answer(await _run(r.call(request), document, variables, name))


async def _run(call: Call, document: DocumentNode, variables: dict[str, Any], name: str | None) -> Any:
    operation = chosen(document, name)
    writes = operation is not None and operation.operation.value == "mutation"
    result = execute(
        schema(),
        document,
        root_value=MUTATIONS if writes else QUERIES,
        context_value=call,
        variable_values=variables,
        operation_name=name,
        field_resolver=resolve_field,
        type_resolver=resolve_type,
    )
    return await result if inspect.isawaitable(result) else result


def _refused(problems: list[GraphQLError]) -> web.Response:
    """What the schema lacks may be Fly's all the same: it is named, and not guessed at."""
    missing = [problem for problem in problems if problem.message.startswith(NOT_SERVED)]
    shown = [
        {
            **problem.formatted,
            "message": f"not implemented by the emulator: GraphQL: {problem.message}",
            "extensions": {"code": "NOT_IMPLEMENTED"},
        }
        for problem in missing
    ]
    return web.json_response(
        {"errors": shown or [problem.formatted for problem in problems]}, status=501 if missing else 200
    )


def _answer(result: ExecutionResult) -> web.Response:
    errors = [_error(error) for error in result.errors or []]
    status = 501 if any(error.get("extensions", {}).get("code") == "NOT_IMPLEMENTED" for error in errors) else 200
    return web.json_response({"data": result.data, **({"errors": errors} if errors else {})}, status=status)


def _error(error: GraphQLError) -> dict[str, Any]:
    shown: dict[str, Any] = dict(error.formatted)
    cause = error.original_error
    if isinstance(cause, PlatformError):
        shown["extensions"] = {"code": CODES.get(cause.code, "INVALID")}
    elif cause is not None:
        LOG.error("a resolver failed at %s", error.path, exc_info=cause)
        shown["message"] = f"internal: the emulator failed: {type(cause).__name__}"
        shown["extensions"] = {"code": "SERVER_ERROR"}
    return shown
