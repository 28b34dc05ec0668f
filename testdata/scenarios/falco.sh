#!/bin/bash
# Falco's rules over a recording of tercel's own: plays the scenario of the corpus in a throw-away root, on the host and in containers
# of a Docker engine of its own, records it, replays it under Falco's rule files, and compares the rules that speak with those that
# spoke to Falco when it saw the same scenario. Prints every rule that spoke there and not here, and fails if there is one. With "live",
# the host is watched under all of Falco's rules while it plays; the lines must then be those of the replay of what that run recorded. With
# "cuts", it is watched with a cut around each alert (two seconds before, half a second after); the replays of the cuts must give the lines.
#
# Usage: falco.sh [live|cuts]     Needs: root, the corpus with its scenario (TERCEL_CORPUS, else ../shared/corpus), debootstrap, dockerd,
# script (bsdutils). A minute, and a few more the first time, for the root. Without corpus or engine it says so and ends with 0.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
corpus=${TERCEL_CORPUS:-$repository/../shared/corpus}
scenario=$corpus/../scenarios
work=${FALCO_DIR:-$repository/target/falco}
tercel=${TERCEL:-$repository/target/release/tercel}

skip() { echo "SKIPPED: Falco's rules over our recording: $1"; exit 0; }
[ -d "$corpus" ] && [ -d "$scenario" ] || skip "no corpus with its scenario (set TERCEL_CORPUS)"
[ "$(id -u)" = 0 ] || skip "needs root"
command -v dockerd >/dev/null && command -v script >/dev/null || skip "no Docker engine, or no script(1)"
[ -x "$tercel" ] || cargo build --release --locked --manifest-path "$repository/Cargo.toml"
mkdir -p "$work"

root=${FALCO_ROOT:-$work/root}
if [ ! -e "$root/ISROOTFS" ]; then
    command -v debootstrap >/dev/null || skip "no debootstrap"
    bash "$scenario/mkroot.sh" "$root" >"$work/mkroot.log" 2>&1
fi
install -m 755 "$scenario/attacks.sh" "$root/opt/atk/run.sh"

# Falco takes the control groups of some machines for containers: the host's half is to run in none.
for procs in /sys/fs/cgroup/*/cgroup.procs; do
    echo $$ >"$procs" 2>/dev/null || true
done

stable=(-r "$corpus/rules/falco_rules.yaml")
all=("${stable[@]}" -r "$corpus/rules/falco-incubating_rules.yaml" -r "$corpus/rules/falco-sandbox_rules.yaml")
allon=("${all[@]}" -r "$corpus/rules/enable_disabled_rules.yaml")

see() { # name, options, --, command: what the command does, as a trace
    local name=$1 options=() live
    shift
    while [ "$1" != -- ]; do options+=("$1") && shift; done
    shift
    if [ "$how" = record ]; then
        "$tercel" record -q --buffer 64 -w "$work/$name.scap" "${options[@]}" -- "$@" >"$work/$name.log" 2>&1 </dev/null
        return
    fi
    if [ "$how" = cuts ]; then
        rm -rf "$work/$name.cuts"
        mkdir "$work/$name.cuts"
        local cut
        for cut in enabled=true mode=all_rules default_duration=500 capture_before=2s max_per_minute=1000 path_prefix="$work/$name.cuts/cut"; do
            options+=(-o "capture.$cut")
        done
    else
        options+=(-w "$work/$name.scap")
    fi
    rm -f "$work/$name.live"
    "$tercel" live -c /dev/null --json "${allon[@]}" --buffer 64 --force "${options[@]}" --output "$work/$name.live" \
        2>"$work/$name.errors" &
    live=$!
    until grep -qs '^watching' "$work/$name.errors"; do kill -0 $live || return; sleep 0.2; done
    "$@" >"$work/$name.log" 2>&1 </dev/null || true
    sleep 2
    kill -INT $live
    wait $live
    echo "$name: $(wc -l <"$work/$name.live") lines live; $(grep -m 1 '^Events lost' "$work/$name.errors" || echo nothing lost)"
    if [ "$how" = cuts ]; then
        replay_cuts "$name"
        return
    fi
    "$tercel" replay -q --json "${allon[@]}" "$work/$name.scap" >"$work/$name.replayed"
    # What is lost is told live, as an alert of the run's own.
    grep -v '"source":"internal"' "$work/$name.live" | cmp - "$work/$name.replayed" || return
    echo "$name: the replay gives the same lines"
}

# Of a cut, the lines that name it are those of its alerts; the others are from before it began.
replay_cuts() { # name
    local name=$1 cut
    for cut in "$work/$name.cuts"/*.scap; do
        "$tercel" verify -q "$cut"
        "$tercel" replay -q --json "${allon[@]}" "$cut" | grep -a "^{\"capture_file\":\"$cut\""
    done >"$work/$name.replayed"
    grep -v '"source":"internal"' "$work/$name.live" | cmp - "$work/$name.replayed" || return
    echo "$name: the replays of $(find "$work/$name.cuts" -name '*.scap' | wc -l) cuts give the same lines, each alert in one of them"
}

how=${1:-record}
echo "on the host"
see attacks -- env -i HOME=/root bash "$scenario/inroot.sh" "$root" bash /opt/atk/run.sh host

engine=$work/engine
mkdir -p "$engine"
export DOCKER_HOST=unix://$engine/docker.sock
dockerd --data-root "$engine/data" --exec-root "$engine/exec" --pidfile "$engine/pid" -H "$DOCKER_HOST" \
    --bridge none --iptables=false >"$work/dockerd.log" 2>&1 &
dockerd=$!
stop() {
    docker ps -q 2>/dev/null | xargs -r docker rm -f >/dev/null 2>&1 || true
    kill $dockerd 2>/dev/null && wait $dockerd || true
    umount "$engine"/exec/netns/default 2>/dev/null || true
    rm -rf "$engine"
}
trap stop EXIT
until docker version >/dev/null 2>&1; do
    kill -0 $dockerd || { echo "dockerd ended: see $work/dockerd.log"; exit 1; }
    sleep 0.5
done
tar -C "$root" -c . | docker import - scenario:1 >/dev/null

# As the corpus was made: the programs of the scenario are written when the container runs.
run="rm -rf /opt/atk; cp -r /opt/atk0 /opt/atk; cp /opt/atk/h /usr/local/bin/h; bash /opt/atk/run.sh container"
containers() {
    local open="--security-opt seccomp=unconfined --security-opt apparmor=unconfined" may
    for may in "--cap-add SYS_ADMIN --cap-add SYS_PTRACE --cap-add SYS_MODULE --cap-add NET_ADMIN" ""; do
        docker run --rm $open $may -v "$root/opt/atk:/opt/atk0:ro" -v "$root/home:/home/admin:ro" scenario:1 timeout 100 bash -c "$run"
    done
    docker run -d --name visited -v "$root:/host:ro" scenario:1 sleep 300
    script -qec "docker exec -it visited bash -c 'id; cat /host/etc/shadow; true'" /dev/null
    docker rm -f visited
}
export -f containers
export run root
echo "in containers"
# A recording is that of a command; what containers do comes from the engine.
engines=()
[ "$how" != record ] || engines=(-p "$(pgrep -P $dockerd containerd)")
see container --docker "$engine/docker.sock" "${engines[@]}" -- bash -c containers

[ "$how" != cuts ] || exit 0
status=0
rules() { grep -o '"rule":"[^"]*"' | sort -u; }
compare() { # capture, set, options with its rule files
    local name=$1 set=$2
    shift 2
    "$tercel" replay -q --json "$@" "$work/$name.scap" | rules >"$work/$name.$set.here"
    rules <"$corpus/alerts/$name.$set.json" >"$work/$name.$set.there"
    local missing
    missing=$(comm -13 "$work/$name.$set".{here,there})
    echo "$name, $set: $(wc -l <"$work/$name.$set.there") rules spoke to Falco, $(comm -12 "$work/$name.$set".{here,there} | wc -l) of them here, $(comm -23 "$work/$name.$set".{here,there} | wc -l) others"
    [ -z "$missing" ] || { echo "$missing" | sed 's/^/  missing: /'; status=1; }
}
for name in attacks container; do
    compare $name stable "${stable[@]}"
    compare $name all "${all[@]}"
    compare $name allon "${allon[@]}"
done
exit $status
