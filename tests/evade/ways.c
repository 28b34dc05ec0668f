// Ways to reach a watched file under another name. `ways SCRATCH [NAME…]` goes through all of them, or those named, each in a child
// whose name (comm) is that of the way, and prints a line for each: `NAME ok`, or `NAME skipped: REASON` where this kernel or
// these rights do not allow it. Most read /etc/shadow; those called x_… execute /bin/true, those called w_… write SCRATCH/watched.
// SCRATCH is a directory of the caller's own, which is filled and left. Needs root. `ways list` prints the names.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *scratch;
static char buffer[8192];

// A path in the scratch directory.
static char *in(const char *name) {
    char *path;
    if (asprintf(&path, "%s/%s", scratch, name) < 0) exit(3);
    return path;
}

// Ends the child: 0 done, 77 with a reason if this is not possible here.
static void skip(const char *what) {
    fprintf(stdout, "skipped: %s: %s\n", what, strerror(errno));
    fflush(stdout);
    _exit(77);
}
static long must(long result, const char *what) {
    if (result < 0) skip(what);
    return result;
}
static void own_mounts(void) {
    must(unshare(CLONE_NEWNS), "unshare");
    must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), "private mounts");
}
static char *directory(const char *name) {
    char *path = in(name);
    mkdir(path, 0755);
    return path;
}
static char *link_to(const char *target, const char *name) {
    char *path = in(name);
    unlink(path);
    must(symlink(target, path), "symlink");
    return path;
}
static int at(int directory, const char *path) { return openat(directory, path, O_RDONLY); }

struct how { unsigned long long flags, mode, resolve; };
static int at2(int directory, const char *path, unsigned long long resolve) {
    struct how how = {O_RDONLY, 0, resolve};
    return must(syscall(437, directory, path, &how, sizeof how), "openat2");
}
static char *print(const char *format, long number) {
    char *text;
    if (asprintf(&text, format, number) < 0) exit(3);
    return text;
}

// Reading
static int plain(void) { return open("/etc/shadow", O_RDONLY); }
static int dots(void) { return open("/etc/../etc/./shadow", O_RDONLY); }
static int slashes(void) { return open("//etc///shadow", O_RDONLY); }
static int dirfd_(void) { return at(open("/etc", O_RDONLY), "shadow"); }
static int dirfd_path(void) { return at(open("/etc", O_PATH), "shadow"); }
static int dirfd_up(void) { return at(open("/usr/bin", O_RDONLY | O_DIRECTORY), "../../etc/shadow"); }
static int chdir_(void) { chdir("/etc"); return at(AT_FDCWD, "shadow"); }
static int fchdir_(void) { fchdir(open("/etc", O_RDONLY)); return at(AT_FDCWD, "./shadow"); }
static int symlink_(void) { return open(link_to("/etc/shadow", "notes"), O_RDONLY); }
static int symdir(void) { link_to("/etc", "d"); return open(in("d/shadow"), O_RDONLY); }
static int symchain(void) { link_to("/etc/shadow", "c1"); return open(link_to("c1", "c2"), O_RDONLY); }
static int symrel(void) {
    char target[4096] = "";
    for (const char *slash = scratch; *slash; slash++)
        if (*slash == '/') strcat(target, "../");
    return open(link_to(strcat(target, "etc/shadow"), "up"), O_RDONLY);
}
static int symup(void) { link_to("/etc/ssl", "ssl"); return open(in("ssl/../shadow"), O_RDONLY); }
static int procroot(void) { return open("/proc/self/root/etc/shadow", O_RDONLY); }
static int procthread(void) { return open("/proc/thread-self/root/etc/shadow", O_RDONLY); }
static int procother(void) { return open(print("/proc/%ld/root/etc/shadow", getppid()), O_RDONLY); }
static int proccwd(void) { chdir("/etc"); return open("/proc/self/cwd/shadow", O_RDONLY); }
static int opath(void) { return open(print("/proc/self/fd/%ld", open("/etc/shadow", O_PATH)), O_RDONLY); }
static int procfd_dir(void) { return open(print("/proc/self/fd/%ld/shadow", open("/etc", O_PATH)), O_RDONLY); }
static int devfd(void) { return open(print("/dev/fd/%ld/shadow", open("/etc", O_RDONLY)), O_RDONLY); }
static int bindmount(void) {
    own_mounts();
    must(mount("/etc", directory("bind"), NULL, MS_BIND, NULL), "bind");
    return open(in("bind/shadow"), O_RDONLY);
}
static int bindfile(void) {
    own_mounts();
    close(open(in("file"), O_CREAT | O_WRONLY, 0600));
    must(mount("/etc/shadow", in("file"), NULL, MS_BIND, NULL), "bind");
    return open(in("file"), O_RDONLY);
}
static int bindroot(void) {
    own_mounts();
    must(mount("/", directory("all"), NULL, MS_BIND, NULL), "bind");
    return open(in("all/etc/shadow"), O_RDONLY);
}
static int bindhost(void) {
    // In the mount namespace of everybody.
    must(mount("/etc", directory("host"), NULL, MS_BIND, NULL), "bind");
    int fd = open(in("host/shadow"), O_RDONLY);
    umount2(in("host"), MNT_DETACH);
    return fd;
}
static int chroot_(void) { must(chroot("/etc"), "chroot"); return open("/shadow", O_RDONLY); }
static int chroot_cwd(void) { chdir("/etc"); must(chroot("/var"), "chroot"); return open("shadow", O_RDONLY); }
static int pivot(void) {
    own_mounts();
    must(mount("/etc", directory("pivot"), NULL, MS_BIND, NULL), "bind");
    chdir(in("pivot"));
    must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
    return open("/shadow", O_RDONLY);
}
static int openat2_(void) { return at2(AT_FDCWD, "/etc/shadow", 0); }
static int inroot(void) { return at2(open("/etc", O_PATH), "/shadow", 0x10); }
static int beneath(void) { return at2(open("/", O_PATH), "etc/shadow", 0x08); }
static int handle(void) {
    struct { unsigned bytes; int type; char handle[128]; } name = {128, 0, ""};
    int mount;
    must(syscall(SYS_name_to_handle_at, AT_FDCWD, "/etc/shadow", &name, &mount, 0), "name_to_handle_at");
    return must(syscall(SYS_open_by_handle_at, open("/", O_RDONLY), &name, O_RDONLY), "open_by_handle_at");
}
static int longpath(void) {
    strcpy(buffer, "/etc");
    for (int i = 0; i < 2000; i++) strcat(buffer, "/.");
    return open(strcat(buffer, "/shadow"), O_RDONLY);
}
static int longdots(void) {
    strcpy(buffer, "/");
    for (int i = 0; i < 300; i++) strcat(buffer, "etc/../");
    return open(strcat(buffer, "etc/shadow"), O_RDONLY);
}
static int open_tree_(void) { return at(must(syscall(428, AT_FDCWD, "/etc", 1), "open_tree"), "shadow"); }
static int move_mount_(void) {
    own_mounts();
    int tree = must(syscall(428, AT_FDCWD, "/etc", 1), "open_tree");
    must(syscall(429, tree, "", AT_FDCWD, directory("moved"), 4), "move_mount");
    return open(in("moved/shadow"), O_RDONLY);
}
static void *go_to_etc(void *unused) {
    (void)unused;
    unshare(CLONE_FS);
    chdir("/etc");
    return (void *)(long)at(AT_FDCWD, "shadow");
}
static int threadcwd(void) {
    // The thread's directory is its own; a path of another thread then starts elsewhere.
    pthread_t thread;
    void *fd;
    chdir("/");
    pthread_create(&thread, NULL, go_to_etc, NULL);
    pthread_join(thread, &fd);
    return (int)(long)fd;
}
static int share_fs(void *unused) { (void)unused; return chdir("/etc"); }
static int clonefs(void) {
    // A child that shares the directory changes it.
    static char stack[65536];
    int pid = must(clone(share_fs, stack + sizeof stack, CLONE_FS | CLONE_VM | SIGCHLD, NULL), "clone");
    waitpid(pid, NULL, 0);
    return at(AT_FDCWD, "shadow");
}
static int pageend(void) {
    // The path crosses into a page that is not there yet.
    char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *path = map + 4096 - 5;
    memcpy(path, "/etc/", 5);
    int fd = open(in("page"), O_RDWR | O_CREAT | O_TRUNC, 0600);
    write(fd, "shadow\0", 7);
    mmap(map + 4096, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
    return open(path, O_RDONLY);
}
static volatile int flip_end;
static char flipped[64] = "/etc/passwd";
static void *flip(void *unused) {
    (void)unused;
    while (!flip_end) {
        memcpy(flipped, "/etc/shadow", 11);
        __asm__ volatile("" ::: "memory");
        memcpy(flipped, "/etc/passwd", 11);
        __asm__ volatile("" ::: "memory");
    }
    return NULL;
}
static int toctou(void) {
    // Another thread changes the path under way. Until the right file was opened.
    pthread_t thread;
    struct stat wanted, found;
    stat("/etc/shadow", &wanted);
    pthread_create(&thread, NULL, flip, NULL);
    int fd = -1;
    for (long i = 0; i < 1000000; i++) {
        fd = open(flipped, O_RDONLY);
        if (fd >= 0 && fstat(fd, &found) == 0 && found.st_ino == wanted.st_ino) break;
        close(fd);
        fd = -1;
    }
    flip_end = 1;
    pthread_join(thread, NULL);
    if (fd < 0) { errno = EAGAIN; skip("never opened"); };
    return fd;
}
static int int80(void) {
    // A 32-bit call of a 64-bit program.
    char *path = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    strcpy(path, "/etc/shadow");
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(5L), "b"(path), "c"(0L), "d"(0L) : "memory", "r8", "r9", "r10", "r11");
    if (result < 0) { errno = -result; skip("32-bit open"); }
    return result;
}
static int opened_by_parent = -1;
static int inherited(void) { return opened_by_parent; }
static int rights(void) {
    // Somebody else opens it.
    int pair[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    union { char bytes[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control;
    struct iovec vector = {buffer, 1};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    if (fork() == 0) {
        int fd = open("/etc/shadow", O_RDONLY);
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        *head = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd)};
        memcpy(CMSG_DATA(head), &fd, sizeof fd);
        sendmsg(pair[0], &message, 0);
        _exit(0);
    }
    must(recvmsg(pair[1], &message, 0), "recvmsg");
    int fd;
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    wait(NULL);
    return fd;
}
static int getfd(void) {
    int ready[2];
    pipe(ready);
    int pid = fork();
    if (pid == 0) {
        dup2(open("/etc/shadow", O_RDONLY), 100);
        write(ready[1], "x", 1);
        pause();
    }
    read(ready[0], buffer, 1);
    int fd = syscall(438, must(syscall(434, pid, 0), "pidfd_open"), 100, 0);
    int error = errno;
    kill(pid, SIGKILL);
    errno = error;
    return must(fd, "pidfd_getfd");
}
static int hardlink(void) {
    // In the same file system, next to it.
    unlink("/etc/.notes");
    must(link("/etc/shadow", "/etc/.notes"), "link");
    int fd = open("/etc/.notes", O_RDONLY);
    unlink("/etc/.notes");
    return fd;
}
static int renamed(void) {
    // A name that it has for a moment only.
    must(rename("/etc/shadow", "/etc/.moved"), "rename");
    int fd = open("/etc/.moved", O_RDONLY);
    rename("/etc/.moved", "/etc/shadow");
    return fd;
}

// Executing
static int run(const char *path) { char *arguments[] = {"true", NULL}; execv(path, arguments); skip("execv"); return -1; }
static int x_plain(void) { return run("/bin/true"); }
static int x_symlink(void) { return run(link_to("/bin/true", "tool")); }
static int x_procroot(void) { return run("/proc/self/root/bin/true"); }
static int x_fd(void) { char *arguments[] = {"true", NULL}; fexecve(open("/bin/true", O_PATH | O_CLOEXEC), arguments, environ); skip("fexecve"); return -1; }
static int x_procfd(void) { return run(print("/proc/self/fd/%ld", open("/bin/true", O_PATH))); }
static int x_relative(void) { chdir("/bin"); return run("./true"); }

// Writing
static int w_(const char *path) { int fd = open(path, O_WRONLY | O_TRUNC); must(write(fd, "x", 1), "write"); _exit(0); return fd; }
static int w_plain(void) { return w_(in("watched")); }
static int w_symlink(void) { return w_(link_to(in("watched"), "other")); }
static int w_procroot(void) { char *path; if (asprintf(&path, "/proc/self/root%s", in("watched")) < 0) exit(3); return w_(path); }
static int w_dirfd(void) { int fd = openat(open(scratch, O_PATH), "watched", O_WRONLY); must(write(fd, "x", 1), "write"); _exit(0); }
static int w_creat(void) { chdir(scratch); int fd = creat("watched", 0600); must(write(fd, "x", 1), "write"); _exit(0); }

static const struct way { const char *name; int (*reach)(void); } ways[] = {
    {"plain", plain}, {"dots", dots}, {"slashes", slashes}, {"dirfd", dirfd_}, {"dirfd_path", dirfd_path}, {"dirfd_up", dirfd_up},
    {"chdir", chdir_}, {"fchdir", fchdir_}, {"symlink", symlink_}, {"symdir", symdir}, {"symchain", symchain}, {"symrel", symrel},
    {"symup", symup}, {"procroot", procroot}, {"procthread", procthread}, {"procother", procother}, {"proccwd", proccwd},
    {"opath", opath}, {"procfd_dir", procfd_dir}, {"devfd", devfd}, {"bindmount", bindmount}, {"bindfile", bindfile},
    {"bindroot", bindroot}, {"bindhost", bindhost}, {"chroot", chroot_}, {"chroot_cwd", chroot_cwd}, {"pivot", pivot},
    {"openat2", openat2_}, {"inroot", inroot}, {"beneath", beneath}, {"handle", handle}, {"longpath", longpath},
    {"longdots", longdots}, {"open_tree", open_tree_}, {"move_mount", move_mount_}, {"threadcwd", threadcwd},
    {"clonefs", clonefs}, {"pageend", pageend}, {"toctou", toctou}, {"int80", int80}, {"inherited", inherited},
    {"rights", rights}, {"getfd", getfd}, {"hardlink", hardlink}, {"renamed", renamed},
    {"x_plain", x_plain}, {"x_symlink", x_symlink}, {"x_procroot", x_procroot}, {"x_fd", x_fd}, {"x_procfd", x_procfd},
    {"x_relative", x_relative},
    {"w_plain", w_plain}, {"w_symlink", w_symlink}, {"w_procroot", w_procroot}, {"w_dirfd", w_dirfd}, {"w_creat", w_creat},
};

static struct stat wanted;
static void child(const struct way *way) {
    prctl(PR_SET_NAME, way->name);
    int fd = way->reach();
    if (fd < 0) skip("open");
    struct stat found;
    if (read(fd, buffer, 16) < 0) skip("read");
    fstat(fd, &found);
    if (wanted.st_ino != found.st_ino) { printf("skipped: another file was opened\n"); fflush(stdout); _exit(77); }
    _exit(0);
}

int main(int count, char **arguments) {
    const int number = sizeof ways / sizeof *ways;
    if (count < 2) return 2;
    if (strcmp(arguments[1], "list") == 0) {
        for (int i = 0; i < number; i++) puts(ways[i].name);
        return 0;
    }
    scratch = arguments[1];
    mkdir(scratch, 0755);
    close(open(in("watched"), O_CREAT | O_WRONLY, 0600));
    stat("/etc/shadow", &wanted);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 0; i < number; i++) {
        int chosen = count == 2;
        for (int j = 2; j < count; j++) chosen |= strcmp(arguments[j], ways[i].name) == 0;
        if (!chosen) continue;
        printf("%s ", ways[i].name);
        fflush(stdout);
        opened_by_parent = strcmp(ways[i].name, "inherited") == 0 ? open("/etc/shadow", O_RDONLY) : -1;
        int pid = fork(), status;
        if (pid == 0) child(&ways[i]);
        waitpid(pid, &status, 0);
        if (opened_by_parent >= 0) close(opened_by_parent);
        if (status == 0) printf("ok\n");
        else if (!WIFEXITED(status) || WEXITSTATUS(status) != 77) printf("failed: %d\n", status);
    }
    return 0;
}
