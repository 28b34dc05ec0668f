#!/usr/bin/env bash
# Runs the README's test command where less is possible than here: `tests/places.sh user` as an ordinary user, `tests/places.sh
# bare` in a root without /sys. Needs root, for the namespace in which the checkout, as a copy, stands at its own place.
# Arguments after the place go to `cargo test`. Exit code: that of the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
place=${1:?user or bare}
shift
checkout=$PWD
command=$(sed -n 's/^    \(cargo test --workspace .*\)/\1/p' README.md)
[ -n "$command" ] || { echo "README.md names no test command" >&2; exit 2; }
[ $# = 0 ] || command="$command $(printf '%q ' "$@")"
home=${CARGO_HOME:-$HOME/.cargo}
rustup=${RUSTUP_HOME:-$HOME/.rustup}

# What is built already is taken over, with its times, so that nothing is built twice.
scratch=$(mktemp -d "${TMPDIR:-/tmp}/tercel-places.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cp -a . "$scratch/copy"

# All of it is undone with the namespace, whatever happens.
export place checkout command home rustup scratch
unshare --mount --propagation private bash -euo pipefail <<'END'
mount --bind "$scratch/copy" "$checkout"
case $place in
user)
    # Cargo and the toolchain stand in root's home, which others cannot enter. They stand there still, in a view that all can read.
    mkdir -p "$scratch/home" "$scratch/upper" "$scratch/work" "$scratch/cargo"
    chmod 755 "$scratch"
    mount -t overlay overlay -o "lowerdir=$home,upperdir=$scratch/upper,workdir=$scratch/work" "$scratch/cargo"
    chmod -R a+rX "$scratch/cargo"
    chown 65534:65534 "$scratch/cargo" "$scratch/home"
    mkdir "$scratch/rustup"
    mount --bind "$rustup" "$scratch/rustup"
    for view in "$home $scratch/cargo" "$rustup $scratch/rustup"; do
        read -r at from <<<"$view"
        mountpoint -q "$(dirname "$at")" || mount -t tmpfs -o mode=755 tmpfs "$(dirname "$at")"
        mkdir -p "$at"
        mount --bind "$from" "$at"
    done
    chown -R 65534:65534 "$scratch/copy"
    cd "$checkout"
    exec setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all \
        env -u TERCEL_HAS HOME="$scratch/home" CARGO_HOME="$home" RUSTUP_HOME="$rustup" CARGO_NET_OFFLINE=true bash -c "$command"
    ;;
bare)
    mkdir "$scratch/root"
    mount --rbind / "$scratch/root"
    mount --make-rprivate "$scratch/root"
    umount --lazy "$scratch/root/sys"
    exec chroot "$scratch/root" env -u TERCEL_HAS CARGO_NET_OFFLINE=true PATH="$PATH" bash -c "cd $(printf %q "$checkout") && $command"
    ;;
*)
    echo "no such place: $place" >&2
    exit 2
    ;;
esac
END
