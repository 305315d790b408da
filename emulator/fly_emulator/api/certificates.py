"""/apps/{app}/certificates: custom host names, by ACME or with a certificate that the user brings."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from .. import durations
from ..context import Context
from ..platform import certificates
from ..state.model import App, Hostname
from ..web import request as r

routes = web.RouteTableDef()
PATH = "/v1/apps/{app_name}/certificates"
HOST = PATH + "/{hostname}"


def detail(context: Context, app: App, host: Hostname) -> dict[str, Any]:
    there = certificates.points_here(context, host)
    status = "active" if there else "pending_validation"
    held: list[dict[str, Any]] = []
    if host.acme_requested:
        issued = host.acme_issued_at
        expires = durations.rfc3339(issued + certificates.ACME_LIFETIME) if issued else None
        entry: dict[str, Any] = {"source": "fly", "status": status, "created_at": durations.rfc3339(host.created_at)}
        if expires:
            one = {"type": "ecdsa", "expires_at": expires, "certificate_authority": "lets_encrypt"}
            entry |= {"issuer": "Let's Encrypt", "expires_at": expires, "issued": [one]}
        held.append(entry)
    if host.custom:
        held.append(
            {
                "source": "custom",
                "status": status,
                "created_at": durations.rfc3339(host.custom.created_at),
                "expires_at": durations.rfc3339(host.custom.expires_at),
                "issuer": host.custom.issuer,
            }
        )
    return {
        "hostname": host.name,
        "configured": certificates.configured(context, host),
        "acme_requested": host.acme_requested,
        "status": status,
        "dns_provider": "",
        "certificates": held,
        "dns_requirements": certificates.requirements(app, host),
        "validation": {
            "dns_configured": there,
            "alpn_configured": there,
            "http_configured": there,
            "ownership_txt_configured": there,
        },
        "validation_errors": [] if there else [_unset(host)],
    }


def _unset(host: Hostname) -> dict[str, str]:
    return {
        "code": "dns_not_configured",
        "message": f"No A, AAAA or CNAME record of {host.name} points to this app",
        "remediation": "Set the records of dns_requirements",
        "timestamp": durations.rfc3339(host.updated_at),
    }


def summary(context: Context, host: Hostname) -> dict[str, Any]:
    there = certificates.points_here(context, host)
    return {
        "hostname": host.name,
        "configured": certificates.configured(context, host),
        "acme_requested": host.acme_requested,
        "acme_dns_configured": there,
        "acme_alpn_configured": there,
        "acme_http_configured": there,
        "ownership_txt_configured": there,
        "has_fly_certificate": host.acme_issued_at is not None,
        "has_custom_certificate": host.custom is not None,
        "status": "active" if there else "pending_validation",
        "dns_provider": "",
        "created_at": durations.rfc3339(host.created_at),
        "updated_at": durations.rfc3339(host.updated_at),
    }


def _found(request: web.Request) -> tuple[App, Hostname]:
    """The app and the host name of the path."""
    app = r.app(request)
    return app, certificates.find(app, request.match_info["hostname"])


@routes.get(PATH)
async def list_certificates(request: web.Request) -> web.Response:
    app = r.app(request)
    limit = r.integer(request.query.get("limit") or 25, "limit")
    start = r.integer(request.query.get("cursor") or 0, "cursor")
    names = [name for name in sorted(app.hostnames) if request.query.get("filter", "") in name]
    page = [summary(r.context(request), app.hostnames[name]) for name in names[start : start + limit]]
    following = str(start + limit) if start + limit < len(names) else ""
    return web.json_response({"certificates": page, "next_cursor": following, "total_count": len(names)})


@routes.post(PATH + "/acme")
async def request_acme(request: web.Request) -> web.Response:
    context, app, sent = r.context(request), r.app(request), await r.body(request)
    host = certificates.request_acme(context, app, str(sent.get("hostname") or ""))
    return web.json_response(detail(context, app, host), status=201)


@routes.post(PATH + "/custom")
async def bring_custom(request: web.Request) -> web.Response:
    context, app, sent = r.context(request), r.app(request), await r.body(request)
    name = str(sent.get("hostname") or "")
    host = certificates.bring(context, app, name, sent.get("fullchain"), sent.get("private_key"))
    return web.json_response(detail(context, app, host), status=201)


@routes.get(HOST)
async def get_certificate(request: web.Request) -> web.Response:
    return web.json_response(detail(r.context(request), *_found(request)))


@routes.delete(HOST)
async def delete_hostname(request: web.Request) -> web.Response:
    certificates.remove(r.context(request), *_found(request))
    return web.Response(status=204)


@routes.delete(HOST + "/acme")
async def stop_acme(request: web.Request) -> web.Response:
    app, host = _found(request)
    certificates.stop_acme(r.context(request), app, host)
    return web.json_response(detail(r.context(request), app, host))


@routes.delete(HOST + "/custom")
async def remove_custom(request: web.Request) -> web.Response:
    app, host = _found(request)
    certificates.remove_custom(r.context(request), app, host)
    warning = "" if host.acme_requested else "the host name has no certificate any more"
    return web.json_response({**detail(r.context(request), app, host), "warning": warning})


@routes.post(HOST + "/check")
async def check(request: web.Request) -> web.Response:
    app, host = _found(request)
    context = r.context(request)
    here = certificates.requirements(app, host) if certificates.points_here(context, host) else {"a": [], "aaaa": []}
    records = {"a": here["a"], "aaaa": here["aaaa"], "cname": [], "resolved_addresses": [*here["a"], *here["aaaa"]]}
    return web.json_response({**detail(context, app, host), "dns_records": records})
