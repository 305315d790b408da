"""Fly.io's own documents, which are not part of this repository: where they are, and what to do where they are not.

The name of the variable does not begin with FLY_: the tests' set-up takes those away.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(os.environ.get("CONTRACTS_DIR") or Path(__file__).parents[3] / "shared" / "contracts")
OPENAPI = FOLDER / "machines-openapi.json"
GRAPHQL = FOLDER / "fly-graphql.graphql"

_SOURCES = {
    OPENAPI: "the Machines API's OpenAPI document (https://docs.machines.dev)",
    GRAPHQL: "the GraphQL schema that flyctl ships (gql/schema.graphql of superfly/flyctl)",
}


def missing(document: Path) -> str:
    """The reason to skip a test that needs a document."""
    return f"no {document}: save {_SOURCES[document]} as {document.name} in a folder that CONTRACTS_DIR names"
