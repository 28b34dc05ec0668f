/* One harmless action per name, for what no command of the system does: `act ACTION ARGUMENTS…`. Scenarios copy it under other
 * names where a rule goes by the name of a program. It speaks to nothing but addresses that the sandbox gives itself. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int checked(const char *what, long result) {
    if (result < 0) {
        perror(what);
        exit(1);
    }
    return (int)result;
}

static struct sockaddr_in address(char **arguments) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[1]))};
    inet_pton(AF_INET, arguments[0], &address.sin_addr);
    return address;
}

/* ADDRESS PORT: a connection, a word, and what comes back. */
static void act_connect(char **arguments) {
    struct sockaddr_in peer = address(arguments);
    char answer[64];
    int fd = checked("socket", socket(AF_INET, SOCK_STREAM, 0));
    checked("connect", connect(fd, (void *)&peer, sizeof peer));
    checked("write", write(fd, "hello\n", 6));
    checked("read", read(fd, answer, sizeof answer));
}

/* ADDRESS PORT: a datagram. */
static void act_datagram(char **arguments) {
    struct sockaddr_in peer = address(arguments);
    int fd = checked("socket", socket(AF_INET, SOCK_DGRAM, 0));
    checked("sendto", sendto(fd, "hello\n", 6, 0, (void *)&peer, sizeof peer));
}

/* PORT…: answers every connection with a word, at all addresses, until it is killed. */
static void act_serve(char **ports) {
    while (ports[1] && fork()) {
        ports++;
    }
    char *any[] = {"0.0.0.0", ports[0]};
    struct sockaddr_in own = address(any);
    int one = 1, listener = checked("socket", socket(AF_INET, SOCK_STREAM, 0));
    checked("setsockopt", setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one));
    checked("bind", bind(listener, (void *)&own, sizeof own));
    checked("listen", listen(listener, 16));
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        char question[512];
        int fd = checked("accept", accept(listener, NULL, NULL));
        if (read(fd, question, sizeof question) >= 0 && write(fd, "welcome\n", 8) < 0) {
            perror("write");
        }
        close(fd);
    }
}

/* PATH: a connection to a Unix socket. */
static void act_unix(char **arguments) {
    struct sockaddr_un peer = {.sun_family = AF_UNIX};
    strncpy(peer.sun_path, arguments[0], sizeof peer.sun_path - 1);
    int fd = checked("socket", socket(AF_UNIX, SOCK_STREAM, 0));
    checked("connect", connect(fd, (void *)&peer, sizeof peer));
}

/* PATH: listens at a Unix socket until it is killed. */
static void act_serve_unix(char **arguments) {
    struct sockaddr_un own = {.sun_family = AF_UNIX};
    strncpy(own.sun_path, arguments[0], sizeof own.sun_path - 1);
    int fd = checked("socket", socket(AF_UNIX, SOCK_STREAM, 0));
    checked("bind", bind(fd, (void *)&own, sizeof own));
    checked("listen", listen(fd, 16));
    pause();
}

/* COMMAND…: runs a command as a child, as a server does for a request. */
static void act_spawn(char **command) {
    pid_t child = checked("fork", fork());
    if (child == 0) {
        execvp(command[0], command);
        exit(127);
    }
    waitpid(child, NULL, 0);
}

/* ADDRESS PORT COMMAND…: runs a command with a connection in the place of its standard input and output. */
static void act_hand_over(char **arguments) {
    struct sockaddr_in peer = address(arguments);
    int fd = checked("socket", socket(AF_INET, SOCK_STREAM, 0));
    checked("connect", connect(fd, (void *)&peer, sizeof peer));
    pid_t child = checked("fork", fork());
    if (child == 0) {
        dup2(fd, 0);
        dup2(fd, 1);
        execvp(arguments[2], arguments + 2);
        exit(127);
    }
    waitpid(child, NULL, 0);
}

/* NAME COMMAND…: runs a program under another name. */
static void act_named(char **arguments) {
    char *path = arguments[1];
    arguments[1] = arguments[0];
    execv(path, arguments + 1);
    exit(127);
}

static int memory_copy(const char *path) {
    char buffer[65536];
    ssize_t length;
    int source = checked("open", open(path, O_RDONLY));
    int memory = checked("memfd_create", memfd_create("stage", MFD_CLOEXEC));
    while ((length = read(source, buffer, sizeof buffer)) > 0) {
        checked("write", write(memory, buffer, (size_t)length));
    }
    return memory;
}

/* FILE: copies a program into memory and runs it from there. */
static void act_memory_run(char **arguments) {
    char *argv[] = {"stage", NULL};
    fexecve(memory_copy(arguments[0]), argv, environ);
    exit(127);
}

/* FILE: copies a program into memory, and runs the one on the disk. */
static void act_memory_keep(char **arguments) {
    memory_copy(arguments[0]);
    execl(arguments[0], arguments[0], NULL);
    exit(127);
}

/* A child that waits, for what one process does to another. */
static pid_t victim(void) {
    pid_t child = checked("fork", fork());
    if (child == 0) {
        pause();
        exit(0);
    }
    return child;
}

static char word[] = "secret";

static void with_memory_of(pid_t other, int changed) {
    char copy[sizeof word] = "public";
    struct iovec here = {copy, sizeof copy}, there = {word, sizeof word};
    checked("copy memory", changed ? process_vm_writev(other, &here, 1, &there, 1, 0)
                                   : process_vm_readv(other, &here, 1, &there, 1, 0));
}

/* Attaches to a child and writes into its memory. */
static void act_inject(char **arguments) {
    pid_t child = victim();
    (void)arguments;
    checked("attach", ptrace(PTRACE_ATTACH, child, 0, 0));
    waitpid(child, NULL, 0);
    with_memory_of(child, 1);
    checked("detach", ptrace(PTRACE_DETACH, child, 0, 0));
    kill(child, SIGKILL);
}

/* Lets itself be traced, as a program does whose parent is a debugger. */
static void act_traced(char **arguments) {
    (void)arguments;
    if (fork() == 0) {
        exit(ptrace(PTRACE_TRACEME, 0, 0, 0) < 0);
    }
    wait(NULL);
}

/* Copies memory of a child. */
static void act_memory_read(char **arguments) {
    pid_t child = victim();
    (void)arguments;
    with_memory_of(child, 0);
    kill(child, SIGKILL);
}

/* Takes over its page faults, those of user space only: what an ordinary user may. */
static void act_page_faults(char **arguments) {
    (void)arguments;
    checked("userfaultfd", syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY));
}

/* Sets up io_uring. */
static void act_uring(char **arguments) {
    char parameters[120] = {0};
    (void)arguments;
    checked("io_uring_setup", syscall(SYS_io_uring_setup, 4, parameters));
}

/* Loads a BPF program of two instructions that does nothing. */
static void act_bpf_program(char **arguments) {
    struct bpf_insn code[] = {{.code = 0xb7}, {.code = 0x95}};
    union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insn_cnt = 2};
    (void)arguments;
    attr.insns = (unsigned long)code;
    attr.license = (unsigned long)"GPL";
    checked("bpf", syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr));
}

/* Makes a BPF map. */
static void act_bpf_map(char **arguments) {
    union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
    (void)arguments;
    checked("bpf", syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof attr));
}

/* Opens a socket that sees every packet. */
static void act_packets(char **arguments) {
    (void)arguments;
    checked("socket", socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)));
}

/* Opens a raw internet socket. */
static void act_raw(char **arguments) {
    (void)arguments;
    checked("socket", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

/* datagrams|netlink: attaches a filter to a socket that lets everything pass. */
static void act_filter(char **arguments) {
    struct sock_filter code = {.code = BPF_RET | BPF_K, .k = 0xffff};
    struct sock_fprog program = {.len = 1, .filter = &code};
    int family = strcmp(arguments[0], "netlink") == 0 ? AF_NETLINK : AF_INET;
    int fd = checked("socket", socket(family, SOCK_DGRAM, 0));
    checked("setsockopt", setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
}

/* Removes its own program file. */
static void act_vanish(char **arguments) {
    char path[4096] = {0};
    (void)arguments;
    checked("readlink", readlink("/proc/self/exe", path, sizeof path - 1));
    checked("unlink", unlink(path));
}

/* FILE…: opens files for reading. */
static void act_read(char **paths) {
    for (; *paths; paths++) {
        close(checked(*paths, open(*paths, O_RDONLY)));
    }
}

/* FILE…: opens files for writing, makes them where they are not there, and empties them. */
static void act_write(char **paths) {
    for (; *paths; paths++) {
        int fd = checked(*paths, open(*paths, O_WRONLY | O_CREAT | O_TRUNC, 0644));
        checked("write", write(fd, "x\n", 2));
        close(fd);
    }
}

/* FROM TO: renames. */
static void act_rename(char **paths) {
    checked("rename", rename(paths[0], paths[1]));
}

/* FILE: loads a kernel module. */
static void act_module(char **paths) {
    int fd = checked("open", open(paths[0], O_RDONLY));
    checked("finit_module", syscall(SYS_finit_module, fd, "", 0));
}

/* FILE: enters the namespace that a file stands for. */
static void act_enter(char **paths) {
    checked("setns", setns(checked("open", open(paths[0], O_RDONLY)), 0));
}

/* NUMBER PID: sends a signal. */
static void act_signal(char **arguments) {
    checked("kill", kill(atoi(arguments[1]), atoi(arguments[0])));
}

/* Waits until it is killed. */
static void act_wait(char **arguments) {
    (void)arguments;
    pause();
}

static const struct {
    const char *name;
    int arguments;
    void (*run)(char **);
} actions[] = {
    {"connect", 2, act_connect},       {"datagram", 2, act_datagram},       {"serve", 1, act_serve},
    {"unix", 1, act_unix},             {"serve-unix", 1, act_serve_unix},   {"spawn", 1, act_spawn},
    {"named", 2, act_named},           {"memory-run", 1, act_memory_run},   {"memory-keep", 1, act_memory_keep},
    {"inject", 0, act_inject},         {"traced", 0, act_traced},           {"memory-read", 0, act_memory_read},
    {"page-faults", 0, act_page_faults}, {"uring", 0, act_uring},           {"bpf-program", 0, act_bpf_program},
    {"bpf-map", 0, act_bpf_map},       {"packets", 0, act_packets},         {"raw", 0, act_raw},
    {"vanish", 0, act_vanish},         {"read", 1, act_read},               {"write", 1, act_write},
    {"rename", 2, act_rename},         {"module", 1, act_module},           {"enter", 1, act_enter},
    {"signal", 2, act_signal},         {"wait", 0, act_wait},               {"hand-over", 3, act_hand_over},
    {"filter", 1, act_filter},
};

int main(int count, char **arguments) {
    for (size_t at = 0; count > 1 && at < sizeof actions / sizeof *actions; at++) {
        if (strcmp(actions[at].name, arguments[1]) == 0 && count - 2 >= actions[at].arguments) {
            actions[at].run(arguments + 2);
            return 0;
        }
    }
    /* Under the name of another program the arguments are those of that program, and nothing is done. */
    return strcmp(program_invocation_short_name, "act") == 0 ? 2 : 0;
}
