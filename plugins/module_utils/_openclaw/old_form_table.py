# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of openclaw.json that older releases wrote or took, and what to write today, as data.

Advice only: the release's own migration rewrites them, in the machine (`_gateway.config_migration`). Sources: runs of
2026.2.9 and 2026.9.6, and the migrations of 2026.9.6 (dist/legacy-*.mjs and its plugins' doctor contracts, read on
2026-11-26). `tests/gateway/test_both_judges.py` asks the release about each row. Where only that release is known,
`since` is 2026.9.6, though the key may have moved before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from .retired_keys import RETIRED, RETIRED_OF_AGENTS


@dataclass(frozen=True, slots=True)
class OldForm:
    """A key that means something else, or nothing, from a release on.

    :param since: the first release that refuses or rewrites the old form.
    :param path: pattern of the old path; ``*`` is one key or list index.
    :param remedy: what to write instead, a sentence.
    :param values: only these texts are the old form, each with the one to write; empty: whatever is there.
    :param kinds: only values of these kinds (text, boolean, list, object) are the old form; empty: any.
    """

    since: str
    path: str
    remedy: str
    values: Mapping[str, str] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()


_NOW: Final = "2026.9.6"
_CHANNEL: Final = ("channels.*", "channels.*.accounts.*")
_AGENT: Final = ("agents.defaults", "agents.entries.*")


def _moved(old: str, new: str, since: str = _NOW) -> OldForm:
    return OldForm(since, old, f"Write {new} instead")


def _gone(old: str, why: str = "it is retired", since: str = _NOW) -> OldForm:
    return OldForm(since, old, f"Remove it: {why}")


def _below(parents: Iterable[str], keys: Mapping[str, str]) -> list[OldForm]:
    """The same keys below several objects; "" is retired, and what begins with = is said as it is."""
    rows = []
    for parent in parents:
        for key, new in keys.items():
            old = f"{parent}.{key}"
            if new.startswith("="):
                rows.append(OldForm(_NOW, old, new[1:]))
            else:
                rows.append(_moved(old, f"{parent}.{new}") if new else _gone(old))
    return rows


_STREAMING_WORDS: Final = "Write streaming: {mode: partial}; modes are off, partial, block and progress"

_ROSTER: Final = (
    OldForm(
        "2026.8.1",
        "agents.list",
        "Write agents.entries, an object keyed by the agent's id, instead of agents.list (since 2026.8)",
    ),
    OldForm(
        "2026.8.1",
        "agents.entries.*.default",
        "Remove it: there is no default agent. With several agents write agents.ownership: explicit, a binding for "
        "each channel, agents.defaults.systemAgent.agentId and agents.defaults.heartbeat.agentId",
    ),
    OldForm("2026.9.6", "bindings.*.match.peer.kind", "Write direct: dm is retired", {"dm": "direct"}),
    _moved("defaultModel", "agents.defaults.model"),
    OldForm(_NOW, "multiAgent", "Write agents.entries and bindings"),
    OldForm(
        _NOW,
        "heartbeat",
        "Write agents.defaults.heartbeat (every, model) or channels.defaults.heartbeatVisibility",
    ),
    OldForm(_NOW, "agents.defaults.llm", "Write models.providers.<id>.timeoutSeconds"),
    OldForm(_NOW, "agents.defaults.cliBackends", "Install the plugin that brings the backend"),
    *_below(
        _AGENT,
        {
            "embeddedPi": "=Write agents.defaults.embeddedAgent instead",
            "embeddedHarness": "=Write models.providers.<provider>.agentRuntime instead",
            "agentRuntime": "=Write models.providers.<provider>.agentRuntime instead",
            "systemPromptOverride": "",
            "silentReplyRewrite": "",
            "runRetries": "",
            "sandbox.perSession": "sandbox.scope",
            "sandbox.browser.enableNoVnc": "sandbox.browser.noVncEnabled",
            "tools.exec.timeoutSec": "tools.exec.timeoutSeconds",
            "heartbeat.ackMaxChars": "",
            "heartbeat.includeReasoning": "",
            "heartbeat.skipWhenBusy": "",
            "compaction.reserveTokens": "",
            "compaction.reserveTokensFloor": "",
            "compaction.maxHistoryShare": "",
            "contextPruning.keepLastAssistants": "",
            "contextPruning.softTrimRatio": "",
            "contextPruning.hardClearRatio": "",
            "contextPruning.minPrunableToolChars": "",
            "contextPruning.softTrim": "",
        },
    ),
    # agents.defaults has no memory of its own: the search is one section for all.
    _moved("agents.defaults.memorySearch", "memory.search"),
    _moved("agents.entries.*.memorySearch", "agents.entries.*.memory.search"),
    *_below(
        ["agents.defaults"],
        {
            "pdfMaxBytesMb": "pdfMaxMb",
            "imageGenerationModel": "mediaModels.image",
            "videoGenerationModel": "mediaModels.video",
            "musicGenerationModel": "mediaModels.music",
            "promptOverlays": "",
            "envelopeTimestamp": "",
            "envelopeElapsed": "",
            "envelopeTimezone": "",
            "timeFormat": "",
            "bootstrapPromptTruncationWarning": "",
            "mediaGenerationAutoProviderFallback": "",
            "compaction.truncateAfterCompaction": "",
        },
    ),
)

_CHANNELS: Final = (
    OldForm(
        "2026.8.1",
        "channels.discord.guilds.*.channels.*.allow",
        "Write enabled instead: Discord's channel switch has that name since 2026.8",
    ),
    _moved("channels.discord.accounts.*.guilds.*.channels.*.allow", "enabled beside it"),
    _moved("channels.slack.channels.*.allow", "channels.slack.channels.*.enabled"),
    _moved("channels.slack.accounts.*.channels.*.allow", "channels.slack.accounts.*.channels.*.enabled"),
    _moved("channels.googlechat.groups.*.allow", "channels.googlechat.groups.*.enabled"),
    _moved("channels.feishu.accounts.*.botName", "channels.feishu.accounts.*.name"),
    _moved("channels.telegram.requireMention", 'channels.telegram.groups."*".requireMention'),
    _moved("channels.telegram.groupMentionsOnly", 'channels.telegram.groups."*".requireMention'),
    _gone("channels.telegram.includeGroupHistoryContext", "a group's history is always on, bounded by historyLimit"),
    _moved("channels.defaults.heartbeat", "channels.defaults.heartbeatVisibility"),
    _gone("channels.webchat", "the web chat is part of the gateway"),
    _moved("channels.whatsapp.ackReaction", "messages.ackReaction and messages.ackReactionScope"),
    _moved("channels.whatsapp.accounts.*.ackReaction", "messages.ackReaction and messages.ackReactionScope"),
    *(OldForm(_NOW, f"{parent}.streaming", _STREAMING_WORDS, kinds=("text", "boolean")) for parent in _CHANNEL),
    *_below(
        _CHANNEL,
        {
            "streamMode": "streaming.mode",
            "streaming.progress.render": "",
            "chunkMode": "streaming.chunkMode",
            "nativeStreaming": "streaming.nativeTransport",
            "draftChunk": "streaming.preview.chunk",
            "blockStreaming": "streaming.block.enabled",
            "blockStreamingCoalesce": "streaming.block.coalesce",
            "dm.policy": "dmPolicy",
            "dm.allowFrom": "allowFrom",
            "threadBindings.ttlHours": "threadBindings.idleHours",
            "threadBindings.spawnSubagentSessions": "threadBindings.spawnSessions",
            "threadBindings.spawnAcpSessions": "threadBindings.spawnSessions",
        },
    ),
    _moved("routing.allowFrom", "channels.whatsapp.allowFrom"),
    _moved("routing.groupChat.historyLimit", "messages.groupChat.historyLimit"),
    _moved("routing.groupChat.mentionPatterns", "messages.groupChat.mentionPatterns"),
    OldForm(
        _NOW, "routing.groupChat.requireMention", 'Write channels.<channel>.groups."*".requireMention for each channel'
    ),
)

_GATEWAY: Final = (
    OldForm(
        "2026.8.1",
        "gateway.reload.mode",
        "Write hybrid (the default) or off: hot and restart are retired",
        {"hot": "hybrid", "restart": "hybrid"},
    ),
    OldForm(
        "2026.1.0",
        "gateway.bind",
        "Write the word lan, which listens on all IPv4 addresses, or loopback",
        {"0.0.0.0": "lan", "::": "lan", "localhost": "loopback", "127.0.0.1": "loopback"},
    ),
    _moved("gateway.nodes.denyCommands", "gateway.nodes.commands.deny"),
    _moved("gateway.nodes.allowCommands", "gateway.nodes.commands.allow"),
    _moved("gateway.nodes.skills.enabled", "gateway.nodes.allowSkills"),
    _gone("gateway.webchat", "the web chat is part of the gateway"),
    _gone("gateway.controlUi.dangerouslyDisableDeviceAuth", "it is retired, and browsers pair as devices"),
    _gone("gateway.controlUi.allowInsecureAuth"),
    _gone("gateway.controlUi.toolTitles"),
    _gone("gateway.controlUi.chatMessageMaxWidth"),
    _gone("gateway.tailscale.resetOnExit", "routes follow the gateway by themselves"),
    _gone("gateway.tailscale.serviceName"),
    _gone("meta.lastTouchedAt", "the gateway writes meta itself and no longer accepts this key", "2026.8.1"),
    *map(
        _gone,
        (
            "gateway.handshakeTimeoutMs",
            "gateway.channelHealthCheckMinutes",
            "gateway.channelStaleEventThresholdMinutes",
            "gateway.channelMaxRestartsPerHour",
            "gateway.reload.debounceMs",
            "gateway.reload.deferralTimeoutMs",
        ),
    ),
)

_TOOLS: Final = (
    _moved("tools.web.search.apiKey", "plugins.entries.brave.config.webSearch.apiKey"),
    *(
        OldForm(
            _NOW,
            f"tools.web.search.{key}",
            f"Write plugins.entries.{plugin}.config.webSearch instead",
            kinds=("object",),
        )
        for key, plugin in {
            "brave": "brave",
            "duckduckgo": "duckduckgo",
            "exa": "exa",
            "firecrawl": "firecrawl",
            "gemini": "google",
            "grok": "xai",
            "kimi": "moonshot",
            "minimax": "minimax",
            "ollama": "ollama",
            "perplexity": "perplexity",
            "searxng": "searxng",
            "tavily": "tavily",
        }.items()
    ),
    _moved("tools.web.x_search.apiKey", "plugins.entries.xai.config.webSearch.apiKey"),
    _moved("tools.exec.timeoutSec", "tools.exec.timeoutSeconds"),
    _moved("tools.codeMode.runtime", "tools.codeMode.executor"),
    _gone("tools.codeMode.languages", "code mode runs JavaScript only"),
    _moved("tools.message.allowCrossContextSend", "tools.message.crossContext"),
    _moved("tools.experimental.planTool", "tools.updatePlan"),
    *(
        _moved(f"tools.media.{kind}.models", "tools.media.models with capabilities")
        for kind in ("image", "audio", "video")
    ),
    _moved("audio.transcription", "tools.media.models"),
    _moved("mcp.servers.*.timeout", "mcp.servers.*.requestTimeoutMs"),
    _moved("mcp.servers.*.connectTimeout", "mcp.servers.*.connectionTimeoutMs"),
    _moved("mcp.servers.*.connect_timeout", "mcp.servers.*.connectionTimeoutMs"),
    _moved("mcp.servers.*.workingDirectory", "mcp.servers.*.cwd"),
    OldForm(_NOW, "mcp.servers.*.disabled", "Write enabled with the opposite value instead"),
    *map(
        _gone,
        (
            f"tools.loopDetection.{key}"
            for key in [
                "genericRepeat",
                "knownPollNoProgress",
                "pingPong",
                "windowSize",
                "historySize",
                "warningThreshold",
                "unknownToolThreshold",
                "criticalThreshold",
                "globalCircuitBreakerThreshold",
                "detectors",
                "postCompactionGuard",
            ]
        ),
    ),
    OldForm(_NOW, "hooks.internal.handlers", "Put each into its own hook folder, with its HOOK.md"),
    _gone("hooks.internal.installs"),
    _gone("hooks.maxBodyBytes"),
    _gone("plugins.bundledDiscovery"),
    _gone("plugins.installs", "the gateway keeps this record itself; openclaw_config_packages installs plugins"),
)

_REST: Final = (
    _moved("memorySearch", "memory.search"),
    _moved("messages.tts", "tts"),
    _moved("messages.messagePrefix", "channels.whatsapp.responsePrefix"),
    _gone("messages.queue.debounceMs"),
    _gone("messages.suppressToolErrors"),
    _gone("messages.removeAckAfterReply", "acknowledgements are kept"),
    _gone("messages.statusReactions.emojis"),
    _gone("messages.statusReactions.timing"),
    _gone("logging.redactSensitive"),
    OldForm(_NOW, "logging.consoleStyle", "Write pretty or json: compact is retired", {"compact": "pretty"}),
    _moved("session.idleMinutes", "session.reset.idleMinutes"),
    _moved("session.typingMode", "agents.defaults.typingMode"),
    _moved("session.threadBindings.ttlHours", "session.threadBindings.idleHours"),
    _moved("session.maintenance.pruneDays", "session.maintenance.pruneAfter"),
    _moved("session.resetByType.dm", "session.resetByType.direct"),
    _gone("session.maintenance.rotateBytes", "it is ignored"),
    _gone("session.parentForkMaxTokens", "it is automatic"),
    _gone("session.typingIntervalSeconds"),
    _gone("session.writeLock"),
    _gone("session.agentToAgent.maxPingPongTurns"),
    _gone("models.pricing", "prices come with the hosted catalogue"),
    _gone("cron.runLog", "the history of runs has a fixed length"),
    _gone("cron.webhook", "each job has its own delivery"),
    _gone("cron.maxConcurrentRuns"),
    _gone("cron.store"),
    _gone("cron.retry"),
    _moved("cron.failureDestination", "cron.failureAlert"),
    OldForm(_NOW, "ui.assistant", "Remove it, and write agents.entries.<id>.identity (name, emoji, avatar)"),
    _gone("commands.ownerDisplay"),
    _gone("commands.ownerDisplaySecret"),
    _gone("commands.useAccessGroups"),
    _gone("commands.modelsWrite"),
    _moved("browser.ssrfPolicy.hostnameAllowlist", "browser.ssrfPolicy.allowedHostnames"),
    _gone("browser.color"),
    _gone("browser.profiles.*.color"),
    _gone("auth.cooldowns"),
    _gone("tui"),
    _gone("tts.prefsPath"),
    _moved("media", "attachments"),
    _moved("audit", "logging.audit"),
    OldForm(_NOW, "web", "Write channels.whatsapp.enabled; the rest of it is retired"),
    _gone("skills.load.watchDebounceMs"),
    *_below(
        ["talk"],
        {
            key: f"=Write talk.providers.<provider>.{key} instead"
            for key in ("apiKey", "modelId", "outputFormat", "voiceId")
        },
    ),
    _moved("talk.voiceAliases", "talk.providers.<provider>.voiceAliases"),
    _moved("talk.realtime.voice", "talk.realtime.speakerVoice"),
    _moved("skills.workshop.autonomous.enabled", "skills.workshop.autonomous.mode"),
    OldForm(_NOW, "env.*", "Write env.vars.<NAME>, or set it as a Fly secret or in fly_app_env", kinds=("text",)),
)

_RETIRED: Final = (*map(_gone, RETIRED), *_below(_AGENT, dict.fromkeys(RETIRED_OF_AGENTS, "")))

OLD_FORMS: Final[tuple[OldForm, ...]] = (*_ROSTER, *_CHANNELS, *_GATEWAY, *_TOOLS, *_REST, *_RETIRED)
