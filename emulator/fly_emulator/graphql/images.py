"""Images: which one a reference means."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from .. import ids
from ..api import request as r
from ..api.errors import ApiError
from ..api.machines import image_ref
from ..images.base import Image, ImageNotFound

PULL_SECONDS = 50.0
"""How long an answer waits for an image that has to be made first; flyctl waits a minute."""
MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json"


async def resolve(request: web.Request, reference: str) -> dict[str, Any]:
    """The image of a reference, its digest with it; raises ApiError when there is none."""
    try:
        image = await asyncio.wait_for(asyncio.shield(r.context(request).pulls.begin(reference)), PULL_SECONDS)
    except ImageNotFound as error:
        raise ApiError(404, f"Could not find image {reference!r}: {error}") from error
    except TimeoutError as error:
        raise ApiError(
            504, f"the emulator is still making the image {reference}; try again when its log says that it is ready"
        ) from error
    return view(reference, image)


def view(reference: str, image: Image) -> dict[str, Any]:
    parts = version(reference, image.digest, dict(image.labels))
    name = reference.partition("@")[0]
    return {
        **parts,
        "id": f"img_{ids.node_id(image.digest)}",
        "ref": name,
        "absoluteRef": f"{name}@{image.digest}",
        "compressedSizeFull": 0,
        "manifest": {"schemaVersion": 2, "mediaType": MEDIA_TYPE, "config": None, "layers": None},
    }


def version(reference: str, digest: str, labels: dict[str, str]) -> dict[str, Any]:
    """As type ImageVersion."""
    parts = image_ref(reference, digest, labels)
    return {**{key: parts[key] for key in ("registry", "repository", "tag", "digest")}, "version": None}


def latest_details(request: web.Request, image: str, fly_version: str | None = None) -> dict[str, Any]:
    """Fly follows the versions of a few images of its own, and says this of all others."""
    raise ApiError(404, f"Unknown repository {image.partition(':')[0]!r}")
