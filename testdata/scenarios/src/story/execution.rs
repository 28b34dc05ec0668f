//! Programs run from memory, from directories for temporary files, under false names and out of encoded text.

use crate::{Host, Process, Program};

pub(super) fn tell(host: &Host) {
    let shell = host.login(1000);
    from_memory(host, &shell);
    from_temporary_directories(host, &shell);
    with_preload(host, &shell);
    under_false_name(host, &shell);
    by_netcat(host, &shell);
    from_encoded_text(host, &shell);
}

fn from_memory(host: &Host, shell: &Process) {
    let loader = shell.run("python3 stage1.py");
    loader.fills_memory_file("x");
    host.fires("Program run from memory file", || {
        loader.exec(Program::line("/proc/self/fd/4 -q").at("memfd:x").in_memory());
    });
    let runc = host.service("/usr/bin/containerd-shim-runc-v2").run("runc create");
    host.spares("Program run from memory file", || {
        runc.run(Program::line("/proc/self/exe init").at("memfd:runc_cloned:/proc/self/exe").in_memory());
    });
}

fn from_temporary_directories(host: &Host, shell: &Process) {
    host.fires("Program run from shared memory", || {
        shell.runs("/dev/shm/agent -d");
        shell.runs("sh /dev/shm/run.sh");
    });
    host.spares("Program run from shared memory", || shell.runs("sh -c 'ls /dev/shm/'"));
    host.fires("Hidden program run from temporary directory", || shell.runs("/var/tmp/.x/update"));
    host.spares("Hidden program run from temporary directory", || {
        shell.runs("/tmp/build/configure --prefix=/usr")
    });
}

fn with_preload(host: &Host, shell: &Process) {
    host.fires("Program run with preload from temporary directory", || {
        shell.runs(Program::line("ls -l").env("LD_PRELOAD=/tmp/libhook.so"));
    });
    host.spares("Program run with preload from temporary directory", || {
        shell.runs(Program::line("ruby app.rb").env("LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"));
    });
}

fn under_false_name(host: &Host, shell: &Process) {
    host.fires("Program disguised as kernel thread", || {
        shell.runs(Program::line("[kworker/u8:2]").at("/home/alice/bin/agent"));
    });
    host.spares("Program disguised as kernel thread", || {
        shell.runs(Program::line("-bash").at("/usr/bin/bash"))
    });
}

fn by_netcat(host: &Host, shell: &Process) {
    host.fires("Netcat hands connection to program", || {
        shell.runs("nc -l -p 4433 -e /bin/sh");
        shell.runs("socat TCP-LISTEN:4434 EXEC:/bin/bash");
    });
    host.spares("Netcat hands connection to program", || shell.runs("nc -z db.example.org 5432"));
}

fn from_encoded_text(host: &Host, shell: &Process) {
    host.fires("Shell runs decoded text", || shell.runs("sh -c 'echo aWQK | base64 -d | sh'"));
    host.spares("Shell runs decoded text", || shell.runs("sh -c 'base64 -d cert.b64 > cert.der'"));
}
