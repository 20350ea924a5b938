#!/usr/bin/env bash
# Install the Debian packages listed in $1 (one a line, '#' comments) that are not there yet; the tests need them.
set -euo pipefail
mapfile -t wanted < <(sed -E 's/#.*//; s/[[:space:]]+//g; /^$/d' "$1")
missing=()
for package in "${wanted[@]}"; do
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
if ! command -v apt-get >/dev/null; then
  echo "The tests need these programs (Debian's names): ${missing[*]}" >&2
  exit 5
fi
sudo=(); [ "$(id -u)" = 0 ] || sudo=(sudo)
echo "== installing Debian packages for the tests: ${missing[*]}"
"${sudo[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
