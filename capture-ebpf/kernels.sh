#!/bin/bash
# Boots Debian kernels under QEMU (plain emulation) and checks that the committed object loads, attaches and records there.
# Usage: kernels.sh [--machine aarch64] [--hide-btf] [PATTERN…]: patterns of package names; without any, 5.10, 6.1, 6.12, 6.18 and the newest
# of trixie-backports, where packages called linux-binary hold the kernels from 7 on. With --hide-btf the kernel's types are hidden from the
# recorder, which gets them by --btf, and has to say what to do where it does not.
#
# Needs: qemu-system-x86_64, apt, a C compiler, cargo (or TERCEL, a binary). For aarch64: qemu-system-aarch64, gcc-aarch64-linux-gnu and the target
# aarch64-unknown-linux-musl of rustup (or TERCEL, a static binary); with gcc-arm-linux-gnueabihf also calls of 32-bit code. Kernels and busybox are fetched through apt and only
# unpacked. About half a minute per kernel; one that takes longer than 300 s (KERNELS_SECONDS, for a busy machine) fails. Prints one line per kernel and fails if one of them fails. Exit code 3: qemu or packages
# cannot be had here; nothing was checked.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
work=${KERNELS_DIR:-$root/target/kernels}
skip() { echo "kernels.sh: SKIPPED: $1" >&2; exit 3; }
machine=x86_64 hide=
while [ $# -gt 0 ]; do
    case $1 in
    --machine) machine=$2; shift 2 ;;
    --hide-btf) hide=yes; shift ;;
    *) break ;;
    esac
done
case $machine in
x86_64) arch=amd64 cc=cc emulator=(qemu-system-x86_64) console=ttyS0 target= run=() ;;
aarch64)
    # Pointers are signed by a cheap function: the architected one takes most of an emulated CPU's time.
    arch=arm64 cc=aarch64-linux-gnu-gcc emulator=(qemu-system-aarch64 -M virt -cpu "max,pauth-impdef=on") console=ttyAMA0
    target=aarch64-unknown-linux-musl
    work=$work/arm64 run=(qemu-aarch64)
    ;;
*) echo "kernels.sh: no machine $machine" >&2; exit 2 ;;
esac
for tool in "${emulator[0]}" "${run[@]}" "$cc" apt-get; do command -v $tool >/dev/null || skip "no $tool"; done
mkdir -p "$work"/apt/{lists,cache/archives/partial} "$work/deb"
apt=$work/apt
options=(-o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$apt/lists"
    -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root -o APT::Architecture=$arch -o APT::Architectures=$arch -qq)

# The mirror that this machine uses already serves all suites.
mirror=$(apt-get indextargets --format "\$(REPO_URI)" "Codename: $(. /etc/os-release; echo "$VERSION_CODENAME")" | head -n 1)
mirror=${mirror%/}
key="[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
{
    for suite in bullseye-security bookworm-security; do echo "deb $key ${mirror%/debian}/debian-security $suite main"; done
    for suite in bookworm trixie-backports; do echo "deb $key $mirror $suite main"; done
} >"$apt/sources.list"
[ -n "$(find "$apt/lists" -name '*Packages*' -mmin -1440)" ] || apt-get "${options[@]}" update ||
    skip "no lists of packages"

newest() { apt-cache "${options[@]}" search "^$1\$" | cut -d' ' -f1 | grep -v -- -dbg | sort -V | tail -n 1; }
unpack() {
    [ -d "$work/$1" ] && return
    (cd "$work/deb" && apt-get "${options[@]}" download "$1") || skip "no package $1"
    dpkg -x "$work"/deb/"$1"_*.deb "$work/$1"
}

# One binary for all kernels, with the libraries that it needs.
if [ -z "${TERCEL:-}" ] && [ -n "$target" ]; then
    [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ] || skip "no target $target: rustup target add $target"
    (cd "$root" && "$here/cross.sh" build --quiet --locked --bin tercel)
    TERCEL=$root/target/$target/debug/tercel
fi
[ -n "${TERCEL:-}" ] || { (cd "$root" && cargo build --quiet --locked); TERCEL=$root/target/debug/tercel; }
unpack busybox-static
$cc -O1 -w -static -o "$work/operations" "$root/tests/uring/operations.c"
rm -f "$work/calls32"
if [ $machine = aarch64 ] && command -v arm-linux-gnueabihf-gcc >/dev/null; then
    arm-linux-gnueabihf-gcc -O1 -w -static -o "$work/calls32" "$root/tests/strace/calls32.c"
fi

cat >"$work/rules.yaml" <<'RULES'
- rule: executed
  desc: a program ran
  condition: evt.type = execve and evt.res = SUCCESS and proc.args contains marker-exec
  output: MATCH exec %proc.exepath %proc.cwd parent=%proc.pname
  priority: INFO
- rule: opened
  desc: a file was opened
  condition: evt.type in (open, openat) and fd.name = /etc/marker and evt.res = SUCCESS
  output: MATCH open %fd.name ino=%fd.ino by %proc.name
  priority: INFO
- rule: resolved
  desc: a file was opened by a link
  condition: evt.type in (open, openat) and fd.name = /tmp/link and evt.realpath = /etc/marker
  output: MATCH resolved %evt.realpath
  priority: INFO
- rule: removed
  desc: a file was removed by a link to its directory
  condition: evt.type in (unlink, unlinkat) and evt.realpath = /tmp/place/gone and evt.file.ino > 0
  output: MATCH removed %evt.realpath ino=%evt.file.ino
  priority: INFO
- rule: renamed
  desc: a file was renamed by a link to its directory, and replaced another one
  condition: evt.type in (rename, renameat, renameat2) and evt.realpath = /tmp/place/old and evt.realpath.second = /tmp/place/new
  output: MATCH renamed %evt.realpath %evt.realpath.second
  priority: INFO
- rule: connected
  desc: a connection
  condition: evt.type = connect and fd.sport = 4711
  output: MATCH connect %fd.name
  priority: INFO
- rule: forked
  desc: a new process
  condition: evt.type in (fork, vfork, clone, clone3) and evt.rawres = 0 and proc.args contains marker-fork
  output: MATCH fork %evt.type
  priority: INFO
- rule: contained
  desc: a program ran in a container
  condition: evt.type = execve and container.id = 0123456789ab and proc.args contains marker-container
  output: MATCH container %container.id vpid=%proc.vpid %proc.exepath
  priority: INFO
- rule: ended
  desc: a process ended
  condition: evt.type = procexit and evt.arg.ret = 7
  output: MATCH exit %proc.name
  priority: INFO
RULES
cat >"$work/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /tmp /etc /root
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t tracefs tracefs /sys/kernel/tracing
/bin/busybox mount -t tmpfs tmpfs /tmp
/bin/busybox mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null
/bin/busybox ip link set lo up
echo hello >/etc/marker
echo "KERNEL $(/bin/busybox uname -r)"
types=
if [ -e /hide-btf ]; then
    /bin/busybox cp /sys/kernel/btf/vmlinux /tmp/types.btf
    /bin/busybox mount -t tmpfs tmpfs /sys/kernel/btf
    /bin/tercel record -w /tmp/none.scap -- /bin/busybox true 2>&1 | /bin/busybox sed 's/^/WITHOUT /'
    types="--btf /tmp/types.btf"
fi
/bin/tercel doctor $types | /bin/busybox sed 's/^/DOCTOR /'
# A container as the kernel sees one: a control group of an engine's name, and a pid namespace.
box=/sys/fs/cgroup/docker/$(/bin/busybox printf '0123456789ab%052d' 0)
/bin/busybox mkdir -p $box
export box
/bin/busybox ln -s /etc/marker /tmp/link
/bin/busybox mkdir /tmp/place
/bin/busybox ln -s /tmp/place /tmp/way
/bin/busybox touch /tmp/place/gone /tmp/place/old /tmp/place/new
cd /tmp
/bin/tercel record -v $types -w /tmp/t.scap $(/bin/busybox cat /options) -- /bin/busybox sh -c '
    /bin/busybox echo marker-exec; /bin/busybox cat /etc/marker; /bin/busybox cat /tmp/link; /bin/busybox rm /tmp/way/gone
    /bin/busybox mv -f /tmp/way/old /tmp/way/new; /bin/busybox nc -l -p 4711 >/dev/null &
    /bin/busybox sleep 1; echo hi | /bin/busybox nc 127.0.0.1 4711
    /bin/busybox sh -c "(/bin/busybox true; exit 7); : marker-fork" marker-fork
    /bin/busybox sh -c "echo \$\$ >$box/cgroup.procs; /bin/busybox unshare -p -f /bin/busybox echo marker-container"'
/bin/tercel replay --rules /rules.yaml /tmp/t.scap
# Every operation of io_uring, by its process, by workers and by a thread of the kernel.
for how in $(/bin/busybox cat /modes); do
    [ "$how" != plain ] || how=
    /bin/busybox mkdir /tmp/u && cd /tmp/u
    /bin/tercel record -v $types -w /tmp/u.scap $(/bin/busybox cat /options) -- /bin/operations $how >/tmp/said 2>/tmp/told
    /bin/busybox sed "s/^/SAID $how:/" /tmp/said
    /bin/busybox grep io_uring: /tmp/told
    /bin/tercel events /tmp/u.scap | /bin/busybox grep " operations " | /bin/busybox sed "s/^/EVENT $how:/"
    cd / && /bin/busybox rm -rf /tmp/u /tmp/u.scap
done
# Calls of 32-bit code, where there is a program for it.
if [ -e /bin/calls32 ]; then
    cd /tmp
    /bin/tercel record -v $types -w /tmp/c.scap -- /bin/calls32 2>/dev/null | /bin/busybox sed 's/^/CALLS32 /'
    /bin/tercel events /tmp/c.scap proc.name=calls32 | /bin/busybox sed 's/^/EVENT32 /'
fi
echo "DONE $?"
/bin/busybox poweroff -f
INIT

# What became of every operation that the program carried out: "seen MODE", "absent MODE" (the kernel does not have it), or
# "missing MODE OPERATION".
rings() { # log
    tr -d '\r' <"$1" | awk '
        /^EVENT / { sub(/^EVENT /, ""); mode = $0; sub(/:.*/, "", mode); sub(/^[^:]*:/, ""); line[++n] = $0; of[n] = mode }
        /^SAID / { sub(/^SAID /, ""); mode = $0; sub(/:.*/, "", mode); sub(/^[^:]*:/, ""); said[++m] = $0; said_of[m] = mode }
        END {
            for (i = 1; i <= m; i++) {
                split(said[i], word, " "); text = said[i]
                sub(/^[^ ]* [^ ]* [^ ]* ?/, "", text)
                how = said_of[i] == "" ? "plain" : said_of[i]
                if (word[1] == "setup" || word[2] == -22) { print "absent", how; continue }
                found = 0
                for (k = 1; k <= n && !found; k++)
                    if (of[k] == said_of[i] && !used[k] && index(line[k], " < " word[3] " ") && index(line[k], text)) { found = 1; used[k] = 1 }
                print found ? "seen " how : "missing " how " " word[1] " " word[2]
            }
        }'
}

# Whether every call that the program says it has made is in the recording, with its result and offset.
calls32() { # log
    tr -d '\r' <"$1" | awk '
        /^CALLS32 / { said[++n] = $2 " " $3 " " $4; name[n] = $2; offset[n] = $4 }
        /^EVENT32 / { line[++m] = $0 }
        END {
            for (i = 1; i <= n; i++) {
                if (name[i] == "uselib" || name[i] == "sendmmsg" || offset[i] == 0) continue
                found = 0
                for (k = 1; k <= m; k++) if (index(line[k], " < " name[i]) && index(line[k], "=" offset[i])) found = 1
                if (!found) { print "missing", said[i]; bad = 1 }
            }
            exit bad || n < 5
        }'
}

status=0
check() { # kernel, options of record
    local image=$work/$1 tree=$work/tree log=$work/$1$2.log missing=()
    rm -rf "$tree"
    mkdir -p "$tree/bin"
    cp "$work"/busybox-static/{,usr/}bin/busybox "$tree/bin/" 2>/dev/null || true
    "${cc/%gcc/strip}" -o "$tree/bin/tercel" "$TERCEL" 2>/dev/null || strip -o "$tree/bin/tercel" "$TERCEL"
    cp "$work/operations" "$tree/bin/"
    if [ -e "$work/calls32" ]; then cp "$work/calls32" "$tree/bin/"; fi
    if [ -n "$hide" ]; then : >"$tree/hide-btf"; fi
    echo "${KERNELS_MODES:-plain async poll silent overflow}" >"$tree/modes"
    [ $machine != x86_64 ] || ldd "$TERCEL" | grep -o '/[^ ]*' | while read -r library; do
        mkdir -p "$tree$(dirname "$library")"
        cp -L "$library" "$tree$library"
    done
    cp "$work/rules.yaml" "$tree/"
    echo "$2" >"$tree/options"
    install -m 755 "$work/init" "$tree/init"
    (cd "$tree" && find . | "${run[@]}" "$tree/bin/busybox" cpio -o -H newc 2>/dev/null | gzip -1) >"$work/initramfs"
    timeout "${KERNELS_SECONDS:-300}" "${emulator[@]}" -accel tcg -m 1024 -smp 2 -nographic -no-reboot -kernel "$(find "$image" -name 'vmlinuz*' | head -n 1)" \
        -initrd "$work/initramfs" -append "console=$console quiet panic=-1 no_timer_check" </dev/null >"$log" 2>&1 || true
    grep -q '^DOCTOR ok  *probe ' "$log" || missing+=("doctor's probe")
    for wanted in exec open connect fork exit 'container 0123456789ab vpid=1'; do grep -q "MATCH $wanted" "$log" || missing+=("$wanted"); done
    # Where the recorder says that it has the kernel's paths.
    if grep -q '^Paths: the kernel' "$log"; then grep -q 'MATCH resolved' "$log" || missing+=(resolved); fi
    # Where it says that functions of the kernel tell what is removed and renamed.
    if grep -q '^Hooks: .*; fentry for' "$log"; then
        for wanted in removed renamed; do grep -q "MATCH $wanted" "$log" || missing+=("$wanted"); done
    fi
    if [ -n "$hide" ]; then grep -q '^WITHOUT .*--btf FILE' "$log" || missing+=("the message about --btf"); fi
    if [ -e "$work/calls32" ]; then calls32 "$log" || missing+=("calls of 32-bit code"); fi
    rings "$log" >"$work/$1$2.rings"
    grep -q '^missing' "$work/$1$2.rings" && missing+=("$(grep -c '^missing' "$work/$1$2.rings") operations of io_uring")
    if [ ${#missing[@]} = 0 ]; then
        echo "ok      $1 $2; $(tr -d '\r' <"$log" | grep -m1 '^Hooks:'); $(tr -d '\r' <"$log" | grep -m1 '^Paths:'); io_uring: $(sort "$work/$1$2.rings" | uniq -c | awk '{ printf "%s %s %s; ", $1, $2, $3 }')"
    else
        echo "FAILED  $1 $2: no ${missing[*]} (see $log)"
        status=1
    fi
}
[ $# -gt 0 ] || set -- "linux-image-5\.10\..*-cloud-$arch" "linux-image-6\.1\.0-.*-cloud-$arch" \
    "linux-image-6\.12\..*-cloud-$arch" "linux-image-6\.18\..*-cloud-$arch" "linux-binary-[0-9].*-cloud-$arch"
for pattern in "$@"; do
    kernel=$(newest "$pattern")
    [ -n "$kernel" ] || { echo "FAILED  no package matches $pattern"; status=1; continue; }
    unpack "$kernel"
    check "$kernel" ""
done
exit $status
