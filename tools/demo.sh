#!/bin/sh
# Opens JupyterLab on a copy of the quickstart notebook; arguments go to JupyterLab.
#
# The copies stand in demo-notebooks/, which git ignores, so that running a notebook never changes the one in the
# repository. A copy that is there already is left as its owner made it. The demo is simulated unless HAILUO_MODE
# says otherwise: a key that happens to be in the environment is not spent by trying the demo.
set -eu
cd "$(dirname "$0")/.."
python="$PWD/.venv/bin/python"

if [ ! -f notebooks/quickstart.ipynb ]; then
  echo "notebooks/quickstart.ipynb is missing: this is not a whole copy of the repository." >&2
  exit 1
fi
mkdir -p demo-notebooks
(cd notebooks && find . -name .ipynb_checkpoints -prune -o -name hailuo_runs -prune -o -type f -print) |
  while IFS= read -r file; do
    if [ ! -e "demo-notebooks/$file" ]; then
      mkdir -p "demo-notebooks/$(dirname "$file")"
      cp "notebooks/$file" "demo-notebooks/$file"
    fi
  done
if ! cmp -s notebooks/quickstart.ipynb demo-notebooks/quickstart.ipynb; then
  echo "demo-notebooks/quickstart.ipynb is opened as you left it; delete it to start afresh."
fi

# The question whether to fetch news would stand in front of the notebook.
settings="$PWD/.venv/share/jupyter/lab/settings"
mkdir -p "$settings"
cat >"$settings/overrides.json" <<'JSON'
{ "@jupyterlab/apputils-extension:notification": { "fetchNews": "false", "checkForUpdates": false } }
JSON

if [ "$(id -u)" -eq 0 ]; then
  set -- --allow-root "$@"
fi
HAILUO_MODE="${HAILUO_MODE:-simulated}"
export HAILUO_MODE
cd demo-notebooks
exec "$python" -m jupyterlab --LabApp.default_url=/lab/tree/quickstart.ipynb "$@"
