// Storms of system calls: storm KIND COUNT ROUNDS prints the CPU nanoseconds of one call, the best of the rounds.
// KIND: getppid, file (open, read, close), exec (fork, exec, wait: nanoseconds of one process, by the wall).
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

int main(int count, char **arguments) {
    if (count != 4) return 2;
    const char *kind = arguments[1];
    long calls = atol(arguments[2]);
    int exec = strcmp(kind, "exec") == 0, file = strcmp(kind, "file") == 0;
    clockid_t clock = exec ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID;
    double best = 1e18;
    char buffer[256];
    for (int round = atoi(arguments[3]); round > 0; round--) {
        double begun = now(clock);
        for (long done = 0; done < calls;) {
            if (exec) {
                if (vfork() == 0) {
                    execl("/bin/true", "true", (char *)0);
                    _exit(1);
                }
                wait(NULL);
                done++;
            } else if (file) {
                int fd = openat(AT_FDCWD, "/etc/hostname", O_RDONLY);
                if (read(fd, buffer, 200) < 0) return 1;
                close(fd);
                done += 3;
            } else {
                syscall(SYS_getppid);
                done++;
            }
        }
        double cost = (now(clock) - begun) / calls;
        if (cost < best) best = cost;
    }
    printf("%.1f\n", best);
    return 0;
}
