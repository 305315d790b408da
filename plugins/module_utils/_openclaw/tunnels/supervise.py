# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine's main process where tunnels run beside the gateway."""

from __future__ import annotations

from typing import Final

SUPERVISE: Final = r"""#!/bin/sh
# Runs the gateway (its command is the arguments) and, beside it, every tunnel that a file *.tunnel here describes.
# A tunnel that ends is started again while the gateway goes on. When the gateway ends, this ends with its code, so
# that Fly.io restarts the machine; a signal to stop is the gateway's, and the tunnels stay until it has finished.
here=${0%/*}
work=$(mktemp -d) || exit 1

say() { printf '[tunnel] %s\n' "$*"; }

# only NAME SECRET: from here on the environment holds no more than the usual, and the Fly secret SECRET as NAME.
only() {
  eval "value=\${$2-}"
  for each in $(env -0 | tr '\n\0' ' \n' | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p'); do
    case $each in
      PATH | HOME | TZ | LANG | LC_ALL | SSL_CERT_FILE | SSL_CERT_DIR | OPENCLAW_STATE_DIR) ;;
      *) unset "$each" ;;
    esac
  done
  [ -n "$value" ] || { say "$name: the machine has no secret $2"; exit 1; }
  export "$1=$value"
}

# hide SECRET FILE: the secret goes into a file that its owner alone reads, and out of the environment.
hide() {
  (umask 077; eval "printf '%s\n' \"\${$1-}\"" >"$2")
  unset "$1"
}

# wrap PROGRAM SCRIPT: when the gateway starts PROGRAM, SCRIPT runs in its place.
wrap() {
  mkdir -p "$work/bin"
  printf '#!/bin/sh\nPATH=${PATH#*:}\n%s\n' "$2" >"$work/bin/$1"
  chmod 700 "$work/bin/$1"
  case $PATH in "$work/bin:"*) ;; *) PATH=$work/bin:$PATH ;; esac
}

keep_up() {
  name=${1##*/}
  name=${name%.tunnel}
  pause=1
  child=
  trap '[ -z "$child" ] || kill "$child" 2>/dev/null; exit' TERM
  while :; do
    began=$(date +%s)
    (. "$1") &
    child=$!
    wait "$child"
    code=$?
    [ $(($(date +%s) - began)) -lt 60 ] || pause=1
    [ "$code" != 127 ] || say "$name: its program is not in the image"
    say "$name ended with $code; it is started again in $pause s"
    sleep "$pause" &
    child=$!
    wait "$child"
    pause=$((pause < 30 ? pause * 2 : 30))
  done
}

tunnels=
for each in "$here"/*.tunnel; do
  [ -e "$each" ] || continue
  keep_up "$each" &
  tunnels="$tunnels $!"
done

. "$here/gateway"
gateway=
stopping=
trap 'stopping=1; [ -z "$gateway" ] || kill "$gateway" 2>/dev/null' TERM INT HUP QUIT
"$@" &
gateway=$!
[ -z "$stopping" ] || kill "$gateway" 2>/dev/null
while :; do
  wait "$gateway"
  code=$?
  # A signal ends the wait early; the gateway may have minutes of work left.
  kill -0 "$gateway" 2>/dev/null || break
done
[ -z "$tunnels" ] || kill $tunnels 2>/dev/null
rm -rf "$work"
exit "$code"
"""
