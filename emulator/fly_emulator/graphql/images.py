"""Images: which one a reference means."""

from __future__ import annotations

import asyncio
from typing import Any

from .. import ids
from ..errors import NotFound, Pending
from ..images.base import Image, ImageNotFound
from ..images.reference import image_ref
from ..platform.call import Call

PULL_SECONDS = 50.0
"""How long an answer waits for an image that has to be made first; flyctl waits a minute."""
MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json"


async def resolve(call: Call, reference: str) -> dict[str, Any]:
    """The image of a reference, its digest with it; raises PlatformError when there is none."""
    try:
        image = await asyncio.wait_for(asyncio.shield(call.context.pulls.begin(reference)), PULL_SECONDS)
    except ImageNotFound as error:
        raise NotFound(f"Could not find image {reference!r}: {error}") from error
    except TimeoutError as error:
        raise Pending(
            f"the emulator is still making the image {reference}; try again when its log reports that it is ready"
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


def latest_details(call: Call, image: str, fly_version: str | None = None) -> dict[str, Any]:
    """Fly follows the versions of a few images of its own, and says this of all others."""
    raise NotFound(f"Unknown repository {image.partition(':')[0]!r}")
