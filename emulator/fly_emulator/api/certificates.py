"""/apps/{app}/certificates: host names of one's own, by ACME or with a certificate that the user brings.

No name is looked up: `PUT /emulator/v1/dns/{hostname}` says that a name points here.
"""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from .. import durations
from ..state.model import App, CustomCertificate, Hostname
from . import request as r
from .errors import ApiError, not_found

routes = web.RouteTableDef()
PATH = "/v1/apps/{app_name}/certificates"
HOST = PATH + "/{hostname}"
NAME = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}")
ACME_LIFETIME = 90 * 86400.0
POINTING_HERE: web.AppKey[set[str]] = web.AppKey("pointing-here", set)
"""Host names whose DNS is said to be right."""


def unprocessable(text: str) -> ApiError:
    return ApiError(422, text)


def points_here(request: web.Request, host: Hostname) -> bool:
    return host.name in request.app[POINTING_HERE]


def configured(request: web.Request, host: Hostname) -> bool:
    return points_here(request, host) and bool(host.custom or host.acme_issued_at)


def requirements(app: App, host: Hostname) -> dict[str, Any]:
    """The records that a person sets."""
    bare = host.name.removeprefix("*.")
    return {
        "a": [ip.ip for ip in app.ips if ip.kind in ("v4", "shared_v4")],
        "aaaa": [ip.ip for ip in app.ips if ip.kind == "v6"],
        "cname": f"{app.id}.fly.dev",
        "acme_challenge": {"name": f"_acme-challenge.{bare}", "target": f"{bare}.{app.id}.flydns.net"},
        "ownership": {"name": f"_fly-ownership.{bare}", "app_value": f"app-{app.id}", "org_value": f"org-{app.org}"},
    }


def detail(request: web.Request, app: App, host: Hostname) -> dict[str, Any]:
    there = points_here(request, host)
    status = "active" if there else "pending_validation"
    held: list[dict[str, Any]] = []
    if host.acme_requested:
        issued = host.acme_issued_at
        expires = durations.rfc3339(issued + ACME_LIFETIME) if issued else None
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
        "configured": configured(request, host),
        "acme_requested": host.acme_requested,
        "status": status,
        "dns_provider": "",
        "certificates": held,
        "dns_requirements": requirements(app, host),
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


def summary(request: web.Request, host: Hostname) -> dict[str, Any]:
    there = points_here(request, host)
    return {
        "hostname": host.name,
        "configured": configured(request, host),
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


def found(request: web.Request) -> tuple[App, Hostname]:
    """The host name of the path, its ACME certificate issued by now if its DNS is right."""
    app = r.app(request)
    host = app.hostnames.get(request.match_info["hostname"].lower())
    if host is None:
        raise not_found("certificate")
    _issue(request, app, host)
    return app, host


def _issue(request: web.Request, app: App, host: Hostname) -> None:
    if host.acme_requested and host.acme_issued_at is None and points_here(request, host):
        host.acme_issued_at = r.context(request).clock.now()
        r.context(request).store.save(app)


async def _named(request: web.Request) -> tuple[App, Hostname, dict[str, Any]]:
    """The app, the host name that the body asks for, new if need be, and the body. Raises 422."""
    app = r.app(request)
    sent = await r.body(request)
    name = str(sent.get("hostname") or "").lower()
    if not NAME.fullmatch(name):
        raise unprocessable(f"hostname {name!r} is not a valid host name")
    for other in r.context(request).store.apps.values():
        if other is not app and name in other.hostnames:
            raise unprocessable(f"hostname {name} is already in use by another app")
    now = r.context(request).clock.now()
    return app, app.hostnames.get(name) or Hostname(name, now, now), sent


def _kept(request: web.Request, app: App, host: Hostname) -> None:
    host.updated_at = r.context(request).clock.now()
    app.hostnames[host.name] = host
    _issue(request, app, host)
    r.context(request).store.save(app)


@routes.get(PATH)
async def list_certificates(request: web.Request) -> web.Response:
    app = r.app(request)
    for host in app.hostnames.values():
        _issue(request, app, host)
    limit = r.integer(request.query.get("limit") or 25, "limit")
    start = r.integer(request.query.get("cursor") or 0, "cursor")
    names = [name for name in sorted(app.hostnames) if request.query.get("filter", "") in name]
    page = [summary(request, app.hostnames[name]) for name in names[start : start + limit]]
    following = str(start + limit) if start + limit < len(names) else ""
    return web.json_response({"certificates": page, "next_cursor": following, "total_count": len(names)})


@routes.post(PATH + "/acme")
async def request_acme(request: web.Request) -> web.Response:
    app, host, _ = await _named(request)
    if host.acme_requested:
        raise unprocessable("Hostname already exists on app")
    host.acme_requested = True
    _kept(request, app, host)
    return web.json_response(detail(request, app, host), status=201)


@routes.post(PATH + "/custom")
async def bring_custom(request: web.Request) -> web.Response:
    app, host, sent = await _named(request)
    host.custom = _accepted(request, host.name, sent.get("fullchain"), sent.get("private_key"))
    _kept(request, app, host)
    return web.json_response(detail(request, app, host), status=201)


def _accepted(request: web.Request, name: str, fullchain: Any, private_key: Any) -> CustomCertificate:
    """Check that the certificate is one, is for the name, and that the key is its own. Raises 422."""
    try:
        leaf = x509.load_pem_x509_certificates(str(fullchain).encode())[0]
        key = serialization.load_pem_private_key(str(private_key).encode(), None)
    except (ValueError, TypeError, IndexError) as error:
        raise unprocessable("fullchain or private_key is not PEM") from error
    shape = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if leaf.public_key().public_bytes(*shape) != key.public_key().public_bytes(*shape):
        raise unprocessable("private_key does not belong to the certificate")
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        held = names.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        held = []
    if name not in held and f"*.{name.partition('.')[2]}" not in held:
        raise unprocessable(f"the certificate is not for {name}")
    expires = leaf.not_valid_after_utc.timestamp()
    now = r.context(request).clock.now()
    if expires <= now:
        raise unprocessable("the certificate has expired")
    return CustomCertificate(str(fullchain), str(private_key), leaf.issuer.rfc4514_string(), expires, now)


@routes.get(HOST)
async def get_certificate(request: web.Request) -> web.Response:
    return web.json_response(detail(request, *found(request)))


@routes.delete(HOST)
async def delete_hostname(request: web.Request) -> web.Response:
    app, host = found(request)
    del app.hostnames[host.name]
    r.context(request).store.save(app)
    return web.Response(status=204)


@routes.delete(HOST + "/acme")
async def stop_acme(request: web.Request) -> web.Response:
    app, host = found(request)
    host.acme_requested, host.acme_issued_at = False, None
    _kept(request, app, host)
    return web.json_response(detail(request, app, host))


@routes.delete(HOST + "/custom")
async def remove_custom(request: web.Request) -> web.Response:
    app, host = found(request)
    host.custom = None
    _kept(request, app, host)
    warning = "" if host.acme_requested else "the host name has no certificate any more"
    return web.json_response({**detail(request, app, host), "warning": warning})


@routes.post(HOST + "/check")
async def check(request: web.Request) -> web.Response:
    app, host = found(request)
    here = requirements(app, host) if points_here(request, host) else {"a": [], "aaaa": []}
    records = {"a": here["a"], "aaaa": here["aaaa"], "cname": [], "resolved_addresses": [*here["a"], *here["aaaa"]]}
    return web.json_response({**detail(request, app, host), "dns_records": records})


@routes.put("/emulator/v1/dns/{hostname}")
async def point_here(request: web.Request) -> web.Response:
    name = request.match_info["hostname"].lower()
    wanted = (await r.body(request)).get("configured") is not False
    (request.app[POINTING_HERE].add if wanted else request.app[POINTING_HERE].discard)(name)
    return web.json_response({"hostname": name, "configured": wanted})
