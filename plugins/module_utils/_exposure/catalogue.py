# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The twelve checks, in the order in which they are made. Ids do not change: waivers and documents name them."""

from __future__ import annotations

from typing import Final

from . import access, audit, edge, reach, tunnels
from .check import Check

CHECKS: Final = (
    Check(
        "addresses",
        "The app holds exactly the declared addresses, and its services go with them",
        "Reads addresses, certificates and machines from Fly.io's API",
        "Run site.yml, which gives the app exactly the declared addresses",
        reach.addresses,
    ),
    Check(
        "name",
        "Nothing answers at the names of a gateway that is not public",
        "Resolves each name and tries https and http there",
        "Run site.yml, which releases what is public; DNS may keep the old answer for minutes",
        reach.name,
        "DNS to forget addresses that were released",
    ),
    Check(
        "ports",
        "No port is open on any public address but 80 and 443 of a public gateway",
        "Opens TCP connections to the ports 80, 443, 3000 and 18789 of each listed address",
        "Remove the service that publishes the port, and run site.yml",
        reach.ports,
        "released addresses to be closed",
    ),
    Check(
        "tls",
        "http leads to https; the certificate's chain is valid, TLS is 1.2 or newer, browsers stay on https (HSTS)",
        "Requests http, then makes a TLS handshake for each name, and one more with nothing newer than TLS 1.1",
        "Run site.yml with fly_app_exposure: public",
        edge.tls,
        "the certificate and the redirect to https to be in effect",
    ),
    Check(
        "health",
        "The health endpoints show that the gateway is up, and nothing about its version, parts or load",
        "Requests /healthz, /startupz and /readyz without a token",
        "Set gateway.trustedProxies narrowly, so that no outside client counts as local: run site.yml",
        edge.health,
    ),
    Check(
        "login",
        "A WebSocket needs the token: none, a wrong one and the old one are refused, the right one is accepted",
        "Connects with each; leaves no pairing request behind",
        "Set gateway.auth.mode to token, and take the app's addresses away until then",
        access.login,
    ),
    Check(
        "origin",
        "Pages of other sites cannot connect, by Origin or by Host; the gateway's own page can",
        "Connects as a browser would that comes from a foreign page",
        "Run site.yml, which declares the allowed origins",
        access.origin,
    ),
    Check(
        "http_api",
        "No API path and no webhook works without authentication",
        "Requests each known path, and the declared webhook paths, without a token or signature",
        "Require authentication on the path, or turn the endpoint off",
        access.http_api,
    ),
    Check(
        "forwarding",
        "Forged forwarding or identity headers do not make a client local or trusted",
        "Sends X-Forwarded-For, X-Real-IP, Forwarded, Fly-Client-IP and Tailscale's identity headers from outside",
        "Set gateway.trustedProxies to Fly's range and the app's addresses only, and allowTailscale to false",
        access.forwarding,
    ),
    Check(
        "brute_force",
        "Token guessing is stopped, and only the guessing address is locked out",
        "Reads the limit and the trusted proxies; guesses only when brute_force_from is an address to guess from",
        "Set openclaw_config_rate_limit, and run site.yml",
        access.brute_force,
    ),
    Check(
        "tunnels",
        "A tunnel forwards the declared paths and nothing else, and they demand a signature",
        "Requests declared and undeclared paths through the tunnel, and a WebSocket",
        "Make the tunnel forward the declared paths only",
        tunnels.tunnels,
        "the tunnel to be connected",
    ),
    Check(
        "audit",
        "The gateway's own security audit finds nothing, and its files belong to its owner alone",
        "Runs openclaw security audit in the machine (half a gigabyte there, some seconds); reads owners and modes",
        "Apply the finding's remedy in the inventory",
        audit.audit,
    ),
)
IDS: Final = tuple(check.id for check in CHECKS)
