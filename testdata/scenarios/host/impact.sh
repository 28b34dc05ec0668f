# Data destroyed, and data held to ransom.

before_data_destroyed() { echo wages >/srv/payroll.db; disguise /opt/dd /opt/mkfs.ext4; }
fires_data_destroyed() {
    shred -u -z /srv/payroll.db
    /opt/dd if=/dev/zero of=/dev/sda bs=1M
    /opt/mkfs.ext4 -F /dev/sdb1
}
spares_data_destroyed() {
    dd if=/dev/vda of=/tmp/start bs=512 count=1
    mke2fs -q -F /tmp/disk.img 1M
    /opt/mkfs.ext4 -F /tmp/disk.img
}

before_file_renamed_to_ransom_ending() { touch /srv/payroll.ods /srv/plans.pdf /srv/notes.txt; }
fires_file_renamed_to_ransom_ending() {
    for file in payroll.ods plans.pdf; do
        mv "/srv/$file" "/srv/$file.locked"
    done
}
spares_file_renamed_to_ransom_ending() { mv /srv/notes.txt /srv/notes.txt.bak; }

before_host_shut_down() { disguise /opt/shutdown; }
fires_host_shut_down() { /opt/shutdown signal 0 1; }
spares_host_shut_down() { /opt/shutdown signal 0 1 --help; systemctl --version; }

before_service_stopped_by_command() { disguise /opt/killall; }
fires_service_stopped_by_command() { systemctl stop mariadb; /opt/killall signal 0 1 -9 postgres; }
spares_service_stopped_by_command() { systemctl status mariadb; systemctl restart nginx; /opt/killall signal 0 1 -9 report; }

before_recovery_inhibited() {
    mkdir -p /var/backups/daily
    disguise /opt/btrfs /opt/lvremove /opt/snapper
}
fires_recovery_inhibited() {
    /opt/btrfs subvolume delete /srv/.snapshots/12/snapshot
    /opt/lvremove -f vg0/before
    rm -rf /var/backups/daily
}
spares_recovery_inhibited() {
    /opt/btrfs subvolume list /srv
    /opt/snapper spawn /opt/btrfs subvolume delete /srv/.snapshots/12/snapshot
    rm -rf /var/tmp/backups
}
