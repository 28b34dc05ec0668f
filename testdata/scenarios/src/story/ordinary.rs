//! A day on which nothing happens. No rule may speak.

use crate::{Host, Process, Program};

pub(super) fn tell(host: &Host) {
    let root = host.login(0);
    let user = host.login(1000);
    upgrade(&root);
    build(&user);
    web_server(host);
    login(host);
    housekeeping(host);
}

fn upgrade(root: &Process) {
    let apt = root.run("apt-get -y upgrade");
    let method = apt.run("/usr/lib/apt/methods/http");
    method.asks(41000, "198.51.100.53:53");
    method.talks_to(41002, "198.51.100.80:80");
    method.exit();
    let dpkg = apt.run("dpkg --status-fd 13 --unpack openssh-server_10.1.deb");
    for file in
        ["/usr/sbin/sshd", "/etc/ssh/sshd_config", "/usr/lib/systemd/system/ssh.service", "/etc/pam.d/sshd"]
    {
        dpkg.writes(&format!("{file}.dpkg-new"), "new\n");
        dpkg.renames(&format!("{file}.dpkg-new"), file);
    }
    let script = dpkg.run("sh /var/lib/dpkg/info/openssh-server.postinst configure");
    let deb = script.run("deb-systemd-helper enable ssh.service");
    deb.symlinks("/usr/lib/systemd/system/ssh.service", "/etc/systemd/system/sshd.service");
    deb.exit();
    let usermod = script.run("usermod -d /run/sshd sshd");
    usermod.reads("/etc/shadow");
    usermod.renames("/etc/shadow+", "/etc/shadow");
    usermod.exit();
    script.exit();
    dpkg.exit();
    let ldconfig = apt.run("/sbin/ldconfig");
    ldconfig.writes("/etc/ld.so.cache~", "cache");
    ldconfig.renames("/etc/ld.so.cache~", "/etc/ld.so.cache");
    ldconfig.exit();
    apt.exit();
}

fn build(user: &Process) {
    let make = user.run("make -j2");
    for unit in ["main", "store"] {
        let compiler = make.run(format!("gcc -O2 -c {unit}.c").as_str());
        compiler.reads(&format!("/home/alice/src/{unit}.c"));
        let backend = compiler.run(format!("/usr/lib/gcc/x86_64-linux-gnu/15/cc1 {unit}.c").as_str());
        backend.writes("/tmp/ccA1b2C3.s", ".text\n");
        backend.exit();
        let assembler = compiler.run("as -o main.o /tmp/ccA1b2C3.s");
        assembler.writes(&format!("/home/alice/src/{unit}.o"), "\u{7f}ELF");
        assembler.exit();
        compiler.unlinks("/tmp/ccA1b2C3.s");
        compiler.exit();
    }
    let install = make.run("install -m 755 tool /home/alice/bin/tool");
    install.writes("/home/alice/bin/tool", "\u{7f}ELF");
    install.chmods("/home/alice/bin/tool", 0o755);
    install.exit();
    make.exit();
    user.runs("/home/alice/bin/tool --version");
    let git = user.run("git push");
    let ssh = git.run("ssh git@git.example.org git-receive-pack");
    ssh.reads("/home/alice/.ssh/id_ed25519");
    ssh.talks_to(41100, "198.51.100.22:22");
    ssh.exit();
    git.exit();
}

fn web_server(host: &Host) {
    let nginx = host.listening(Program::line("nginx: worker process").at("/usr/sbin/nginx"), 80);
    for port in [50200, 50201] {
        let connection = nginx.accept(&format!("203.0.113.50:{port}"), 80);
        nginx.reads("/var/www/html/index.html");
        nginx.put(connection, "HTTP/1.1 200 OK\r\n\r\n");
        nginx.appends("/var/log/nginx/access.log", "203.0.113.50 GET /\n");
        nginx.close(connection);
    }
    nginx.talks_to(41200, "10.20.0.9:8080");
}

fn login(host: &Host) {
    let sshd = host.listening("/usr/sbin/sshd -D", 22);
    let session = sshd.fork();
    let connection = session.accept("203.0.113.60:50300", 22);
    session.exec("/usr/sbin/sshd -D -R");
    for file in [
        "/etc/ssh/ssh_host_ed25519_key",
        "/etc/pam.d/sshd",
        "/etc/shadow",
        "/home/alice/.ssh/authorized_keys",
    ] {
        session.reads(file);
    }
    let shell = session.run("-bash");
    shell.setuid(1000);
    shell.reads("/home/alice/.bashrc");
    shell.runs("ls --color=auto");
    shell.appends("/home/alice/.bash_history", "ls\n");
    shell.exit();
    session.close(connection);
    session.exit();
}

fn housekeeping(host: &Host) {
    let cron = host.service("/usr/sbin/cron -f");
    let job = cron.run("sh -c 'test -x /usr/sbin/anacron'");
    job.exit();
    let logrotate = host.init().run("/usr/sbin/logrotate /etc/logrotate.conf");
    logrotate.renames("/var/log/syslog", "/var/log/syslog.1");
    logrotate.writes("/var/log/syslog", "");
    logrotate.unlinks("/var/log/syslog.7.gz");
    logrotate.exit();
    let timer = host.init().run("/usr/lib/systemd/systemd-timesyncd");
    timer.sends_datagram(123, "198.51.100.123:123");
    timer.exit();
    let certbot = host.init().run("certbot renew");
    certbot.talks_to(41300, "198.51.100.99:443");
    certbot.writes("/etc/letsencrypt/live/example.org/fullchain.pem", "-----BEGIN CERTIFICATE-----\n");
    certbot.exit();
}
