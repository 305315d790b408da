"""What is refused in a fly.toml, and in which words."""

from __future__ import annotations

import pytest
from support.fly_tomls import NONSENSE, mutated

from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError
from ansible_collections.openclaw.fly.plugins.module_utils._fly.facts.guests import guest, monthly_dollars
from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines.config import machine_config
from ansible_collections.openclaw.fly.plugins.module_utils._fly.toml.definition import FlyToml
from ansible_collections.openclaw.fly.plugins.module_utils._fly.toml.durations import go, seconds
from ansible_collections.openclaw.fly.plugins.module_utils._fly.toml.secret_check import refuse_secrets
from ansible_collections.openclaw.fly.plugins.module_utils._fly.toml.warnings import launch_leftovers, only_by_flyctl

HTTP = "[http_service]\ninternal_port = 80\n"
MOUNT = "[mounts]\nsource = 'a'\ndestination = '/a'\n"
REFUSED = {
    "apps = 'x'": "apps: unknown key (did you mean app?)",
    HTTP + "force_http = true": "force_http: unknown key (did you mean force_https?)",
    "[http_service]\ninternal_port = 70000": "http_service.internal_port: must be a port from 1 to 65535, not 70000",
    "[processes]\na = 'x'\nb = 'y'\n" + HTTP: "http_service: name its processes",
    HTTP + "processes = ['web']": "there is no process group 'web'",
    HTTP + "[[http_service.checks]]\ninterval = '500ms'": "interval: must be at least 1s",
    "[checks.x]\ntype = 'tcp'\nport = 1\ninterval = '1s'": "checks.x.interval: must be at least 2s",
    HTTP + "[[http_service.checks]]\ninterval = 5000": "must be a time with a unit, such as 15s or 1m30s, not 5000",
    HTTP + "[http_service.checks]\npath = '/'": "http_service.checks: must be a list of tables: write [[http_service.",
    "[checks.x]\ntype = 'tcp'": "checks.x.port: missing, and app has no [http_service] to take it from",
    "[checks.up]\nport = 1": "checks.up.type: missing, must be http or tcp",
    "[[mounts]]\nsource = 'a'\ndestination = '/a'\n[[mounts]]\nsource = 'b'\ndestination = '/b'": "app has 2",
    "[mounts]\nsource = 'a'": "mounts.destination: missing, must be a path",
    "kill_timeout = '10m'": "kill_timeout: must be at most 300s",
    "[[vm]]\nmemory = '4096mb'": "1 shared CPU cannot have 4096 MB of memory",
    "[[vm]]\nmemory = 'lots'": "'lots' is not an amount of memory",
    "[[vm]]\nsize = 'shared-cpu-3x'": "there is no machine size 'shared-cpu-3x'",
    "[[vm]]\nsize = 'shared-1x'": "did you mean shared-cpu-1x?",
    "[[vm]]\nsize = 'performance-cpu-1x'": "did you mean performance-1x?",
    "[[restart]]\npolicy = 'sometimes'": "restart.policy: must be always, never or on-failure, not 'sometimes'",
    "[restart]\npolicy = 'always'": "restart: must be a list of tables: write [[restart]]",
    "app = 1": "app: must be text, not 1",
    "mounts = 'data'": "mounts: must be a list of tables, not 'data'",
    HTTP + "auto_stop_machines = 'sleep'": "must be off, stop or suspend, not 'sleep'",
    HTTP + "processes = 'app'": "http_service.processes: must be a list of texts, not 'app'",
    "[[services]]\ninternal_port = 80\n[[services.tcp_checks]]\nport = '80'": "services.tcp_checks.port: unknown key",
    MOUNT + "auto_extend_size_threshold = 40": "must be 50 to 99 percent, not 40",
    MOUNT + "auto_extend_size_limit = '1tb'": "auto_extend_size_limit: must be 1 to 500 GB, not '1tb'",
    MOUNT + "auto_extend_size_limit = '9gb'": "auto_extend_size_increment: missing",
    MOUNT + "initial_size = 'big'": "mounts.initial_size: must be a size of at least 1gb, not 'big'",
    MOUNT + "snapshot_retention = 61": "must be a number of days from 1 to 60, not 61",
    "[[files]]\nraw_value = 'aGk='": "files.guest_path: missing",
    "[deploy]\nstrategy = 'bluegreen'\n" + MOUNT: "cannot be used with [mounts]",
    "[deploy]\nstrategy = 'recreate'": "must be canary, rolling, immediate or bluegreen, not 'recreate'",
    '[deploy]\nrelease_command = "it\'s"': "deploy.release_command: cannot be split into words",
    "[build]\ndockerfile = 5": "build.dockerfile: must be text, not 5",
    "[[vm]]\nkernel_args = 5": "vm.kernel_args: must be a list of texts, not 5",
    "[env]\nWHEN = 2020-01-01": "env.WHEN: must be text, a number, true or false",
    "org = 'acme'": "org: unknown key (the organization is not part of fly.toml: it is the option org of fly_app",
    "[build.compose]\nfile = 'c.yml'": "build.compose: machines of several containers are not supported",
    "[experimental]\nmachine_config = '{}'": "experimental.machine_config: machines of several containers",
    "region = 'iad'": "region: unknown key (write primary_region)",
    "[[volumes]]\nname = 'x'": "volumes: unknown key (write [mounts], with source and destination)",
    "force_https = true": "force_https: unknown key (it belongs below [http_service])",
    MOUNT + "size_gb = 1": "mounts.size_gb: unknown key (write initial_size)",
    "[deploy]\nkill_timeout = 5": "deploy.kill_timeout: unknown key (it belongs at the top",
}


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    with pytest.raises(CollectionError) as error:
        FlyToml.parse(text)
    assert REFUSED[text] in str(error.value)


def test_a_null_in_env_is_refused() -> None:
    with pytest.raises(CollectionError, match=r"env\.A: must be text, a number, true or false, not null"):
        FlyToml.parse({"env": {"A": None}})


def test_nonsense_anywhere_is_a_message() -> None:
    """Whatever stands in whatever place: it is translated, or reported; it is never a traceback."""
    reported = 0
    for definition in mutated(NONSENSE):
        try:
            loaded = FlyToml.parse(definition)
            for group in loaded.groups:
                machine_config(loaded, group, "i", None)
        except CollectionError:
            reported += 1
    assert reported > 500


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(CollectionError, match="3 problems") as error:
        FlyToml.parse("x = 1\ny = 2\nkill_timeout = '1h'", "here/fly.toml")
    assert str(error.value).startswith("here/fly.toml: 3 problems")


LAUNCHED = "[http_service]\ninternal_port = 8080\nauto_stop_machines = 'stop'\nmin_machines_running = 0\n"


def test_what_fly_launch_left_is_told() -> None:
    (said,) = launch_leftovers(FlyToml.parse(LAUNCHED))
    assert "8080" in said and "[mounts]" in said and "auto_stop_machines" in said
    for meant in ("mounts = {source = 'data', destination = '/data'}\n" + LAUNCHED, LAUNCHED.replace("8080", "3000")):
        assert launch_leftovers(FlyToml.parse(meant)) == []


def test_what_only_flyctl_does_is_told() -> None:
    checked = HTTP + '[[http_service.machine_checks]]\nimage = "curl"\n'
    (said,) = only_by_flyctl(FlyToml.parse('[deploy]\nrelease_command = "migrate"\n' + checked))
    assert "deploy.release_command, machine_checks of a service of fly.toml" in said
    assert only_by_flyctl(FlyToml.parse(HTTP)) == []


def test_what_is_no_toml_is_told_with_its_line() -> None:
    with pytest.raises(CollectionError, match=r"it is not TOML.*line 2"):
        FlyToml.parse("app = 'x'\nregion iad\n")


@pytest.mark.parametrize(("text", "value"), [("15s", 15), ("2m", 120), ("1h30m", 5400), ("500ms", 0.5), (7, 7)])
def test_durations(text: str | int, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize(("given", "written"), [("15s", "15s"), ("120s", "2m0s"), (3600, "1h0m0s"), ("0.5s", "500ms")])
def test_durations_as_go_writes_them(given: str | int, written: str) -> None:
    assert go(given) == written


def test_an_impossible_memory_is_answered_with_the_size_that_has_it() -> None:
    with pytest.raises(CollectionError, match="or the size shared-cpu-2x for this memory"):
        guest({"size": "shared-cpu-1x", "memory": "4gb"})


@pytest.mark.parametrize(
    ("size", "memory", "region", "dollars"),
    [
        ("shared-cpu-1x", "256mb", "iad", 1.94),
        ("shared-cpu-2x", "2048mb", "iad", 11.39),
        ("shared-cpu-2x", "2048mb", "lhr", 12.92),
        ("performance-1x", "2gb", "iad", 31.00),
    ],
)
def test_prices_are_those_of_the_price_page(size: str, memory: str, region: str, dollars: float) -> None:
    assert monthly_dollars(guest({"size": size, "memory": memory}), region, 0, 0) == pytest.approx(dollars, abs=0.01)


@pytest.mark.parametrize(
    ("name", "value", "refused"),
    [
        ("ANTHROPIC_API_KEY", "anything", True),
        ("MY_TOKEN", "abc", True),
        ("HARMLESS", "xoxb-1234567890-abcdef", True),
        ("DATABASE", "postgres://user:hunter2@db/x", True),
        ("NODE_OPTIONS", "--max-old-space-size=1536", False),
        ("TOKEN_FILE", "/data/token", False),
        ("MAX_TOKENS", "4096", False),
        ("SOME_TOKEN", "${OTHER}", False),
    ],
)
def test_env_that_looks_secret(name: str, value: str, refused: bool) -> None:
    if not refused:
        refuse_secrets(FlyToml.parse({"env": {name: value}}), "fly.toml", [])
        return
    with pytest.raises(CollectionError) as error:
        refuse_secrets(FlyToml.parse({"env": {name: value}}), "fly.toml", [])
    assert name in str(error.value) and value not in str(error.value)
    refuse_secrets(FlyToml.parse({"env": {name: value}}), "fly.toml", [name])
