//! The three rules of a classic set-up, each with what comes close to it.

use crate::{Host, Process};

pub(super) fn tell(host: &Host) {
    let shell = host.login(0);
    binary_on_network(host, &shell);
    write_below_etc(host, &shell);
    container_on_network(host);
}

fn binary_on_network(host: &Host, shell: &Process) {
    let ping = shell.run("ping -c1 example.org");
    host.fires("System binary uses network", || ping.asks(32820, "198.51.100.53:53"));
    ping.exit();
    let dig = shell.run("dig +short example.org");
    host.spares("System binary uses network", || dig.asks(40112, "198.51.100.53:53"));
    dig.exit();
}

fn write_below_etc(host: &Host, shell: &Process) {
    let script = shell.run("bash ./deploy.sh");
    let tee = script.run("tee -a /etc/hosts.allow");
    host.fires("Write below etc", || tee.appends("/etc/hosts.allow", "ALL: 203.0.113.7\n"));
    tee.exit();
    script.exit();
    let dpkg = shell.run("apt-get -y install rsyslog").run("dpkg --unpack rsyslog_8.2504.deb");
    host.spares("Write below etc", || {
        dpkg.writes("/etc/rsyslog.conf.dpkg-new", "module(load=\"imuxsock\")\n")
    });
}

fn container_on_network(host: &Host) {
    let shim = host.service("/usr/bin/containerd-shim-runc-v2 -namespace moby");
    let (_, worker) = host
        .container("shop-worker", "registry.example.org/shop/worker:2.3")
        .start(&shim, "worker --queue mail");
    let curl = worker.run("curl -s https://203.0.113.20/collect");
    host.fires("Network activity in container", || curl.talks_to(47114, "203.0.113.20:443"));
    curl.exit();
    host.spares("Network activity in container", || worker.talks_to(47116, "127.0.0.1:6379"));
}
