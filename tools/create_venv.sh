#!/usr/bin/env bash
# Create the virtual environment $2 with the interpreter $1; on Debian without the venv module, install that first.
set -euo pipefail
python=$1 venv=$2

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "Python 3.11 or newer is needed as '$python'. Give another one: make PYTHON=/path/to/python3.11" >&2
  exit 5
fi
echo "== creating $venv with $("$python" --version)"
if "$python" -m venv "$venv" >/dev/null 2>&1; then exit 0; fi

rm -rf "$venv"
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  echo "== the venv module is missing; installing Debian's python3-venv"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
  exec "$python" -m venv "$venv"
fi
echo "Python's venv module is missing. Install it with: sudo apt-get install python3-venv" >&2
exit 5
