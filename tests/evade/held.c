// Calls that fail after another thread has changed their arguments: the kernel has read them, asks by fanotify whether the file may be
// opened, and gets its answer once memory is another. Prints a line per call, in order: the call, what was changed ("-": nothing).
// Usage: held DIRECTORY
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int notes;
static char name[4096], argument[64];
static struct open_how how;
static const char *change;

static void *answer(void *nothing) {
    struct fanotify_event_metadata event;
    while (read(notes, &event, sizeof event) == sizeof event) {
        if (!strcmp(change, "name")) name[strlen(name) - 1] = 'b';
        if (!strcmp(change, "argument")) argument[0] = 'b';
        if (!strcmp(change, "flags")) how.flags |= O_APPEND;
        if (!strcmp(change, "resolve")) how.resolve = RESOLVE_NO_XDEV;
        struct fanotify_response response = {event.fd, FAN_DENY};
        write(notes, &response, sizeof response);
        close(event.fd);
    }
    return NULL;
}

static void attempt(const char *call, const char *directory, const char *changed) {
    snprintf(name, sizeof name, "%s/a", directory);
    strcpy(argument, "argument");
    how = (struct open_how){.flags = O_RDONLY};
    change = changed;
    char *arguments[] = {"program", argument, NULL};
    long result = -1;
    if (!strcmp(call, "execve")) result = execve(name, arguments, environ);
    if (!strcmp(call, "execveat")) result = syscall(SYS_execveat, AT_FDCWD, name, arguments, environ, 0);
    if (!strcmp(call, "openat2")) result = syscall(SYS_openat2, AT_FDCWD, name, &how, sizeof how);
    if (result != -1 || errno != EPERM) {
        fprintf(stderr, "%s: %ld %m\n", call, result);
        exit(1);
    }
    printf("%s %s\n", call, changed);
}

int main(int argc, char **argv) {
    snprintf(name, sizeof name, "%s/a", argv[1]);
    close(open(name, O_CREAT | O_WRONLY, 0755));
    notes = fanotify_init(FAN_CLASS_CONTENT, O_RDONLY);
    if (notes < 0 || fanotify_mark(notes, FAN_MARK_ADD, FAN_OPEN_PERM | FAN_OPEN_EXEC_PERM, AT_FDCWD, name)) {
        puts("none");
        return 0;
    }
    pthread_t thread;
    pthread_create(&thread, NULL, answer, NULL);
    const char *execs[] = {"-", "name", "argument"}, *opens[] = {"-", "name", "flags", "resolve"};
    for (int i = 0; i < 3; i++) attempt("execve", argv[1], execs[i]);
    for (int i = 0; i < 3; i++) attempt("execveat", argv[1], execs[i]);
    for (int i = 0; i < 4; i++) attempt("openat2", argv[1], opens[i]);
    return 0;
}
