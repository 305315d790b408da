"""Health checks are real requests to the running process."""

from __future__ import annotations

from typing import Any

from emulator.client import App, service, until


def checks(machine: Any) -> dict[str, dict[str, str]]:
    return {check["name"]: check for check in machine.view()["checks"]}


def test_checks_pass_fail_and_are_named_as_on_fly(app: App) -> None:
    machine = app.gateway(
        services=[service(3000, checks=[{"type": "http", "path": "/healthz", "interval": "1s"}, {"type": "tcp"}])],
        checks={
            "alive": {"type": "tcp", "port": 3000}, "nobody": {"type": "tcp", "port": 4999},
            "missing": {"type": "http", "port": 3000, "path": "/v1/models", "interval": "1s"},
        },
    )  # fmt: skip

    def settled() -> Any:
        found = checks(machine)
        passing = {name for name, check in found.items() if check["status"] == "passing"}
        return found if passing == {"servicecheck-00-http-3000", "servicecheck-01-tcp-3000", "alive"} else None

    found = until(settled, "three checks pass")
    assert "/healthz: 200 OK" in found["servicecheck-00-http-3000"]["output"]
    assert (found["nobody"]["status"], found["missing"]["status"]) == ("critical", "critical")
    until(lambda: "404" in checks(machine)["missing"]["output"], "the check has asked")
    assert any("servicecheck-00-http-3000' on port 3000 is now passing" in line for line in app.logs())
    machine.post("stop")
    machine.wait("stopped")
    assert {check["status"] for check in checks(machine).values()} == {"critical"}


def test_a_check_says_when_the_process_no_longer_answers(app: App) -> None:
    script = (
        "import http.server,os,signal,sys; from threading import Thread\n"
        "s = http.server.ThreadingHTTPServer(('0.0.0.0', int(sys.argv[1])), http.server.SimpleHTTPRequestHandler)\n"
        "signal.signal(signal.SIGUSR1, lambda *_: Thread(target=lambda: (s.shutdown(), s.server_close(), "
        "signal.pause())).start())\ns.serve_forever()\nimport time; time.sleep(1000)"
    )
    machine = app.machine(
        image="registry.fly.io/featherweight:1",
        init={"exec": ["node", "-c", script, "3000"]},
        checks={"up": {"type": "tcp", "port": 3000, "interval": "200ms", "timeout": "1s"}},
    )
    until(lambda: checks(machine)["up"]["status"] == "passing", "it passes")
    machine.post("signal", {"signal": "SIGUSR1"})
    until(lambda: checks(machine)["up"]["status"] == "critical", "it fails")


def test_failures_within_the_grace_period_do_not_count(app: App) -> None:
    machine = app.machine(checks={"late": {"type": "tcp", "port": 3000, "grace_period": "1h", "interval": "200ms"}})
    assert checks(machine)["late"]["output"] == "waiting for status update"
    app.client.advance(3601)
    until(lambda: "refused" in checks(machine)["late"]["output"], "the failure shows")


def test_the_checks_source_is_the_proxys_and_sends_no_forwarding_headers(app: App) -> None:
    """The worst case for a gateway that trusts the proxy's range: see the measured table in the role's docs."""
    machine = app.gateway(
        checks={
            "live": {"type": "http", "port": 3000, "path": "/healthz", "interval": "500ms"},
            "told": {
                "type": "http",
                "port": 3000,
                "path": "/startupz",
                "interval": "500ms",
                "headers": [{"name": "X-Forwarded-For", "values": ["192.0.2.1"]}],
            },
        }
    )
    until(lambda: checks(machine)["live"]["status"] == "passing", "the plain check passes")
    # Forwarding headers from a proxy that the gateway does not trust: refused.
    until(lambda: "403" in checks(machine)["told"]["output"], "the gateway refuses")
