#!/usr/bin/env bash
# Runs the shards of a plan with GNU parallel, here or on hosts that ssh reaches.
#
#     fleet/parallel.sh plan.json URL [options of parallel, as --sshloginfile hosts]
#
# --joblog and --resume-failed go on where an earlier run stopped; --retries repeats a shard on another host.
set -euo pipefail
plan=$1 out=$2
shift 2
count=$(python3 -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["shards"]))' "$plan")
seq 0 $((count - 1)) | parallel --will-cite --retries 3 --joblog "$plan.joblog" --resume-failed "$@" \
    "${TERCEL:-tercel}" fleet run -q --plan "$plan" --shard {} --out "$out"
