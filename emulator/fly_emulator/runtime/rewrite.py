"""Where the machine's paths and ports lie on the host, for the tier that has no root and no network of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping


class Rewriter:
    """Replaces paths inside the machine (`/data`, `/app`) and its ports by those of the host."""

    def __init__(self, paths: Mapping[str, str], ports: Mapping[int, int]) -> None:
        self._paths = {target.rstrip("/"): source for target, source in paths.items() if target != source}
        self._ports = {str(inside): str(outside) for inside, outside in ports.items()}
        longest_first = sorted(self._paths, key=len, reverse=True)
        # A whole path or its beginning: not `/database` nor `/srv/data` for /data.
        self._pattern = (
            re.compile(r"(?<![\w./-])(" + "|".join(map(re.escape, longest_first)) + r")(?![\w.-])")
            if longest_first
            else None
        )

    def path(self, text: str) -> str:
        """All occurrences of the machine's paths in a path, a list of paths or a script."""
        return self._pattern.sub(lambda found: self._paths[found[1]], text) if self._pattern else text

    def value(self, text: str) -> str:
        """A path, or a port that is the whole text."""
        return self._ports.get(text) or self.path(text)

    def argv(self, argv: Iterable[str]) -> list[str]:
        """As `value`, and the form `--port=3000` too."""
        return [self._option(word) for word in argv]

    def env(self, env: Mapping[str, str]) -> dict[str, str]:
        return {name: self.value(text) for name, text in env.items()}

    def _option(self, word: str) -> str:
        name, equals, text = word.partition("=")
        if equals and name.startswith("-") and text in self._ports:
            return f"{name}={self._ports[text]}"
        return self.value(word)
