//! What is left behind to come back: jobs, units, keys, accounts, libraries, modules.

use crate::{Host, Process};

pub(super) fn tell(host: &Host) {
    let shell = host.login(0);
    let dpkg = shell.run("apt-get -y upgrade").run("dpkg --unpack base-files_13.8.deb");
    let intruder = shell.run("bash ./install.sh");
    libraries(host, &intruder, &dpkg);
    started_by_system(host, &intruder, &dpkg);
    started_by_people(host, &intruder);
    accounts(host, &intruder, &dpkg);
    programs(host, &intruder, &dpkg);
    configuration(host, &intruder, &dpkg);
}

fn libraries(host: &Host, intruder: &Process, dpkg: &Process) {
    host.fires("Preload configuration written", || intruder.writes("/etc/ld.so.preload", "/lib/libsel.so\n"));
    host.spares("Preload configuration written", || intruder.reads("/etc/ld.so.preload"));
    host.fires("Authentication module or configuration written", || {
        intruder.appends("/etc/pam.d/common-auth", "auth sufficient pam_exec.so /opt/a\n");
    });
    host.spares("Authentication module or configuration written", || {
        dpkg.writes("/usr/lib/x86_64-linux-gnu/security/pam_unix.so.dpkg-new", "\u{7f}ELF");
    });
}

fn started_by_system(host: &Host, intruder: &Process, dpkg: &Process) {
    host.fires("Scheduled job written", || {
        intruder.writes("/etc/cron.d/sync", "* * * * * root /opt/a\n");
        let crontab = intruder.run("crontab -");
        crontab.renames("/var/spool/cron/crontabs/tmp.aB3xYz", "/var/spool/cron/crontabs/root");
        crontab.exit();
    });
    host.spares("Scheduled job written", || dpkg.writes("/etc/cron.daily/logrotate.dpkg-new", "#!/bin/sh\n"));
    host.fires("Service unit written", || {
        intruder.writes("/etc/systemd/system/sync.service", "[Service]\nExecStart=/opt/a\n");
    });
    host.spares("Service unit written", || {
        let systemctl = intruder.run("systemctl enable nginx");
        systemctl.symlinks(
            "/usr/lib/systemd/system/nginx.service",
            "/etc/systemd/system/multi-user.target.wants/nginx.service",
        );
        systemctl.exit();
    });
    host.fires("Boot script written", || intruder.writes("/etc/rc.local", "#!/bin/sh\n/opt/a &\n"));
    host.spares("Boot script written", || intruder.reads("/etc/rc.local"));
    host.fires("Device rule written", || {
        intruder.writes("/etc/udev/rules.d/90-a.rules", "ACTION==\"add\", RUN+=\"/opt/a\"\n");
    });
    host.spares("Device rule written", || {
        dpkg.writes("/usr/lib/udev/rules.d/60-block.rules.dpkg-new", "#\n")
    });
}

fn started_by_people(host: &Host, intruder: &Process) {
    host.fires("Shell start file written", || intruder.appends("/home/alice/.bashrc", "alias sudo=/opt/a\n"));
    host.spares("Shell start file written", || {
        let editor = host.login(1000).run("vim .bashrc");
        editor.writes("/home/alice/.bashrc", "alias ll='ls -l'\n");
        editor.exit();
    });
    host.fires("Authorized keys written", || {
        intruder.appends("/root/.ssh/authorized_keys", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 a\n");
    });
    host.spares("Authorized keys written", || {
        let sshd = host.init().run("/usr/sbin/sshd -D -R");
        sshd.reads("/root/.ssh/authorized_keys");
        sshd.exit();
    });
}

fn accounts(host: &Host, intruder: &Process, dpkg: &Process) {
    host.fires("Account files written", || intruder.appends("/etc/passwd", "sync2:x:0:0::/:/bin/sh\n"));
    host.spares("Account files written", || {
        let passwd = host.login(1000).run("passwd");
        passwd.writes("/etc/nshadow", "alice:$y$j9T$\n");
        passwd.renames("/etc/nshadow", "/etc/shadow");
        passwd.exit();
    });
    host.fires("Account changed by command", || intruder.runs("usermod -aG sudo www-data"));
    host.spares("Account changed by command", || {
        let script = dpkg.run("sh /var/lib/dpkg/info/chrony.postinst configure");
        script.runs("useradd --system --home /var/lib/chrony _chrony");
        script.exit();
    });
}

fn programs(host: &Host, intruder: &Process, dpkg: &Process) {
    host.fires("Program directory changed", || {
        let copy = intruder.run("cp a /usr/bin/lsof");
        copy.writes("/usr/bin/lsof", "\u{7f}ELF");
        copy.exit();
    });
    host.spares("Program directory changed", || dpkg.renames("/usr/bin/lsof.dpkg-new", "/usr/bin/lsof"));
    host.fires("Kernel module loaded", || {
        let insmod = intruder.run("insmod /opt/hide.ko");
        insmod.loads_module("/opt/hide.ko");
        insmod.exit();
    });
    host.spares("Kernel module loaded", || {
        let udev = host.init().run("/usr/lib/systemd/systemd-udevd");
        udev.loads_module("/usr/lib/modules/6.12.48/kernel/drivers/net/virtio_net.ko.xz");
        udev.exit();
    });
}

fn configuration(host: &Host, intruder: &Process, dpkg: &Process) {
    host.fires("File moved below etc", || {
        let mv = intruder.run("mv /tmp/resolv.conf /etc/resolv.conf");
        mv.renames("/tmp/resolv.conf", "/etc/resolv.conf");
        mv.exit();
    });
    host.spares("File moved below etc", || dpkg.renames("/etc/motd.dpkg-new", "/etc/motd"));
}
