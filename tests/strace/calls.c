// Makes system calls of every family, in their ordinary and in their failing form, for the comparison with strace.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CALL(name, ...) syscall(SYS_##name, ##__VA_ARGS__)

static void files(void) {
    struct open_how how = {.flags = O_RDWR | O_CREAT, .mode = 0640, .resolve = 8};
    CALL(mkdir, "d", 0755);
    CALL(mkdirat, AT_FDCWD, "d/e", 0700);
    int dir = CALL(openat, AT_FDCWD, "d", O_DIRECTORY | O_RDONLY);
    int one = CALL(openat2, dir, "one", &how, sizeof how);
    int two = CALL(creat, "d/two", 0600);
    int three = CALL(open, "d/two", O_RDWR | O_APPEND | O_CLOEXEC);
    CALL(open, "d/none", O_RDONLY);
    CALL(open, NULL, O_RDONLY);
    CALL(openat, -7, "none", O_WRONLY | O_TRUNC);
    char text[200];
    memset(text, 'x', sizeof text);
    struct iovec parts[3] = {{text, 10}, {text + 10, 100}, {text + 110, 5}};
    CALL(write, one, text, sizeof text);
    CALL(pwrite64, one, "seven\n", 6, 7L);
    CALL(writev, two, parts, 3);
    CALL(pwritev, two, parts, 3, 5L, 0L);
    CALL(lseek, one, 0L, SEEK_SET);
    CALL(read, one, text, 150);
    CALL(read, one, text, 150);
    CALL(read, one, text, 150);
    CALL(read, 999, text, 150);
    CALL(pread64, one, text, 20, 3L);
    CALL(readv, three, parts, 2);
    CALL(preadv, three, parts, 2, 1L, 0L);
    CALL(lseek, one, 0L, SEEK_END);
    CALL(copy_file_range, three, NULL, one, NULL, 10L, 0);
    CALL(sendfile, two, one, NULL, 10L);
    CALL(fstat, one, text);
    CALL(stat, "d/one", text);
    CALL(lstat, "d/one", text);
    CALL(newfstatat, dir, "one", text, AT_SYMLINK_NOFOLLOW);
    CALL(access, "d/one", R_OK | W_OK);
    CALL(access, "d/none", F_OK);
    CALL(symlink, "one", "d/s1");
    CALL(symlinkat, "one", dir, "s2");
    CALL(link, "d/one", "d/l1");
    CALL(linkat, dir, "one", dir, "l2", 0);
    CALL(rename, "d/l1", "d/l3");
    CALL(renameat, dir, "l3", dir, "l4");
    CALL(renameat2, dir, "l4", AT_FDCWD, "d/one", 1);
    CALL(unlink, "d/l4");
    CALL(unlinkat, dir, "l2", 0);
    CALL(unlinkat, dir, "e", AT_REMOVEDIR);
    CALL(rmdir, "d/none");
    CALL(chmod, "d/one", 04711);
    CALL(fchmod, one, 0600);
    CALL(fchmodat, dir, "one", 0644);
    CALL(chown, "d/one", 0, 0);
    CALL(lchown, "d/s1", 0, 0);
    CALL(fchown, one, -1, -1);
    CALL(fchownat, dir, "one", 0, 0, AT_SYMLINK_NOFOLLOW);
    CALL(mknod, "d/fifo", S_IFIFO | 0600, 0);
    CALL(mknodat, dir, "fifo2", S_IFIFO | 0600, 0);
    CALL(flock, one, LOCK_EX | LOCK_NB);
    CALL(fcntl, one, F_SETFD, FD_CLOEXEC);
    CALL(fcntl, one, F_DUPFD_CLOEXEC, 100);
    CALL(fcntl, one, F_GETFL);
    CALL(dup, one);
    CALL(dup2, one, 50);
    CALL(dup3, one, 51, O_CLOEXEC);
    CALL(dup3, one, one, 0);
    CALL(getdents64, dir, text, sizeof text);
    CALL(getdents, dir, text, sizeof text);
    CALL(getcwd, text, sizeof text);
    CALL(fchdir, dir);
    CALL(chdir, "..");
    CALL(chdir, "/nonexistent");
    CALL(close_range, 100, 200, 0);
    CALL(close, 50);
    CALL(close, 51);
    CALL(close, 4711);
    CALL(memfd_create, "a memfd", 1);
    CALL(truncate, "d/one", 3L);
    CALL(umask, 022);
    CALL(mount, "none", "/nonexistent", "tmpfs", 0, NULL);
    CALL(umount2, "/nonexistent", 2);
    CALL(chroot, "/nonexistent");
    CALL(inotify_init);
    CALL(inotify_init1, O_CLOEXEC);
    CALL(fsync, one);
}

static void descriptors(void) {
    int pair[2], events = CALL(epoll_create1, O_CLOEXEC);
    struct epoll_event event;
    struct pollfd polled[2] = {{0, POLLIN, 0}, {1, POLLOUT, 0}};
    struct timespec moment = {0, 1000000};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    CALL(pipe, pair);
    CALL(pipe2, pair, O_NONBLOCK | O_CLOEXEC);
    CALL(pipe2, NULL, 0);
    CALL(write, pair[1], "pipe", 4);
    CALL(splice, pair[0], NULL, 1, NULL, 2L, 0);
    CALL(eventfd, 5);
    CALL(eventfd2, 7, O_CLOEXEC);
    CALL(signalfd, -1, &set, 8);
    CALL(signalfd4, -1, &set, 8, O_CLOEXEC);
    CALL(timerfd_create, CLOCK_MONOTONIC, O_NONBLOCK);
    CALL(epoll_create, 3);
    CALL(epoll_wait, events, &event, 1, 0);
    CALL(poll, polled, 2, 0);
    CALL(ppoll, polled, 2, &moment, &set, 8);
    CALL(select, 0, NULL, NULL, NULL, &(struct timeval){0, 1000});
    CALL(userfaultfd, O_CLOEXEC);
    CALL(io_uring_setup, 0, NULL);
    CALL(io_uring_enter, 99, 1, 2, 0, NULL, 0);
    CALL(io_uring_register, 99, 1, NULL, 3);
    CALL(nanosleep, &moment, NULL);
}

// More messages than one program of the probe may look at.
static void messages(void) {
    struct mmsghdr out[40], in[40];
    struct iovec parts[40][2], room[40];
    char text[40][8], received[40][8];
    int pair[2], size = 1 << 20;
    CALL(socketpair, AF_UNIX, SOCK_DGRAM, 0, pair);
    CALL(setsockopt, pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    memset(out, 0, sizeof out);
    memset(in, 0, sizeof in);
    for (int i = 0; i < 40; i++) {
        parts[i][0] = (struct iovec){text[i], sprintf(text[i], "n%d", i)};
        parts[i][1] = (struct iovec){"end", 3};
        room[i] = (struct iovec){received[i], sizeof received[i]};
        out[i].msg_hdr.msg_iov = parts[i];
        out[i].msg_hdr.msg_iovlen = 1 + i % 2;
        in[i].msg_hdr.msg_iov = &room[i];
        in[i].msg_hdr.msg_iovlen = 1;
    }
    CALL(sendmmsg, pair[0], out, 9, 0);
    CALL(recvmmsg, pair[1], in, 40, MSG_DONTWAIT, NULL);
    CALL(sendmmsg, pair[0], out, 0, 0);
    CALL(sendmmsg, 999, out, 40, 0);
}

static void sockets(void) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "d/socket"};
    socklen_t length = sizeof here;
    int on = 1, pair[2];
    char text[64];
    int server = CALL(socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CALL(setsockopt, server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    CALL(getsockopt, server, SOL_SOCKET, SO_ERROR, &on, &length);
    length = sizeof here;
    CALL(bind, server, &here, sizeof here);
    CALL(getsockname, server, &here, &length);
    CALL(listen, server, 5);
    int client = CALL(socket, AF_INET, SOCK_STREAM, 0);
    CALL(connect, client, &here, sizeof here);
    int peer = CALL(accept4, server, NULL, NULL, SOCK_NONBLOCK);
    CALL(getpeername, client, &here, &length);
    CALL(sendto, client, "hello", 5, 0, NULL, 0);
    CALL(recvfrom, peer, text, sizeof text, 0, NULL, NULL);
    struct iovec part = {"part of a message", 17}, room = {text, sizeof text};
    struct msghdr out = {.msg_iov = &part, .msg_iovlen = 1}, in = {.msg_iov = &room, .msg_iovlen = 1};
    CALL(sendmsg, client, &out, 0);
    CALL(recvmsg, peer, &in, 0);
    CALL(recvmsg, peer, &in, MSG_DONTWAIT);
    struct mmsghdr several = {.msg_hdr = out}, received = {.msg_hdr = in};
    CALL(sendmmsg, client, &several, 1, 0);
    CALL(recvmmsg, peer, &received, 1, 0, NULL);
    CALL(recvmmsg, peer, &received, 1, MSG_DONTWAIT, NULL);
    messages();
    CALL(shutdown, client, SHUT_WR);
    CALL(shutdown, client, 77);
    CALL(accept, 999, NULL, NULL);
    CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, pair);
    CALL(write, pair[0], "over the pair", 13);
    CALL(read, pair[1], text, 13);
    int local = CALL(socket, AF_UNIX, SOCK_DGRAM, 0);
    CALL(bind, local, &name, sizeof name);
    CALL(sendto, pair[0], "x", 1, MSG_DONTWAIT, NULL, 0);
    CALL(connect, local, &name, 3);
    CALL(socket, 12345, 1, 0);
}

static void identity(void) {
    unsigned ids[3];
    struct rlimit limit;
    struct rlimit64 {
        uint64_t soft, hard;
    } new_limit = {512, 1024};
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    CALL(getuid), CALL(geteuid), CALL(getgid), CALL(getegid);
    CALL(getresuid, &ids[0], &ids[1], &ids[2]);
    CALL(getresgid, &ids[0], &ids[1], &ids[2]);
    CALL(getrlimit, RLIMIT_NOFILE, &limit);
    CALL(setrlimit, RLIMIT_CORE, &limit);
    CALL(prlimit64, 0, RLIMIT_NPROC, NULL, &new_limit);
    CALL(capget, &header, data);
    CALL(capset, &header, data);
    CALL(setns, 999, 0);
    CALL(unshare, CLONE_FS);
    CALL(prctl, PR_SET_NAME, "renamed");
    CALL(prctl, PR_GET_DUMPABLE);
    CALL(seccomp, 99, 0, NULL);
    CALL(bpf, 999, NULL, 0);
    CALL(keyctl, 0, -3, 0);
    CALL(quotactl, 0x80000100, "/nonexistent", 0, NULL);
    CALL(init_module, NULL, 0L, "");
    CALL(finit_module, -1, "", 0);
    CALL(delete_module, "nonexistent", O_NONBLOCK);
    CALL(pidfd_open, getpid(), 0);
    CALL(pidfd_getfd, -1, 3, 0);
    CALL(process_vm_readv, 1 << 30, NULL, 0, NULL, 0, 0L);
    CALL(setpgid, 0, 0);
    CALL(setpgid, 1 << 30, 0);
    CALL(setsid);
    CALL(setreuid, -1, -1);
    CALL(setregid, -1, -1);
    CALL(setresgid, -1, 65534, -1);
    CALL(setresuid, -1, 65534, -1);
    CALL(setuid, 0), CALL(setgid, 1);
}

static void memory(void) {
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CALL(mprotect, page, 4096L, PROT_READ);
    CALL(mlock, page, 4096L), CALL(munlock, page, 4096L);
    CALL(mlock2, page, 4096L, 1), CALL(munlockall), CALL(mlockall, 77);
    CALL(madvise, page, 4096L, MADV_DONTNEED);
    CALL(munmap, page, 8192L);
    CALL(brk, 0L);
    CALL(munmap, 1L, 1L);
    int set = CALL(semget, IPC_PRIVATE, 2, 0600 | IPC_CREAT);
    struct sembuf operations[2] = {{0, 1, IPC_NOWAIT}, {1, 2, 0}};
    CALL(semop, set, operations, 2L);
    CALL(semctl, set, 0, IPC_RMID, 0L);
    int word = 0;
    CALL(futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    CALL(futex, &word, FUTEX_WAIT_PRIVATE, 5, NULL, NULL, 0);
}

static void handler(int signal) { (void)signal; }

static void *threaded(void *argument) {
    for (int i = 0; i < 50; i++) {
        CALL(getpriority, 0, 0);
        CALL(close, 5000 + i);
    }
    return argument;
}

static void processes(void) {
    struct sigaction action = {.sa_handler = handler};
    char *nothing[] = {"nothing", "an argument", NULL}, *variables[] = {"A=1", NULL};
    sigaction(SIGUSR1, &action, NULL);
    CALL(kill, getpid(), SIGUSR1);
    CALL(tgkill, getpid(), getpid(), SIGUSR1);
    CALL(tkill, getpid(), 0);
    CALL(kill, 1 << 30, 9);
    CALL(execve, "/nonexistent", nothing, variables);
    CALL(execveat, -1, "nonexistent", nothing, variables, 0);
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, threaded, NULL);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    int status;
    if (CALL(fork) == 0) {
        identity();
        _exit(3);
    }
    wait(&status);
    if (vfork() == 0) {
        execl("/bin/sh", "sh", "-c", ": done", NULL);
        _exit(1);
    }
    wait(&status);
    // A child that sleeps and is killed in its call.
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    kill(child, SIGTERM);
    wait(&status);
    // A call that a signal interrupts.
    alarm(0);
    struct itimerval soon = {{0, 0}, {0, 20000}};
    action.sa_handler = handler;
    sigaction(SIGALRM, &action, NULL);
    CALL(setitimer, 0, &soon, NULL);
    CALL(nanosleep, &(struct timespec){1, 0}, NULL);
}

int main(void) {
    files();
    descriptors();
    sockets();
    memory();
    processes();
    return 0;
}
