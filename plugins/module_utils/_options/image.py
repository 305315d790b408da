# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From fly_deploy's options to the image that flyctl builds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._base.errors import CollectionError
from .._converge.context import Context
from .._fly.client.auth import authorization
from .._fly.toml.definition import FlyToml

if TYPE_CHECKING:
    from .._fly.images.build import ImageBuild


def image_build(params: dict[str, Any], context: Context, app: str, toml: FlyToml) -> ImageBuild | None:
    """What is to be built; None when an image is given."""
    given = params["build"]
    engine = params["engine"] or ("flyctl" if given else "machines")
    if engine == "machines":
        if given:
            raise CollectionError("build is given, and the engine cannot build", todo="Set engine: flyctl")
        return None
    if params["image"]:
        raise CollectionError("both an image and the engine that builds one are given", todo="Leave one out")
    if not given and toml.image:
        return None
    # Most images are not built here. Ansible compiles a collection's files in each run, these in 10 ms.
    from .._fly.images.build import ImageBuild, build_wanted, order_of, source_of
    from .._fly.images.flyctl import Flyctl
    from .graphql import connect_graphql

    wanted = build_wanted(toml, given)
    urls = {
        "FLY_API_BASE_URL": params["api_url"],
        "FLY_UIEX_BASE_URL": params["api_url"],
        "FLY_FLAPS_BASE_URL": params["machines_url"],
    }
    token = authorization(params["api_token"]).partition(" ")[2]
    flyctl = Flyctl(params["flyctl"], token, urls, context.progress)
    source = source_of(wanted)
    order = order_of(app, wanted, source, params["flycast"])
    return ImageBuild(connect_graphql(params, context), flyctl, source, order)
