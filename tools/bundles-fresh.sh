#!/bin/sh
# Fails when the committed bundles are not what js/ builds today. The committed ones are put back in any case, so
# that a stale bundle stays stale, and fails again, until somebody builds and commits it.
set -eu
cd "$(dirname "$0")/.."
static="hailuo_widgets/static"
kept="$(mktemp -d)"
cp -R "$static" "$kept/static"
put_back() {
  rm -rf "$static"
  cp -R "$kept/static" "$static"
  rm -rf "$kept"
}
trap put_back EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

(cd js && npm run --silent build >/dev/null)
if ! diff -rq "$kept/static" "$static"; then
  echo "$static is not what js/ builds: run 'make bundles' and commit what it writes." >&2
  exit 1
fi
