#!/bin/sh
# Sees to the programs that the whole test needs beside Python and Node, and says by name what it cannot install.
#   chromium            the browser tests drive JupyterLab in it
#   fonts-dejavu-core   what the browser and the simulator draw text with
#   postgresql          the store's tests run on a throw-away server of it too
#   strace              the run log's tests see with it that a row is synced before a request leaves
set -eu

missing=""
if ! command -v chromium >/dev/null 2>&1; then
  missing="$missing chromium"
fi
if ! find /usr/share/fonts "${HOME:-/nonexistent}/.fonts" -name 'DejaVuSans.ttf' 2>/dev/null | grep -q .; then
  missing="$missing fonts-dejavu-core"
fi
if ! find /usr/lib/postgresql -name initdb 2>/dev/null | grep -q . && ! command -v initdb >/dev/null 2>&1; then
  missing="$missing postgresql"
fi
if ! command -v strace >/dev/null 2>&1; then
  missing="$missing strace"
fi
if [ -z "$missing" ]; then
  exit 0
fi

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "make test needs these Debian packages, which are missing here:$missing." >&2
  echo "Install them (apt-get install$missing, or your system's own packages of them), then run make test again." >&2
  echo "make check needs none of them." >&2
  exit 1
fi

echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# $missing is a list of names: it is split on purpose.
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing >/dev/null
