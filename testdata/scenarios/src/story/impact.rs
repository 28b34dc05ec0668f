//! Data destroyed, and data held to ransom.

use crate::{Host, Process};

pub(super) fn tell(host: &Host) {
    let root = host.login(0);
    destroyed(host, &root);
    encrypted(host, &root);
}

fn destroyed(host: &Host, root: &Process) {
    host.fires("Data destroyed", || {
        root.runs("shred -u -z /srv/payroll.db");
        root.runs("dd if=/dev/zero of=/dev/sda bs=1M");
        root.runs("mkfs.ext4 -F /dev/sdb1");
    });
    host.spares("Data destroyed", || {
        root.runs("dd if=/dev/sda of=/backup/sda.img bs=1M");
        root.runs("mkfs.ext4 -F disk.img");
    });
}

fn encrypted(host: &Host, root: &Process) {
    let locker = root.run("/tmp/locker /srv");
    host.fires("File renamed to ransom ending", || {
        for file in ["payroll.ods", "plans.pdf", "mail.mbox"] {
            locker.renames(&format!("/srv/{file}"), &format!("/srv/{file}.locked"));
        }
    });
    host.spares("File renamed to ransom ending", || locker.renames("/srv/notes.txt", "/srv/notes.txt.bak"));
}
