//! Looking at the network: scanners, packet captures, raw sockets.

use crate::network::{family, kind};
use crate::{Host, Process};

pub(super) fn tell(host: &Host) {
    let root = host.login(0);
    scanners(host, &root);
    captures(host, &root);
    raw_sockets(host, &root);
}

fn scanners(host: &Host, root: &Process) {
    host.fires("Scanner run", || root.runs("nmap -sT -p 1-1024 192.0.2.0/24"));
    host.spares("Scanner run", || root.runs("ssh-keyscan git.example.org"));
}

fn captures(host: &Host, root: &Process) {
    host.fires("Packet capture started", || {
        let tcpdump = root.run("tcpdump -i eth0 -w /tmp/a.pcap");
        tcpdump.socket(family::PACKET, kind::RAW, 768);
        tcpdump.exit();
        let python = root.run("python3 sniff.py");
        python.socket(family::PACKET, kind::RAW, 768);
        python.exit();
    });
    host.spares("Packet capture started", || {
        let dhclient = host.init().run("/usr/sbin/dhclient eth0");
        dhclient.socket(family::PACKET, kind::RAW, 768);
        dhclient.exit();
    });
}

fn raw_sockets(host: &Host, root: &Process) {
    const ICMP: u32 = 1;
    host.fires("Raw socket opened", || {
        let python = root.run("python3 tunnel.py");
        python.socket(family::INET, kind::RAW, ICMP);
        python.exit();
    });
    host.spares("Raw socket opened", || {
        let ping = root.run("ping -c1 192.0.2.1");
        ping.socket(family::INET, kind::RAW, ICMP);
        ping.exit();
    });
}
