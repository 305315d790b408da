"""Bad inputs as users write them, each with what the one message that refuses it must contain."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECRET = "sk-live0123456789abcdef"
"""In no output of any run."""
TELEGRAM = "123456789" + ":" + "aB3" * 12
A_SKILL = str(Path(__file__).parent / "skills/a-skill")
CLASSIC = "gh" + "p_" + "a1" * 18


@dataclass(frozen=True)
class Bad:
    """The variables of one host, and parts of the message. `base` names the gateway that runs already, if one must."""

    name: str
    variables: dict[str, Any]
    told: tuple[str, ...]
    base: str = field(default="", kw_only=True)

    @property
    def host(self) -> str:
        return self.base or f"bad-{self.name}"


def _extra(**config: Any) -> dict[str, Any]:
    return {"openclaw_config_extra": config}


def _secret(value: Any, name: str = "SOME_KEY") -> dict[str, Any]:
    return {"fly_app_secrets": {name: value}}


def _command(words: str) -> dict[str, Any]:
    return {"fly_app_command": f"node dist/index.js gateway {words}".strip()}


TELEGRAM_ON = {"telegram": {"enabled": True, "dmPolicy": "allowlist", "allowFrom": ["42"]}}

CONNECTION = (
    Bad("wrong-token", {"fly_api_token": "fm2_wrong"}, ("does not accept the API token", "fly tokens create")),
    Bad("token-not-in-vault", {"fly_api_token": "{{ vault_fly_api_token }}"}, ("vault_fly_api_token", "undefined")),
    Bad("url-not-in-vault", {"fly_machines_url": "{{ vault_urls.machines }}"}, ("vault_urls", "undefined")),
    Bad("no-token", {"fly_api_token": ""}, ("there is no Fly.io API token", "FLY_API_TOKEN")),
    Bad("broken-token", {"fly_api_token": "two words"}, ("a character that no token has", "Paste it again")),
    Bad("url-without-scheme", {"fly_machines_url": "api.machines.dev"}, ("is not a URL of an API", "https://")),
    Bad("url-nobody-listens", {"fly_machines_url": "http://127.0.0.1:9"}, ("http://127.0.0.1:9 cannot be reached",)),
    Bad("org-missing", {"fly_app_org": "nobody"}, ("organization", "nobody")),
    Bad("app-taken", {"fly_app_name": "somebody-elses"}, ("taken by another organization", "Choose another name")),
)

VARIABLES = (
    Bad("misspelt-exposure", {"fly_app_exposre": "private"}, ("fly_app_exposre", "Did you mean fly_app_exposure?")),
    Bad("misspelt-region", {"fly_app_regoin": "ams"}, ("fly_app_regoin", "Did you mean fly_app_region?")),
    Bad("misspelt-channels", {"openclaw_config_chanels": {}}, ("Did you mean openclaw_config_channels?",)),
    Bad("misspelt-prefix", {"openclaw_confg_model": "x"}, ("Did you mean openclaw_config_model?",)),
    Bad("misspelt-layer", {"openclaw_config_layers_10": {}}, ("Did you mean openclaw_config_layer_NAME?",)),
    Bad("unknown-variable", {"fly_app_wholly_else": 1}, ("fly_app_wholly_else", "openclaw_fly_own_variables")),
    Bad(
        "no-such-ownership",
        {"openclaw_config_ownership": "shared"},
        ("openclaw_config_ownership: is 'shared', but must be one of merge, exact, readonly",),
    ),
    Bad(
        "no-such-exposure",
        {"fly_app_exposure": "hidden"},
        ("fly_app_exposure: is 'hidden', but must be one of public, private, sealed",),
    ),
    Bad(
        "null-variables",
        {"openclaw_config_channels": None},
        ("openclaw_config_channels: is null, but must be a dictionary",),
    ),
    Bad("agent-as-text", {"openclaw_config_agents": {"main": "opus"}}, ("openclaw_config_agents.main: is text",)),
    Bad("misspelt-choice", {"fly_app_exposure": "pubic"}, ("fly_app_exposure: is 'pubic'", "Did you mean public?")),
    Bad("secrets-as-list", {"fly_app_secrets": ["A=b"]}, ("fly_app_secrets: is a list, but must be a dictionary",)),
    Bad("env-as-list", {"fly_app_env": ["A=b"]}, ("fly_app_env: is a list, but must be a dictionary",)),
    Bad("env-as-text", {"fly_app_env": "A=b"}, ("fly_app_env: is text, but must be a dictionary",)),
    Bad("size-as-word", {"fly_app_volume_size_gb": "ten"}, ("fly_app_volume_size_gb: is 'ten', but must be a whole",)),
    Bad("hosts-as-text", {"fly_app_hostnames": "a.example.com"}, ("fly_app_hostnames: is text, but must be a list",)),
    Bad(
        "host-no-text", {"fly_app_hostnames": [{"a": 1}]}, ("fly_app_hostnames[0]: is a dictionary, but must be text",)
    ),
    Bad("exact-as-word", {"fly_app_secrets_exact": "maybe"}, ("fly_app_secrets_exact: is 'maybe'", "true or false")),
    Bad("region-null", {"fly_app_region": None}, ("fly_app_region: is null, but must be text",)),
    Bad("region-norway", {"fly_app_region": False}, ("fly_app_region: is a boolean, but must be text",)),
    Bad("layer-as-text", {"openclaw_config_layer_10": "x"}, ("openclaw_config_layer_10: is text, but must be a dict",)),
    Bad("tunnel-as-text", {"fly_app_tunnels": ["ngrok"]}, ("fly_app_tunnels[0]: is text, but must be a dictionary",)),
    Bad("program-as-text", {"fly_app_image_programs": ["jq"]}, ("fly_app_image_programs[0]: is text",)),
    Bad("backup-rule", {"fly_app_backup_keep": {"dayly": 7}}, ("fly_app_backup_keep.dayly", "Did you mean daily?")),
    Bad("backup-keeps-none", {"fly_app_backup_keep": {"last": 0}}, ("fly_app_backup_keep: these", "keep none")),
    Bad("backup-recipient", {"fly_app_backup_recipients": ["x"]}, ("fly_app_backup_recipients[0]: a recipient is",)),
    Bad(
        "backup-bucket", {"fly_app_backup_folder": "s3:/b"}, ("fly_app_backup_folder: this is no place", "s3://BUCKET")
    ),
    Bad("backup-s3", {"fly_app_backup_s3": {"regoin": "x"}}, ("fly_app_backup_s3.regoin", "Did you mean region?")),
    Bad("port-as-word", {"openclaw_exposure_http_port": "web"}, ("openclaw_exposure_http_port: is 'web'",)),
    Bad(
        "kinds-at-once",
        {"fly_app_exposure": "pubic", "fly_app_secrets": ["a"], "fly_app_volume_size_gb": "big", "fly_app_exposre": 1},
        (
            "4 problems",
            "fly_app_exposure: is 'pubic'",
            "fly_app_secrets: is",
            "fly_app_volume_size_gb:",
            "fly_app_exposre:",
        ),
    ),
)

WITH_KINDS = (
    Bad(
        "values-beside-kinds",
        {
            "fly_app_exposure": "pubic", "fly_app_secrets": ["A=b"], "fly_app_region": "frx",
            "openclaw_config_model": "x",
        },
        ("app bad-values-beside-kinds: 4 problems", "fly_app_exposure: is 'pubic'", "fly_app_secrets: is a list",
         "fly_app_region: Fly.io has no region", "openclaw_config_model: agents.defaults.model.primary: is x"),
    ),
    Bad(
        "values-beside-agents",
        {"openclaw_config_agents": {"main": "opus", "other": 3}, "fly_app_vm_size": "huge"},
        ("3 problems", "agents.main: is text", "agents.other: is a number", "no machine size 'huge'"),
    ),
    Bad(
        "undefined-beside-others", {"fly_app_region": "{{ nowhere }}", "fly_app_vm_size": "huge"},
        ("2 problems", "fly_app_region: cannot be resolved: 'nowhere' is undefined", "no machine size 'huge'"),
    ),
    Bad(
        "undefined-in-the-config", {"openclaw_config_channels": {"discord": {"token": "{{ vault_token }}"}}},
        ("in-the-config: openclaw_config_channels: cannot be resolved: 'vault_token' is undefined",),
    ),
    Bad("name-null", {"fly_app_name": None, "fly_app_region": "frx"}, ("2 problems", "fly_app_name: is null", "frx")),
    Bad("memory-swapped", {"fly_app_memroy": "2gb"}, ("fly_app_memroy", "Did you mean fly_app_vm_memory?")),
    Bad(
        "times",
        {"fly_app_kill_timeout": "10m", "fly_app_check_interval": "soon", "fly_app_check_timeout": "90s"},
        ("3 problems", "fly_app_kill_timeout: must be", "fly_app_check_interval: must be", "fly_app_check_timeout: m"),
    ),
    Bad("kill-timeout", {"fly_app_kill_timeout": "10m"}, ("kill-timeout: fly_app_kill_timeout: must be at most",)),
    Bad(
        "programs",
        {
            "fly_app_image_programs": [{"name": "jq"}, {"name": "yq", "uri": "x"}],
            "fly_app_image_signal": {"version": "new"}, "fly_app_region": "frx",
        },
        ("fly_app_image_programs[0]: jq: it has no address", "fly_app_image_programs[1]: yq: unknown key",
         "fly_app_image_signal: signal-cli: 'new' is no version", "fly_app_region"),
    ),
    Bad(
        "release-beside-others", {"fly_app_release": "latest", "fly_app_region": "frx"},
        ("2 problems", "fly_app_release: 'latest' is not an OpenClaw release", "fly_app_region"),
    ),
)  # fmt: skip

NAMES = (
    Bad("app-upper-case", {"fly_app_name": "myBot"}, ("fly_app_name", "'myBot' is not valid", "Write my-bot")),
    Bad("app-underscore", {"fly_app_name": "my_bot"}, ("fly_app_name", "Write my-bot")),
    Bad("app-leading-dash", {"fly_app_name": "-bot"}, ("fly_app_name", "inner dashes only", "Write bot")),
    Bad("app-too-long", {"fly_app_name": "b" * 64}, ("fly_app_name", "at most 63")),
    Bad("app-emoji", {"fly_app_name": "bot🦞"}, ("fly_app_name", "Write bot")),
    Bad("volume-dash", {"fly_app_volume_name": "bot-data"}, ("fly_app_volume_name", "Write bot_data")),
    Bad("volume-too-long", {"fly_app_volume_name": "d" * 31}, ("fly_app_volume_name", "at most 30")),
    Bad("secret-dash", _secret("a-value-of-it", "some-key"), ("fly_app_secrets.some-key", "Write SOME_KEY")),
    Bad("secret-digit", _secret("a-value-of-it", "2FA_KEY"), ("fly_app_secrets.2FA_KEY", "no digit first")),
    Bad(
        "env-name",
        {"fly_app_env": {"SOME-NAME": "x"}},
        ("fly_app_env.SOME-NAME: the name of this variable", "Write SOME_NAME"),
    ),
    Bad("host-scheme", {"fly_app_hostnames": ["https://b.example.com"]}, ("fly_app_hostnames[0]", "b.example.com")),
    Bad("host-port", {"fly_app_hostnames": ["b.example.com:443"]}, ("fly_app_hostnames[0]", "no port")),
    Bad("host-path", {"fly_app_hostnames": ["b.example.com/bot"]}, ("fly_app_hostnames[0]", "no path")),
    Bad("host-bare", {"fly_app_hostnames": ["bot"]}, ("fly_app_hostnames[0]", "a bare name with a domain")),
)

SIZES = (
    Bad("region-unknown", {"fly_app_region": "frx"}, ("Fly.io has no region 'frx'", "Did you mean fra?")),
    Bad("region-city", {"fly_app_region": "Frankfurt"}, ("fly_app_region", "Fly.io has no region 'Frankfurt'")),
    Bad("region-to-fall-back-to", {"fly_app_fallback_regions": ["iadd"]}, ("fly_app_fallback_regions[0]", "iad")),
    Bad("size-unknown", {"fly_app_vm_size": "shared-cpu-3x"}, ("no machine size 'shared-cpu-3x'", "shared-cpu-4x")),
    Bad("size-without-cpu", {"fly_app_vm_size": "shared-1x"}, ("no machine size 'shared-1x'", "shared-cpu-1x")),
    Bad(
        "memory-unlike-size",
        {"fly_app_vm_size": "shared-cpu-1x", "fly_app_vm_memory": "8192mb"},
        ("1 shared CPU cannot have 8192 MB", "256 to 2048 MB in steps of 256", "shared-cpu-4x"),
    ),
    Bad("memory-no-amount", {"fly_app_vm_memory": "lots"}, ("fly_app_vm_memory", "lots")),
    Bad("memory-too-little", {"fly_app_vm_memory": "512mb"}, ("fly_app_vm_memory", "1024 MB that the gateway needs")),
    Bad("heap-too-large", {"fly_app_heap_mb": 4000}, ("fly_app_heap_mb", "Set fly_app_heap_mb to 1536 or less")),
    Bad("volume-none", {"fly_app_volume_size_gb": 0}, ("fly_app_volume_size_gb", "1 to 500 GB")),
    Bad("volume-too-large", {"fly_app_volume_size_gb": 501}, ("fly_app_volume_size_gb", "1 to 500 GB")),
    Bad("retention-none", {"fly_app_snapshot_retention": 0}, ("fly_app_snapshot_retention", "1 to 60 days")),
    Bad("retention-too-long", {"fly_app_snapshot_retention": 61}, ("fly_app_snapshot_retention", "1 to 60 days")),
    Bad("env-too-large", {"fly_app_env": {"BIG": "x" * 1_000_001}}, ("fly_app_env", "1,000,000")),
)

VALUES = (
    Bad("env-null", {"fly_app_env": {"A": None}}, ("fly_app_env.A", "is null")),
    Bad("env-dictionary", {"fly_app_env": {"A": {"b": 1}}}, ("fly_app_env.A", "is a dictionary")),
    Bad("env-secret-name", {"fly_app_env": {"SOME_API_KEY": SECRET}}, ("looks like a secret: SOME_API_KEY",)),
    Bad("env-secret-shape", {"fly_app_env": {"GREETING": CLASSIC}}, ("fly_app_env", "GREETING")),
    Bad("secret-null", _secret(None), ("fly_app_secrets.SOME_KEY", "is null")),
    Bad("secret-empty", _secret(""), ("fly_app_secrets.SOME_KEY", "is empty", "Export SOME_KEY in this shell")),
    Bad("secret-blank", _secret("   "), ("fly_app_secrets.SOME_KEY", "is empty")),
    Bad("secret-number", _secret(42), ("fly_app_secrets.SOME_KEY", "is a number", "in quotes")),
    Bad("secret-boolean", _secret(True), ("fly_app_secrets.SOME_KEY", "is a boolean", "in quotes")),
    Bad("secret-dictionary", _secret({"key": SECRET}), ("fly_app_secrets.SOME_KEY", "is a dictionary", "to_json")),
    Bad("secret-list", _secret([SECRET]), ("fly_app_secrets.SOME_KEY", "is a list")),
    Bad("secret-lines", _secret(f"{SECRET}\nmore"), ("fly_app_secrets.SOME_KEY", "has several lines")),
    Bad("secret-space", _secret(f" {SECRET}"), ("fly_app_secrets.SOME_KEY", "white space", "trim")),
    Bad("secret-placeholder", _secret("changeme"), ("fly_app_secrets.SOME_KEY", "is a placeholder")),
    Bad("secret-shape", _secret("123", "OPENAI_API_KEY"), ("OPENAI_API_KEY", "sk-...", "secret-shape")),
    Bad(
        "secret-twice",
        {"fly_app_secrets": {"ONE_KEY": SECRET, "OTHER_KEY": SECRET}},
        ("OTHER_KEY: has the same value as ONE_KEY", "Give each its own value"),
    ),
    Bad(
        "secret-in-env-too",
        {"fly_app_env": {"LOG_LEVEL": "debug"}, "fly_app_secrets": {"LOG_LEVEL": SECRET}, "fly_app_region": "frx"},
        ("2 problems", "fly_app_secrets.LOG_LEVEL: is in fly_app_env too", "Remove it from one", "fly_app_region"),
    ),
    Bad(
        "token-file-a-folder",
        {"fly_app_gateway_token_file": "/"},
        ("/: the gateway token cannot be read", "Is a directory"),
    ),
    Bad(
        "token-among-secrets",
        _secret("an-example-of-9f8e7d6c5b4a", "OPENCLAW_GATEWAY_TOKEN"),
        ("fly_app_secrets.OPENCLAW_GATEWAY_TOKEN: has no effect", "Set fly_app_gateway_token"),
    ),
    Bad("token-short", {"fly_app_gateway_token": "abc"}, ("fly_app_gateway_token", "can be guessed", "openssl rand")),
    Bad("token-word", {"fly_app_gateway_token": "changeme"}, ("fly_app_gateway_token", "placeholder")),
    Bad("token-repeats", {"fly_app_gateway_token": "ab" * 20}, ("fly_app_gateway_token", "it repeats itself")),
    Bad("token-counts", {"fly_app_gateway_token": "abcdefghijklmnopqrstuvwxyz"}, ("fly_app_gateway_token", "guessed")),
    Bad("token-two-words", {"fly_app_gateway_token": f"{SECRET} {SECRET}"}, ("fly_app_gateway_token", "white space")),
    Bad("token-dictionary", {"fly_app_gateway_token": {"t": SECRET}}, ("fly_app_gateway_token",)),
)

PROCESS = (
    Bad(
        "port-unlike-service",
        _command("--port 4000 --bind lan"),
        ("internal_port", "is 3000, but the gateway listens on 4000 (--port)", "start the gateway with --port 3000"),
    ),
    Bad("port-no-number", _command("--port many --bind lan"), ("fly_app_command: processes: --port many",)),
    Bad("bind-any", {"fly_app_bind": "0.0.0.0"}, ("fly_app_bind: --bind", "is 0.0.0.0, which OpenClaw refuses", "lan")),
    Bad("bind-loopback", {"fly_app_bind": "loopback"}, ("--bind", "where Fly's proxy cannot reach it", "Write lan")),
    Bad(
        "secret-in-command",
        _command(f"--port 3000 --bind lan --api-key {SECRET}"),
        ("fly_app_command", "readable in fly.toml", "Set the Fly secret API_KEY (fly_app_secrets)"),
    ),
    Bad("release-no-release", {"fly_app_release": "latest"}, ("no-release: fly_app_release: 'latest' is not",)),
    Bad(
        "config-off-the-volume",
        {"openclaw_config_path": "/etc/openclaw.json"},
        ("openclaw_config_path", "is not in /data", "/data/openclaw.json"),
    ),
    Bad(
        "plugin-latest",
        {"openclaw_config_packages": {"@openclaw/discord": "latest"}},
        ("openclaw_config_packages.@openclaw/discord: ", "no exact version"),
    ),
    Bad("plugin-no-package", {"openclaw_config_packages": {"not a package": "1.0.0"}}, ("no name of an npm package",)),
    Bad("check-interval", {"fly_app_check_interval": "soon"}, ("fly_app_check_interval: must be", "not 'soon'")),
    Bad("restart-policy", {"fly_app_restart_policy": "sometimes"}, ("sometimes",)),
    Bad("tunnel-kind", {"fly_app_tunnels": [{"provider": "wormhole"}]}, ("fly_app_tunnels[0]",)),
    Bad("build-with-a-token", {"fly_app_build": f"https://x:{CLASSIC}@git.example/b.git"}, ("fly_app_build",)),
)

SKILLS = (
    Bad(
        "skill-nowhere",
        {"openclaw_config_skills": {"weather": "/nowhere", "Bad Name": "/nowhere"}, "fly_app_region": "frx"},
        (
            "3 problems",
            "openclaw_config_skills.weather: /nowhere: The skill weather cannot",
            "openclaw_config_skills.Bad Name: ",
        ),
    ),
    Bad(
        "skill-twice",
        {"openclaw_config_skills": {"one": A_SKILL, "two": A_SKILL}, "fly_app_region": "frx"},
        ("2 problems", "openclaw_config_skills.two: calls itself a-skill, as one does", "fly_app_region"),
    ),
)

FORMS = (
    Bad("org-empty", {"fly_app_org": ""}, ("fly_app_org: is '', but must be an organization's slug",)),
    Bad("image-no-reference", {"fly_app_image": "Not An Image"}, ("fly_app_image: is 'Not An Image', but must be",)),
    Bad("image-user", {"fly_app_image_user": "node"}, ("fly_app_image_user: is 'node'", "such as 1000:1000")),
    Bad("domain-with-scheme", {"fly_app_domain": "https://fly.dev"}, ("fly_app_domain", "a bare domain")),
    Bad("kill-signal", {"fly_app_kill_signal": "SIGFOO"}, ("fly_app_kill_signal: is 'SIGFOO'", "SIGTERM")),
    Bad("check-path", {"fly_app_check_path": "healthz"}, ("fly_app_check_path: is 'healthz'", "begins with /")),
    Bad("volume-path", {"fly_app_volume_path": "data"}, ("fly_app_volume_path: is 'data'", "such as /data")),
    Bad("volume-at-the-root", {"fly_app_volume_path": "/"}, ("fly_app_volume_path: is '/'",)),
    Bad("config-file-empty", {"fly_app_config_file": ""}, ("fly_app_config_file: is '', but must be the path",)),
    Bad("https-port", {"fly_app_https_port": 99999}, ("fly_app_https_port: is 99999, which is no port",)),
    Bad("no-volume", {"fly_app_volume_name": ""}, ("fly_app_volume_name: is empty: a gateway keeps its state",)),
    Bad("network", {"fly_app_network": "my network"}, ("fly_app_network: is 'my network', but must be a name",)),
    Bad("snapshot", {"fly_app_volume_snapshot": "latest"}, ("fly_app_volume_snapshot: is 'latest'", "vs_9k3m")),
    Bad("owner-by-name", {"openclaw_config_owner": "node"}, ("openclaw_config_owner: is 'node'", "1000:1000")),
    Bad("token-variable", {"openclaw_config_token_env": "1X"}, ("openclaw_config_token_env: is '1X'",)),
    Bad("url-no-url", {"openclaw_config_url": "gateway"}, ("openclaw_config_url: is 'gateway'", "a URL")),
    Bad("timeout-negative", {"fly_app_wait_timeout": -5}, ("fly_app_wait_timeout: is '-5'", "0 or more")),
    Bad(
        "no-flyctl", {"fly_app_flyctl": "/nowhere/flyctl", "fly_app_image_packages": ["jq"]},
        ("fly_app_flyctl: there is no /nowhere/flyctl", "Install flyctl"),
    ),
    Bad(
        "build-nowhere", {"fly_app_build": {"path": "/nowhere"}, "fly_app_region": "frx", "fly_app_flyctl": "git"},
        ("2 problems", "fly_app_build: there is no folder /nowhere", "Give fly_app_build.path", "fly_app_region"),
    ),
    Bad(
        "build-of-nothing", {"fly_app_build": {"dockerfile": "D"}, "fly_app_flyctl": "git"},
        ("fly_app_build: nothing to build is given",),
    ),
    Bad(
        "ca-nowhere", {"openclaw_config_ca_file": "/nowhere/ca.pem", "fly_app_region": "frx"},
        ("2 problems", "openclaw_config_ca_file: /nowhere/ca.pem cannot be used: [Errno 2]", "Give a PEM file"),
    ),
    Bad(
        "no-such-check", {"openclaw_exposure_checks": ["tls", "orgin"], "fly_app_region": "frx"},
        ("2 problems", "openclaw_exposure_checks[1]: is 'orgin'", "Did you mean origin?", "fly_app_region"),
    ),
    Bad("image-and-others", {"fly_app_image": "A B", "fly_app_region": "frx"}, ("2 problems", "fly_app_region")),
)  # fmt: skip

CONFIG = (
    Bad("config-bind", {"openclaw_config_bind": "loopback"}, ("openclaw_config_bind: gateway.bind", "proxy cannot")),
    Bad(
        "config-key", _extra(gateway={"trustedProxy": ["10.0.0.0/8"]}),
        ("openclaw_config_extra: gateway.trustedProxy:", "trustedProxies"),
    ),
    Bad(
        "layer-key", {"openclaw_config_layer_10": {"gateway": {"trustedProxy": ["10.0.0.0/8"]}}},
        ("openclaw_config_layer_10: gateway.trustedProxy:",),
    ),
    Bad("port-out-of-range", {"fly_app_port": 99999}, ("fly_app_port: is 99999, which is no port",)),
    Bad(
        "short-secret-and-region", {"fly_app_region": "frx", "fly_app_secrets": {"FLAG": "1", "LETTER": "a"}},
        ("app bad-short-secret-and-region: fly_app_region: Fly.io has",),
    ),
    Bad("config-root-key", _extra(gatewai={}), ("openclaw_config_extra: gatewai:", "Did you mean 'gateway'?")),
    Bad("config-port", _extra(gateway={"port": "three thousand"}), ("gateway.port", "Write 3000")),
    Bad(
        "config-secret", {"openclaw_config_channels": {"discord": {"token": SECRET}}},
        ("openclaw_config_channels: channels.discord.token", "Set the Fly secret DISCORD_BOT_TOKEN"),
    ),
    Bad(
        "config-secret-not-set", {"openclaw_config_channels": {"discord": {"token": "${DISCORD_BOT_TOKEN}"}}},
        ("channels.discord.token", "${DISCORD_BOT_TOKEN}, which the machine does not have"),
    ),
    Bad("no-proxy", {"openclaw_config_trusted_proxies": []}, ("gateway.trustedProxies", "403", "172.16.0.0/12")),
    Bad("any-proxy", {"openclaw_config_trusted_proxies": ["0.0.0.0/0"]}, ("gateway.trustedProxies[",)),
    Bad("proxy-no-address", {"openclaw_config_trusted_proxies": ["fly"]}, ("proxies: gateway.trustedProxies[",)),
    Bad("any-origin", {"openclaw_config_allowed_origins": ["*"]}, ("gateway.controlUi.allowedOrigins[", "any website")),
    Bad("no-auth", _extra(gateway={"auth": {"mode": "none"}}), ("gateway.auth.mode", "Write mode: token")),
    Bad("hooks-without-token", _extra(hooks={"enabled": True}), ("hooks.token", "is missing", "HOOKS_TOKEN")),
    Bad(
        "hooks-with-the-gateways", _extra(hooks={"enabled": True, "token": "${OPENCLAW_GATEWAY_TOKEN}"}),
        ("hooks.token", "is the gateway's own token"),
    ),
    Bad(
        "hooks-by-reference",
        _extra(
            hooks={
                "enabled": True,
                "token": {"source": "env", "provider": "default", "id": "OPENCLAW_GATEWAY_TOKEN"},
            }
        ),
        ("hooks.token: is a reference, which OpenClaw 2026.9.6 does not take here",),
    ),
    Bad(
        "mcp-secret",
        _extra(mcp={"servers": {"forge": {"command": "npx", "env": {"GITHUB_TOKEN": CLASSIC}}}}),
        ("mcp.servers.forge.env.GITHUB_TOKEN", 'Set the Fly secret GITHUB_TOKEN and write "${GITHUB_TOKEN}"'),
    ),
    Bad(
        "mcp-header",
        _extra(
            mcp={
                "servers": {
                    "notes": {"url": "https://mcp.example.com", "headers": {"Authorization": f"Bearer {SECRET}"}}
                }
            }
        ),
        ("mcp.servers.notes.headers.Authorization", "Bearer ${"),
    ),
    Bad(
        "channel-without-an-agent",
        {
            "openclaw_config_agents": {"main": {}, "work": {}}, "openclaw_config_channels": TELEGRAM_ON,
            "fly_app_secrets": {"TELEGRAM_BOT_TOKEN": TELEGRAM},
        },
        ("channels.telegram: has no agent", "openclaw_config_bindings: {agentId: main, match: {channel: telegram}}"),
    ),
    Bad(
        "binding-to-nobody",
        {
            "openclaw_config_bindings": [{"agentId": "nobody", "match": {"channel": "telegram"}}],
            "openclaw_config_channels": TELEGRAM_ON, "fly_app_secrets": {"TELEGRAM_BOT_TOKEN": TELEGRAM},
        },
        ("bindings[0].agentId", "nobody"),
    ),
    Bad("tailscale-serve", _extra(gateway={"tailscale": {"mode": "serve"}}), ("is serve", "fly_app_tunnels")),
    Bad("tailscale-funnel", _extra(gateway={"tailscale": {"mode": "funnel"}}), ("is funnel", "fly_app_tunnels")),
    Bad(
        "telegram-webhook",
        {
            "openclaw_config_channels": {
                "telegram": {
                    "enabled": True, "webhookUrl": "https://bad-telegram-webhook.fly.dev.localhost/telegram-webhook",
                    "webhookSecret": {"source": "env", "provider": "default", "id": "TELEGRAM_WEBHOOK_SECRET"},
                }
            },
            "fly_app_secrets": {
                "TELEGRAM_BOT_TOKEN": TELEGRAM, "TELEGRAM_WEBHOOK_SECRET": "an-example-of-9f8e7d6c5b4a",
            },
        },
        ("channels.telegram.webhookUrl", "Leave webhookUrl out"),
    ),
    Bad("retired-idle", _extra(session={"idleMinutes": 60}), ("session.idleMinutes", "session.reset")),
    Bad("retired-env", _extra(env={"GOOGLE_CLOUD_PROJECT": "my-project"}), ("env.GOOGLE_CLOUD_PROJECT", "env.vars")),
    Bad(
        "retired-deny", _extra(gateway={"nodes": {"denyCommands": ["camera.snap"]}}),
        ("gateway.nodes.denyCommands", "gateway.nodes.commands.deny"),
    ),
    Bad(
        "retired-slack-allow", _extra(channels={"slack": {"enabled": True, "channels": {"C0TEAM": {"allow": True}}}}),
        ("channels.slack.channels.C0TEAM.allow", "enabled"),
    ),
    Bad("model-with-a-line-break", {"openclaw_config_model": "openai/gpt\n6"}, ("is 'openai/gpt\\n6', which has",)),
    Bad("model-without-provider", {"openclaw_config_model": "claude-opus-4-6"}, ("claude-opus-4-6", "provider")),
    Bad(
        "model-without-key", {"openclaw_config_model": "openai/gpt-6"}, ("openai", "OPENAI_API_KEY"),
    ),
    Bad("waiver-of-nothing", {"openclaw_config_waivers": {"chanel-unowned": "x"}}, ("Did you mean channel-unowned?",)),
    Bad("waiver-of-a-must", {"openclaw_config_waivers": {"tailscale": "x"}}, ("waivers.tailscale", "cannot be waived")),
    Bad(
        "waiver-without-reason",
        {"openclaw_config_waivers": {"auth-none": ""}, **_extra(gateway={"auth": {"mode": "none"}})},
        ("openclaw_config_waivers.auth-none: has no reason", "gateway.auth.mode"),
    ),
)  # fmt: skip

RUNNING = (
    Bad(
        "older-release",
        {"fly_app_release": "2026.8.1", "fly_app_image": "registry.fly.io/featherweight:2026.8.1"},
        ("fly_app_release: is 2026.8.1, but 2026.9.6 runs", "only migrates forward", "waive downgrade"),
        base="runs-newer",
    ),
    Bad(
        "public-unasked",
        {"fly_app_exposure": "public"},
        ("fly_app_exposure", "private", "convert"),
        base="runs-private",
    ),
    Bad("another-region", {"fly_app_region": "dfw"}, ("iad", "dfw", "volume"), base="runs-in-iad"),
)

TOGETHER = (
    Bad(
        "three-at-once",
        {"fly_app_region": "frx", "fly_app_bind": "0.0.0.0", "openclaw_config_trusted_proxies": []},
        (
            "3 problems in the declared variables:",
            "fly_app_region",
            "--bind",
            "gateway.trustedProxies",
            "Nothing was changed",
        ),
    ),
)

ALL = (
    *TOGETHER,
    *CONNECTION,
    *VARIABLES,
    *WITH_KINDS,
    *NAMES,
    *SIZES,
    *VALUES,
    *PROCESS,
    *SKILLS,
    *FORMS,
    *CONFIG,
    *RUNNING,
)
BASES: dict[str, dict[str, Any]] = {
    "runs-newer": {},
    "runs-private": {"fly_app_exposure": "private"},
    "runs-in-iad": {},
}
