//! Passwords, keys and tokens: read, copied and looked for.

use crate::{Host, Process};

pub(super) fn tell(host: &Host) {
    let root = host.login(0);
    let user = host.login(1000);
    passwords(host, &root, &user);
    keys(host, &user);
    tokens(host);
    processes(host, &root);
    searches(host, &user);
    devices(host, &root);
}

fn passwords(host: &Host, root: &Process, user: &Process) {
    host.fires("Password hashes read", || {
        let cat = root.run("cat /etc/shadow");
        cat.reads("/etc/shadow");
        cat.exit();
    });
    host.spares("Password hashes read", || {
        let su = user.run("su -");
        su.reads("/etc/shadow");
        su.exit();
        user.run("cat /etc/shadow").open_denied("/etc/shadow");
    });
    host.fires("Link to secret file made", || {
        let ln = user.run("ln -s /etc/shadow notes.txt");
        ln.symlinks("/etc/shadow", "/home/alice/notes.txt");
        ln.exit();
    });
    host.spares("Link to secret file made", || {
        let ln = root.run("ln -sf /usr/share/zoneinfo/Europe/Rome /etc/localtime");
        ln.symlinks("/usr/share/zoneinfo/Europe/Rome", "/etc/localtime");
        ln.exit();
    });
}

fn keys(host: &Host, user: &Process) {
    host.fires("Private key read", || {
        let tar = user.run("tar cf /tmp/k.tar .ssh");
        tar.reads("/home/alice/.ssh/id_ed25519");
        tar.exit();
    });
    host.spares("Private key read", || {
        let ssh = user.run("ssh build.example.org");
        ssh.reads("/home/alice/.ssh/id_ed25519");
        ssh.exit();
        let cat = user.run("cat .ssh/id_ed25519.pub");
        cat.reads("/home/alice/.ssh/id_ed25519.pub");
        cat.exit();
    });
    host.fires("Cloud credentials read", || {
        let cat = user.run("cat .aws/credentials");
        cat.reads("/home/alice/.aws/credentials");
        cat.exit();
    });
    host.spares("Cloud credentials read", || {
        let aws = user.run("aws s3 ls");
        aws.reads("/home/alice/.aws/credentials");
        aws.exit();
    });
}

fn tokens(host: &Host) {
    const TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";
    let shim = host.service("/usr/bin/containerd-shim-runc-v2 -namespace k8s.io");
    let (pod, api) = host
        .container("api", "registry.example.org/shop/api:1.8")
        .pod("shop", "api-6f9c7d")
        .start(&shim, "/app/api");
    host.spares("Service account token read by command", || api.reads(TOKEN));
    host.fires("Service account token read by command", || {
        let cat = pod.exec(format!("cat {TOKEN}").as_str());
        cat.reads(TOKEN);
        cat.exit();
    });
}

fn processes(host: &Host, root: &Process) {
    let agent = host.service("/usr/bin/ssh-agent -D");
    host.fires("Environment of another process read", || {
        let cat = root.run("cat /proc/612/environ");
        cat.reads("/proc/612/environ");
        cat.exit();
    });
    host.spares("Environment of another process read", || {
        let ps = root.run("ps eww");
        ps.reads("/proc/612/environ");
        ps.exit();
        let cat = root.run("cat /proc/self/environ");
        cat.reads("/proc/self/environ");
        cat.exit();
    });
    host.fires("Memory of another process read", || {
        let dumper = root.run("python3 dump.py");
        dumper.reads("/proc/612/mem");
        dumper.copies_memory_of(&agent);
        dumper.exit();
    });
    host.spares("Memory of another process read", || {
        let strace = root.run("strace -p 612");
        strace.copies_memory_of(&agent);
        strace.exit();
        let cat = root.run("cat /proc/612/maps");
        cat.reads("/proc/612/maps");
        cat.exit();
    });
}

fn searches(host: &Host, user: &Process) {
    host.fires("Search for keys and passwords", || {
        user.runs("find / -name id_rsa");
        user.runs("grep -r 'BEGIN OPENSSH PRIVATE' /home");
    });
    host.spares("Search for keys and passwords", || {
        user.runs("find /var/log -name syslog.1");
        user.runs("grep -r 'PRIVATE_ROUTES' src");
    });
}

fn devices(host: &Host, root: &Process) {
    host.fires("Input device read", || {
        let logger = root.run("./klog");
        logger.reads("/dev/input/event3");
        logger.exit();
    });
    host.spares("Input device read", || {
        let server = host.init().run("/usr/lib/xorg/Xorg :0");
        server.opens_both_ways("/dev/input/event3");
        server.exit();
    });
}
