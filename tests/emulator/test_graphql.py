"""GraphQL as flyctl speaks it: unnamed operations, aliases, inline fragments, errors beside the data."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from emulator.client import GATEWAY, TOKEN, App, Client
from emulator.conftest import Run
from graphql import GraphQLEnumType, GraphQLSchema, build_schema, is_enum_type, parse, validate
from support.contracts import GRAPHQL, missing

from fly_emulator.graphql.schema import schema

PUBKEY = base64.b64encode(bytes(range(32))).decode()
ALLOCATE = """mutation($input: AllocateIPAddressInput!) { allocateIpAddress(input: $input) {
  ipAddress { id address type region createdAt } app { sharedIpAddress } } }"""
ADD_PEER = """mutation($input: AddWireGuardPeerInput!) {
  addWireGuardPeer(input: $input) { peerip endpointip pubkey } }"""
TOKEN_FOR = """mutation CreateLimitedAccessToken($name: String!, $organizationId: ID!, $profile: String!,
  $profileParams: JSON, $expiry: String!) { createLimitedAccessToken(input: {name: $name,
  organizationId: $organizationId, profile: $profile, profileParams: $profileParams, expiry: $expiry}) {
  limitedAccessToken { id tokenHeader expiresAt } } }"""


@cache
def contract() -> GraphQLSchema:
    """Fly's own schema, where it is at hand."""
    if not GRAPHQL.is_file():
        pytest.skip(missing(GRAPHQL))
    return build_schema(GRAPHQL.read_text(), assume_valid=True)


class Graph:
    """Sends operations; each must be valid by Fly's schema too, where that is at hand."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def send(self, query: str, variables: dict[str, Any], token: str = f"Bearer {TOKEN}") -> Any:
        if GRAPHQL.is_file():
            assert validate(contract(), parse(query)) == []
        answer = self.client.request("POST", "/graphql", {"query": query, "variables": variables}, token)
        assert answer.status == 200, answer.text
        return answer.json

    def __call__(self, query: str, token: str = f"Bearer {TOKEN}", **variables: Any) -> Any:
        answer = self.send(query, variables, token)
        assert "errors" not in answer, answer
        return answer["data"]

    def error(self, query: str, token: str = f"Bearer {TOKEN}", **variables: Any) -> tuple[str, str]:
        """The code and the text of the one error."""
        (error,) = self.send(query, variables, token)["errors"]
        return error["extensions"]["code"], error["message"]

    def organization(self, slug: str = "personal") -> str:
        return str(self("query($slug: String!) { organization(slug: $slug) { id } }", slug=slug)["organization"]["id"])


@pytest.fixture
def graph(fly: Client) -> Iterator[Graph]:
    yield Graph(fly)


# The contract


def test_the_schema_is_a_part_of_flys() -> None:
    theirs = contract().type_map
    for name, kind in schema().type_map.items():
        if name.startswith("__"):
            continue
        other = theirs[name]
        assert type(kind) is type(other), name
        if is_enum_type(kind):
            assert isinstance(other, GraphQLEnumType)
            assert set(kind.values) == set(other.values), name
        for field, defined in getattr(kind, "fields", {}).items():
            known = getattr(other, "fields", {})[field]
            assert str(defined.type) == str(known.type), f"{name}.{field}"
            for argument, given in getattr(defined, "args", {}).items():
                assert str(given.type) == str(known.args[argument].type), f"{name}.{field}({argument})"


# Wire format


def test_aliases_and_scalars(graph: Graph, app: App) -> None:
    query = """query ($appName: String!) { appcompact:app(name: $appName) { id internalNumericId name hostname
      cnameTarget deployed network status appUrl platformVersion createdAt
      organization { id internalNumericId slug paidPlan } postgresAppRole: role { name } } }"""
    found = graph(query, appName=app.name)["appcompact"]
    assert (found["id"], found["name"], found["hostname"]) == (app.name, app.name, f"{app.name}.fly.dev")
    assert (found["status"], found["deployed"], found["platformVersion"]) == ("pending", False, "machines")
    assert isinstance(found["internalNumericId"], int)
    assert found["organization"]["internalNumericId"].isdecimal()
    assert found["createdAt"].endswith("Z")
    assert found["postgresAppRole"] is None


def test_inline_fragments(graph: Graph, app: App) -> None:
    volume = app.volume()
    app.client.post(f"{app.path}/volumes/{volume['id']}/snapshots")
    query = """query($id: ID!) { volume: volume(id: $id) { ... on Volume { app { name } state sizeGb
      snapshots { nodes { id size digest createdAt retentionDays } } } } }"""
    app.client.advance(1)
    found = graph(query, id=volume["id"])["volume"]
    assert (found["app"]["name"], found["state"], found["sizeGb"]) == (app.name, "created", 1)
    (snapshot,) = found["snapshots"]["nodes"]
    assert (snapshot["retentionDays"], snapshot["size"].isdecimal()) == (5, True)
    viewer = "query { viewer { __typename ... on User { id email } ... on Macaroon { email } } }"
    assert graph(viewer)["viewer"]["email"] == "emulator@localhost"
    token = app.client.post(f"{app.path}/deploy_token", {"expiry": "1h"}).json["token"]
    assert graph(viewer, token=token)["viewer"]["__typename"] == "Macaroon"


def test_pages(graph: Graph, fly: Client) -> None:
    names = {fly.app().name for _ in range(3)}
    query = """query($after: String) { apps(type: "container", first: 2, after: $after) {
      pageInfo { hasNextPage endCursor } nodes { name } totalCount } }"""
    seen: list[str] = []
    after = None
    while True:
        page = graph(query, after=after)["apps"]
        assert len(page["nodes"]) <= 2
        seen += [node["name"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen)) == page["totalCount"]
    assert names <= set(seen)


def test_what_is_not_served_is_named(fly: Client) -> None:
    answer = fly.post("/graphql", {"query": "{ currentUser { id } }"})
    assert answer.status == 501
    (error,) = answer.json["errors"]
    assert "not implemented by the emulator" in error["message"]
    assert "currentUser" in error["message"]
    assert error["extensions"]["code"] == "NOT_IMPLEMENTED"


@pytest.mark.parametrize(
    ("query", "variables", "text"),
    [
        ("query { app(", {}, "Syntax Error"),
        ("query($name: String!) { app(name: $name) { id } }", {}, "was not provided"),
        ("query { app(name: 7) { id } }", {}, "String cannot represent"),
        ("query { app }", {}, "must have a selection"),
    ],
)
def test_bad_operations_are_answered_with_200(fly: Client, query: str, variables: dict[str, Any], text: str) -> None:
    answer = fly.post("/graphql", {"query": query, "variables": variables})
    assert answer.status == 200
    assert text in answer.json["errors"][0]["message"]


def test_named_operations(fly: Client, app: App) -> None:
    query = "query One { viewer { email } } query Two($n: String!) { app(name: $n) { id } }"
    answer = fly.post("/graphql", {"query": query, "operationName": "Two", "variables": {"n": app.name}})
    assert answer.json == {"data": {"app": {"id": app.name}}}


# Tokens and errors


def test_a_bad_token_is_401(fly: Client) -> None:
    assert fly.request("POST", "/graphql", {"query": "{ viewer { email } }"}, "Bearer wrong").status == 401


def test_an_app_that_the_caller_may_not_see(graph: Graph, app: App) -> None:
    query = "query($name: String!) { app(name: $name) { id } }"
    tries = (("no-such-app", TOKEN), ("somebody-elses", TOKEN), (app.name, "fm2_one"), (app.name, "other-org"))
    for name, token in tries:
        assert graph.error(query, token=f"Bearer {token}", name=name) == ("NOT_FOUND", "Could not find App")


def test_a_deploy_token_may_not_list(graph: Graph) -> None:
    for query in ("{ apps { nodes { id } } }", "{ organizations { nodes { id } } }"):
        assert graph.error(query, token="Bearer fm2_one")[0] == "UNAUTHORIZED"


def test_organizations(graph: Graph) -> None:
    query = """query($admin: Boolean!) { organizations(admin: $admin) { nodes {
      id slug rawSlug name type paidPlan billable viewerRole internalNumericId } } }"""
    found = {node["slug"]: node for node in graph(query, admin=False)["organizations"]["nodes"]}
    assert {slug: node["type"] for slug, node in found.items()} == {"personal": "PERSONAL", "acme": "SHARED"}
    assert int(found["personal"]["internalNumericId"]) < 2**31, "clients read it into a signed 32-bit number"
    only = graph(query, token="Bearer other-org", admin=False)["organizations"]["nodes"]
    assert [node["slug"] for node in only] == ["acme"]
    details = """query($slug: String!) { organizationdetails: organization(slug: $slug) { id name
      remoteBuilderApp { name } members { edges { cursor node { id name email } joinedAt role } } } }"""
    (member,) = graph(details, slug="acme")["organizationdetails"]["members"]["edges"]
    assert (member["node"]["email"], member["role"]) == ("emulator@localhost", "ADMIN")
    assert graph.error('{ organization(slug: "nobody") { id } }')[0] == "NOT_FOUND"


def test_limited_tokens(graph: Graph, app: App) -> None:
    wanted = {"name": "ci", "profile": "deploy", "profileParams": {"app_id": app.name}, "expiry": "1h"}
    made = graph(TOKEN_FOR, organizationId=graph.organization(), **wanted)
    token = made["createLimitedAccessToken"]["limitedAccessToken"]
    header = token["tokenHeader"]
    assert header.startswith("FlyV1 fm2_")
    assert app.client.request("GET", app.path, token=header).status == 200
    assert app.client.request("GET", app.client.app().path, token=header).status == 403
    listing = """query ($appName: String!) { appLimitedAccessTokens: app(name: $appName) { limitedAccessTokens {
      nodes { id name token expiresAt revokedAt user { email } } } } }"""
    (listed,) = graph(listing, appName=app.name)["appLimitedAccessTokens"]["limitedAccessTokens"]["nodes"]
    assert (listed["name"], listed["token"], listed["revokedAt"]) == ("ci", "", None)
    revoke = "mutation($input:DeleteLimitedAccessTokenInput!) { deleteLimitedAccessToken(input: $input) { token } }"
    graph(revoke, input={"id": token["id"]})
    assert app.client.request("GET", app.path, token=header).status == 401
    (listed,) = graph(listing, appName=app.name)["appLimitedAccessTokens"]["limitedAccessTokens"]["nodes"]
    assert listed["revokedAt"] is not None


# Apps, addresses, secrets


def test_an_app_by_graphql(graph: Graph) -> None:
    create = "mutation($input: CreateAppInput!) { createApp(input: $input) { app { id name organization { slug } } } }"
    sent = {"organizationId": graph.organization("acme"), "name": "made-by-graphql"}
    assert graph(create, input=sent)["createApp"]["app"]["organization"]["slug"] == "acme"
    assert graph.error(create, input=sent)[1] == "Validation failed: Name has already been taken"
    available = "query ($appName: String!) { appNameAvailable(name: $appName) }"
    assert graph(available, appName="made-by-graphql")["appNameAvailable"] is False
    graph("mutation($appId: ID!) { deleteApp(appId: $appId) { organization { id } } }", appId="made-by-graphql")


def test_addresses(graph: Graph, app: App) -> None:
    for kind in ("v4", "v6", "private_v6"):
        answer = graph(ALLOCATE, input={"appId": app.name, "type": kind, "region": ""})["allocateIpAddress"]
        assert answer["ipAddress"]["type"] == kind
    for address in app.client.get(f"{app.path}/ip_assignments").json["ips"]:
        if "." in address["ip"]:  # beside a dedicated one there is no shared one
            app.client.delete(f"{app.path}/ip_assignments/{address['ip']}")
    shared = graph(ALLOCATE, input={"appId": app.name, "type": "shared_v4"})["allocateIpAddress"]
    query = """query ($appName: String!) { app(name: $appName) { sharedIpAddress
      ipAddresses { nodes { id address type region network { name organization { slug } } serviceName } } } }"""
    found = graph(query, appName=app.name)["app"]
    assert found["sharedIpAddress"] == shared["app"]["sharedIpAddress"]
    held = {node["type"]: node for node in found["ipAddresses"]["nodes"]}
    assert set(held) == {"v6", "private_v6"}, "a shared address is not among them"
    assert held["private_v6"]["network"]["organization"]["slug"] == "personal"
    assert held["v6"]["network"] is None
    rest = {ip["ip"] for ip in app.client.get(f"{app.path}/ip_assignments").json["ips"]}
    assert rest == {found["sharedIpAddress"], *(node["address"] for node in held.values())}
    release = "mutation($input: ReleaseIPAddressInput!) { releaseIpAddress(input: $input) { clientMutationId } }"
    graph(release, input={"appId": app.name, "ip": found["sharedIpAddress"]})
    graph(release, input={"appId": app.name, "ipAddressId": held["v6"]["id"]})
    assert graph.error(release, input={"appId": app.name, "ip": found["sharedIpAddress"]})[0] == "NOT_FOUND"
    left = graph(query, appName=app.name)["app"]["ipAddresses"]["nodes"]
    assert [node["type"] for node in left] == ["private_v6"]


def test_secrets(graph: Graph, app: App) -> None:
    change = "mutation($input: SetSecretsInput!) { setSecrets(input: $input) { release { id } } }"
    sent = {"appId": app.name, "secrets": [{"key": "ONE", "value": "1"}, {"key": "TWO", "value": "2"}]}
    graph(change, input=sent)
    assert graph.error(change, input=sent)[0] == "UNCHANGED"
    unset = "mutation($input: UnsetSecretsInput!) { unsetSecrets(input: $input) { release { id } } }"
    graph(unset, input={"appId": app.name, "keys": ["ONE"]})
    names = graph("query($n: String!) { app(name: $n) { secrets { name digest } } }", n=app.name)["app"]["secrets"]
    assert [secret["name"] for secret in names] == ["TWO"]
    assert names[0]["digest"] != "2"


# Releases, images, machines


def test_releases(graph: Graph, app: App) -> None:
    create = """mutation CreateRelease($input:CreateReleaseInput!) {
      createRelease(input:$input) { release { id version } } }"""
    definition = {"app": app.name, "env": {"A": "1"}}
    sent = {"appId": app.name, "definition": definition, "image": GATEWAY, "platformVersion": "machines",
            "strategy": "ROLLING"}  # fmt: skip
    release = graph(create, input=sent)["createRelease"]["release"]
    assert release["version"] == 1
    update = "mutation UpdateRelease($input:UpdateReleaseInput!) { updateRelease(input:$input) { release { id } } }"
    graph(update, input={"releaseId": release["id"], "status": "complete"})
    query = """query($appName: String!, $limit: Int!) { app(name: $appName) { config { definition }
      currentRelease { status inProgress version }
      currentReleaseUnprocessed { id version imageRef configDefinition }
      releases: releasesUnprocessed(first: $limit) { nodes { id version description reason status imageRef stable
        user { id email name } createdAt } } } }"""
    found = graph(query, appName=app.name, limit=5)["app"]
    assert found["currentReleaseUnprocessed"]["configDefinition"] == found["config"]["definition"] == definition
    assert found["currentRelease"] == {"status": "complete", "inProgress": False, "version": 1}
    assert [(node["version"], node["stable"]) for node in found["releases"]["nodes"]] == [(1, True)]
    by_rest = app.client.get(f"/api/v1/apps/{app.name}/releases").json["releases"]
    assert [item["id"] for item in by_rest] == [release["id"]]


def test_images(graph: Graph, app: App) -> None:
    query = """query ($appName: String!, $imageRef: String!) { app(name: $appName) { id image(ref: $imageRef) {
      id digest ref compressedSize: compressedSizeFull manifest } } }"""
    image = graph(query, appName=app.name, imageRef=GATEWAY)["app"]["image"]
    assert (image["ref"], image["digest"][:7], image["compressedSize"].isdecimal()) == (GATEWAY, "sha256:", True)
    pinned = f"{GATEWAY}@{image['digest']}"
    assert graph(query, appName=app.name, imageRef=pinned)["app"]["image"]["id"] == image["id"]
    code, text = graph.error(query, appName=app.name, imageRef="registry.fly.io/nothing:1")
    assert code == "NOT_FOUND"
    assert "pulls from no registry" in text
    latest = "query($image: String!) { latestImageDetails(image: $image) { tag digest } }"
    assert "Unknown repository" in graph.error(latest, image="featherweight:1")[1]


def test_a_machine(graph: Graph, app: App) -> None:
    machine = app.machine()
    query = """query ($machineId: String!) { gqlmachine:machine(machineId: $machineId) { id name state region config
      app { name organization { id slug } } ips { nodes { family kind ip maskSize } } host { id } } }"""
    found = graph(query, machineId=machine.id)["gqlmachine"]
    view = machine.view()
    assert (found["name"], found["state"], found["config"]) == (view["name"], "started", view["config"])
    assert found["ips"]["nodes"][0]["ip"] == view["private_ip"]
    assert found["app"]["organization"]["slug"] == "personal"
    assert graph.error(query, token="Bearer other-org", machineId=machine.id)[0] == "NOT_FOUND"
    listed = graph("query($n: String!) { app(name: $n) { deployed machines { nodes { id } } } }", n=app.name)["app"]
    assert (listed["deployed"], listed["machines"]["nodes"]) == (True, [{"id": machine.id}])


def test_regions(graph: Graph) -> None:
    query = """query { platform { requestRegion regions { name code latitude longitude gatewayAvailable
      requiresPaidPlan deprecated } } nearestRegion(wireguardGateway: true) { code } }"""
    found = graph(query)
    assert found["platform"]["requestRegion"] == found["nearestRegion"]["code"] == "iad"
    assert {"lhr", "iad"} <= {region["code"] for region in found["platform"]["regions"]}


def test_wireguard_peers(graph: Graph) -> None:
    org = graph.organization()
    peer = {"organizationId": org, "name": "laptop", "pubkey": PUBKEY, "region": "lhr", "nats": False}
    made = graph(ADD_PEER, input=peer)["addWireGuardPeer"]
    assert made["peerip"].startswith("fdaa:")
    assert made["endpointip"] == "lhr1.gateway.6pn.dev"
    assert len(base64.b64decode(made["pubkey"])) == 32
    assert graph.error(ADD_PEER, input=peer)[1] == "Validation failed: Name has already been taken"
    assert "32 bytes" in graph.error(ADD_PEER, input={**peer, "name": "other", "pubkey": "short"})[1]
    listing = """query($slug: String!) { organization(slug: $slug) { wireGuardPeers { nodes {
      id name pubkey region peerip } } } }"""
    (held,) = graph(listing, slug="personal")["organization"]["wireGuardPeers"]["nodes"]
    assert (held["name"], held["pubkey"], held["region"], held["peerip"]) == ("laptop", PUBKEY, "lhr", made["peerip"])
    check = """mutation($input: ValidateWireGuardPeersInput!) {
      validateWireGuardPeers(input: $input) { invalidPeerIps validPeerIps } }"""
    checked = graph(check, input={"peerIps": [made["peerip"], "fdaa::1"]})["validateWireGuardPeers"]
    assert checked == {"validPeerIps": [made["peerip"]], "invalidPeerIps": ["fdaa::1"]}
    remove = """mutation($input: RemoveWireGuardPeerInput!) {
      removeWireGuardPeer(input: $input) { organization { id } } }"""
    graph(remove, input={"organizationId": org, "name": "laptop"})
    assert graph.error(remove, input={"organizationId": org, "name": "laptop"})[0] == "NOT_FOUND"


# What the emulator adds


def test_the_journal_tells_reads_from_writes(graph: Graph, app: App) -> None:
    graph("query($appName: String!) { app(name: $appName) { id } }", appName=app.name)
    graph(ALLOCATE, input={"appId": app.name, "type": "v6"})
    entries = app.client.get(f"/emulator/v1/journal?app={app.name}").json["entries"]
    seen = [(entry["kind"], entry["query"]) for entry in entries if entry["path"] == "/graphql"]
    assert seen == [("read", "query app"), ("write", "mutation allocateIpAddress")]


def test_a_fault_can_be_for_one_operation(graph: Graph, app: App) -> None:
    app.client.post("/emulator/v1/faults", {"path": "/graphql mutation allocateIpAddress", "status": 502})
    query = "query($appName: String!) { app(name: $appName) { id } }"
    assert graph(query, appName=app.name)["app"]["id"] == app.name
    body = {"query": ALLOCATE, "variables": {"input": {"appId": app.name, "type": "v6"}}}
    assert app.client.post("/graphql", body).status == 502
    app.client.delete("/emulator/v1/faults")
    assert app.client.get(f"{app.path}/ip_assignments").json["ips"] == []


def test_tokens_peers_and_releases_survive_a_restart(run: Run) -> None:
    with run() as client:
        graph = Graph(client)
        app = client.app("stays")
        org = graph.organization()
        wanted = {"name": "org", "profile": "deploy_organization", "profileParams": {}, "expiry": "24h"}
        made = graph(TOKEN_FOR, organizationId=org, **wanted)["createLimitedAccessToken"]["limitedAccessToken"]
        graph(ADD_PEER, input={"organizationId": org, "name": "laptop", "pubkey": PUBKEY})
        client.post("/api/v1/releases", {"app_name": app.name, "definition": {}, "image": "x", "strategy": "ROLLING"})
    with run() as client:
        graph = Graph(client)
        assert client.request("GET", "/v1/apps/stays", token=made["tokenHeader"]).status == 200
        query = '{ organization(slug: "personal") { wireGuardPeers { nodes { name } } } }'
        assert graph(query)["organization"]["wireGuardPeers"]["nodes"] == [{"name": "laptop"}]
        assert client.get("/api/v1/apps/stays/releases/current").json["version"] == 1
        client.advance(25 * 3600)
        assert client.request("GET", "/v1/apps/stays", token=made["tokenHeader"]).status == 401
        client.post("/emulator/v1/reset")
        assert graph(query)["organization"]["wireGuardPeers"]["nodes"] == []
