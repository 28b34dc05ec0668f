//! Which event changes what. Everything that is not listed changes nothing.

use tercel_format::Event;
use tercel_format::catalogue::code;

use super::identity::memory_calls;
use super::transfer::{receives, sends};
use super::{Facts, FdKind, State, StoredEnter};

impl State {
    /// Lets an event change the state (reference state 2.1 e, f).
    #[inline]
    pub(super) fn dispatch(&mut self, event: &Event<'_>, facts: &mut Facts, enter: Option<&StoredEnter>) {
        match event.code() {
            receives!() => self.on_receive(event, facts),
            sends!() => self.on_send(event, facts),
            code::SYSCALL_OPEN_X
            | code::SYSCALL_CREAT_X
            | code::SYSCALL_OPENAT_2_X
            | code::SYSCALL_OPENAT2_X
            | code::SYSCALL_OPEN_BY_HANDLE_AT_X => self.on_open(event, facts, enter),
            code::SYSCALL_CLOSE_X => self.on_close(event, facts),
            memory_calls!() => self.on_memory(event, facts),
            code::SCHEDSWITCH_6_E => self.on_switch(event, facts),
            code::PROCINFO_E => self.on_usage(event, facts),
            code::SYSCALL_OPEN_E
            | code::SYSCALL_CREAT_E
            | code::SYSCALL_OPENAT_2_E
            | code::SYSCALL_OPENAT2_E
            | code::SYSCALL_EXECVE_19_E => {
                if event.param(0).is_some_and(|first| !first.is_empty()) {
                    self.keep(event, facts);
                }
            }
            code::SYSCALL_EXECVEAT_E | code::SOCKET_CONNECT_E => self.keep(event, facts),
            code::SYSCALL_CLONE_20_X
            | code::SYSCALL_FORK_20_X
            | code::SYSCALL_VFORK_20_X
            | code::SYSCALL_CLONE3_X => {
                self.on_clone(event, facts);
                self.find_container_of(event);
            }
            code::SYSCALL_EXECVE_19_X | code::SYSCALL_EXECVEAT_X => {
                self.on_exec(event, facts, enter);
                self.find_container_of(event);
            }
            code::SYSCALL_CHROOT_X => {
                self.on_chroot(event, facts);
                self.find_container_of(event);
            }
            code::PROCEXIT_1_E => self.on_exit(event, facts),
            code::SOCKET_SOCKET_X
            | code::SOCKET_BIND_X
            | code::SOCKET_CONNECT_X
            | code::SOCKET_ACCEPT_5_X
            | code::SOCKET_ACCEPT4_6_X
            | code::SOCKET_SOCKETPAIR_X => self.dispatch_sockets(event, facts, enter),
            _ => self.dispatch_rare(event, facts),
        }
    }

    fn dispatch_sockets(&mut self, event: &Event<'_>, facts: &mut Facts, enter: Option<&StoredEnter>) {
        match event.code() {
            code::SOCKET_SOCKET_X => self.on_socket(event, facts),
            code::SOCKET_BIND_X => self.on_bind(event, facts),
            code::SOCKET_CONNECT_X => self.on_connect(event, facts, enter),
            code::SOCKET_SOCKETPAIR_X => self.on_socketpair(event, facts),
            _ => self.on_accept(event, facts),
        }
    }

    fn dispatch_rare(&mut self, event: &Event<'_>, facts: &mut Facts) {
        match event.code() {
            code::SYSCALL_FCNTL_X => self.on_fcntl(event, facts),
            code::SYSCALL_DUP_1_X | code::SYSCALL_DUP2_X | code::SYSCALL_DUP3_X => self.on_dup(event, facts),
            code::SYSCALL_PIPE_X | code::SYSCALL_PIPE2_X => self.on_pipe(event, facts),
            code::SYSCALL_CLOSE_RANGE_X => self.on_close_range(event, facts),
            code::SYSCALL_CHDIR_X | code::SYSCALL_GETCWD_X => self.on_directory(event, facts),
            code::SYSCALL_FCHDIR_X => self.on_directory_fd(event, facts),
            code::SYSCALL_SETUID_X => self.on_set_user(event, facts, 1),
            code::SYSCALL_SETREUID_X | code::SYSCALL_SETRESUID_X => self.on_set_user(event, facts, 2),
            code::SYSCALL_SETGID_X => self.on_set_group(event, facts, 1),
            code::SYSCALL_SETREGID_X | code::SYSCALL_SETRESGID_X => self.on_set_group(event, facts, 2),
            code::SYSCALL_CAPSET_X => self.on_capset(event, facts),
            code::SYSCALL_UNSHARE_X | code::SYSCALL_SETNS_X => self.on_namespaces(event, facts),
            code::SYSCALL_PRCTL_X => self.on_prctl(event, facts),
            code::SYSCALL_SETSID_X => self.on_setsid(event, facts),
            code::SYSCALL_GETRLIMIT_X | code::SYSCALL_SETRLIMIT_X => self.on_limit(event, facts),
            code::SYSCALL_PRLIMIT_X => self.on_process_limit(event),
            code::SYSCALL_EVENTFD_X | code::SYSCALL_EVENTFD2_X => {
                self.on_nameless(event, facts, FdKind::Event)
            }
            code::SYSCALL_SIGNALFD_X | code::SYSCALL_SIGNALFD4_X => {
                self.on_nameless(event, facts, FdKind::Signal)
            }
            code::SYSCALL_TIMERFD_CREATE_X => self.on_nameless(event, facts, FdKind::Timer),
            code::SYSCALL_INOTIFY_INIT_X | code::SYSCALL_INOTIFY_INIT1_X => {
                self.on_nameless(event, facts, FdKind::Inotify);
            }
            code::SYSCALL_BPF_2_X => self.on_nameless(event, facts, FdKind::Bpf),
            code::SYSCALL_USERFAULTFD_X => self.on_nameless(event, facts, FdKind::Userfault),
            code::SYSCALL_IO_URING_SETUP_X => self.on_nameless(event, facts, FdKind::IoUring),
            code::SYSCALL_EPOLL_CREATE_X | code::SYSCALL_EPOLL_CREATE1_X => {
                self.on_nameless(event, facts, FdKind::EventPoll);
            }
            code::SYSCALL_MEMFD_CREATE_X => self.on_memfd(event, facts),
            code::SYSCALL_PIDFD_OPEN_X => self.on_pidfd(event, facts),
            code::SYSCALL_PIDFD_GETFD_X => self.on_pidfd_getfd(event, facts),
            code::USER_ADDED_E => self.on_user(event, true),
            code::USER_DELETED_E => self.on_user(event, false),
            code::GROUP_ADDED_E => self.on_group(event, true),
            code::GROUP_DELETED_E => self.on_group(event, false),
            code::CONTAINER_JSON_2_E => self.on_container_json(event, facts),
            code::ASYNCEVENT_E => self.on_async(event, facts),
            _ => facts.inert = true,
        }
    }

    /// Keeps an enter event for its exit (reference state 2.12).
    fn keep(&mut self, event: &Event<'_>, facts: &Facts) {
        if let Some(slot) = facts.thread {
            let enter = StoredEnter::new(event);
            self.threads.grow(enter.params.iter().map(|param| param.len()).sum());
            self.threads.get_mut(slot).enter = Some(Box::new(enter));
        }
    }

    /// Finds out again in which container the event's thread runs, if the call succeeded.
    fn find_container_of(&mut self, event: &Event<'_>) {
        if event.return_value().is_some_and(|res| res >= 0)
            && let Some(slot) = self.threads.by_tid(event.tid)
        {
            self.find_container(slot);
        }
    }
}
