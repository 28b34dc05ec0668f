#!/usr/bin/env bash
# What a million indicators cost: seconds of user time to load them, and how much longer a replay takes than with one indicator of each
# kind. Addresses, networks, domains, paths and hashes, a fifth each, in lists that rules about connections, programs and files ask.
#
#     benches/indicators.sh CAPTURE [COUNT]
#
# TERCEL names the program (default: target/release/tercel).
set -euo pipefail
capture=$1
count=${2:-1000000}
tercel=${TERCEL:-target/release/tercel}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Rules with that many indicators of each kind.
rules() {
    awk -v count="$1" '
        function number(limit) { return int(rand() * limit) }
        function dotted() { return 1 + number(222) "." number(256) "." number(256) "." 1 + number(254) }
        function hex(digits, text) { while (digits-- > 0) text = text sprintf("%x", number(16)); return text }
        BEGIN {
            srand(7)
            print "- list: addresses\n  items:"
            for (i = 0; i < count; i++) print "    - \"" (i % 8 ? dotted() : "2001:db8:" hex(4) "::" hex(4)) "\""
            print "- list: networks\n  items:"
            for (i = 0; i < count; i++) print "    - \"" (i % 8 ? dotted() "/" 20 + number(11) : "2001:" hex(3) ":" hex(4) "::/48") "\""
            print "- list: domains\n  items:"
            for (i = 0; i < count; i++) print "    - " hex(12) ".example.org"
            print "- list: paths\n  items:"
            for (i = 0; i < count; i++) print "    - /tmp/" hex(4) "/" hex(10)
            print "- list: hashes\n  items:"
            for (i = 0; i < count; i++) print "    - \"" hex(64) "\""
            connection = "evt.type in (connect, accept, accept4, sendto, recvfrom, sendmsg, recvmsg) and "
            rule("address", connection "(fd.sip in (addresses) or fd.cip in (addresses))")
            rule("network", connection "(fd.snet in (networks) or fd.cnet in (networks))")
            rule("domain", "evt.type in (execve, execveat) and proc.args intersects (domains)")
            rule("path", "evt.type in (open, openat, openat2) and (fd.name in (paths) or fd.name pmatch (paths))")
            rule("hash", "evt.type in (open, openat, openat2) and fd.filename in (hashes)")
        }
        function rule(name, condition) {
            print "- rule: " name "\n  desc: " name "\n  condition: " condition "\n  output: \"%fd.name\"\n  priority: INFO"
        }'
}

# The least user time of three runs, in seconds.
user_time() {
    for _ in 1 2 3; do
        { TIMEFORMAT=%U; time "$@" > /dev/null 2>&1; } 2>&1
    done | sort -n | head -1
}

rules "$((count / 5))" > "$folder/many.yaml"
rules 1 > "$folder/few.yaml"
replay() { user_time "$tercel" replay -q -j1 -r "$1" "$2"; }
# One event, so that everything is prepared for it and nothing is done.
load() { user_time "$tercel" replay -q -j1 -n 1 -r "$1" "$capture"; }
load_few=$(load "$folder/few.yaml") load_many=$(load "$folder/many.yaml")
few=$(replay "$folder/few.yaml" "$capture") many=$(replay "$folder/many.yaml" "$capture")
awk -v count="$count" -v load="$load_many" -v base="$load_few" -v few="$few" -v many="$many" 'BEGIN {
    printf "%d indicators: loaded in %.2f s (aim 1.0)\n", count, load
    printf "replay without loading: %.2f s, with one of each kind %.2f s: %.2f times as long (aim 1.10)\n",
        many - load, few - base, (many - load) / (few - base)
}'
