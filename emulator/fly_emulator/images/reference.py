"""The parts of an image's reference, as Fly splits it."""

from __future__ import annotations

import re
from typing import Any


def image_ref(reference: str, digest: str, labels: dict[str, str]) -> dict[str, Any]:
    """Split a reference as Fly does; a digest in it wins over the resolved one."""
    name, _, given = reference.partition("@")
    host, slash, rest = name.partition("/")
    registry, repository = (
        (host, rest)
        if slash and re.search(r"[.:]|^localhost$", host)
        else ("docker-hub-mirror.fly.io", name if slash else f"library/{name}")
    )
    repository, _, tag = repository.partition(":")
    return {
        "registry": registry,
        "repository": repository,
        "tag": tag or ("" if given else "latest"),
        "digest": given or digest,
        "labels": labels or None,
    }
