// Every operation of io_uring that is recorded as a system call, by raw system calls: no library is needed. Prints for each
// "OPERATION RESULT EVENT TEXT": what the kernel answered, the event that has to be recorded, and a text that its line has to contain.
// Operations that the kernel does not have are printed with EINVAL (-22). Arguments: "poll" submits by a thread of the kernel, "async"
// leaves the operations to its workers, "silent" wants to hear of failures only, "overflow" lets completions pile up.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// Newer operations than the headers may know (linux/io_uring.h).
enum { SENDMSG = 9, RECVMSG = 10, ACCEPT = 13, CONNECT = 16, OPENAT = 18, CLOSE = 19, STATX = 21, READ = 22, WRITE = 23, SEND = 26,
       RECV = 27, OPENAT2 = 28, SPLICE = 30, SHUTDOWN = 34, RENAMEAT = 35, UNLINKAT = 36, MKDIRAT = 37, SYMLINKAT = 38, LINKAT = 39,
       SOCKET = 45, BIND = 56, LISTEN = 57 };

static int ring, mode_poll, mode_async, mode_silent;
static unsigned *sq_tail, *sq_mask, *sq_array, *sq_flags, *cq_head, *cq_tail, *cq_mask, sq_entries;
static struct io_uring_sqe *sqes;
static struct io_uring_cqe *cqes;

static void setup(unsigned entries) {
    struct io_uring_params p;
    memset(&p, 0, sizeof p);
    if (mode_poll) p.flags = IORING_SETUP_SQPOLL, p.sq_thread_idle = 2000;
    ring = syscall(SYS_io_uring_setup, entries, &p);
    if (ring < 0) {
        printf("setup %d\n", -errno);
        exit(3);
    }
    char *sq = mmap(0, p.sq_off.array + p.sq_entries * 4, 3, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
    char *cq = mmap(0, p.cq_off.cqes + p.cq_entries * sizeof *cqes, 3, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_CQ_RING);
    sqes = mmap(0, p.sq_entries * sizeof *sqes, 3, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
    sq_tail = (void *)(sq + p.sq_off.tail), sq_mask = (void *)(sq + p.sq_off.ring_mask);
    sq_array = (void *)(sq + p.sq_off.array), sq_flags = (void *)(sq + p.sq_off.flags);
    cq_head = (void *)(cq + p.cq_off.head), cq_tail = (void *)(cq + p.cq_off.tail);
    cq_mask = (void *)(cq + p.cq_off.ring_mask), cqes = (void *)(cq + p.cq_off.cqes);
    sq_entries = p.sq_entries;
}

static void submit(struct io_uring_sqe *s, int wait) {
    unsigned tail = *sq_tail, index = tail & *sq_mask;
    if (mode_async) s->flags |= IOSQE_ASYNC;
    sqes[index] = *s;
    sq_array[index] = index;
    __atomic_store_n(sq_tail, tail + 1, __ATOMIC_RELEASE);
    unsigned flags = wait ? IORING_ENTER_GETEVENTS : 0;
    if (mode_poll) flags |= IORING_ENTER_SQ_WAKEUP;
    if (syscall(SYS_io_uring_enter, ring, 1, wait, flags, NULL, 0) < 0) {
        perror("enter");
        exit(1);
    }
}

static int result(void) {
    unsigned head = *cq_head;
    while (head == __atomic_load_n(cq_tail, __ATOMIC_ACQUIRE)) usleep(100);
    int res = cqes[head & *cq_mask].res;
    __atomic_store_n(cq_head, head + 1, __ATOMIC_RELEASE);
    return res;
}

static int done(const char *name, const char *event, const char *text, int res) {
    printf("%s %d %s %s\n", name, res, event, text);
    return res;
}

static struct io_uring_sqe request(int opcode, int fd, const void *address, unsigned length, uint64_t offset) {
    struct io_uring_sqe s;
    memset(&s, 0, sizeof s);
    s.opcode = opcode, s.fd = fd, s.addr = (uintptr_t)address, s.len = length, s.off = offset;
    return s;
}

// Submits, waits for the result, and overwrites the name that was given: what is recorded afterwards is the kernel's copy.
static int carry_out(struct io_uring_sqe s, const char *name, const char *event, const char *text, char *swapped) {
    submit(&s, 0);
    // Where a thread of the kernel submits, it may not have taken it yet.
    if (swapped && !mode_poll) memset(swapped, '!', strlen(swapped));
    return done(name, event, text, result());
}

#define TEXT(name, value) char name[] = value

static void files(void) {
    TEXT(one, "one.file");
    TEXT(two, "two.file");
    struct io_uring_sqe s = request(OPENAT, AT_FDCWD, one, 0640, 0);
    s.open_flags = O_CREAT | O_RDWR;
    int fd = carry_out(s, "OPENAT", "openat", "one.file", one);
    struct open_how how = {.flags = O_CREAT | O_WRONLY, .mode = 0600, .resolve = RESOLVE_NO_MAGICLINKS};
    s = request(OPENAT2, AT_FDCWD, two, sizeof how, (uintptr_t)&how);
    int other = carry_out(s, "OPENAT2", "openat2", "two.file", two);
    carry_out(request(WRITE, fd, "written by a ring", 17, 0), "WRITE", "pwrite", "written by a ring", NULL);
    static char buffer[64], second[64];
    carry_out(request(READ, fd, buffer, 7, 0), "READ", "pread", "data=written", NULL);
    struct iovec parts[2] = {{buffer, 3}, {second, 4}};
    carry_out(request(IORING_OP_READV, fd, parts, 2, 0), "READV", "preadv", "one.file", NULL);
    carry_out(request(IORING_OP_WRITEV, fd, parts, 2, -1), "WRITEV", "writev", "one.file", NULL);
    struct statx about;
    s = request(STATX, AT_FDCWD, "one.file", STATX_BASIC_STATS, (uintptr_t)&about);
    carry_out(s, "STATX", "statx", "", NULL);
    int pipes[2];
    if (pipe(pipes)) exit(1);
    s = request(SPLICE, pipes[1], NULL, 5, -1);
    s.splice_off_in = 0, s.splice_fd_in = fd;
    carry_out(s, "SPLICE", "splice", "size=5", NULL);
    carry_out(request(CLOSE, other, NULL, 0, 0), "CLOSE", "close", "two.file", NULL);
    TEXT(target, "one.file");
    TEXT(link_name, "symbolic.link");
    s = request(SYMLINKAT, AT_FDCWD, target, 0, (uintptr_t)link_name);
    carry_out(s, "SYMLINKAT", "symlinkat", "symbolic.link", link_name);
    TEXT(old, "one.file");
    TEXT(hard, "hard.link");
    s = request(LINKAT, AT_FDCWD, old, AT_FDCWD, (uintptr_t)hard);
    carry_out(s, "LINKAT", "linkat", "hard.link", hard);
    TEXT(from, "hard.link");
    TEXT(to, "renamed.link");
    s = request(RENAMEAT, AT_FDCWD, from, AT_FDCWD, (uintptr_t)to);
    carry_out(s, "RENAMEAT", "renameat2", "renamed.link", to);
    TEXT(directory, "a.directory");
    carry_out(request(MKDIRAT, AT_FDCWD, directory, 0750, 0), "MKDIRAT", "mkdirat", "a.directory", directory);
    TEXT(removed, "renamed.link");
    carry_out(request(UNLINKAT, AT_FDCWD, removed, 0, 0), "UNLINKAT", "unlinkat", "renamed.link", removed);
    TEXT(missing, "missing.file");
    s = request(OPENAT, AT_FDCWD, missing, 0, 0);
    carry_out(s, "OPENAT", "openat", "missing.file", missing);
}

static void sockets(void) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(47115), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct io_uring_sqe s = request(SOCKET, AF_INET, NULL, 0, SOCK_STREAM);
    int server = carry_out(s, "SOCKET", "socket", "AF_INET", NULL);
    if (server < 0) server = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in given = here;
    s = request(BIND, server, &given, 0, sizeof given);
    if (carry_out(s, "BIND", "bind", "addr=127.0.0.1:47115", NULL) < 0 && bind(server, (void *)&here, sizeof here)) exit(1);
    if (carry_out(request(LISTEN, server, NULL, 5, 0), "LISTEN", "listen", "backlog=5", NULL) < 0) listen(server, 5);
    int client = socket(AF_INET, SOCK_STREAM, 0);
    s = request(CONNECT, client, &given, 0, sizeof given);
    submit(&s, 0);
    if (!mode_async && !mode_poll) given.sin_port = htons(1);
    done("CONNECT", "connect", "addr=127.0.0.1:47115", result());
    int peer = carry_out(request(ACCEPT, server, NULL, 0, 0), "ACCEPT", "accept4", "->127.0.0.1:47115", NULL);
    static char buffer[64];
    carry_out(request(SEND, client, "by a ring", 9, 0), "SEND", "sendto", "data=by a ring", NULL);
    carry_out(request(RECV, peer, buffer, sizeof buffer, 0), "RECV", "recvfrom", "data=by a ring", NULL);
    struct iovec part = {"a message", 9};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    carry_out(request(SENDMSG, client, &message, 1, 0), "SENDMSG", "sendmsg", "data=a message", NULL);
    part.iov_base = buffer;
    part.iov_len = sizeof buffer;
    carry_out(request(RECVMSG, peer, &message, 1, 0), "RECVMSG", "recvmsg", "data=a message", NULL);
    carry_out(request(SHUTDOWN, client, NULL, SHUT_WR, 0), "SHUTDOWN", "shutdown", "SHUT_WR", NULL);
    int datagrams = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(31337), .sin_addr.s_addr = htonl(0x7f000002)};
    struct iovec secret = {"secret", 6};
    struct msghdr out = {.msg_name = &there, .msg_namelen = sizeof there, .msg_iov = &secret, .msg_iovlen = 1};
    carry_out(request(SENDMSG, datagrams, &out, 1, 0), "SENDMSG", "sendmsg", "127.0.0.2:31337", NULL);
}

// Direct descriptors: files that only the ring knows.
static void direct(void) {
    int files[8] = {-1, -1, -1, -1, -1, -1, -1, -1};
    if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, files, 8) < 0) return;
    struct io_uring_sqe s = request(OPENAT, AT_FDCWD, "one.file", 0, 0);
    s.file_index = 3;
    carry_out(s, "OPENAT", "openat", "one.file", NULL);
    static char buffer[64];
    s = request(READ, 2, buffer, 7, 0);
    s.flags = IOSQE_FIXED_FILE;
    carry_out(s, "READ", "pread", "data=written", NULL);
    s = request(CLOSE, 0, NULL, 0, 0);
    s.file_index = 3;
    carry_out(s, "CLOSE", "close", "one.file", NULL);
}

// Nobody is told that it worked.
static void silently(void) {
    struct io_uring_sqe s = request(OPENAT, AT_FDCWD, "/etc/shadow", 0, 0);
    s.flags = 1 << 6; // IOSQE_CQE_SKIP_SUCCESS
    submit(&s, 0);
    if (mode_poll || mode_async) usleep(200000);
    // Kernels before 5.17 do not know the flag.
    int is_refused = *cq_head != __atomic_load_n(cq_tail, __ATOMIC_ACQUIRE);
    done("OPENAT", "openat", "/etc/shadow", is_refused ? result() : 0);
}

// More completions than the ring has room for, all with the same mark.
static void overflow(void) {
    setup(1);
    for (int i = 0; i < 8; i++) {
        struct io_uring_sqe s = request(OPENAT, AT_FDCWD, "/etc/hostname", 0, 0);
        submit(&s, 0);
    }
    usleep(100000);
    for (int i = 0; i < 8; i++) done("OPENAT", "openat", "/etc/hostname", 0);
}

int main(int count, char **arguments) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < count; i++) {
        mode_poll |= !strcmp(arguments[i], "poll");
        mode_async |= !strcmp(arguments[i], "async");
        mode_silent |= !strcmp(arguments[i], "silent");
        if (!strcmp(arguments[i], "overflow")) return overflow(), 0;
    }
    setup(8);
    if (mode_silent) return silently(), 0;
    files();
    sockets();
    direct();
    return 0;
}
