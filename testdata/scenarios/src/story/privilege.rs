//! Ways to become root, and ways into the memory of others.

use crate::kernel::{PTRACE_ATTACH, PTRACE_TRACEME};
use crate::{Host, Process, Program};

pub(super) fn tell(host: &Host) {
    let root = host.login(0);
    let user = host.login(1000);
    files(host, &root);
    flaws(host, &user);
    memory(host, &user);
}

fn files(host: &Host, root: &Process) {
    host.fires("Sudo rules written", || {
        root.writes("/etc/sudoers.d/90-a", "alice ALL=(ALL) NOPASSWD: ALL\n")
    });
    host.spares("Sudo rules written", || {
        let visudo = root.run("visudo");
        visudo.renames("/etc/sudoers.tmp", "/etc/sudoers");
        visudo.exit();
    });
    host.fires("Set user id bit given", || {
        let chmod = root.run("chmod u+s /var/tmp/sh");
        chmod.chmods("/var/tmp/sh", 0o4755);
        chmod.exit();
    });
    host.spares("Set user id bit given", || {
        let chmod = root.run("chmod 755 /srv/run.sh");
        chmod.chmods("/srv/run.sh", 0o755);
        chmod.exit();
    });
    host.fires("Capability given to file", || root.runs("setcap cap_setuid+ep /home/alice/bin/helper"));
    host.spares("Capability given to file", || root.runs("setcap -v cap_net_raw+ep /usr/bin/ping"));
}

fn flaws(host: &Host, user: &Process) {
    host.fires("Known flaw of privileged program used", || {
        user.runs("sudoedit -s AAAAAAAA\\");
        user.runs(Program::line("pkexec"));
        user.runs(Program::line("su").env("GLIBC_TUNABLES=glibc.malloc.mxfast=glibc.malloc.mxfast=A"));
    });
    host.spares("Known flaw of privileged program used", || {
        user.runs("sudoedit /etc/hosts");
        user.runs("pkexec systemctl restart cups");
        user.runs(Program::line("ls").env("GLIBC_TUNABLES=glibc.malloc.check=3"));
    });
}

fn memory(host: &Host, user: &Process) {
    let agent = host.service("/usr/bin/gpg-agent --supervised");
    let injector = user.run("./inject");
    host.fires("Memory of another process changed", || {
        injector.ptraces(PTRACE_ATTACH, &agent);
        injector.writes_memory_of(&agent);
    });
    let debugger = user.run("gdb -p 405");
    host.spares("Memory of another process changed", || {
        debugger.ptraces(PTRACE_ATTACH, &agent);
        injector.ptraces(PTRACE_TRACEME, &debugger);
    });
    host.fires("Page faults handled by ordinary user", || injector.handles_page_faults());
    let migration = host.service("/usr/sbin/criu restore");
    host.spares("Page faults handled by ordinary user", || migration.handles_page_faults());
}
