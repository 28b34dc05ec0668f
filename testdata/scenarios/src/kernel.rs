//! What processes ask of the kernel itself and do to each other.

use tercel_format::catalogue::code;
use tercel_format::writer::Value;

use crate::files::open;
use crate::process::Process;

/// Requests of ptrace (reference flags.json ptrace_requests).
pub(crate) const PTRACE_ATTACH: u16 = 11;
pub(crate) const PTRACE_TRACEME: u16 = 1;

/// `PPM_CL_*` flags of namespaces.
pub(crate) const CLONE_NEWUSER: u32 = 1 << 20;
pub(crate) const CLONE_NEWNET: u32 = 16;

/// Commands of bpf (reference flags.json bpf_commands).
pub(crate) const BPF_MAP_CREATE: u32 = 0;
pub(crate) const BPF_PROG_LOAD: u32 = 5;

impl Process {
    /// Loads a kernel module from a file.
    pub fn loads_module(&self, path: &str) {
        let fd = self.open(path, open::RDONLY);
        self.event(code::SYSCALL_FINIT_MODULE_X, |event| {
            event.set("res", 0).set("fd", fd).set("uargs", "").set("flags", 0)
        });
        self.close(fd);
    }

    /// Sends a ptrace request to another process.
    pub(crate) fn ptraces(&self, request: u16, target: &Process) {
        self.event(code::SYSCALL_PTRACE_X, |event| {
            event
                .set("res", 0)
                .set("addr", Value::Dynamic(0, 0))
                .set("data", Value::Dynamic(0, 0))
                .set("request", request)
                .set("pid", target.pid())
        });
    }

    /// Copies memory out of another process.
    pub fn copies_memory_of(&self, target: &Process) {
        self.event(code::SYSCALL_PROCESS_VM_READV_X, |event| {
            event
                .set("res", 16)
                .set("pid", target.pid())
                .set("data", Value::Bytes(b"-----BEGIN RSA P".to_vec()))
        });
    }

    /// Writes into the memory of another process.
    pub fn writes_memory_of(&self, target: &Process) {
        self.event(code::SYSCALL_PROCESS_VM_WRITEV_X, |event| {
            event
                .set("res", 8)
                .set("pid", target.pid())
                .set("data", Value::Bytes(b"\x90\x90\x90\x90\x31\xc0\xff\xe0".to_vec()))
        });
    }

    /// Sends a signal to another process.
    pub fn kills(&self, target: &Process, signal: u8) {
        self.event(code::SYSCALL_KILL_X, |event| {
            event.set("res", 0).set("pid", target.pid()).set("sig", signal)
        });
    }

    /// Enters the namespace of another process that a file below /proc stands for.
    pub fn enters_namespace(&self, path: &str, kind: u32) {
        let fd = self.open(path, open::RDONLY | open::CLOEXEC);
        self.event(code::SYSCALL_SETNS_X, |event| event.set("res", 0).set("fd", fd).set("nstype", kind));
        self.close(fd);
    }

    /// Makes new namespaces for itself.
    pub fn unshares(&self, flags: u32) {
        self.event(code::SYSCALL_UNSHARE_X, |event| event.set("res", 0).set("flags", flags));
    }

    /// Calls bpf.
    pub(crate) fn bpf(&self, command: u32) {
        let fd = self.take_fd();
        self.event(code::SYSCALL_BPF_2_X, |event| event.set("fd", fd).set("cmd", command));
        self.close(fd);
    }

    /// Takes over the handling of its page faults.
    pub fn handles_page_faults(&self) {
        let fd = self.take_fd();
        self.event(code::SYSCALL_USERFAULTFD_X, |event| event.set("res", fd).set("flags", 0));
        self.close(fd);
    }

    /// Sets up io_uring.
    pub fn sets_up_io_uring(&self) {
        let fd = self.take_fd();
        self.event(code::SYSCALL_IO_URING_SETUP_X, |event| {
            event
                .set("res", fd)
                .set("entries", 8)
                .set("sq_entries", 8)
                .set("cq_entries", 16)
                .set("flags", 0)
                .set("sq_thread_cpu", 0)
                .set("sq_thread_idle", 0)
                .set("features", 0x7ff)
        });
        self.close(fd);
    }

    /// Makes an anonymous memory file, fills it and closes it.
    pub fn fills_memory_file(&self, name: &str) {
        let fd = self.take_fd();
        self.event(code::SYSCALL_MEMFD_CREATE_X, |event| {
            event.set("fd", fd).set("name", name).set("flags", 1)
        });
        self.put(fd, "\u{7f}ELF");
        self.close(fd);
    }
}
