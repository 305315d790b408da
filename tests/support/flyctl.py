"""A stand-in for flyctl: notes how it was run, and pushes to a folder, which the emulator takes for `--image-dir`."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fly_emulator.images.base import Image, Progress

from .still import Images

DIGEST = "sha256:" + "0" * 64
_PROGRAM = """#!{python}
import json, os, sys
from pathlib import Path

here = Path({here!r})
if sys.argv[1] == "version":
    print((here / "version").read_text())
    sys.exit()
option = dict(word[2:].partition("=")[::2] for word in sys.argv[2:] if word.startswith("--"))
context = Path(sys.argv[2])
seen = {{
    "argv": sys.argv[1:],
    "env": dict(os.environ),
    "config": json.loads(Path(option["config"]).read_text()),
    "dockerfile": Path(option["dockerfile"]).read_text(),
    "files": sorted(str(path.relative_to(context)) for path in context.rglob("*") if ".git" not in path.parts),
}}
with (here / "runs").open("a") as runs:
    runs.write(json.dumps(seen) + "\\n")
words = (here / "fails").read_text() if (here / "fails").exists() else ""
print("==> Building image", flush=True)
if words:
    sys.exit(words)
reference = "registry.fly.io/%s:%s" % (option["app"], option["image-label"])
base = [line.split()[1] for line in seen["dockerfile"].splitlines() if line.startswith("FROM ")][-1]
image = here / "pushed" / option["image-label"] / "image.json"
image.parent.mkdir(exist_ok=True)
image.write_text(json.dumps({{"reference": reference, "from": base}}))
print("image: " + reference)
"""


@dataclass(frozen=True)
class StandIn:
    here: Path

    @classmethod
    def make(cls, here: Path) -> StandIn:
        (here / "pushed").mkdir(parents=True)
        stand_in = cls(here)
        stand_in.says("version", json.dumps({"Version": "0.4.2", "BuildDate": "2026-01-02T03:04:05Z"}))
        stand_in.program.write_text(_PROGRAM.format(python=sys.executable, here=str(here)))
        stand_in.program.chmod(0o755)
        return stand_in

    @property
    def program(self) -> Path:
        return self.here / "flyctl"

    def says(self, what: str, text: str) -> None:
        """`what` is version or fails."""
        (self.here / what).write_text(text)

    @property
    def pushed(self) -> Path:
        return self.here / "pushed"

    def runs(self) -> list[dict[str, Any]]:
        """Each build: {argv, env, config, dockerfile, files}."""
        noted = self.here / "runs"
        return [json.loads(line) for line in noted.read_text().splitlines()] if noted.exists() else []


class Registry(Images):
    """Images of others are all there; one that is built is there when it was pushed."""

    def __init__(self, stand_in: StandIn) -> None:
        self._pushed = stand_in.pushed

    async def resolve(self, reference: str, progress: Progress) -> Image:
        label = reference.partition("@")[0].rpartition(":")[2]
        if label.startswith("build-") and not (self._pushed / label).exists():
            reference = "missing"
        return await super().resolve(reference, progress)
