//! Inside containers, and ways out of them.

use crate::kernel::{CLONE_NEWNET, CLONE_NEWUSER};
use crate::{Container, Host, Process, Program};

pub(super) fn tell(host: &Host) {
    let shim = host.service("/usr/bin/containerd-shim-runc-v2 -namespace moby");
    let root = host.login(0);
    starts(host, &shim);
    programs(host, &shim, &root);
    terminals(host, &shim, &root);
    kernel_files(host, &shim);
    namespaces(host, &shim, &root);
    file_systems(host, &shim, &root);
    sockets(host, &shim, &root);
}

fn shop(host: &Host, name: &str) -> Container {
    host.container(name, "registry.example.org/shop/web:4.1")
}

fn starts(host: &Host, shim: &Process) {
    host.fires("Privileged container started", || {
        host.container("debug", "docker.io/library/debian:13")
            .privileged()
            .mount("/", "/host")
            .start(shim, "sleep infinity");
    });
    host.spares("Privileged container started", || {
        shop(host, "web-0").mount("/srv/www", "/var/www").start(shim, "/app/web");
    });
}

fn programs(host: &Host, shim: &Process, root: &Process) {
    let (_, web) = shop(host, "web-1").start(shim, "/app/web");
    host.fires("Program not in image run in container", || {
        web.runs(Program::line("/tmp/helper --daemon").written_later());
    });
    host.spares("Program not in image run in container", || web.runs("/app/thumbnail a.png"));
    host.fires("Package manager run in container", || {
        let apk = web.run("apk add nmap");
        apk.runs("apk --print-arch");
        apk.exit();
    });
    host.spares("Package manager run in container", || root.runs("apt-get update"));
    let builder = host.service("/usr/bin/buildkitd");
    let (_, step) =
        host.container("build", "docker.io/library/alpine:3.22").start(&builder, "sh -c 'apk add curl'");
    host.spares("Package manager run in container", || step.runs("apk add curl"));
}

fn terminals(host: &Host, shim: &Process, root: &Process) {
    let (web, _) = shop(host, "web-2").start(shim, "/app/web");
    let mut shell = None;
    host.fires("Interactive shell in container", || {
        shell = Some(web.exec(Program::line("/bin/bash").on_terminal()));
    });
    host.spares("Interactive shell in container", || web.exec("sh -c 'test -f /run/ready'").exit());
    let Some(shell) = shell else { return };
    host.fires("System surveyed from container terminal", || {
        shell.runs("whoami");
        shell.runs("ps aux");
    });
    host.spares("System surveyed from container terminal", || root.runs("whoami"));
}

fn kernel_files(host: &Host, shim: &Process) {
    let (debug, _) = host.container("escape", "docker.io/library/debian:13").start(shim, "sleep infinity");
    let shell = debug.exec("bash ./escape.sh");
    host.fires("Release agent written", || shell.writes("/tmp/cg/release_agent", "/cmd\n"));
    host.spares("Release agent written", || shell.writes("/tmp/cg/notify_on_release", "1\n"));
    host.fires("Kernel control file written", || {
        shell.writes("/proc/sys/kernel/core_pattern", "|/tmp/x %p\n")
    });
    host.spares("Kernel control file written", || {
        let sysctl = host.init().run("/usr/lib/systemd/systemd-sysctl");
        sysctl.writes("/proc/sys/kernel/core_pattern", "core\n");
        sysctl.exit();
        shell.reads("/proc/sys/kernel/core_pattern");
    });
}

fn namespaces(host: &Host, shim: &Process, root: &Process) {
    let (_, web) = shop(host, "web-3").start(shim, "/app/web");
    host.fires("Namespace of another process entered", || {
        let nsenter = web.run("nsenter --mount=/host/proc/1/ns/mnt sh");
        nsenter.enters_namespace("/host/proc/1/ns/mnt", 0x20);
        nsenter.exit();
        root.runs("nsenter -t 1 -m -u -n -i sh");
    });
    host.spares("Namespace of another process entered", || {
        let ip = root.run("ip netns exec blue true");
        ip.enters_namespace("/run/netns/blue", CLONE_NEWNET);
        ip.exit();
    });
    host.fires("User namespace made in container", || {
        let unshare = web.run("unshare -Ur");
        unshare.unshares(CLONE_NEWUSER);
        unshare.exit();
    });
    host.spares("User namespace made in container", || {
        let unshare = web.run("unshare -n");
        unshare.unshares(CLONE_NEWNET);
        unshare.exit();
        let bwrap = root.run("bwrap --unshare-user true");
        bwrap.unshares(CLONE_NEWUSER);
        bwrap.exit();
    });
}

fn file_systems(host: &Host, shim: &Process, root: &Process) {
    let (_, web) = shop(host, "web-4").start(shim, "/app/web");
    host.fires("File system mounted in container", || {
        let mount = web.run("mount -t cgroup -o rdma cgroup /tmp/cg");
        mount.mounts("cgroup", "/tmp/cg", "cgroup");
        mount.exit();
    });
    host.spares("File system mounted in container", || {
        let mount = root.run("mount /dev/sdb1 /mnt");
        mount.mounts("/dev/sdb1", "/mnt", "ext4");
        mount.exit();
    });
    host.fires("Disk of host opened in container", || {
        let debugfs = web.run("debugfs /dev/sda1");
        debugfs.reads("/dev/sda1");
        debugfs.exit();
    });
    host.spares("Disk of host opened in container", || {
        let fsck = root.run("fsck.ext4 -n /dev/sda1");
        fsck.reads("/dev/sda1");
        fsck.exit();
        web.reads("/dev/urandom");
    });
}

fn sockets(host: &Host, shim: &Process, root: &Process) {
    let (_, web) = shop(host, "web-5").start(shim, "/app/web");
    host.fires("Container engine socket used in container", || {
        let docker = web.run("docker -H unix:///run/docker.sock ps");
        docker.connects_to_unix("/run/docker.sock");
        docker.exit();
    });
    host.spares("Container engine socket used in container", || {
        let docker = root.run("docker ps");
        docker.connects_to_unix("/run/docker.sock");
        docker.exit();
        web.connects_to_unix("/run/postgresql/.s.PGSQL.5432");
    });
    host.fires("Remote login from container", || {
        let ssh = web.run("ssh root@10.20.0.7");
        ssh.talks_to(40400, "10.20.0.7:22");
        ssh.exit();
    });
    host.spares("Remote login from container", || {
        let ssh = root.run("ssh root@10.20.0.7");
        ssh.talks_to(40402, "10.20.0.7:22");
        ssh.exit();
    });
}
