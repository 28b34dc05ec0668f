#!/bin/bash
# What 'tercel live' sees while unprivileged processes flood it with system calls: a critical rule on chmod by root, and one on openat of
# another process (the very kind of call that the flood is made of), ten times before, during and after the flood;
# what was lost, and what live says about it. Needs root, BPF, a C compiler and setpriv.
#
# Usage: flood.sh [CALL [PROCESSES [SECONDS [MEBIBYTES]]]]: CALL is open, write, getppid, prctl, or fork (openat by
# a new process every 200 calls); MEBIBYTES are those of a ring; TERCEL names
# the binary (else target/release/tercel), OPTIONS are options of live, WANT_DURING (8) and WANT_AFTER (10) the least alerts of each rule.
# Exit code 1: fewer.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
tercel=${TERCEL:-$here/target/release/tercel}
call=${1:-open} processes=${2:-10} seconds=${3:-20} size=${4:-16}
work=$(mktemp -d)
chmod 755 "$work"
live= flood=()
trap 'kill -9 $live ${flood[*]} 2>/dev/null || true; rm -rf "$work"' EXIT
cat >"$work/flood.c" <<'C'
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
/* flood CALL CPU: the same call for ever. */
int main(int argc, char **argv) {
    static char buffer[4096];
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(atoi(argv[2]) % sysconf(_SC_NPROCESSORS_ONLN), &cpus);
    sched_setaffinity(0, sizeof cpus, &cpus);
    int null = open("/dev/null", O_WRONLY);
    for (;;) {
        if (!strcmp(argv[1], "fork")) {
            pid_t child = fork();
            if (child == 0) {
                for (int i = 0; i < 200; i++) syscall(SYS_openat, AT_FDCWD, "/nonexistent/flood", 0, 0);
                _exit(0);
            }
            if (child > 0) waitpid(child, 0, 0);
        } else if (!strcmp(argv[1], "open")) syscall(SYS_openat, AT_FDCWD, "/nonexistent/flood", 0, 0);
        else if (!strcmp(argv[1], "write")) { if (write(null, buffer, sizeof buffer) < 0) return 1; }
        else if (!strcmp(argv[1], "prctl")) prctl(PR_SET_NAME, "flood");
        else syscall(SYS_getppid);
    }
}
C
cc -O2 -o "$work/flood" "$work/flood.c"
cat >"$work/rules.yaml" <<R
- rule: chmod
  desc: needs nothing of what the flood is made of
  condition: evt.type in (chmod, fchmodat, fchmodat2) and evt.arg.filename startswith $work/mark
  output: chmod %evt.arg.filename
  priority: CRITICAL
- rule: opened
  desc: needs the very calls that the flood is made of
  condition: evt.type in (open, openat) and fd.name startswith $work/mark
  output: opened %fd.name
  priority: CRITICAL
- rule: lesser
  desc: so that the calls of the flood are asked for
  condition: evt.type in (write, getppid, prctl) and proc.name = no-such-process
  output: x
  priority: INFO
R
"$tercel" live -c /dev/null -r "$work/rules.yaml" --rule-matching all --buffer "$size" ${OPTIONS:-} >"$work/out" 2>"$work/err" &
live=$!
until grep -qs watching "$work/err"; do kill -0 $live || { cat "$work/err"; exit 1; }; sleep 0.1; done

mark() { # phase
    for i in 1 2 3 4 5 6 7 8 9 10; do
        : >"$work/mark-$1-$i"
        chmod 644 "$work/mark-$1-$i"
        sleep "$2"
    done
}
seen() { # rule, phase
    for i in 1 2 3 4 5 6 7 8 9 10; do grep -q " $1 $work/mark-$2-$i$" "$work/out" && echo x; done | wc -l || true
}
mark before 0.1
for ((i = 0; i < processes; i++)); do
    setpriv --reuid=65534 --regid=65534 --clear-groups "$work/flood" "$call" "$i" &
    flood+=($!)
done
# The first seconds are measured on their own: what is lost until live has noticed.
mark first 0.2
sleep 2
mark during "$(awk "BEGIN { print ($seconds - 4) / 10 }")"
kill "${flood[@]}"
wait "${flood[@]}" 2>/dev/null || true
flood=()
mark after 1
# Alerts that are still on their way come at the end, which waits for the rings.
kill -INT $live
wait $live || true
live=
printf '%-8s %6s %6s %6s %6s   (of 10 each; %s processes, %s, %s s)\n' rule before first during after "$processes" "$call" "$seconds"
bad=0
for rule in chmod opened; do
    during=$(seen $rule during) after=$(seen $rule after)
    printf '%-8s %6s %6s %6s %6s\n' $rule "$(seen $rule before)" "$(seen $rule first)" "$during" "$after"
    [ "$during" -ge "${WANT_DURING:-8}" ] && [ "$after" -ge "${WANT_AFTER:-10}" ] || bad=1
done
grep -a 'Tercel internal\|overload' "$work/out" | cut -c1-400 || true
grep -a 'overload\|^Events\|drop' "$work/err" | cut -c1-300
exit $bad
