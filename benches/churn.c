/* Churn for benches/churn.sh: rounds at a steady rate, each a process that opens and connects and ends in one of the ways in which
 * processes end. Usage: churn SECONDS ROUNDS_PER_SECOND. Prints how many rounds there were. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_in server;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void work(void) {
    static const char *const files[] = {"/etc/passwd", "/etc/hostname", "/no/such/file", "/tmp"};
    char bytes[64];
    for (unsigned i = 0; i < 4; i++) {
        int fd = open(files[i], O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && read(fd, bytes, sizeof bytes) >= 0 && i)
            close(fd); /* The first stays open until the end, and the directory, which cannot be read. */
    }
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&server, sizeof server) == 0)
        close(fd);
}

static void *thread(void *unused) {
    work();
    return unused;
}

static void child(unsigned round) {
    pthread_t other;
    work();
    switch (round % 8) {
    case 0:
        execl("/bin/true", "true", "churn", (char *)0);
        _exit(1);
    case 1:
        kill(getpid(), SIGKILL);
        break;
    case 2:
        if (pthread_create(&other, 0, thread, 0) == 0)
            pthread_join(other, 0);
        break;
    case 3: /* An orphan, which the host's init buries. */
        if (fork() == 0)
            work();
        break;
    case 4: /* A thread that ends with its process. */
        pthread_create(&other, 0, thread, 0);
        break;
    }
    _exit(0);
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    double seconds = atof(argv[1]), rate = atof(argv[2]), began = now();
    unsigned round = 0, skipped = 0;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    socklen_t length = sizeof server;
    server.sin_family = AF_INET;
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&server, length) || listen(listener, 4096)
        || getsockname(listener, (struct sockaddr *)&server, &length))
        return 1;
    while (now() - began < seconds) {
        unsigned due = (now() - began) * rate;
        for (unsigned most = round + 64; round < due && round < most; round++) {
            pid_t pid = fork();
            if (pid == 0)
                child(round);
        }
        while (waitpid(-1, 0, WNOHANG) > 0)
            ;
        for (int fd; (fd = accept(listener, 0, 0)) >= 0;)
            close(fd);
        /* What a pause of the machine left undone is not made up for. */
        if (round + 1000 < due) {
            skipped += due - round;
            round = due;
        }
        usleep(5000);
    }
    while (wait(0) > 0)
        ;
    printf("%u rounds in %.0f s\n", round - skipped, now() - began);
    return 0;
}
