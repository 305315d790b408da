#!/usr/bin/env python3
"""Write docs/troubleshooting.md from the doctor's catalogue.

python tools/troubleshooting.py       after a finding was added or described anew; needs tools/collection.py tree
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
PAGE = REPO / "docs/troubleshooting.md"
GROUNDS = {"fly": "At Fly.io", "machine": "In the machine", "gateway": "In the gateway"}
HEAD = """# Troubleshooting

Written by `tools/troubleshooting.py` from the catalogue that [`openclaw.fly.doctor`](doctor.md) judges by. \
Search this page for the line or the error that you see, or let the doctor look:

```console
$ ansible-playbook openclaw.fly.doctor -l GATEWAY
```
"""


def text() -> str:
    """The whole page."""
    sys.path.insert(0, str(REPO / "build/tree"))
    from ansible_collections.openclaw.fly.plugins.module_utils._doctor.catalogue import CATALOGUE

    lines = [HEAD, "## By what you see", "", "| line or error | finding |", "| --- | --- |"]
    lines += [f"| `{_cell(one.line)}` | [{one.title}](#{_anchor(one.id)}) |" for one in CATALOGUE if one.line]
    for ground, title in GROUNDS.items():
        lines += ["", f"## {title}"]
        for one in CATALOGUE:
            if one.ground == ground:
                lines += ["", *_section(one)]
    return "\n".join(lines) + "\n"


def _section(one: object) -> Iterator[str]:
    """A finding: heading, symptom, cause, remedy, source."""
    found = {name: str(getattr(one, name)) for name in ("id", "severity", "title", "cause", "remedy", "source", "line")}
    yield f"### {found['id']}"
    yield ""
    yield f"**{found['title']}** ({found['severity']})"
    if found["line"]:
        yield from ("", "```text", found["line"], "```")
    yield ""
    yield f"{found['cause']}"
    yield ""
    safe = " The doctor marks this as safe to apply by itself." if getattr(one, "apply", False) else ""
    yield f"*What to do:* {found['remedy'].rstrip('.')}.{safe}"
    yield ""
    yield f"<sub>Source: {found['source']}</sub>"


def _anchor(identity: str) -> str:
    """As GitHub names a heading: without its dot."""
    return identity.replace(".", "")


def _cell(line: str) -> str:
    return line.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(text())
