#!/bin/bash
# Churn beside 'tercel live': processes, threads, files and connections come and go at a steady rate for an hour while what live holds
# is looked at twice a minute. At the end its table of threads is compared with the host's. Needs root, BPF, a C compiler, curl and a
# release build. Usage: churn.sh [SECONDS [ROUNDS_PER_SECOND [OPTION OF LIVE…]]]; TERCEL names the binary (else
# target/release/tercel). An option of live that is given replaces the shipped rules (-r FILE…).
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
tercel=${TERCEL:-$here/target/release/tercel}
seconds=${1:-3600} rate=${2:-800}
shift $(($# < 2 ? $# : 2))
[ $# -gt 0 ] || set -- -r "$here/rules"
work=$(mktemp -d) port=18765
live= churn=
trap 'kill -INT $live $churn 2>/dev/null || true; rm -rf "$work"' EXIT
cc -O2 -Wall -pthread -o "$work/churn" "$here/benches/churn.c"
options=(-o file_output.enabled=true -o "file_output.filename=$work/alerts" -o webserver.enabled=true
    -o webserver.listen_address=127.0.0.1 -o webserver.listen_port=$port -o webserver.prometheus_metrics_enabled=true)
"$tercel" live -c /dev/null "$@" "${options[@]}" 2>"$work/errors" &
live=$!
until grep -qs "^watching" "$work/errors"; do kill -0 $live || { cat "$work/errors"; exit 1; }; sleep 0.2; done

page() { curl -s -m 10 "http://127.0.0.1:$port/metrics"; }
value() { awk -v name="$1" 'index($0, name) == 1 { sum += $NF } END { print sum + 0 }' "$work/page"; }
sample() {
    page >"$work/page" || true
    local seen
    # Some are gone before they are counted.
    seen=$({ find /proc/[0-9]*/task -mindepth 1 -maxdepth 1 2>/dev/null || true; } | wc -l)
    printf '%6.0f %8d %6d %8d %6d %6d %6d %11d %9d\n' "$(value tercel_uptime_seconds)" \
        "$(awk '/^VmRSS/ { print $2 }' /proc/$live/status)" "$(ls /proc/$live/fd | wc -l)" "$(ls /proc/$live/task | wc -l)" \
        "$(value tercel_threads)" "$seen" "$(value tercel_fds)" "$(value tercel_events_total)" "$(value tercel_events_lost_total)"
}
printf '%6s %8s %6s %8s %6s %6s %6s %11s %9s\n' time RSS_kB files own_thr thr host fds events lost
sample
"$work/churn" "$seconds" "$rate" >"$work/churned" &
churn=$!
while kill -0 $churn 2>/dev/null; do
    sleep 30
    sample
done
# Ends that were lost are looked for twice, five seconds apart.
sleep 15
sample
cat "$work/churned"
kill -INT $live
wait $live || true
live= churn=
grep -E '^(Events|Alerts)' "$work/errors"
