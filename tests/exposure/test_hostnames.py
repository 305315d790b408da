"""Host names of one's own, and a dedicated address: told, waited for, proved."""

from __future__ import annotations

import json
from collections.abc import Callable

from .conftest import Gateway

NAME = "claw.example.com"


def point(gateway: Gateway, here: bool) -> None:
    """Somebody sets, or removes, the records of the name."""
    gateway.emulator.request("PUT", f"/emulator/v1/dns/{NAME}", {"configured": here})


def test_a_name_of_its_own(declare: Callable[..., Gateway]) -> None:
    gateway = declare("named", "public", fly_app_hostnames=[NAME])
    site = gateway.site
    point(gateway, False)

    first = site.converge()

    (told,) = first.of("Print what to set in DNS")["msg"]
    addresses = [entry["ip"] for entry in site.get("/ip_assignments")["ips"]]
    assert all(f" {NAME} {address}" in told for address in addresses)
    assert f"  to do   {told}" in first.of("Print the summary")["lines"]
    assert any(line.startswith(f"https://{NAME}: ") for line in gateway.findings("tls", hostnames=[NAME]))
    site.variables["fly_app_certificate_timeout"] = 1
    assert "timed out after 1 s waiting for it to serve" in site.run().failed().output

    point(gateway, True)
    site.variables["fly_app_certificate_timeout"] = 30
    assert site.converge().changed == 0

    result = gateway.prove("tls", "origin", hostnames=[NAME])
    assert "failed" not in result, result
    port = gateway.emulator.info["edge_https_port"]
    evidence = [line for check in result["checks"] for line in check["evidence"]]
    assert f"{NAME}: max-age=31536000" in evidence
    assert f"Origin https://{NAME}:{port}: accepted" in evidence
    config = json.loads(gateway.config_path.read_text())["gateway"]
    assert config["publicOrigin"] == f"https://{gateway.host}:{port}"
    site.emulator.clear_journal()
    assert site.converge().changed == 0
    assert site.writes() == []

    site.variables |= {"fly_app_exposure": "private"}
    site.converge()
    assert site.get("/certificates")["certificates"] == []
    config = json.loads(gateway.config_path.read_text())["gateway"]
    assert config["controlUi"]["allowedOrigins"][0] == "http://named.flycast"
    assert not {"publicOrigin", "http"} & set(config)


def test_a_dedicated_address(declare: Callable[..., Gateway]) -> None:
    gateway = declare("dedicated", "public", fly_app_dedicated_ipv4=True)
    site = gateway.site
    run = site.converge()
    assert site.addresses == ["v4", "v6"]
    assert "USD a month" in "".join(run.of("Print the summary")["lines"])
    assert "failed" not in gateway.prove("addresses", "tls", "brute_force", addresses={"v4": 1, "v6": 1})
    site.variables["fly_app_dedicated_ipv4"] = False
    site.converge()
    assert site.addresses == ["shared_v4", "v6"]
    assert "failed" not in gateway.prove("addresses", "tls", "brute_force")
