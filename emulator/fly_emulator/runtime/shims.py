"""Commands put first on PATH where files can have one owner only, so that scripts written for a machine hold."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

SUCCEED = """#!/bin/sh
# Files here have one owner, the caller's: there is nothing to change.
exit 0
"""
STAT = """#!/bin/sh
# stat, with the caller's own files shown as the image user's.
mark() {{ printf %s "$1" | sed 's/%u/<u:%u>/g; s/%g/<g:%g>/g; s/%U/<U:%u>/g; s/%G/<G:%g>/g'; }}
left=$#
while [ "$left" -gt 0 ]; do
  word=$1; shift; left=$((left - 1))
  if [ -n "$format" ]; then word=$(mark "$word"); format=
  else
    case $word in
      -c|--format|--printf) format=1 ;;
      -c?*|--format=*|--printf=*) word=$(mark "$word") ;;
    esac
  fi
  set -- "$@" "$word"
done
out=$({stat} "$@"); code=$?
[ -z "$out" ] || printf '%s\\n' "$out" | sed \\
  -e "s/<u:$(id -u)>/{uid}/g; s/<g:$(id -g)>/{gid}/g; s/<U:$(id -u)>/{name}/g; s/<G:$(id -g)>/{name}/g" \\
  -e 's/<[ugUG]:\\([0-9]*\\)>/\\1/g'
exit $code
"""
FIND = """#!/bin/sh
# find, with the image user's ids taken for the caller's.
left=$#
while [ "$left" -gt 0 ]; do
  word=$1; shift; left=$((left - 1))
  case $before in
    -uid) [ "$word" != {uid} ] || word=$(id -u) ;;
    -gid) [ "$word" != {gid} ] || word=$(id -g) ;;
  esac
  before=$word
  set -- "$@" "$word"
done
exec {find} "$@"
"""
SETPRIV = """#!/bin/sh
# There is one user here, so what would become another stays the caller.
while [ $# -gt 0 ]; do word=$1; shift; [ "$word" != -- ] || break; done
exec "$@"
"""


def write(directory: Path, user: tuple[int, int]) -> None:
    """Write chown, chgrp, setpriv, stat and find into the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    name = {0: "root", 1000: "node"}.get(user[0], str(user[0]))
    texts = {"chown": SUCCEED, "chgrp": SUCCEED, "setpriv": SETPRIV}
    if stat := shutil.which("stat"):
        texts["stat"] = STAT.format(stat=os.path.realpath(stat), uid=user[0], gid=user[1], name=name)
    if find := shutil.which("find"):
        texts["find"] = FIND.format(find=os.path.realpath(find), uid=user[0], gid=user[1])
    for command, text in texts.items():
        (directory / command).write_text(text)
        (directory / command).chmod(0o755)
