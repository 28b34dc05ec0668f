#!/bin/bash
# A recording of a build: bytes per event, what the recorder needs for a million events, and what it loses. The whole host is recorded
# while a crate of this repository is built from nothing. Needs root, BPF and a release build. Storms are in capture-ebpf/cost.sh.
# Usage: record.sh [OPTION OF RECORD…]; TERCEL names the binary (else target/release/tercel).
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
tercel=${TERCEL:-$here/target/release/tercel}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
TIMEFORMAT='%U %S'
{ time "$tercel" record "$@" -w "$work/build.scap" 2>"$work/summary"; } 2>"$work/times" &
shell=$!
until [ -s "$work/build.scap" ]; do sleep 0.1; done
cargo build --quiet --release --package tercel-format --manifest-path "$here/Cargo.toml" --target-dir "$work/target"
kill -INT "$(pgrep -P "$shell")"
wait "$shell" || true
cat "$work/summary"
events=$(sed -n 's/^Events: \([0-9]*\) .*/\1/p' "$work/summary")
awk -v events="$events" '{ printf "Recorder: %.2f s of CPU (%.2f user, %.2f system), %.2f s per million events\n", $1 + $2, $1, $2, ($1 + $2) * 1e6 / events }' "$work/times"
"$tercel" info "$work/build.scap" | grep -E '^(Size|Chunks|Keyframes|Drops)'
"$tercel" convert -q --to gzip -w "$work/build.gz" "$work/build.scap"
awk -v native="$(stat -c %s "$work/build.scap")" -v gzip="$(stat -c %s "$work/build.gz")" 'BEGIN { printf "%.1f %% of the same events in gzip\n", native * 100 / gzip }'
