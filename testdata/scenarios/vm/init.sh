#!/bin/sh
# The init of the sandbox: sets the host up, records every scenario, writes what was recorded onto the second disk, and ends.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
exec </dev/null
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tracefs tracefs /sys/kernel/tracing
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
for directory in /dev/shm /tmp /run /var/tmp; do
    mount -t tmpfs tmpfs $directory
done
chmod 1777 /tmp /var/tmp /dev/shm
hostname sandbox
ip link set lo up
# Every address that a scenario speaks to is this machine's own.
ip address add 192.0.2.10/32 dev lo
for network in 203.0.113.0/24 198.51.100.0/24 10.20.0.0/24 169.254.169.254/32; do
    ip route add local $network dev lo src 192.0.2.10
done
/scenarios/act serve 22 80 443 3333 4433 5432 8080 &

# One trace: record DIRECTORY FILE FUNCTION OPTIONS…
record() {
    directory=$1 file=$2 part=$3
    name=$(echo "${part#*_}" | tr _ -)
    shift 3
    mkdir -p /out/$directory /log/$directory
    # One trace is of the kind that sysdig and Falco write, for tests and readers that want to see it.
    [ $name != classic ] || set -- --to gzip "$@"
    timeout -s INT 120 tercel record -q -w "/out/$directory/$name.scap" "$@" -- sh /scenarios/play.sh "$file" "$part" \
        >"/log/$directory/$name" 2>&1 || echo "FAILED $directory $name"
    echo "$(cut -d' ' -f1 /proc/uptime) $directory/$name"
}

# Whether a rule is to be recorded: one of the patterns of record.sh stands for its name.
wanted() {
    while read -r pattern; do
        case $1 in $pattern) return 0 ;; esac
    done </scenarios/only
    return 1
}

# All scenarios of a directory: scenarios DIRECTORY OPTIONS…
scenarios() {
    place=$1
    shift
    for file in /scenarios/$place/*.sh; do
        for part in $(sed -n "s/^\([a-z_]*\)().*/\1/p" "$file"); do
            wanted "${part#*_}" || continue
            case $part in
                before_*) sh /scenarios/play.sh "$file" "$part" >/dev/null 2>>/log/before ;;
                fires_* | tells_*) record traces "$file" "$part" "$@" ;;
                spares_*) record spared "$file" "$part" "$@" ;;
            esac
        done
    done
}

# Writes what there is onto the second disk.
deliver() {
    tar -C / -cf /dev/vdb out log
    sync
}

mkdir -p /out /log
scenarios host
deliver
for part in $(sed -n 's/^[a-z]*_\([a-z_]*\)().*/\1/p' /scenarios/containers/*.sh); do
    wanted "$part" || continue
    . /scenarios/vm/engine.sh
    # The docker command itself is of no interest, and would be most of the trace.
    scenarios containers --container web --container debug --container escape --container batch --container job \
        --filter 'proc.name != docker'
    break
done
deliver
busybox poweroff -f
