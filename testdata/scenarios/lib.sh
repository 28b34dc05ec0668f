# What scenarios have in common. They run in the sandbox, and nowhere else.
[ -e /etc/tercel-sandbox ] || { echo "scenarios run in the sandbox that record.sh makes" >&2; exit 9; }

# The helper for what no command does (act.c).
act=/scenarios/act

# Copies the helper under names that rules go by: disguise PATH…
disguise() {
    for path; do
        mkdir -p "${path%/*}"
        cp "$act" "$path"
    done
}

# Makes a Debian package of empty files: package NAME FILE…
package() {
    package=$1
    shift
    rm -rf "/tmp/package" && mkdir -p /tmp/package/DEBIAN
    for file; do
        mkdir -p "/tmp/package${file%/*}"
        echo "# $package" >"/tmp/package$file"
    done
    printf 'Package: %s\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody\nDescription: something ordinary\n' "$package" \
        >/tmp/package/DEBIAN/control
    [ -z "$script" ] || { printf '#!/bin/sh\n%s\n' "$script" >/tmp/package/DEBIAN/postinst; chmod 755 /tmp/package/DEBIAN/postinst; }
    dpkg-deb -b /tmp/package "/tmp/$package.deb"
    script=
}

# Runs a command as an ordinary user: as_alice COMMAND…
as_alice() {
    HOME=/home/alice setpriv --reuid alice --regid alice --clear-groups "$@"
}

# Run a command in a container, without a terminal or at one.
in_web() { docker exec web "$@"; }
in_debug() { docker exec debug "$@"; }
at_terminal_of_web() { script -qec "docker exec -it web $*" /dev/null; }
