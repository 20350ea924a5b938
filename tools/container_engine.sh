#!/usr/bin/env bash
# A real Docker engine for the tests, on a Debian machine that has none. As root; nothing of it outlives `stop`, except
# the installed packages.
#
#   container_engine.sh start          install what is missing and start it; one that runs is left as it is
#   container_engine.sh run CMD...     run CMD in its network, with DOCKER_HOST set; where none was started, one of its
#                                      own is, and ends with CMD
#   container_engine.sh stop           end it with all its containers, and remove its files
#
# GPU=none|fake   whether GPU requests are granted, though there is no GPU; `none` (the default) is a machine without
#                 the NVIDIA toolkit. Under `fake`, a text in the file $CONTAINER_ENGINE_DIR/gpu-refusal is what the
#                 NVIDIA hook then refuses with.
# CONTAINER_ENGINE_DIR   its folder, short enough for a socket's path
#
# It lives apart from the machine: a network namespace of its own, where the published ports are; a mount namespace in
# which /run is empty and /etc and /opt take writes without keeping them; and one control group that holds the engine,
# its helpers and its containers, by which `stop` finds them all.
set -euo pipefail

live_in() { here=$1 socket=$1/docker.sock group=$(basename "$1"); }
live_in "${CONTAINER_ENGINE_DIR:-${TMPDIR:-/tmp}/docstation-engine}"

fail() { echo "container engine: $*" >&2; exit 1; }
alive() { curl --silent --fail --max-time 3 --unix-socket "$socket" http://docker/_ping >/dev/null 2>&1; }
inside() { nsenter --net="$here/network" "$@"; }

# The folders of the group: one in each hierarchy of version 1, a single one in version 2.
group_folders() { find /sys/fs/cgroup -maxdepth 2 -type d -name "$group" 2>/dev/null; }
first_group() {
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then echo "/sys/fs/cgroup/$group"; else echo "/sys/fs/cgroup/pids/$group"; fi
}
members() { find "$(first_group)" -name cgroup.procs -exec cat {} + 2>/dev/null || true; }

install_packages() {
  local wanted=() pair guard=/usr/sbin/policy-rc.d guarded=
  for pair in dockerd=docker.io iptables=iptables tini-static=tini ip=iproute2 curl=curl; do
    command -v "${pair%=*}" >/dev/null || wanted+=("${pair#*=}")
  done
  [ ${#wanted[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || fail "these Debian packages are needed: ${wanted[*]}"
  echo "== installing Debian packages for the container engine: ${wanted[*]}" >&2
  # The package would start an engine of the machine's own.
  if [ ! -e $guard ]; then guarded=yes; printf '#!/bin/sh\nexit 101\n' >$guard; chmod 755 $guard; fi
  local done=yes
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}"; } \
    </dev/null >"$here/install.log" 2>&1 || done=
  [ -z $guarded ] || rm -f $guard
  [ $done ] || { tail -n 20 "$here/install.log" >&2; fail "the packages could not be installed"; }
}

# The engine offers GPUs where this program is on its path, and runs it before each container that asks for one.
write_gpu_hook() {
  mkdir -p "$here/bin"
  cat >"$here/bin/nvidia-container-runtime-hook" <<HOOK
#!/bin/sh
[ ! -s "$here/gpu-refusal" ] || { cat "$here/gpu-refusal" >&2; exit 1; }
cat >/dev/null
HOOK
  chmod 755 "$here/bin/nvidia-container-runtime-hook"
}

write_settings() {
  local runtimes='{}'
  [ "${GPU:-none}" != fake ] || runtimes='{"nvidia": {"path": "runc"}}'
  cat >"$here/engine.json" <<SETTINGS
{
  "hosts": ["unix://$socket"],
  "data-root": "$here/data",
  "exec-root": "$here/exec",
  "pidfile": "$here/engine.pid",
  "cgroup-parent": "/$group",
  "storage-driver": "overlay2",
  "init-path": "$(command -v tini-static)",
  "bip": "172.31.250.1/24",
  "shutdown-timeout": 3,
  "runtimes": $runtimes
}
SETTINGS
}

# Runs in the namespaces: nothing that the engine writes here reaches the machine.
seclude() {
  cat <<'SECLUDE'
set -eu
echo $$ >"$1/engine/cgroup.procs"; shift
mount -t tmpfs -o mode=755 tmpfs /run
for folder in etc opt; do
  mkdir -p /run/kept-apart/$folder/upper /run/kept-apart/$folder/work
  mount -t overlay -o lowerdir=/$folder,upperdir=/run/kept-apart/$folder/upper,workdir=/run/kept-apart/$folder/work overlay /$folder
done
exec "$@"
SECLUDE
}

start() {
  [ "$(id -u)" = 0 ] || fail "it must be started by root"
  [ ${#socket} -le 80 ] || fail "the folder's name is too long: $here"
  ! alive || return 0
  grep -qw overlay /proc/filesystems || modprobe overlay || fail "the kernel has no overlay file system"
  [ ! -e "$here" ] || [ -e "$here/engine.json" ] || fail "$here is a folder of something else"
  mkdir -p "$here"
  touch "$here/engine.json"
  install_packages
  case ${GPU:-none} in
    fake) write_gpu_hook ;;
    none) rm -rf "${here:?}/bin" ;;
    *) fail "GPU is none or fake, not $GPU" ;;
  esac
  write_settings
  if ! mountpoint -q "$here/network"; then
    touch "$here/network"
    unshare --net="$here/network" ip link set lo up
  fi
  mkdir -p "$(first_group)/engine"
  # An engine that was killed leaves these, and would take them for a running one.
  rm -f "$here/engine.pid" "$here/exec/containerd/containerd.pid" "$socket"
  PATH=$here/bin:$PATH setsid nsenter --net="$here/network" unshare --mount --propagation private \
    sh -c "$(seclude)" seclude "$(first_group)" dockerd --config-file "$here/engine.json" </dev/null >>"$here/engine.log" 2>&1 &
  local starter=$! turn
  for ((turn = 0; turn < 600; turn++)); do
    ! alive || return 0
    kill -0 $starter 2>/dev/null || break
    sleep 0.05
  done
  tail -n 20 "$here/engine.log" >&2
  fail "the engine did not start"
}

run() {
  local code=0 started=
  [ $# -gt 0 ] || fail "run needs a command"
  if ! alive; then
    # Two runs at once must not end each other's.
    live_in "$here-$$"
    trap 'stop' EXIT
    start
    started=yes
  fi
  inside env DOCKER_HOST="unix://$socket" CONTAINER_ENGINE_DIR="$here" "$@" || code=$?
  if [ $started ]; then trap - EXIT; stop; fi
  return $code
}

wait_for_end() {
  local turn
  for ((turn = 0; turn < $1 * 10; turn++)); do
    [ -n "$(members)" ] || return 0
    sleep 0.1
  done
  return 1
}

stop() {
  [ "$(id -u)" = 0 ] || fail "it must be stopped by root"
  local engine folder
  engine=$(cat "$here/engine.pid" 2>/dev/null || true)
  # The number may belong to a later process by now.
  if [ -n "$engine" ] && members | grep -qx "$engine"; then
    kill -TERM "$engine"
    wait_for_end 8 || true
  fi
  if [ -n "$(members)" ]; then
    members | xargs --no-run-if-empty kill -KILL 2>/dev/null || true
    wait_for_end 10 || fail "some of its processes do not end"
  fi
  ! mountpoint -q "$here/network" || umount "$here/network"
  group_folders | while read -r folder; do find "$folder" -depth -type d -exec rmdir {} \; 2>/dev/null || true; done
  [ ! -e "$here/engine.json" ] || rm -rf "$here"
}

case ${1-} in
  start | stop) "$1" ;;
  run) shift; run "$@" ;;
  *) fail "usage: $0 start | run COMMAND... | stop" ;;
esac
