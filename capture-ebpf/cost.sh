#!/bin/bash
# What recording costs: storms of system calls with recording off and on, in one run, as nanoseconds and ratios; what the recorder
# needs for a million events, what it writes, and what it loses with one storm and with two. Needs root, BPF and a C compiler; wants a
# quiet machine. Usage: cost.sh [ROUNDS]; TERCEL names the binary (else target/release/tercel).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tercel=${TERCEL:-$(dirname "$here")/target/release/tercel}
rounds=${1:-10}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc -O2 -o "$work/storm" "$here/cost/storm.c"

storms() { # prefix of the files with the results
    "$work/storm" getppid 300000 "$rounds" >"$1.getppid"
    "$work/storm" file 150000 "$rounds" >"$1.file"
    "$work/storm" exec 200 "$rounds" >"$1.exec"
}
export work rounds
export -f storms
storms "$work/off"
"$tercel" record -a -q -w "$work/on.scap" -- bash -c 'storms "$work/on"'
printf '%-22s %12s %12s %8s\n' storm 'off ns' 'on ns' ratio
for kind in getppid file exec; do
    off=$(cat "$work/off.$kind") on=$(cat "$work/on.$kind")
    printf '%-22s %12s %12s %8s\n' "$kind" "$off" "$on" "$(awk "BEGIN { printf \"%.2f\", $on / $off }")"
done

# CPU seconds of the recorder itself: what `times` of a shell says of its children, less what the storms say.
for storms in 1 2; do
    cat >"$work/run" <<RUN
for i in \$(seq $storms); do "$work/storm" getppid 300000 10 >/dev/null & done
wait
times >"$work/storms.times"
RUN
    begun=$(date +%s%N)
    bash -c "'$tercel' record -a -w '$work/rate.scap' -- bash '$work/run' 2>'$work/summary'; times >'$work/all.times'"
    seconds=$(awk "BEGIN { print ($(date +%s%N) - $begun) / 1e9 }")
    cpu() { tail -n 1 "$1" | tr 'ms' '  ' | awk '{ print $1 * 60 + $2 + $3 * 60 + $4 }'; }
    events=$(sed -n 's/^Events: \([0-9]*\) .*/\1/p' "$work/summary")
    bytes=$(stat -c %s "$work/rate.scap")
    awk -v n="$storms" -v events="$events" -v all="$(cpu "$work/all.times")" -v storm="$(cpu "$work/storms.times")" -v bytes="$bytes" -v s="$seconds" 'BEGIN {
        printf "storms at once: %d; %.1f M events in %.1f s; recorder %.2f s of CPU per million events (start included), %.1f bytes per event\n",
            n, events / 1e6, s, (all - storm) * 1e6 / events, bytes / events }'
    grep '^Events lost' "$work/summary" || echo "nothing was lost"
done
