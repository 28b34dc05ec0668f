#!/bin/bash
# Tries what is packaged as its users do: the Debian package is installed in a root of its own, used and purged; the archive's program
# runs in an old distribution and in a root with nothing else in it; the systemd unit is looked at; the image is built by a Docker
# engine of its own and watches this host.
#
# Usage: check.sh [package] [archive] [unit] [manifest] [image]            (by default all)
# Needs: root, BPF, cargo-deb, lintian, debootstrap, musl-gcc, dockerd, systemd-analyze; kubernetes-validate (PyPI) for the
# manifest. Minutes, most of them for the roots and the image, which stay in target/packages (or PACKAGES_DIR) for the next time. No
# registry of images is asked: those that the Dockerfile starts from are made of a Debian root, and of it with this machine's toolchain.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
work=${PACKAGES_DIR:-$repository/target/packages}
mkdir -p "$work"
say() { echo "== $*"; }

# A Debian release in a directory.
debian() {
    [ -e "$2/debootstrapped" ] || { debootstrap --variant=minbase --include=man-db "$1" "$2" >"$2.log" && touch "$2/debootstrapped"; }
}
# A command in a root, with /proc and /sys, which are gone afterwards.
within() {
    unshare --mount bash -c 'mkdir -p "$1"/{proc,sys} && mount -t proc proc "$1/proc" && mount --rbind /sys "$1/sys" &&
        exec chroot "$1" "${@:2}"' within "$@"
}
root=$work/root
inside() { within "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"; }
purge() { inside dpkg --purge tercel >/dev/null 2>&1 || true; }
trap purge EXIT

package() {
    debian trixie "$root"
    "$here/deb.sh" >"$work/deb.log" 2>&1
    package=$(ls -t "$repository"/target/debian/*.deb | head -n 1)
    ls -sh "$package" | sed "s|$repository/||"
    lintian --allow-root --fail-on error,warning "$package"
    cp "$package" "$root/tmp/tercel.deb"
    inside dpkg -i /tmp/tercel.deb >/dev/null
    inside tercel --version
    [ ! -e "$root/etc/systemd/system/multi-user.target.wants/tercel.service" ]
    # What follows is for everybody.
    inside setpriv --reuid=65534 --regid=65534 --clear-groups tercel config check
    inside tercel rules check /etc/tercel/tercel_macros.yaml /etc/tercel/tercel_rules.yaml | tail -n 2
    inside man -w tercel tercel-live tercel-rules-check
    inside bash -c '. /usr/share/bash-completion/completions/tercel; complete -p tercel'
    # Each page that the help names.
    zcat "$root"/usr/share/man/man1/tercel*.gz | tr -d '\\' | grep -o 'docs/[a-z-]*\.md' | sort -u >"$work/pages"
    [ -s "$work/pages" ]
    while read -r page; do [ -e "$root/usr/share/doc/tercel/$page" ] || { echo "not shipped: $page"; exit 1; }; done <"$work/pages"
    # A directory without rules is no error.
    mkdir -p "$root/etc/tercel/rules.d"
    inside tercel live -c /etc/tercel/tercel.yaml -M 1s -o syslog_output.enabled=false -o stdout_output.enabled=true >"$work/live.out"
    rmdir "$root/etc/tercel/rules.d"
    echo "# changed" >>"$root/etc/tercel/tercel.yaml"
    inside dpkg -r tercel >/dev/null
    [ -e "$root/etc/tercel/tercel.yaml" ] && [ ! -e "$root/usr/bin/tercel" ]
    inside dpkg --purge tercel >/dev/null
    [ -z "$(find "$root"/etc "$root"/usr "$root"/var/lib/systemd -name '*tercel*' 2>/dev/null)" ]
    echo "installed, used, removed with its configuration kept, purged"
}

# What needs nothing of the host, in a root that has the archive and traces: the alerts are those of the package's program.
try_archive() {
    local run=(chroot "$1" "/$2/tercel") trace=/traces/shell-spawned-by-server-program.scap
    "${run[@]}" --version
    "${run[@]}" info $trace | head -n 3
    "${run[@]}" rules check "/$2/rules/tercel_macros.yaml" "/$2/rules/tercel_rules.yaml" | tail -n 1
    echo "$("${run[@]}" events $trace | wc -l) events"
    "${run[@]}" replay --utc --rules "/$2/rules" /traces 2>"$work/replay.log" | cmp - "$work/replay.expected"
    sed -n 's/^Alerts: \(.*\)/\1 alerts/p' "$work/replay.log"
}

archive() {
    "$here/archive.sh" >"$work/archive.log" 2>&1
    (cd "$repository/target/archive" && sha256sum -c SHA256SUMS && ls -sh ./*.tar.gz)
    (cd "$repository" && cargo run --quiet --release --locked -- replay --utc --rules rules testdata/traces >"$work/replay.expected" 2>/dev/null)
    tar -xOf "$repository"/target/archive/tercel-*-x86_64-linux.tar.gz --wildcards '*/sbom.cdx.json' | python3 -c '
import json, sys
parts = json.load(sys.stdin)["components"]
assert len(parts) > 100 and all(part["hashes"] and part["licenses"] and part["purl"] for part in parts)
print(len(parts), "crates in the bill of materials")'
    debian bullseye "$work/old"
    local place name
    for place in "$work/old" "$work/bare"; do
        mkdir -p "$place/traces"
        cp "$repository"/testdata/traces/*.scap "$place/traces"
        tar -C "$place" -xf "$repository"/target/archive/tercel-*-x86_64-linux.tar.gz
        name=$(cd "$place" && echo tercel-*)
        say "in $(sed 's/^/Debian /' "$place/etc/debian_version" 2>/dev/null || (cd "$place" && echo "a root with $(echo *)"))"
        try_archive "$place" "$name"
        rm -r "${place:?}/$name"
    done
}

unit() {
    mkdir -p "$work/unit"
    # The program need not be installed here to be looked for.
    sed "s|/usr/bin/tercel|$(command -v true)|" "$here/tercel.service" >"$work/unit/tercel.service"
    systemd-analyze verify --man=no "$work/unit/tercel.service"
    systemd-analyze security --offline=true --no-pager "$work/unit/tercel.service" | tail -n 1
}

manifest() {
    command -v kubernetes-validate >/dev/null || { echo "kubernetes-validate is not installed: not checked"; return 0; }
    kubernetes-validate --strict "$here/daemonset.yaml"
}

stop() {
    docker rm -f watching >/dev/null 2>&1 || true
    kill $dockerd 2>/dev/null && wait $dockerd || true
    umount "$engine"/exec/netns/default 2>/dev/null || true
    rm -rf "$engine/exec"
    purge
}

image() {
    debian trixie "$root"
    engine=$work/engine
    mkdir -p "$engine"
    export DOCKER_HOST=unix://$engine/docker.sock
    dockerd --data-root "$engine/data" --exec-root "$engine/exec" --pidfile "$engine/pid" -H "$DOCKER_HOST" \
        --bridge none --iptables=false >"$work/dockerd.log" 2>&1 &
    dockerd=$!
    trap stop EXIT
    until docker version >/dev/null 2>&1; do
        kill -0 $dockerd || { echo "dockerd ended: see $work/dockerd.log"; exit 1; }
        sleep 0.5
    done
    slim=$(sed -n 's/^FROM \(debian:.*\)/\1/p' "$here/Dockerfile")
    rust=$(sed -n 's/^FROM \(rust:.*\) AS build/\1/p' "$here/Dockerfile")
    docker image inspect "$slim" >/dev/null 2>&1 || tar -C "$root" -c . | docker import - "$slim" >/dev/null
    if ! docker image inspect "$rust" >/dev/null 2>&1; then
        # The toolchain, the crates that were fetched before, and what this machine trusts. Optimising the whole takes too long here.
        toolchain=$(rustc --print sysroot)
        mkdir -p "$work/toolchain"
        tar -C / --transform "s|^${toolchain#/}|usr/local|;s|^${HOME#/}/.cargo|cargo|;s|^etc/ssl/certs|cargo|" \
            -cf "$work/toolchain/toolchain.tar" "${toolchain#/}/bin" "${toolchain#/}/lib" "${HOME#/}/.cargo/registry/cache" \
            "${HOME#/}/.cargo/registry/index" etc/ssl/certs/ca-certificates.crt
        docker build --network none -t "$rust" -f - "$work/toolchain" >"$work/toolchain.log" <<END
FROM $slim
ADD toolchain.tar /
ENV CARGO_HOME=/cargo SSL_CERT_FILE=/cargo/ca-certificates.crt CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=8
END
        rm -r "$work/toolchain"
    fi
    git -C "$repository" archive HEAD | docker build --network host -f docs/packaging/Dockerfile -t tercel - >"$work/build.log" 2>&1
    docker image ls --format '{{.Repository}} {{.Size}}' tercel
    # The options that the Dockerfile names, but no network, and this engine's socket.
    probing=(--cap-add=BPF --cap-add=PERFMON)
    docker create --name tried "${probing[@]}" tercel >/dev/null 2>&1 || probing=(--cap-add=SYS_ADMIN)
    docker rm tried >/dev/null 2>&1 || true
    probing+=(--cap-add=SYS_PTRACE --cap-add=DAC_READ_SEARCH)
    # Only kernels before 5.11 ask for it, and a machine that is a container itself may not be able to pass it on.
    bounds=$(sed -n 's/^CapBnd:\t//p' /proc/self/status)
    [ $((16#$bounds >> 24 & 1)) = 0 ] || probing+=(--cap-add=SYS_RESOURCE)
    docker run -d --name watching --network none --pid=host --cgroupns=host --cap-drop=ALL "${probing[@]}" \
        -v /sys/kernel/btf:/sys/kernel/btf:ro \
        -v /sys/kernel/tracing:/sys/kernel/tracing:ro -v "$engine/docker.sock:/var/run/docker.sock:ro" tercel \
        live -o stdout_output.enabled=true -o syslog_output.enabled=false >/dev/null
    echo "privileges: ${probing[*]}"
    until docker logs watching 2>&1 | grep -q '^watching'; do
        [ "$(docker inspect -f '{{.State.Running}}' watching)" = true ] || { docker logs watching; exit 1; }
        sleep 0.5
    done
    # Something on the host that a shipped rule looks for.
    cat /etc/shadow >/dev/null
    for _ in $(seq 100); do
        docker logs watching 2>/dev/null | grep -m 1 '/etc/shadow' && break
        sleep 0.1
    done
    docker logs watching 2>/dev/null | grep -q '/etc/shadow'
}

for part in ${*:-package archive unit manifest image}; do
    say "$part"
    "$part"
done
