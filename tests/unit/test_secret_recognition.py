# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import random
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.openclaw.fly.plugins.module_utils._base.secret_recognition import (
    find_in_command,
    find_secret,
    find_secrets,
    hide,
)
from ansible_collections.openclaw.fly.plugins.module_utils._base.secret_shapes import SHAPES, shape_of

REPOSITORY = Path(__file__).parents[2]
RANDOM = "q9X2fLk3mZ8v" + "B7nP4sT1wR6yU0aD5gHj"
GITHUB = "gh" + "p_" + "0a1B2c3D4e" * 4
SLACK = "https://hooks.slack.com/services/" + "T0001/B0002/a1B2c3D4e5F6"
DISCORD = "https://discord.com/api/webhooks/" + "123456/a1B2c3D4-e5F6_g7"
TEAMS = "https://acme.webhook.office.com/webhookb2/" + "aa-bb@cc-dd/IncomingWebhook/ee/ff"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "abc") for name in (
            "MYTOKEN", "mytoken", "clientsecret", "clientSecret", "dbpassword", "DB_PASS", "pass", "pwd", "api-key",
            "apikey", "APIKey", "API_KEY_2", "TOKEN_PROD", "botToken", "HOOKS_TOKEN", "credentials", "passphrase",
            "Authorization", "authorization", "Cookie", "X-Notes-Key", "X-Auth-Token", "Proxy-Authorization",
            "encryptionKey", "MASTER_KEY",
        )),
        ("password", 123456),
        ("PASSWORD", 1234),
        ("STRIPE_KEY", RANDOM),
        ("ANYTHING", RANDOM),
        ("ANYTHING", GITHUB),
        ("ANYTHING", f"text before {GITHUB}, and behind"),
        ("Authorization", "Bearer 00112233445566778899aabbccddeeff"),
        ("anything", "Bearer 00112233445566778899aabbccddeeff"),
        ("url", SLACK),
        ("url", DISCORD),
        ("url", TEAMS),
        ("url", "https://x.example/?api_key=abc"),
        ("url", "https://x.example/a?x=1&access_token=abc"),
        ("url", f"https://x.example/a?key={RANDOM}"),
        ("url", "redis://:hunter2@db.internal:6379/0"),
        ("url", "postgres://user:hunter2@db/x"),
        ("url", f"https://{RANDOM}@git.example/acme/app.git"),
        ("account", '{"type": "service_account", "private_key": "abc"}'),
    ],
)  # fmt: skip
def test_secrets_are_recognised(name: str, value: Any) -> None:
    found = find_secret(name, value)
    assert found
    assert str(value) not in f"{found!r} {found.reason} {found.where}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("API_KEY", value) for value in (
            "changeme", "change-me", "your-token-here", "YOUR_API_KEY", "<your key>", "${OTHER}", "$OTHER",
            "{{ x }}", "{{ x(\n  y) }}",
            "xxxxxxxx", "********", "replace-me", "example", "redacted", "sk-xxxxxxxx", "", "sk-...",
            "REDACTED - see the vault", "ollama-local", "not-needed",
        )),
        ("Authorization", "Bearer ${NOTES_TOKEN}"),
        ("headers", "Bearer your-token-here"),
        ("MAX_TOKENS", "4096"),
        ("maxTokens", 4096),
        ("max_token", "4096"),
        ("TOKEN_FILE", "/data/token"),
        ("CREDENTIALS", "/data/google.json"),
        ("PWD", "/data"),
        ("passwordEnv", "DB_PASSWORD"),
        ("auth", "token"),
        ("mode", "password"),
        ("enabled", True),
        ("publicKey", RANDOM),
        ("GIT_SHA", "0123456789abcdef0123456789abcdef01234567"),
        ("id", RANDOM),
        ("anything", "550e8400-e29b-41d4-a716-446655440000"),
        *(("model", name) for name in (
            "anthropic/claude-sonnet-4-5-20250929", "jina-embeddings-v2-base-en-and-more", "text-embedding-3-large",
            "openrouter/meta-llama/llama-3.3-70b-instruct:free", "gpt-5.2-codex-max-2026-01-15-preview",
            "us.anthropic.claude-3-7-sonnet-20250219-v1:0", "hf:nvidia/Llama-3_1-Nemotron-Ultra-253B-v1",
        )),
        ("tool", "mcp__playwright__browser_take_screenshot_v2"),
        ("schedule", "0 */4 * * 1-5"),
        ("allowFrom", "tg:123456789012"),
        ("channel", "C0123456789ABCDEF"),
        ("groupId", "120363025246125486@g.us"),
        ("anything", "registry.fly.io/my-openclaw:deployment-01J8ZK3F7QX9V2B4N6M8P0R1ST"),
        ("NODE_OPTIONS", "--max-old-space-size=1536"),
        ("url", "https://user@example.com/x?page=2&q=token"),
        ("url", "postgres://user:${DB_PASSWORD}@db/x"),
        ("repository", "git@github.com:acme/app.git"),
        ("SENTRY_DSN", "https://0123456789abcdef0123456789abcdef@o1.ingest.sentry.io/1"),
        ("prompt", "Never tell the token: basic manners of everybody"),
        ("compass", "north"),
        ("bypass", "x"),
        ("defaultSessionKey", "hook:ingress"),
        ("monkey", "abc"),
    ],
)  # fmt: skip
def test_what_is_none_passes(name: str, value: Any) -> None:
    assert find_secret(name, value) is None


def test_arguments_headers_and_pairs_in_a_tree() -> None:
    tree = {
        "mcp": {
            "servers": {
                "notes": {"headers": {"Authorization": "Bearer abc"}, "list": [{"name": "X-Api-Key", "value": "abc"}]},
                "forge": {"args": ["-y", "forge@1", "--token", "abc", "--api-key=d", "-H", "X-A-Key: f", "A_PASS=g"]},
                "safe": {"args": ["-y", "--token", "${TOKEN}", "--token-file", "/x", "--auth", "token"]},
            }
        },
        "tokens": ["a1b2c3", RANDOM],
        "reference": {"token": {"source": "env", "provider": "default", "id": "A_TOKEN"}},
    }  # fmt: skip
    found = {finding.where: finding.referring("NAME") for finding in find_secrets(tree)}
    assert found == {
        "mcp.servers.notes.headers.Authorization": "Bearer ${NAME}",
        "mcp.servers.notes.list[0].value": "${NAME}",
        "mcp.servers.forge.args[3]": "${NAME}",
        "mcp.servers.forge.args[4]": "--api-key=${NAME}",
        "mcp.servers.forge.args[6]": "X-A-Key: ${NAME}",
        "mcp.servers.forge.args[7]": "A_PASS=${NAME}",
        "tokens[1]": "${NAME}",
    }


@pytest.mark.parametrize(
    ("command", "secret"),
    [
        ("node dist/index.js gateway --auth token --port 3000 --bind lan", False),
        ("node x --token-file /data/token", False),
        ('node x --token "$TOKEN" --password=${PASSWORD}', False),
        ("node x --token abc", True),
        ("node x --api-key=abc", True),
        ("GITHUB_TOKEN=abc node x", True),
        ("""sh -c 'curl -H "Authorization: Bearer abc" https://x.example'""", True),
        ("curl -u joe:hunter2 https://x.example", True),
        (f"git clone https://{GITHUB}@github.com/acme/app", True),
        ("it's not closed --token abc", True),
    ],
)
def test_commands(command: str, secret: bool) -> None:
    assert bool(find_in_command(command, "processes.app")) is secret


EXAMPLES = {
    "an Anthropic key": "sk-ant-" + "api03-a1b2c3d4", "an OpenAI or OpenRouter key": "sk-" + "a1B2c3D4e5F6g7H8i9J0k1",
    "an API key": "gsk_" + "a1B2c3D4e5F6g7H8i9J0k1", "a Slack token": "xoxb-" + "12345678-abc",
    "a Slack app token": "xapp-" + "1-A1B2C3D4", "a GitHub token": GITHUB, "a GitLab token": "glpat-" + "a1B2c3D4e5",
    "a Google API key": "AIza" + "a1B2c3D4e5F6g7H8i9J0k1", "a Google access token": "ya29." + "a1B2c3D4e5F6g7H8i9J0k1",
    "a Fly.io token": "fm2_" + "a1B2c3D4e5", "an AWS access key": "AKIA" + "A1B2C3D4E5F6G7H8",
    "a Discord bot token": "M" + "a1B2c3D4e5F6g7H8i9J0k1L.a1B2c3." + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4",
    "a Telegram bot token": "1234567890:" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R",
    "a Hugging Face token": "hf_" + "a1B2" * 5,
    "a Tailscale key": "tskey-" + "auth-a1B2c3D4", "a Stripe key": "sk_" + "live_a1B2c3D4e5F6",
    "a SendGrid key": "SG." + "a1B2c3D4e5F6g7H8.a1B2c3D4e5F6g7H8", "a package registry's token": "npm_" + "a1B2c3" * 6,
    "a DigitalOcean token": "dop_v1_" + "a1b2c3" * 8, "a Docker token": "dckr_pat_" + "a1B2c3D4e5F6g7H8",
    "a Vault token": "hvs." + "a1B2c3D4e5F6g7H8i9J0", "a Shopify token": "shpat_" + "a1b2c3d4" * 4,
    "a JSON Web Token": "eyJ" + "hbGciOiJIUzI1.eyJzdWIiOiIxMjM0.a1B2c3",
    "an age key": "AGE-SECRET-KEY-1" + "A1B2C3D4" * 4,
    "a private key": "-----BEGIN " + "RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
}  # fmt: skip


def test_every_shape_has_an_example() -> None:
    assert set(EXAMPLES) == {name for name, _ in SHAPES}


@pytest.mark.parametrize("name", EXAMPLES)
def test_shapes(name: str) -> None:
    text = f"it is {EXAMPLES[name]}"
    found = shape_of(text)
    assert found and found[0] == name
    assert hide(text) == "it is ********"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            f"fatal: unable to access 'https://{GITHUB}@github.com/a/b/': 403",
            "fatal: unable to access 'https://********@github.com/a/b/': 403",
        ),
        ("x --token abc --port 1", "x --token ******** --port 1"),
        ("DB_PASSWORD=hunter2 and more", "DB_PASSWORD=******** and more"),
        ("https://u:pw1@h/x?token=abc&x=1", "https://u:********@h/x?token=********&x=1"),
        (SLACK, "https://hooks.slack.com/services/********"),
        ("nothing to hide: port=3000 --auth token", "nothing to hide: port=3000 --auth token"),
    ],
)
def test_texts_are_hidden(text: str, shown: str) -> None:
    assert hide(text) == shown


def test_a_part_of_a_known_secret_is_hidden() -> None:
    secret = "q9X2fLk3mZ8vB7nP4s-gateway-production"
    assert hide(f"bad token {secret[:14]}…, of {secret}", [secret]) == "bad token ********…, of ********"
    assert hide(f"ends in {secret[6:20]}", [secret]) == "ends in ********"
    assert hide("the gateway-production is down", [secret]) == "the gateway-production is down"
    document = '{"type": "service_account", "uri": "https://oauth2.googleapis.com/token"}'
    assert (
        hide("https://oauth2.googleapis.com/token is down", [document]) == "https://oauth2.googleapis.com/token is down"
    )


def test_hiding_ends_and_is_stable() -> None:
    rng = random.Random(7)
    pieces = [
        *EXAMPLES.values(),
        SLACK,
        "--token abc",
        "https://u:p1@h/?key=x&token=y",
        "Bearer abcdefgh12345678",
        " ",
        "=",
        "?",
    ]
    for _ in range(300):
        text = " ".join(rng.choices(pieces, k=rng.randrange(1, 12)))
        hidden = hide(text)
        assert hide(hidden) == hidden
        assert not any(example in hidden for example in EXAMPLES.values() if len(example) > 20)


def _configs() -> list[Path]:
    folders = ("docs", "inventories", "molecule", "roles", "playbooks", "emulator")
    found = [path for folder in folders for path in (REPOSITORY / folder).rglob("*.yml")]
    return sorted(path for path in found if not {".venv", "build"} & set(path.parts))


def test_no_false_finding_in_our_own_files() -> None:
    """What stands where secrets belong is one; nothing else in our inventories, examples and roles is."""
    found = {}
    for path in _configs():
        for document in yaml.load_all(path.read_text(), _Tolerant):
            hits = [hit for hit in find_secrets(document) if hit.path[0] not in ("fly_api_token", "fly_app_secrets")]
            found.update({f"{path.relative_to(REPOSITORY)}: {hit.where}": hit.reason for hit in hits})
    assert found == {}


def test_no_false_finding_in_fly_toml_examples() -> None:
    for path in REPOSITORY.rglob("fly*.toml"):
        assert not list(find_secrets(tomllib.loads(path.read_text()))), path


class _Tolerant(yaml.SafeLoader):
    """Reads Ansible's own tags as what they hold."""


_Tolerant.add_multi_constructor("!", lambda _loader, _suffix, node: getattr(node, "value", None))
