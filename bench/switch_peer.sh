#!/usr/bin/env bash
# The peer of switch.py: a switch of model servers as shell scripts do it. Stop the old one, start the new one, ask until
# it answers. Nothing is checked, and after a failure nothing comes back.
#
#   switch_peer.sh process|container PORT PAUSE
#
# Each line of the standard input is the file for a server's log, and the command that starts the server: in the
# foreground, or `docker run --detach`. "ready" is printed when it answers. The last one is stopped at the end of input.
set -u
kind=$1 port=$2 pause=$3 server=

stop_server() {
  [ -n "$server" ] || return 0
  case $kind in
    process) kill "$server"; wait "$server" ;;
    container) docker stop "$server"; docker rm "$server" ;;
  esac >/dev/null 2>&1
}

start_server() {
  case $kind in
    process) (eval "exec $command") >"$log" 2>&1 </dev/null & server=$! ;;
    container) server=$(eval "$command" </dev/null) ;;
  esac
}

while read -r log command; do
  stop_server
  start_server
  until curl --silent --fail --output /dev/null "http://127.0.0.1:$port/health"; do sleep "$pause"; done
  echo ready
  [ "$kind" = process ] || docker logs "$server" >"$log" 2>&1
done
stop_server
