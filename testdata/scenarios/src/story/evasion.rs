//! Traces removed, times set back, watchers switched off, and what the kernel offers to hide in.

use crate::kernel::{BPF_MAP_CREATE, BPF_PROG_LOAD};
use crate::{Host, Process};

pub(super) fn tell(host: &Host) {
    let root = host.login(0);
    logs(host, &root);
    history(host, &root);
    programs(host, &root);
    watchers(host, &root);
    hidden_files(host, &root);
    kernel(host, &root);
}

fn logs(host: &Host, root: &Process) {
    host.fires("Log emptied or removed", || {
        root.writes("/var/log/auth.log", "");
        let rm = root.run("rm -f /var/log/wtmp");
        rm.unlinks("/var/log/wtmp");
        rm.exit();
    });
    host.spares("Log emptied or removed", || {
        let logrotate = host.init().run("/usr/sbin/logrotate /etc/logrotate.conf");
        logrotate.writes("/var/log/auth.log", "");
        logrotate.unlinks("/var/log/auth.log.5.gz");
        logrotate.exit();
        let app = host.init().run("/opt/app/server");
        app.appends("/var/log/app.log", "started\n");
    });
}

fn history(host: &Host, root: &Process) {
    host.fires("Shell history removed", || {
        let rm = root.run("rm /root/.bash_history");
        rm.unlinks("/root/.bash_history");
        rm.exit();
        let ln = root.run("ln -s /dev/null /root/.bash_history");
        ln.symlinks("/dev/null", "/root/.bash_history");
        ln.exit();
    });
    host.spares("Shell history removed", || {
        root.appends("/root/.bash_history", "ls\n");
        root.renames("/root/.bash_history-00412.tmp", "/root/.bash_history");
    });
}

fn programs(host: &Host, root: &Process) {
    let agent = root.run("/tmp/agent");
    host.fires("Program removes itself", || agent.unlinks("/tmp/agent"));
    host.spares("Program removes itself", || agent.unlinks("/tmp/agent.lock"));
    host.fires("File times of system file set", || root.runs("touch -r /usr/bin/ls /usr/bin/lsof"));
    host.spares("File times of system file set", || root.runs("touch -r stamp.h.in stamp.h"));
}

fn watchers(host: &Host, root: &Process) {
    const SIGKILL: u8 = 9;
    const SIGTERM: u8 = 15;
    let auditd = host.service("/usr/sbin/auditd");
    host.fires("Security program stopped", || {
        root.kills(&auditd, SIGKILL);
        root.runs("systemctl stop rsyslog");
        root.runs("setenforce 0");
        root.runs("iptables -F");
    });
    host.spares("Security program stopped", || {
        host.init().kills(&auditd, SIGTERM);
        root.runs("systemctl restart nginx");
        root.runs("iptables -L");
    });
}

fn hidden_files(host: &Host, root: &Process) {
    host.fires("File made below dev", || {
        root.writes("/dev/.cache", "x");
        let mkdir = root.run("mkdir /dev/.lib");
        mkdir.makes_directory("/dev/.lib");
        mkdir.exit();
    });
    host.spares("File made below dev", || {
        root.appends("/dev/null", "x");
        root.writes("/dev/shm/sem.lock", "x");
        let udev = host.init().run("/usr/lib/systemd/systemd-udevd");
        udev.makes_directory("/dev/vfio");
    });
    host.fires("File in shared memory made executable", || {
        let chmod = root.run("chmod +x /dev/shm/a");
        chmod.chmods("/dev/shm/a", 0o755);
        chmod.exit();
    });
    host.spares("File in shared memory made executable", || {
        let chmod = root.run("chmod 600 /dev/shm/a");
        chmod.chmods("/dev/shm/a", 0o600);
        chmod.exit();
        let chmod = root.run("chmod +x /tmp/build/run.sh");
        chmod.chmods("/tmp/build/run.sh", 0o755);
        chmod.exit();
    });
}

fn kernel(host: &Host, root: &Process) {
    let loader = root.run("./loader hide.o");
    host.fires("Program loaded into kernel", || loader.bpf(BPF_PROG_LOAD));
    host.spares("Program loaded into kernel", || {
        loader.bpf(BPF_MAP_CREATE);
        let tracer = root.run("bpftrace -e 'BEGIN {}'");
        tracer.bpf(BPF_PROG_LOAD);
        tracer.exit();
    });
    host.fires("Asynchronous system calls set up", || loader.sets_up_io_uring());
    host.spares("Asynchronous system calls set up", || {
        let node = root.run("node server.js");
        node.sets_up_io_uring();
        node.exit();
    });
}
