"""Any wish, after any drift: one run brings it about, the next one has nothing to do, and no volume is ever lost."""

from __future__ import annotations

import itertools
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from faults.truth import volumes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.platform import Platform

from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.api import MachinesApi
from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.errors import FlyError
from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.transport import Transport
from fly_emulator.web.lag import LASTS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
_numbers = itertools.count(1)
NAMES = ("TOKEN", "KEY", "OTHER")
WISHES = st.fixed_dictionaries(
    {
        "v6": st.integers(0, 3),
        "private_v6": st.integers(0, 1),
        "shared_v4": st.booleans(),
        "size_gb": st.integers(1, 3),
        "retention": st.sampled_from([None, 5, 14]),
        "secrets": st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["one", "two"]), max_size=2),
        "exact": st.booleans(),
        "env": st.dictionaries(st.sampled_from(["TZ", "LANG"]), st.sampled_from(["C", "UTC"])),
        "memory": st.sampled_from(["256mb", "512mb"]),
        "worker": st.booleans(),
        "image": st.sampled_from(["registry.fly.io/still:1", "registry.fly.io/still:2"]),
        "restart": st.sampled_from([None, "always"]),
    }
)


DRIFT = st.one_of(
    st.tuples(st.just("touch"), st.sampled_from(["stop", "cordon", "restart"])),
    st.tuples(st.just("lose_a_machine")),
    st.tuples(st.just("change_a_machine"), st.dictionaries(st.sampled_from(["TZ", "X"]), st.just("drift"))),
    st.tuples(st.just("hold_a_lease"), st.integers(1, 60)),
    st.tuples(st.just("add_an_address"), st.sampled_from(["v4", "v6", "shared_v4", "private_v6"])),
    st.tuples(st.just("release_the_addresses")),
    st.tuples(
        st.just("change_secrets"),
        st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["drift", None]), min_size=1),
    ),
    st.tuples(st.just("change_the_volume"), st.integers(1, 60)),
    st.tuples(st.just("add_a_volume_of_the_same_name")),
    st.tuples(st.just("let_time_pass"), st.integers(1, 100_000)),
)
SEEN: Counter[str] = Counter()


class Life:
    """One app's life: drift and wishes take turns."""

    def __init__(self, fly: Platform) -> None:
        self.fly, self.app, self.size = fly, f"life-{next(_numbers)}", 1
        self.api = MachinesApi(Transport(fly.url, "Bearer emulator-token"))

    # What a play wants

    def converge(self, wish: dict[str, Any]) -> None:
        self.size = max(self.size, wish["size_gb"])
        wish = {**wish, "size_gb": self.size}
        had = volumes(self.fly, self.app)
        for module, params in self.tasks(wish):
            planned = self.fly.module(module, check=True, **params)
            done = self.fly.module(module, **params)
            assert not done.failed, done
            assert planned.writes == []
            for part in ("changed", "changes", "diff"):
                assert planned.result.get(part) == done.result.get(part), (planned, done)
            SEEN.update(change.partition(" ")[0] for change in done["changes"])
        for module, params in self.tasks(wish):
            again = self.fly.module(module, **params)
            assert (again.failed, again.changed, again.writes) == (False, False, []), again
        assert had <= volumes(self.fly, self.app), "a volume is lost"
        groups = [machine.config["metadata"]["fly_process_group"] for machine in self.fly.machines(self.app)]
        assert sorted(groups) == ["app", "worker"][: 1 + wish["worker"]]

    def tasks(self, wish: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        app = {"app": self.app}
        definition: dict[str, Any] = {
            "primary_region": "iad",
            "build": {"image": wish["image"]},
            "env": wish["env"],
            "vm": [{"size": "shared-cpu-1x", "memory": wish["memory"]}],
            "mounts": {"source": "data", "destination": "/data", "processes": ["app"]},
            "processes": {"app": "run", **({"worker": "work"} if wish["worker"] else {})},
        }
        if wish["restart"]:
            definition["restart"] = [{"policy": wish["restart"]}]
        volume = {"name": "data", "region": "iad", "size_gb": wish["size_gb"]}
        if wish["retention"]:
            volume["snapshot_retention"] = wish["retention"]
        deploy = ("fly_deploy", {**app, "definition": definition})
        return [
            ("fly_app", {"name": self.app, "org": "personal"}),
            ("fly_ips", {**app, **{key: wish[key] for key in ("v6", "private_v6", "shared_v4")}, "allow_public": True}),
            ("fly_volume", {**app, **volume}),
            *([] if self.fly.machines(self.app) else [deploy]),  # something must be there to note the secrets on
            ("fly_secrets", {**app, "secrets": wish["secrets"], "exact": wish["exact"]}),
            deploy,
        ]

    # What happens behind its back

    def touch(self, action: str) -> None:
        for machine in self.fly.machines(self.app)[:1]:
            if machine.state == "started":
                self.api.act_on_machine(self.app, machine.id, action, None)

    def lose_a_machine(self) -> None:
        if len(volumes(self.fly, self.app)) > 1:
            return  # two volumes that no machine uses are refused: nobody can say which one is the state
        for machine in self.fly.machines(self.app)[:1]:
            self.api.destroy_machine(self.app, machine.id, None)

    def change_a_machine(self, env: dict[str, str]) -> None:
        for machine in self.fly.machines(self.app)[:1]:
            found = self.api.machine(self.app, machine.id)
            config = {**found["config"], "env": env, "restart": {"policy": "no"}, "init": {"cmd": ["drift"]}}
            self.api.update_machine(self.app, machine.id, {"config": config}, "")

    def hold_a_lease(self, ttl: int) -> None:
        for machine in self.fly.machines(self.app)[:1]:
            self.api.acquire_lease(self.app, machine.id, ttl, "somebody", None)

    def add_an_address(self, kind: str) -> None:
        if self.fly.app(self.app):
            self.api.assign_ip(self.app, {"type": kind})

    def release_the_addresses(self) -> None:
        for entry in self.api.ips(self.app) or []:
            self.api.release_ip(self.app, entry["ip"])

    def change_secrets(self, values: dict[str, str | None]) -> None:
        if self.fly.app(self.app):
            self.api.set_secrets(self.app, values)

    def change_the_volume(self, retention: int) -> None:
        for volume in (self.api.volumes(self.app) or [])[:1]:
            self.api.update_volume(self.app, volume["id"], {"snapshot_retention": retention})

    def add_a_volume_of_the_same_name(self) -> None:
        if len(volumes(self.fly, self.app)) == 1 and self.fly.machines(self.app):
            self.api.create_volume(self.app, {"name": "data", "region": "iad", "size_gb": self.size})

    def let_time_pass(self, seconds: int) -> None:
        self.fly.advance(seconds)


def test_any_life(fly: Platform) -> None:
    @settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(turns=st.lists(st.tuples(st.lists(DRIFT, max_size=4), WISHES), min_size=1, max_size=4))
    def live(turns: list[tuple[list[tuple[Any, ...]], dict[str, Any]]]) -> None:
        life = Life(fly)
        for drift, wish in turns:
            for name, *values in drift:
                # Somebody else may be refused as well: by a lease, or because the machine is on its way.
                with suppress(FlyError):
                    getattr(life, name)(*values)
            fly.advance(LASTS)  # check mode plans from one look, which may lag behind what somebody else did
            life.converge(wish)

    SEEN.clear()
    live()
    assert {"create", "allocate", "release", "extend", "change", "set", "update", "destroy"} <= set(SEEN)
