"""Tunnels: what is refused, what each program is told, and what follows in openclaw.json."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.filter.tunnel_urls import tunnel_urls
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_rules import Facts, waived
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.render import gateway_config
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.tunnels.check import check
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.tunnels.declared import read
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.tunnels.programs import files

UUID = "6ff42ae2-765d-4adf-8112-31c55c1551ef"
NGROK = {"kind": "ngrok", "hostname": "Voice.example.com", "paths": ["/voice/webhook"], "port": 3334}
CLOUDFLARED = {"kind": "cloudflared", "hostname": "hooks.example.com", "paths": ["/hooks/wake", "/s/*"], "id": UUID}
TAILSCALE = {"kind": "tailscale", "mode": "funnel", "hostname": "gw.tail1.ts.net", "paths": ["/hooks/wake"]}
MANAGED = {**TAILSCALE, "run_by": "gateway", "paths": ["/"]}
PLUGIN = {"kind": "ngrok", "hostname": "voice.example.com", "paths": ["/voice/webhook"], "run_by": "voice-call"}
SECRETS = frozenset({"NGROK_AUTHTOKEN", "TS_AUTHKEY", "TUNNEL_CRED_CONTENTS", "OPENCLAW_GATEWAY_PASSWORD"})
VOICE_CALL = {"voice-call": {"enabled": True, "config": {"provider": "twilio"}}}
CANARY = "2canary_5rA7nQmXbT9vKcLdPfGh"


def problems(*declared: Any, exposure: str = "private", **variables: Any) -> list[str]:
    facts = Facts(exposure=exposure, secret_names=SECRETS)
    config = gateway_config({"exposure": exposure, "tunnels": list(declared), **variables})
    return [str(problem) for problem in check(list(declared), config, facts)]


def rendered(*declared: Any) -> dict[str, str]:
    """The files by their names."""
    tunnels, wrong = read(list(declared), 3000)
    assert wrong == []
    return {file["guest_path"].removeprefix("/etc/openclaw-tunnels/"): file["text"] for file in files(tunnels)}


def test_what_is_right_is_not_refused() -> None:
    assert problems(NGROK, CLOUDFLARED, TAILSCALE) == []
    assert problems({"kind": "outbound"}) == []
    assert problems(PLUGIN, plugins=VOICE_CALL) == []


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ("ngrok", r"fly_app_tunnels\[0\]: is no object"),
        ({**NGROK, "kind": "frp"}, r"\[0\]\.kind: is an unknown kind of tunnel. Write ngrok, tailscale"),
        ({**NGROK, "hostname": None}, r"\[0\]\.hostname: is missing or no host name"),
        ({**NGROK, "hostname": "https://voice.example.com/x"}, r"\[0\]\.hostname: .*without scheme, port and path"),
        ({**NGROK, "paths": []}, r"\[0\]\.paths: is missing"),
        ({**NGROK, "paths": "/voice"}, r"\[0\]\.paths: is missing, or no list"),
        ({**NGROK, "paths": ["/a/../b"]}, r"has '/a/../b', which is no path"),
        ({**NGROK, "paths": ["/*"]}, r"has '/\*', which is no path"),
        ({**NGROK, "paths": ["/a$(id)"]}, r"which is no path"),
        ({**NGROK, "paths": ["/"]}, r"has the path /: the whole gateway, .* to everybody. List .* or waive tunnel-ev"),
        ({**NGROK, "port": 0}, r"\[0\]\.port: is no port"),
        ({**NGROK, "run_by": "gateway"}, r"\[0\]\.run_by: cannot run ngrok. Write process or voice-call"),
        ({**NGROK, "mode": "funnel"}, r"\[0\]\.mode: is Tailscale's, and this is ngrok"),
        ({**NGROK, "secret": CANARY}, r"\[0\]\.secret: is not the name of a Fly secret; .* Write NGROK_AUTHTOKEN"),
        ({**NGROK, "authtoken": CANARY}, r"\[0\]\.authtoken: is no key of a tunnel; a token is a Fly secret"),
        ({**NGROK, "secret": "OTHER"}, r"voice.example.com: needs the secret OTHER, which the machine does not have"),
        ({**NGROK, "program": "ngrok; id"}, r"\[0\]\.program: is no program's name"),
        ({**TAILSCALE, "mode": "public"}, r"\[0\]\.mode: is missing or unknown. Write serve"),
        ({**CLOUDFLARED, "id": "mine"}, r"\[0\]\.id: is missing or no UUID"),
        ({**MANAGED, "paths": ["/hooks"]}, r"names paths, but the gateway's own Tailscale always leads to all"),
        (MANAGED, r"listens on loopback only, and fly_app_exposure is private. Write fly_app_exposure: sealed"),
        (PLUGIN, r"is run by the voice-call plugin, which is not declared"),
        ({"kind": "outbound", "paths": ["/a"]}, r"\[0\]: is outbound, which leads nowhere"),
    ],
)
def test_what_is_refused(declared: Any, told: str) -> None:
    found = problems(declared)
    assert any(re.search(told, line) for line in found), found
    assert CANARY not in "".join(found)


def test_what_does_not_go_together() -> None:
    def one(*declared: Any, **variables: Any) -> str:
        (found,) = problems(*declared, **variables)
        return found

    assert "hostname voice.example.com twice" in one(NGROK, {**NGROK, "port": 3000})
    assert "id " + UUID + " twice" in one(CLOUDFLARED, {**CLOUDFLARED, "hostname": "b.example.com"})
    assert "tailscale twice" in one(TAILSCALE, {**TAILSCALE, "hostname": "b.tail1.ts.net"})
    assert "outbound beside a tunnel" in one({"kind": "outbound"}, NGROK)
    assert "fly_app_exposure is public" in one({"kind": "outbound"}, exposure="public")
    assert "the plugin listens on 3334" in one({**PLUGIN, "port": 3000}, plugins=VOICE_CALL)
    unsigned = {"voice-call": {"enabled": True, "config": {"skipSignatureVerification": True}}}
    assert "takes webhooks from anybody, and voice.example.com leads there" in one(NGROK, plugins=unsigned)


def test_the_whole_gateway_is_waived_with_a_reason_only() -> None:
    everything = {**NGROK, "paths": ["/"]}
    for reason, left in (("", 1), ("The Control UI of the team, behind ngrok's login", 0)):
        facts = Facts(exposure="private", secret_names=SECRETS, waivers={"tunnel-everything": reason})
        found = check([everything], {}, facts)
        assert len([problem for problem in found if not waived(problem, facts)]) == left


def test_no_tunnel_no_file() -> None:
    assert rendered() == rendered({"kind": "outbound"}) == {}


@pytest.mark.parametrize(
    ("path", "comes_through"),
    [
        ("/hooks/wake", True),
        ("/s/Ab-9_~", True),
        ("/", False),
        ("/hooks/wake/", False),
        ("/hooks/wakeful", False),
        ("/x/hooks/wake", False),
        ("/s/", False),
        ("/s/a/b", False),
        ("/s/..", False),
        ("/s/../tools/invoke", False),
        ("/control-ui-config.json", False),
    ],
)
def test_only_declared_paths_come_through(path: str, comes_through: bool) -> None:
    """The same pattern at ngrok and cloudflared; CEL's and Go's syntax is Python's for what is used of it."""
    first, last = json.loads(rendered(CLOUDFLARED)[f"cloudflared-{CLOUDFLARED['hostname']}.yml"])["ingress"]
    assert (first["hostname"], last) == ("hooks.example.com", {"service": "http_status:404"})
    assert bool(re.search(first["path"], path)) is comes_through
    ngrok = json.loads(rendered({**NGROK, "paths": CLOUDFLARED["paths"]})["ngrok-voice.example.com.yml"])
    (rule,) = ngrok["endpoints"][0]["traffic_policy"]["on_http_request"]
    assert rule["expressions"] == [f"!req.url.path.matches('{first['path']}')"]
    assert rule["actions"] == [{"type": "deny", "config": {"status_code": 404}}]


def test_a_dot_in_a_path_is_a_dot() -> None:
    found = json.loads(rendered({**CLOUDFLARED, "paths": ["/a.b"]})["cloudflared-hooks.example.com.yml"])
    pattern = found["ingress"][0]["path"]
    assert re.search(pattern, "/a.b") and not re.search(pattern, "/aXb")


def test_ngrok_opens_nothing_beside() -> None:
    config = json.loads(rendered(NGROK)["ngrok-voice.example.com.yml"])
    assert config["agent"]["web_addr"] is False and "authtoken" not in config["agent"]
    assert config["endpoints"][0]["url"] == "https://voice.example.com"
    assert config["endpoints"][0]["upstream"] == {"url": "http://127.0.0.1:3334"}


def test_tailscale_serves_each_path_by_itself() -> None:
    script = rendered({**TAILSCALE, "paths": ["/hooks/wake", "/s/*"]})["tailscale-gw.tail1.ts.net.tunnel"]
    assert "ts serve reset" in script
    assert "ts funnel --bg --yes --https=443 --set-path=/hooks/wake http://127.0.0.1:3000/hooks/wake" in script
    assert "ts funnel --bg --yes --https=443 --set-path=/s/ http://127.0.0.1:3000/s/" in script
    assert "serve" not in rendered(MANAGED)["tailscale-gw.tail1.ts.net.tunnel"]


def test_the_gateway_trusts_a_tunnel_that_leads_to_it() -> None:
    def gateway(*tunnels: Any, exposure: str = "private", **variables: Any) -> dict[str, Any]:
        found: dict[str, Any] = gateway_config({"exposure": exposure, "tunnels": list(tunnels), **variables})["gateway"]
        return found

    assert gateway(CLOUDFLARED)["trustedProxies"] == ["172.16.0.0/12", "127.0.0.1"]
    assert gateway(CLOUDFLARED, exposure="sealed")["trustedProxies"] == ["127.0.0.1"]
    assert gateway(NGROK)["trustedProxies"] == ["172.16.0.0/12"], "it leads to the plugin"
    assert gateway(NGROK) == gateway({"kind": "outbound"}) == gateway()
    origins = gateway()["controlUi"]["allowedOrigins"]
    assert gateway(CLOUDFLARED)["controlUi"]["allowedOrigins"] == origins, "a webhook is no page"
    page = gateway({**CLOUDFLARED, "paths": ["/"]})
    assert page["controlUi"]["allowedOrigins"] == [*origins, "https://hooks.example.com"]


def test_tailscale_by_the_gateway_itself() -> None:
    funnel = gateway_config({"exposure": "sealed", "tunnels": [MANAGED]})["gateway"]
    assert (funnel["bind"], funnel["tailscale"]) == ("loopback", {"mode": "funnel"})
    assert funnel["auth"]["mode"] == "password" and "token" not in funnel["auth"]
    assert funnel["auth"]["password"] == {"source": "env", "provider": "default", "id": "OPENCLAW_GATEWAY_PASSWORD"}
    assert "https://gw.tail1.ts.net" in funnel["controlUi"]["allowedOrigins"]
    serve = gateway_config({"exposure": "sealed", "tunnels": [{**MANAGED, "mode": "serve"}]})["gateway"]
    assert (serve["auth"]["mode"], serve["auth"]["allowTailscale"]) == ("token", False)


def test_the_guides_voice_call() -> None:
    """As the guide writes it, and what makes Twilio's signatures hold."""
    entry = gateway_config({"tunnels": [PLUGIN], "plugins": VOICE_CALL})["plugins"]["entries"]["voice-call"]
    assert entry == {
        "enabled": True,
        "config": {
            "provider": "twilio",
            "tunnel": {"provider": "ngrok", "ngrokDomain": "voice.example.com"},
            "webhookSecurity": {"allowedHosts": ["voice.example.com"], "trustedProxyIPs": ["127.0.0.1"]},
        },
    }


def test_voice_call_behind_a_process() -> None:
    own = {"serve": {"port": 4000, "path": "/calls"}, "webhookSecurity": {"allowedHosts": ["old.example.com"]}}
    plugins = {"voice-call": {"enabled": True, "config": own}}
    config = gateway_config({"tunnels": [{**NGROK, "port": 4000}], "plugins": plugins})
    made = config["plugins"]["entries"]["voice-call"]["config"]
    assert made["publicUrl"] == "https://voice.example.com/calls"
    assert made["webhookSecurity"]["allowedHosts"] == ["old.example.com", "voice.example.com"]
    assert "tunnel" not in made
    other = gateway_config({"tunnels": [CLOUDFLARED], "plugins": plugins})["plugins"]["entries"]["voice-call"]
    assert other["config"] == own, "that tunnel does not lead to the plugin"


def test_what_a_person_says_wins() -> None:
    plugins = {
        "voice-call": {"enabled": True, "config": {"tunnel": {"provider": "none"}, "publicUrl": "https://a.b/c"}}
    }
    made = gateway_config({"tunnels": [PLUGIN], "plugins": plugins})["plugins"]["entries"]["voice-call"]["config"]
    assert (made["tunnel"]["provider"], made["publicUrl"]) == ("none", "https://a.b/c")


def test_what_is_reached_from_outside() -> None:
    serve = {**TAILSCALE, "mode": "serve"}
    assert tunnel_urls([NGROK, serve]) == [{"url": "https://voice.example.com", "paths": ["/voice/webhook"]}]
    assert tunnel_urls([{"kind": "outbound"}]) == []
