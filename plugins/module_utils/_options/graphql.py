# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the options to the GraphQL API, which few tasks need."""

from __future__ import annotations

from typing import Any

from .._converge.context import Context
from .._fly.client.graphql import GraphqlApi
from .._fly.client.transport import Transport
from .api import transport


def connect_graphql(params: dict[str, Any], context: Context) -> GraphqlApi:
    return GraphqlApi(transport(params, context, params["api_url"]))


def connect_organization(params: dict[str, Any], context: Context) -> tuple[Transport, GraphqlApi]:
    """What reading an organization needs: the Machines API's lists, and GraphQL for addresses."""
    return transport(params, context, params["machines_url"]), connect_graphql(params, context)
