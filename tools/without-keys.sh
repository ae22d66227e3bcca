#!/bin/sh
# Runs a command with every setting of this package taken out of the environment, so that no test can find a
# provider's key, spend with it, or depend on what this machine happens to have set.
#   tools/without-keys.sh COMMAND [ARGUMENT...]
set -eu
for name in $(env | sed -n 's/^\(\(HAILUO\|MINIMAX\|KIE\|KKIAI\|PIXAZO\|RUNWARE\|FAL\|REPLICATE\|RELAY\)_[A-Z0-9_]*\)=.*/\1/p'); do
  unset "$name"
done
exec "$@"
