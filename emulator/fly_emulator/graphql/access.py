"""Apps in GraphQL's words."""

from __future__ import annotations

from ..errors import NotFound, PlatformError
from ..platform.call import Call
from ..state.model import App

NOT_FOUND = "Could not find App"


def find(call: Call, name: str) -> App:
    """An app by its name, which is its id too; raises NotFound."""
    try:
        return call.app(name)
    except PlatformError as error:
        raise NotFound(NOT_FOUND) from error
