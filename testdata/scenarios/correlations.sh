#!/usr/bin/env bash
# The traces of testdata/correlations, as root: a client guesses passwords of a login service on loopback, and a program calls home. They
# are recorded under a host name and in a network of their own, shrunk to what the alerts need, and say nothing of the kernel of this host.
#   testdata/scenarios/correlations.sh TERCEL
set -euo pipefail
tercel=$(realpath "$1") here=$(realpath "$(dirname "$0")")
PATH=/usr/sbin:/usr/bin:/sbin:/bin
out=$here/../correlations work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/correlations.py" "$work"
cd "$work"
for name in brute-force beacon; do
    unshare --uts --net -- sh -c 'hostname sandbox && ip link set lo up && exec "$@"' - \
        "$tercel" record -q -w recorded.scap --force -- python3 correlations.py "$name"
    "$tercel" shrink -q --force -r "$out/shrink.yaml" --rule "Of interest" recorded.scap -w small.scap
    # Plain scap has no header with the kernel's release.
    "$tercel" convert -q --force --to scap small.scap -w "$name"
    "$tercel" convert -q --force --mode 0644 "$name" -w "$out/$name.scap"
done
