# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one recogniser of secrets: for fly.toml, openclaw.json, build arguments, commands, URLs and texts to print.

A secret is recognised by its name (`secret_words`) or its shape (`secret_shapes`). When in doubt, it is one;
references (`${NAME}`) and what documentation writes in a secret's place (`changeme`, `your-token-here`) are not.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from . import secret_shapes as shapes
from .secret_words import Name, judge, words_of

Path = tuple["str | int", ...]
HIDDEN: Final = "********"
_OPTION = re.compile(r"--?([A-Za-z][\w.-]*)(?:[=:](.*))?\Z", re.DOTALL)
_ASSIGNED = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)=(.+)\Z", re.DOTALL)
_HEADER_LINE = re.compile(r"([A-Za-z][A-Za-z0-9-]*):\s*(\S.*)\Z", re.DOTALL)
_HEADER_OPTIONS = frozenset({"header", "H", "headers"})
_USER_OPTIONS = frozenset({"u", "user", "proxy-user", "basic-auth"})
_PART: Final = 10
_TOKEN = re.compile(r"(?:FlyV1 )?[^\s\"'{}]{16,}")
_SCHEME = re.compile(r"(?:bearer|basic|token|bot|apikey|digest)[ :]+", re.IGNORECASE)
_ARGUMENTS = frozenset({"args", "arguments", "argv", "command", "cmd", "entrypoint", "exec", "flags", "options"})


@dataclass(frozen=True, slots=True)
class Finding:
    """A secret, where it stands and how it was recognised; its text is in no message and no repr.

    :param path: keys and indices down to the value.
    :param reason: what it is, for a sentence: `a Slack token`, `a secret by its name`.
    :param name: what the value is called where it stands: a key, an option, a header, a query parameter.
    :param before: what stands before the secret part in the value, such as `Bearer ` or `--token=`.
    :param after: what stands behind it.
    """

    path: Path
    reason: str
    name: str = ""
    before: str = field(default="", repr=False)
    after: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)

    @property
    def where(self) -> str:
        """The path as a person writes it: `mcp.servers.notes.args[3]`."""
        text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)
        return text.removeprefix(".")

    def referring(self, name: str) -> str:
        """The value with a reference to an environment variable in the secret's place."""
        return f"{self.before}${{{name}}}{self.after}"


def find_secret(path: str | Sequence[str | int], value: object) -> Finding | None:
    """The secret that a single value is or holds, judged by its key (the last text of `path`) and its shape.

    A number is judged too where the name says that it is secret; else only texts are.
    """
    at: Path = (path,) if isinstance(path, str) else tuple(path)
    name = next((part for part in reversed(at) if isinstance(part, str)), "")
    if isinstance(value, int) and not isinstance(value, bool):
        named = judge(name) is Name.SECRET and not _is_amount(name, str(value))
        return Finding(at, "a secret by its name", name, secret=str(value)) if named else None
    if not isinstance(value, str) or not value.strip():
        return None
    found = _by_shape(at, name, value) or _by_name(at, name, value)
    if found is None and value.lstrip()[:1] in ("{", "["):
        return _in_json(at, value)
    return found


def find_secrets(tree: object, path: str | Sequence[str | int] = ()) -> Iterator[Finding]:
    """All secrets in nested mappings and lists: a list of arguments and `{name, value}` pairs are understood."""
    at: Path = (path,) if isinstance(path, str) else tuple(path)
    if isinstance(tree, Mapping):
        if _is_reference(tree):
            return
        title = tree.get("name", tree.get("key", tree.get("header")))
        for key, value in tree.items():
            found = None
            if key in ("value", "values") and isinstance(title, str):
                texts = value if isinstance(value, list) else [value]
                found = next((hit for text in texts if (hit := find_secret((*at, str(key), title), text))), None)
                found = found and _moved(found, (*at, str(key)))
            if found:
                yield found
            else:
                yield from find_secrets(value, (*at, str(key)))
    elif isinstance(tree, list | tuple):
        yield from _in_list(tree, at)
    elif found := find_secret(at, tree):
        yield found


def find_in_arguments(words: Sequence[object], path: str | Sequence[str | int] = ()) -> Iterator[Finding]:
    """Secrets among a program's arguments: `--token X`, `--token=X`, `TOKEN=X`, `-H "Authorization: X"`, `-u a:X`."""
    at: Path = (path,) if isinstance(path, str) else tuple(path)
    option = ""
    for index, word in enumerate(words):
        if not isinstance(word, str):
            option = ""
            continue
        found = _argument((*at, index), word, option)
        if found:
            yield found
        plain = _OPTION.match(word)
        option = plain[1] if plain and plain[2] is None else ""


def find_in_command(command: str, path: str | Sequence[str | int] = ()) -> Finding | None:
    """The first secret in a command line; its path is that of the command."""
    at: Path = (path,) if isinstance(path, str) else tuple(path)
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    for found in find_in_arguments(words, at):
        return _moved(found, at)
    return None


def hide(text: str, secrets: Sequence[str] = ()) -> str:
    """A text that may be printed: what looks like a secret, and each of `secrets` or a long part of one, is hidden."""
    hidden = text
    for secret in sorted({secret for secret in secrets if secret}, key=len, reverse=True):
        hidden = _without_parts(hidden.replace(secret, HIDDEN), secret)
    for _turn in range(100):
        found = _by_shape((), "", hidden) or _named_in(hidden)
        if found is None:
            break
        hidden = f"{found.before}{HIDDEN}{found.after}"
    return hidden


def hide_in(tree: object, secrets: Sequence[str] = ()) -> object:
    """A copy of nested data that may be printed: each text as `hide` returns it, and what is secret by its name."""
    found = {finding.path for finding in find_secrets(tree)}
    return _hidden_in(tree, (), found, secrets)


def _hidden_in(tree: object, at: Path, found: set[Path], secrets: Sequence[str]) -> object:
    if isinstance(tree, Mapping):
        return {key: _hidden_in(value, (*at, str(key)), found, secrets) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_hidden_in(value, (*at, index), found, secrets) for index, value in enumerate(tree)]
    if not isinstance(tree, str):
        return HIDDEN if at in found else tree
    text = hide(tree, secrets)
    return HIDDEN if at in found and text == tree else text


@lru_cache(maxsize=64)
def _parts(secret: str) -> frozenset[str]:
    """Ten characters in a row of a token; not of a document, nor where they are a word that any text may have."""
    if not _TOKEN.fullmatch(secret):
        return frozenset()
    parts = (secret[begin : begin + _PART] for begin in range(len(secret) - _PART + 1))
    return frozenset(part for part in parts if not part.islower() or any(char.isdigit() for char in part))


def _without_parts(text: str, secret: str) -> str:
    """A message often echoes the begin of a token, or one of its parts."""
    parts = _parts(secret)
    found = [begin for begin in range(len(text) - _PART + 1) if text[begin : begin + _PART] in parts] if parts else []
    if not found:
        return text
    marked = [False] * len(text)
    for begin in found:
        marked[begin : begin + _PART] = [True] * _PART
    kept = "".join("\0" if hit else char for char, hit in zip(text, marked, strict=True))
    return re.sub("\0+", HIDDEN, kept)


def _named_in(text: str) -> Finding | None:
    """A secret by its name in a free text: `--token X`, `PASSWORD=X`."""
    for found in re.finditer(r"(?<!\S)(--?[A-Za-z][\w-]*[= ]|[A-Za-z_][\w-]*=)([^\s'\"]+)", text):
        name = found[1].strip("-= ")
        example = re.fullmatch(r"[A-Z][A-Z_]*\W?", found[2])  # `--token TOKEN`, in advice
        if HIDDEN in found[2] or example or judge(name) is not Name.SECRET:
            continue
        if _by_name((), name, found[2]):
            return _cut((), "a secret by its name", name, text, found.span(2))
    return None


def _argument(at: Path, word: str, option: str) -> Finding | None:
    if option in _HEADER_OPTIONS and (header := _HEADER_LINE.match(word)):
        found = find_secret((*at[:-1], header[1]), header[2])
        return found and _moved(found, at, before=word[: header.start(2)], name=header[1])
    if option in _USER_OPTIONS and ":" in word:
        password = word.partition(":")[2]
        if not shapes.is_placeholder(shapes.without_references(password)):
            return _cut(at, "a password", option, word, (len(word) - len(password), len(word)))
    named = _OPTION.match(word) or _ASSIGNED.match(word)
    if named and named[2] and "://" not in named[1]:
        found = find_secret((*at[:-1], named[1]), named[2])
        if found is None and named[1] in _HEADER_OPTIONS:
            found = _argument(at, named[2], named[1])
        if found:
            return _moved(found, at, before=word[: named.start(2)], name=found.name or named[1])
    elif option and not word.startswith("-") and (found := find_secret((*at[:-1], option), word)):
        return _moved(found, at, name=option)
    if any(char.isspace() for char in word) and (found := find_in_command(word, at)):
        return found
    return _by_shape(at, "", word)


def _moved(found: Finding, path: Path, *, before: str = "", name: str = "") -> Finding:
    return Finding(path, found.reason, name or found.name, before + found.before, found.after, found.secret)


def _in_list(items: Sequence[object], at: Path) -> Iterator[Finding]:
    found_at: set[int] = set()
    key = next((part for part in reversed(at) if isinstance(part, str)), "")
    words = words_of(key)
    if words and words[-1] in _ARGUMENTS:
        for found in find_in_arguments(items, at):
            found_at.add(int(found.path[-1]))
            yield found
    for index, item in enumerate(items):
        if index not in found_at:
            yield from find_secrets(item, (*at, index))


def _is_reference(value: Mapping[object, object]) -> bool:
    """A SecretRef of OpenClaw: where a secret is found, and not the secret."""
    return isinstance(value.get("source"), str) and "id" in value and set(value) <= {"source", "provider", "id"}


def _by_shape(at: Path, name: str, value: str) -> Finding | None:
    rest = shapes.without_references(value)
    if not rest.strip():
        return None
    if shape := shapes.shape_of(value):
        return _cut(at, shape[0], name, value, shape[1])
    in_urls = (shapes.webhooks_in, shapes.userinfo_in) if "://" in value else ()
    for recognise in (*in_urls, shapes.credentials_in):
        for reason, span in recognise(value):
            return _cut(at, reason, name, value, span)
    for parameter, text, span in shapes.queries_in(value) if "=" in value else ():
        kind = judge(parameter)
        if not shapes.without_references(text) or shapes.is_placeholder(text) or shapes.has_reference(text):
            continue
        if kind is Name.SECRET or (kind is Name.PERHAPS and (len(text) >= 16 or shapes.is_random(text))):
            return _cut(at, "a credential in a URL's query", parameter, value, span)
    return None


def _by_name(at: Path, name: str, value: str) -> Finding | None:
    kind = judge(name)
    text = value.strip()
    if shapes.has_reference(text) or shapes.is_placeholder(text) or shapes.is_path(text):
        return None
    scheme = _SCHEME.match(value)
    span = (scheme.end() if scheme else 0, len(value))
    if kind is Name.SECRET and not _is_amount(name, text):
        return None if shapes.is_placeholder(value[span[0] :]) else _cut(at, "a secret by its name", name, value, span)
    if kind in (Name.PERHAPS, Name.PLAIN) and shapes.is_random(text):
        return _cut(at, "a long random text, as secrets are", name, value, span)
    return None


def _is_amount(name: str, text: str) -> bool:
    """Is it how many tokens, and not a token? A password may well be a short number."""
    return text.isdigit() and len(text) < 6 and "pass" not in name.lower() and "pwd" not in name.lower()


def _in_json(at: Path, value: str) -> Finding | None:
    try:
        tree = json.loads(value)
    except (ValueError, RecursionError):
        return None
    found = next(find_secrets(tree), None)
    return Finding(at, f"{found.reason}, in a JSON text", found.name, secret=found.secret) if found else None


def _cut(at: Path, reason: str, name: str, value: str, span: tuple[int, int]) -> Finding:
    return Finding(at, reason, name, value[: span[0]], value[span[1] :], value[span[0] : span[1]])
