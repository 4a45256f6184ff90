#!/usr/bin/env bash
# shoot.sh NAME COLUMNSxROWS SCREEN [KEY...]: runs the console in tmux as the kernel's console would show it, sends the keys
# (in tmux's names: F3, Enter, i) and writes NAME.txt and NAME.png beside this file. PROGRAM is the program (default
# ./hypervisor-tui), CONFIG its configuration (default none), WAIT the seconds until the picture is taken (default 10).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
name=$1 columns=${2%x*} rows=${2#*x} screen=$3
shift 3
socket=$(mktemp -u)
in_tmux() { tmux -S "$socket" -f /dev/null "$@"; }
trap 'in_tmux kill-server 2>/dev/null || true' EXIT
in_tmux new-session -d -s picture -x "$columns" -y "$rows" \
	env TERM=linux LANG=C.UTF-8 "${PROGRAM:-./hypervisor-tui}" ${CONFIG:+--config "$CONFIG"} --screen "$screen"
sleep "${WAIT:-10}"
for key in "$@"; do
	in_tmux send-keys -t picture "$key"
	sleep 1
done
in_tmux capture-pane -p -t picture >"$here/$name.txt"
in_tmux capture-pane -e -p -t picture | go -C "$here" run . >"$here/$name.png"
