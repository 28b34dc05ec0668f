/* Ways to start something. `ways WAY DIRECTORY` starts one in the given way; what is started leaves the mark DIRECTORY/WAY, once it has
 * become what the way is about. `ways mark DIRECTORY/WAY` only leaves the mark. The program ends when the mark is there, except for
 * `daemon`, where it ends first. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char *self, *way, path[4096];
static char **environment;

/* Two events: one that changes what is known of the process, and one that changes nothing. */
static void mark(void) {
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0) close(fd);
    if (access(path, F_OK) != 0) _exit(3);
}

static void pause_shortly(void) { usleep(2000); }

static void await_mark(void) {
    struct stat found;
    while (stat(path, &found) != 0) pause_shortly();
}

static int fail(const char *what) { perror(what); return 2; }

static int reap(pid_t child) {
    int status;
    if (child < 0) return fail(way);
    while (waitpid(child, &status, 0) < 0) if (errno != EINTR) return fail("waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 4;
}

static void *thread_marks(void *unused) { mark(); return unused; }

static void *thread_executes(void *unused) {
    char *arguments[] = {self, "mark", path, NULL};
    execv(self, arguments);
    _exit(5);
    return unused;
}

static void *thread_outlives(void *unused) {
    char name[64], line[512] = "";
    snprintf(name, sizeof name, "/proc/%d/stat", getpid());
    do {
        FILE *file = fopen(name, "r");
        if (!file || !fgets(line, sizeof line, file)) _exit(6);
        fclose(file);
        pause_shortly();
    } while (strrchr(line, ')')[2] != 'Z');
    mark();
    _exit(0);
    return unused;
}

/* A child that marks once its parent is gone. */
static void orphan(pid_t parent) {
    while (getppid() == parent) pause_shortly();
    mark();
    _exit(0);
}

static int threads(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, thread_marks, NULL) != 0) return fail(way);
    pthread_join(thread, NULL);
    return 0;
}

static int exec_in_thread(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, thread_executes, NULL) != 0) return fail(way);
    for (;;) pause();
}

static int leader_exit(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, thread_outlives, NULL) != 0) return fail(way);
    pthread_exit(NULL);
}

static int vforked(void) {
    pid_t child = vfork();
    if (child == 0) { mark(); _exit(0); }
    return reap(child);
}

static int spawned(void) {
    pid_t child;
    char *arguments[] = {self, "mark", path, NULL};
    if (posix_spawn(&child, self, NULL, NULL, arguments, environment) != 0) return fail(way);
    return reap(child);
}

static int cloned3(void) {
    struct clone_args arguments = {.exit_signal = SIGCHLD};
    pid_t child = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (child == 0) { mark(); _exit(0); }
    return reap(child);
}

/* The child is the caller's sibling: whoever started this program has to wait for it. */
static int clone_parent(void) {
    pid_t child = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, 0);
    if (child == 0) { mark(); _exit(0); }
    if (child < 0) return fail(way);
    await_mark();
    return 0;
}

static int daemonized(void) {
    pid_t parent = getpid(), child = fork();
    if (child < 0) return fail(way);
    if (child > 0) return 0;
    setsid();
    if (fork() != 0) _exit(0);
    if (chdir("/") != 0) _exit(7);
    while (kill(parent, 0) == 0) pause_shortly();
    mark();
    return 0;
}

static int new_session(void) {
    pid_t child = fork();
    if (child == 0) { if (setsid() < 0) _exit(8); mark(); _exit(0); }
    return reap(child);
}

static int double_fork(void) {
    pid_t child = fork();
    if (child == 0) {
        pid_t parent = getpid();
        if (fork() == 0) orphan(parent);
        _exit(0);
    }
    if (reap(child) != 0) return 9;
    await_mark();
    return 0;
}

static int subreaper(void) {
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) return fail(way);
    if (double_fork() != 0) return 10;
    /* The grandchild is a child by now. */
    return wait(NULL) > 0 ? 0 : fail("wait");
}

/* Two generations in a namespace: the second one is made by a process whose calls return other numbers than those of the host. */
static int pid_namespace(void) {
    if (unshare(CLONE_NEWPID) != 0) return fail(way);
    pid_t child = fork();
    if (child == 0) {
        pid_t second = fork();
        if (second == 0) { mark(); _exit(0); }
        _exit(reap(second));
    }
    return reap(child);
}

static int container(void) {
    const unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET;
    pid_t child = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, 0);
    if (child == 0) {
        char *arguments[] = {self, "mark", path, NULL};
        pid_t second = fork();
        if (second == 0) { execv(self, arguments); _exit(11); }
        _exit(reap(second));
    }
    return reap(child);
}

/* Starts nothing: waits for a mark that somebody else leaves. */
static int await(void) { await_mark(); return 0; }

int main(int count, char **arguments, char **variables) {
    static const struct { const char *name; int (*start)(void); } ways[] = {
        {"threads", threads}, {"vfork", vforked}, {"posix_spawn", spawned}, {"clone3", cloned3},
        {"clone_parent", clone_parent}, {"daemon", daemonized}, {"exec_in_thread", exec_in_thread},
        {"leader_exit", leader_exit}, {"setsid", new_session}, {"double_fork", double_fork},
        {"subreaper", subreaper}, {"await", await}, {"pid_namespace", pid_namespace}, {"container", container},
    };
    if (count != 3) return 1;
    self = arguments[0], way = arguments[1], environment = variables;
    if (strcmp(way, "mark") == 0) {
        snprintf(path, sizeof path, "%s", arguments[2]);
        mark();
        return 0;
    }
    snprintf(path, sizeof path, "%s/%s", arguments[2], way);
    for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++)
        if (strcmp(ways[i].name, way) == 0) return ways[i].start();
    return 1;
}
