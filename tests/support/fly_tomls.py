"""A fly.toml with every section, and what becomes of it when one place holds something else."""

from __future__ import annotations

import copy
import functools
import tomllib
from collections.abc import Iterable, Iterator
from typing import Any

EVERYTHING = """
app = "a"
primary_region = "iad"
kill_timeout = "30s"
swap_size_mb = 512
experimental = {cmd = ["x"]}
build = {image = "i"}
deploy = {strategy = "rolling", wait_timeout = "5m"}
env = {A = "b"}
processes = {app = "run it"}
files = [{guest_path = "/x", raw_value = "aGk=", processes = ["app"]}]
restart = [{policy = "always", retries = 3}]
vm = [{size = "shared-cpu-1x", memory = "512mb", cpus = 1}]
statics = [{guest_path = "/s", url_prefix = "/"}]
metrics = [{port = 9000, path = "/m"}]
checks = {c = {type = "http", port = 3000, path = "/", interval = "15s", headers = {X = "y"}}}
[[mounts]]
source = "data"
destination = "/data"
initial_size = "1gb"
snapshot_retention = 5
auto_extend_size_threshold = 80
auto_extend_size_increment = "1GB"
auto_extend_size_limit = "10GB"
[http_service]
internal_port = 3000
force_https = true
auto_stop_machines = "stop"
min_machines_running = 1
processes = ["app"]
concurrency = {type = "requests", soft_limit = 200}
checks = [{interval = "15s", timeout = "5s", method = "get", path = "/x", headers = {X = "y"}}]
[[services]]
protocol = "tcp"
internal_port = 3001
processes = ["app"]
auto_stop_machines = true
ports = [{port = 80, handlers = ["http"]}]
tcp_checks = [{interval = "15s", timeout = "5s"}]
http_checks = [{interval = "15s", path = "/"}]
"""
NONSENSE: tuple[Any, ...] = (None, "x", "", -1, 10**9, [], ["x"], {}, {"k": "v"}, True, 1.5, [{"k": 1}], [None], "1x")


WORDS: tuple[Any, ...] = ("15s", "5", "1gb", "80", ["app"], {"A": 1}, 0, 3, False)
"""What fits in some places, and in others not."""


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from places(inner, (*path, key))


def mutated(values: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """The file with each of the values in each place."""
    whole = tomllib.loads(EVERYTHING)
    for *path, last in places(whole):
        for value in values:
            definition = copy.deepcopy(whole)
            functools.reduce(lambda table, key: table[key], path, definition)[last] = value
            yield definition
