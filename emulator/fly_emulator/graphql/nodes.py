"""What queries give, a class a kind. They lead to one another, so they are in one place."""

from __future__ import annotations

from typing import Any

from .. import ids
from ..machines.config import as_read
from ..platform import apps, organizations, peers, volumes
from ..platform.call import Call, organization_id
from ..regions import regions
from ..settings import Organization
from ..state.model import App, IpAssignment, LimitedToken, Machine, Release, Snapshot, Volume
from . import images
from .connections import Connection
from .platform import region_view

HIDDEN = ""
"""A token's value is shown when it is made and never again."""


class UserNode:
    """Who acts; a deploy token is a machine of its own and no person."""

    typename = "User"
    enable_paid_hobby = True

    def __init__(self, email: str) -> None:
        self.id, self.email, self.name = ids.node_id("user", email), email, email.partition("@")[0]


class MacaroonNode:
    typename = "Macaroon"
    name = None

    def __init__(self, email: str) -> None:
        self.email = email


class OrganizationNode:
    billable = paid_plan = True
    billing_status = "CURRENT"
    provisions_beta_extensions = allow_all_cross_network_replays = False
    add_on_sso_link = remote_builder_app = None
    allowed_replay_source_org_slugs: tuple[str, ...] = ()
    remote_builder_image = organizations.BUILDER_IMAGE
    viewer_role = "admin"

    def __init__(self, org: Organization) -> None:
        self.slug = self.raw_slug = org.slug
        self.name = org.name or org.slug
        self.id = organization_id(org.slug)
        self.internal_numeric_id = ids.organization_number(org.slug)
        self.type = "PERSONAL" if org.slug == "personal" else "SHARED"

    def apps(self, call: Call, **page: Any) -> Connection:
        held = [app for app in call.context.store.apps.values() if app.org == self.slug]
        return Connection([AppNode(call, app) for app in held], **page)

    def members(self, call: Call, **page: Any) -> Connection:
        user = UserNode(call.caller.owner)
        connection = Connection([user], **page)
        joined = {"cursor": "1", "node": user, "role": "ADMIN", "joinedAt": 0.0}
        return _WithEdges(connection, [joined] if connection.nodes else [])

    def limited_access_tokens(self, call: Call, **page: Any) -> Connection:
        call.require_organization(self.slug)
        return Connection(token_nodes(call, self.slug), **page)

    def add_ons(self, call: Call, type: str | None = None, **page: Any) -> Connection:
        return Connection([], **page)

    def delegated_wire_guard_tokens(self, call: Call, **page: Any) -> Connection:
        return Connection([], **page)

    def wire_guard_peer(self, call: Call, name: str) -> Any:
        call.require_organization(self.slug)
        return peers.find(call.context, self.slug, name)

    def wire_guard_peers(self, call: Call, **page: Any) -> Connection:
        call.require_organization(self.slug)
        return Connection(list(call.context.store.organization(self.slug).peers.values()), **page)


class _WithEdges(Connection):
    def __init__(self, connection: Connection, edges: list[dict[str, Any]]) -> None:
        self.nodes, self.total_count, self.page_info = connection.nodes, connection.total_count, connection.page_info
        self.edges = edges


def organization(call: Call, slug: str) -> OrganizationNode:
    """The organisation of an app, which whoever sees the app may see."""
    return OrganizationNode(organizations.named(call.context, slug))


class AppNode:
    platform_version = "machines"
    role = None

    def __init__(self, call: Call, app: App) -> None:
        self._app = app
        self.id = self.name = app.name
        self.internal_id, self.internal_numeric_id = str(app.number), app.number
        self.hostname = f"{app.name}.fly.dev"
        self.app_url = f"https://{self.hostname}"
        self.cname_target = f"{app.id}.fly.dev"
        self.network = app.network or "default"
        self.created_at = app.created_at
        self.status = apps.status(app)
        self.deployed = self.status == "deployed"
        self.version = app.releases[-1].version if app.releases else 0
        shared = app.address("shared_v4")
        self.shared_ip_address = shared.ip if shared else None
        self.services: tuple[Any, ...] = ()

    def organization(self, call: Call) -> OrganizationNode:
        return organization(call, self._app.org)

    def config(self, call: Call) -> dict[str, Any]:
        definition = self._app.releases[-1].definition if self._app.releases else {}
        return {"definition": definition, "errors": [], "services": [], "valid": True}

    def secrets(self, call: Call) -> list[dict[str, Any]]:
        return [
            {
                "id": ids.node_id("secret", self._app.id, name),
                "name": name,
                "digest": secret.digest,
                "createdAt": secret.created_at,
            }
            for name, secret in sorted(self._app.secrets.items())
        ]

    def regions(self, call: Call) -> list[Any]:
        codes = {machine.region for machine in self._app.live_machines()}
        return [region_view(regions()[code]) for code in sorted(codes)]

    # Addresses

    def ip_addresses(self, call: Call, **page: Any) -> Connection:
        own = [ip for ip in self._app.ips if ip.kind != "shared_v4"]
        return Connection([AddressNode(call, self._app, ip) for ip in own], **page)

    def ip_address(self, call: Call, address: str) -> Any:
        return next((node for node in self.ip_addresses(call).nodes if node.address == address), None)

    def egress_ip_addresses(self, call: Call, **page: Any) -> Connection:
        return Connection([], **page)

    def host_issues(self, call: Call, **page: Any) -> Connection:
        return Connection([], **page)

    # Releases and images

    def releases(self, call: Call, status: str | None = None, **page: Any) -> Connection:
        found = [item for item in reversed(self._app.releases) if status in (None, "", item.status)]
        return Connection([ReleaseNode(item) for item in found], **page)

    releases_unprocessed = releases

    def release(self, call: Call, id: str | None = None, version: int | None = None) -> Any:
        nodes = self.releases(call).nodes
        return next((node for node in nodes if id in (None, node.id) and version in (None, node.version)), None)

    def current_release(self, call: Call) -> Any:
        return self.release(call)

    current_release_unprocessed = current_release

    async def image(self, call: Call, ref: str) -> dict[str, Any]:
        return await images.resolve(call, ref)

    def image_details(self, call: Call) -> dict[str, Any] | None:
        for machine in self._app.live_machines():
            return images.version(machine.config["image"], machine.current.image_digest, machine.image_labels)
        return None

    # Machines and volumes

    def machines(self, call: Call, **page: Any) -> Connection:
        return Connection([MachineNode(call, self._app, item) for item in self._app.live_machines()], **page)

    def machine(self, call: Call, id: str) -> Any:
        return next((node for node in self.machines(call).nodes if node.id == id), None)

    def volumes(self, call: Call, **page: Any) -> Connection:
        return Connection([VolumeNode(call, self._app, volume) for volume in volumes.live(self._app)], **page)

    def limited_access_tokens(self, call: Call, **page: Any) -> Connection:
        return Connection(token_nodes(call, self._app.org, self._app.name), **page)


class MachineNode:
    def __init__(self, call: Call, app: App, machine: Machine) -> None:
        self._app, self._machine = app, machine
        self.id, self.name, self.state, self.region = machine.id, machine.name, machine.state, machine.region
        self.instance_id = machine.current.version
        self.created_at, self.updated_at = machine.created_at, machine.updated_at
        self.host = {"id": ids.node_id("host", machine.id)}

    def app(self, call: Call) -> AppNode:
        return AppNode(call, self._app)

    def config(self, call: Call) -> Any:
        return as_read(self._machine.config)

    def egress_ip_addresses(self, call: Call, **page: Any) -> Connection:
        return Connection([], **page)

    def ips(self, call: Call, **page: Any) -> Connection:
        address = {
            "id": ids.node_id("machine ip", self.id),
            "family": "v6",
            "kind": "privatenet",
            "ip": self._machine.private_ip,
            "maskSize": 112,
        }
        return Connection([address], **page)


class VolumeNode:
    def __init__(self, call: Call, app: App, volume: Volume) -> None:
        self._app, self._volume = app, volume
        self.id, self.name, self.region, self.state = volume.id, volume.name, volume.region, volume.state
        self.internal_id, self.status = volume.id, volume.state
        self.size_gb, self.encrypted, self.created_at = volume.size_gb, volume.encrypted, volume.created_at
        self.snapshot_retention_days = volume.snapshot_retention
        self.host = {"id": ids.node_id("host", volume.id)}

    def app(self, call: Call) -> AppNode:
        return AppNode(call, self._app)

    def attached_machine(self, call: Call) -> MachineNode | None:
        attached = self._app.machines.get(self._volume.attached_machine_id or "")
        return MachineNode(call, self._app, attached) if attached else None

    def snapshots(self, call: Call, **page: Any) -> Connection:
        return Connection(
            [SnapshotNode(self, snapshot) for snapshot in volumes.listed(call.context, self._volume)], **page
        )


class SnapshotNode:
    def __init__(self, volume: VolumeNode, snapshot: Snapshot) -> None:
        self.volume = volume
        self.id, self.size, self.digest = snapshot.id, snapshot.size, snapshot.digest
        self.created_at, self.retention_days = snapshot.created_at, snapshot.retention_days


class AddressNode:
    def __init__(self, call: Call, app: App, assignment: IpAssignment) -> None:
        self._assignment = assignment
        self.id = address_id(app, assignment)
        self.address, self.type, self.region = assignment.ip, assignment.kind, assignment.region
        self.created_at, self.service_name = assignment.created_at, assignment.service_name

    def network(self, call: Call) -> dict[str, Any] | None:
        held = self._assignment
        if held.kind != "private_v6":
            return None
        return {
            "id": ids.node_id("network", held.org, held.network),
            "name": held.network,
            "organization": organization(call, held.org),
        }


def address_id(app: App, assignment: IpAssignment) -> str:
    return f"ip_{ids.node_id(app.id, assignment.ip)}"


class ReleaseNode:
    """A release, as Release and as ReleaseUnprocessed."""

    evaluation_id = None
    reason = ""

    def __init__(self, release: Release) -> None:
        self.id, self.version, self.status = release.id, release.version, release.status
        self.metadata = release.metadata
        self.created_at, self.updated_at = release.created_at, release.updated_at
        self.image_ref, self.config_definition = release.image, release.definition
        self.deployment_strategy, self.in_progress = release.strategy, release.in_progress
        self.stable = release.status == "complete"
        self.description = "Release"
        self.user = UserNode(release.user)


class TokenNode:
    def __init__(self, call: Call, org: str, token: LimitedToken, value: str = HIDDEN) -> None:
        self._org = org
        self.id, self.name, self.profile = token.id, token.name, token.profile
        self.profile_params = None if token.apps is None else {"app_id": token.apps[0]}
        self.created_at, self.expires_at, self.revoked_at = token.created_at, token.expires_at, token.revoked_at
        self.token = value
        self.token_header = f"FlyV1 {value}" if value else None
        self.user = UserNode(token.owner)

    def organization(self, call: Call) -> OrganizationNode:
        return organization(call, self._org)


def token_nodes(call: Call, org: str, app: str | None = None) -> list[TokenNode]:
    """The tokens of an app, or of a whole organisation."""
    held = call.context.store.organization(org).tokens.values()
    wanted = [app] if app else None
    return [TokenNode(call, org, token) for token in held if token.apps == wanted]
