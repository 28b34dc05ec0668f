#!/bin/bash
# Records testdata/traces anew: plays every scenario in a virtual machine of its own (Debian's kernel and programs under QEMU, no
# network, nothing of this host in it but the tercel binary), and takes the traces out of it. About 4 seconds of CPU a trace, since
# every trace has a recorder of its own; half an hour for all on a machine with other work.
#
# Usage: record.sh [PATTERN…]: shell patterns of rule names with underscores; without one, all.
# Needs: root (owners in the disk image), qemu-system-x86_64, apt, e2fsprogs, kmod, a C compiler, cargo. The unpacked root stays in
# target/scenarios (or SCENARIOS_DIR) for the next time.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
work=${SCENARIOS_DIR:-$repository/target/scenarios}
kernel=$(apt-cache search --names-only '^linux-image-6\.1\.0-[0-9]*-cloud-amd64$' | cut -d' ' -f1 | sort -V | tail -n 1)
packages="base-files base-passwd bash coreutils dash debianutils diffutils dpkg findutils grep gzip hostname libc-bin login mount
    ncurses-base passwd perl-base sed tar util-linux bsdutils procps python3-minimal curl wget netcat-traditional socat iproute2
    iputils-ping e2fsprogs kmod openssh-client sudo libcap2-bin tcpdump strace cron logrotate systemd apt busybox-static
    docker.io vim-tiny mawk"

# The root of the sandbox: packages unpacked, their scripts not run.
system() {
    local apt=$work/apt root=$work/root
    mkdir -p "$apt/archives/partial" && : >"$apt/status"
    apt-get -qq -o Dir::State::status="$apt/status" -o Dir::Cache="$apt" -o APT::Sandbox::User=root -o APT::Install-Recommends=false \
        --download-only -y install $packages
    (cd "$apt/archives" && apt-get -qq -o APT::Sandbox::User=root download "$kernel")
    rm -rf "$root" && mkdir -p "$root"/usr/{bin,sbin,lib,lib64}
    ln -s usr/{bin,sbin,lib,lib64} "$root"
    for package in "$apt"/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$package" |
            tar -x -C "$root" --keep-directory-symlink --exclude='./usr/share/'{doc,man,locale}'/*'
    done
    depmod -b "$root" "${kernel#linux-image-}"
    rm -rf "$root/var/run"
    ln -s /run "$root/var/run"
    ln -s nc.traditional "$root/usr/bin/nc"
    ln -s mawk "$root/usr/bin/awk"
    local base=$root/usr/share/base-passwd
    { cat "$base/passwd.master"; echo "alice:x:1000:1000::/home/alice:/bin/bash"; } >"$root/etc/passwd"
    { cat "$base/group.master"; echo "alice:x:1000:"; echo "docker:x:990:"; } >"$root/etc/group"
    sed 's/:.*/:*:20000:0:99999:7:::/' "$root/etc/passwd" >"$root/etc/shadow"
    sed 's/:.*/:*::/' "$root/etc/group" >"$root/etc/gshadow"
    mkdir -p "$root"/{home/alice,srv,var/lib/dpkg/{info,updates,triggers},var/spool/cron/crontabs,var/log,etc/cron.{d,hourly,daily},etc/init.d,etc/udev/rules.d}
    touch "$root"/var/lib/dpkg/{status,available} "$root/home/alice/.bashrc" "$root/etc/tercel-sandbox" "$root/etc/motd"
    chown -R 1000:1000 "$root/home/alice"
    chmod 640 "$root"/etc/{shadow,gshadow}
    echo sandbox >"$root/etc/hostname"
    echo "127.0.0.1 localhost sandbox" >"$root/etc/hosts"
    echo "nameserver 198.51.100.53" >"$root/etc/resolv.conf"
    cp "$root/usr/share/pam/common-auth" "$root/etc/pam.d/" 2>/dev/null || touch "$root/etc/pam.d/common-auth"
}

initramfs() {
    local tree=$work/initramfs version=${kernel#linux-image-}
    rm -rf "$tree" && mkdir -p "$tree"/{bin,lib}
    cp "$work/root/bin/busybox" "$tree/bin/"
    install -m 755 "$here/vm/initramfs.sh" "$tree/init"
    for module in virtio_pci virtio_blk; do modprobe -S "$version" -d "$work/root" --show-depends $module; done |
        sed -n 's/^insmod \([^ ]*\) *$/\1/p' | awk '!seen[$0]++' | while read -r path; do
            cp "$path" "$tree/lib/" && basename "$path"
        done >"$tree/modules"
    (cd "$tree" && find . | bin/busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$work/initramfs.gz"
}

[ -e "$work/root/etc/tercel-sandbox" ] || system
[ -n "${TERCEL:-}" ] || cargo build --quiet --locked --release --manifest-path "$repository/Cargo.toml"
scenarios=$work/root/scenarios
rm -rf "$scenarios" && mkdir -p "$scenarios"
cp -r "$here"/{host,containers,vm,lib.sh,play.sh} "$scenarios/"
printf '%s\n' "${@:-*}" >"$scenarios/only"
cc -static -O1 -Wall -Wextra -o "$scenarios/act" "$here/act.c"
install -m 755 "$here/vm/init.sh" "$work/root/sbin/init"
install -D -m 755 -s "${TERCEL:-$repository/target/release/tercel}" "$work/root/usr/local/bin/tercel"
initramfs
rm -f "$work"/{root,out}.img
mke2fs -q -t ext4 -d "$work/root" "$work/root.img" 1800M
truncate -s 256M "$work/out.img"
timeout 5400 qemu-system-x86_64 -accel tcg,thread=multi -m 2048 -smp 1 -nographic -no-reboot -nic none -rtc base=2026-03-02T08:00:00 \
    -kernel "$work/root/boot/vmlinuz-${kernel#linux-image-}" -initrd "$work/initramfs.gz" \
    -drive "file=$work/root.img,format=raw,if=virtio" -drive "file=$work/out.img,format=raw,if=virtio" \
    -append "console=ttyS0 quiet panic=-1 rcupdate.rcu_expedited=1" </dev/null | tee "$work/console.log"
rm -rf "$work"/{out,log}
tar -C "$work" -xf "$work/out.img"
if grep FAILED "$work/console.log"; then
    exit 1
fi
cp "$work"/out/traces/*.scap "$repository/testdata/traces/"
cp "$work"/out/spared/*.scap "$repository/testdata/spared/"
