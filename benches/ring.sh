#!/bin/bash
# The flight recorder of 'tercel live' under load: how far back a ring reaches, what it costs, and whether memory stays the same. A storm of
# open, read and close runs for SECONDS under live without a ring and then with one, with the shipped rules (RULES names others, of which a run
# without any costs least, so that the ring seems to cost most) and one that has reads captured; every second (at most 60 lines) the memory of the process
# and the time that the ring holds are printed, at the end the ratio of CPU time per event. Needs root, BPF, a C compiler and curl.
#
# Usage: ring.sh [SECONDS [MEBIBYTES [EVENTS_PER_SECOND]]]; TERCEL names the binary (else target/release/tercel).
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
tercel=${TERCEL:-$here/target/release/tercel}
seconds=${1:-180} size=${2:-128} rate=${3:-60000}
work=$(mktemp -d) port=18766
live=
trap 'kill -INT $live 2>/dev/null || true; rm -rf "$work"' EXIT
cat >"$work/storm.c" <<'C'
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
/* Opens, reads and closes changing files at a steady rate: three events a round. */
int main(int argc, char **argv) {
    double seconds = atof(argv[1]), rate = atof(argv[2]) / 3;
    struct timespec start, now;
    char path[64], buffer[256];
    long done = 0;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (;;) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        double passed = now.tv_sec - start.tv_sec + (now.tv_nsec - start.tv_nsec) * 1e-9;
        if (passed >= seconds) break;
        for (; done < passed * rate; done++) {
            snprintf(path, sizeof path, "/proc/self/fdinfo/%ld", done % 3);
            int fd = open(done % 5 ? "/etc/passwd" : path, O_RDONLY);
            if (fd >= 0) { if (read(fd, buffer, 200) < 0) return 1; close(fd); }
        }
        usleep(1000);
    }
    return 0;
}
C
cc -O2 -o "$work/storm" "$work/storm.c"
cat >"$work/rules.yaml" <<'R'
- rule: Reads
  desc: x
  condition: evt.type in (read, open, openat, close) and proc.name = nobody
  output: x
  priority: INFO
R
cpu() { awk '{ print ($14 + $15) * 10 }' /proc/$live/stat; }
page() { curl -s -m 10 "http://127.0.0.1:$port/metrics"; }
value() { awk -v name="$1" 'index($0, name " ") == 1 { print $NF; found = 1 } END { if (!found) print 0 }' "$work/page"; }
run() { # options
    "$tercel" live -c /dev/null -q -r "$work/rules.yaml" -r "${RULES:-$here/rules}" -o webserver.enabled=true -o webserver.listen_address=127.0.0.1 \
        -o webserver.listen_port=$port -o webserver.prometheus_metrics_enabled=true "$@" >/dev/null 2>"$work/errors" &
    live=$!
    until page >/dev/null; do kill -0 $live || { cat "$work/errors"; exit 1; }; sleep 0.2; done
    local before after events every=$((seconds / 60 + 1))
    before=$(cpu)
    "$work/storm" "$seconds" "$rate" &
    local storm=$!
    printf '%6s %10s %12s %10s %12s %10s\n' time RSS_kB ring_bytes ring_s events lost
    while kill -0 $storm 2>/dev/null; do
        sleep $every
        page >"$work/page" || true
        printf '%6.0f %10d %12d %10.1f %12d %10d\n' "$(value tercel_uptime_seconds)" "$(awk '/^VmRSS/ { print $2 }' /proc/$live/status)" \
            "$(value tercel_ring_bytes)" "$(value tercel_ring_seconds)" "$(value tercel_events_total)" \
            "$(awk '/^tercel_events_lost_total/ { sum += $NF } END { print sum + 0 }' "$work/page")"
    done
    after=$(cpu) events=$(value tercel_events_total)
    kill -INT $live
    wait $live || true
    live=
    cost=$(awk -v ms=$((after - before)) -v events="$events" 'BEGIN { print ms * 1000 / events }')
    echo "$((after - before)) ms of CPU, $cost us per event"
}
echo "without a ring"
run
without=$cost
echo "with a ring of $size MiB"
run --ring "${size}MiB" --control "$work/control"
awk -v with="$cost" -v without="$without" 'BEGIN { printf "CPU per event with the ring: %.2f times that without\n", with / without }'
