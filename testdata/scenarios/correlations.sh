#!/usr/bin/env bash
# The traces of testdata/correlations: a client guesses passwords of a login service on loopback, and a program calls home. They are
# recorded in a host name and a network of their own, and shrunk to what the alerts need: tercel correlations.sh DIRECTORY
set -euo pipefail
tercel=$1 out=$2 here=$(cd "$(dirname "$0")" && pwd)
record() {
    unshare --uts --net -- sh -c "hostname sandbox && ip link set lo up && exec \"\$0\" record -q --force -w \"\$1\" -- python3 \"\$2\" $1" \
        "$tercel" "$work/$1.scap" "$here/correlations.py"
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
record brute-force
record beacon
rules=$here/../correlations/shrink.yaml
for name in brute-force beacon; do
    "$tercel" shrink -q --force -r "$rules" --rule "Of interest" "$work/$name.scap" -w "$out/$name.scap"
done
