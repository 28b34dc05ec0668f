#!/bin/bash
# Falco's rules over a recording of tercel's own: plays the scenario of the corpus in a throw-away root, on the host and in containers
# of a Docker engine of its own, records it, replays it under Falco's rule files, and compares the rules that speak with those that
# spoke to Falco when it saw the same scenario. Prints every rule that spoke there and not here, and fails if there is one.
#
# Usage: falco.sh            Needs: root, the corpus with its scenario (TERCEL_CORPUS, else ../shared/corpus), debootstrap, dockerd,
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

echo "recording on the host"
"$tercel" record -q --buffer 64 -w "$work/attacks.scap" -- \
    env -i HOME=/root bash "$scenario/inroot.sh" "$root" bash /opt/atk/run.sh host >"$work/attacks.log" 2>&1 </dev/null

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
echo "recording in containers"
"$tercel" record -q --buffer 64 -w "$work/container.scap" --docker "$engine/docker.sock" -p "$(pgrep -P $dockerd containerd)" -- \
    bash -c containers >"$work/container.log" 2>&1 </dev/null

status=0
rules() { grep -o '"rule":"[^"]*"' | sort -u; }
compare() { # capture, set, rule files
    local name=$1 set=$2 file files=()
    shift 2
    for file; do files+=(-r "$corpus/rules/$file"); done
    "$tercel" replay -q --json "${files[@]}" "$work/$name.scap" | rules >"$work/$name.$set.here"
    rules <"$corpus/alerts/$name.$set.json" >"$work/$name.$set.there"
    local missing
    missing=$(comm -13 "$work/$name.$set".{here,there})
    echo "$name, $set: $(wc -l <"$work/$name.$set.there") rules spoke to Falco, $(comm -12 "$work/$name.$set".{here,there} | wc -l) of them here, $(comm -23 "$work/$name.$set".{here,there} | wc -l) others"
    [ -z "$missing" ] || { echo "$missing" | sed 's/^/  missing: /'; status=1; }
}
all=(falco_rules.yaml falco-incubating_rules.yaml falco-sandbox_rules.yaml)
for name in attacks container; do
    compare $name stable falco_rules.yaml
    compare $name all "${all[@]}"
    compare $name allon "${all[@]}" enable_disabled_rules.yaml
done
exit $status
