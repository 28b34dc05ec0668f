// Arguments that another thread changes while the kernel reads them. `toctou DIRECTORY ROUNDS`: DIRECTORY/secret and DIRECTORY/benign
// are made, and DIRECTORY/x is a buffer's path that a thread switches between the two all the time. First it is opened ROUNDS times; printed
// are the inode of `secret`, how often it was opened and how often the other. Then DIRECTORY/a… is removed at least as often, under names
// that are not there, which are switched likewise.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[256];
static volatile int stop;
static volatile unsigned long turns;
static const char *first, *second;

static void *change(void *unused) {
    (void)unused;
    size_t end = strlen(path) - 6;
    while (!stop) {
        memcpy(path + end, first, 6);
        __asm__ volatile("" ::: "memory");
        for (volatile int i = 0; i < 60; i++) {}
        turns++;
        memcpy(path + end, second, 6);
        __asm__ volatile("" ::: "memory");
        for (volatile int i = 0; i < 60; i++) {}
    }
    return NULL;
}

static pthread_t begin(const char *directory, const char *one, const char *other) {
    pthread_t thread;
    stop = 0;
    first = one;
    second = other;
    snprintf(path, sizeof path, "%s/%s", directory, one);
    pthread_create(&thread, NULL, change, NULL);
    return thread;
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    char name[256];
    struct stat secret, found;
    snprintf(name, sizeof name, "%s/secret", arguments[1]);
    close(open(name, O_CREAT | O_WRONLY, 0600));
    stat(name, &secret);
    snprintf(name, sizeof name, "%s/benign", arguments[1]);
    close(open(name, O_CREAT | O_WRONLY, 0600));
    long rounds = atol(arguments[2]), secrets = 0, others = 0;
    pthread_t thread = begin(arguments[1], "secret", "benign");
    for (long i = 0; i < rounds; i++) {
        int fd = open(path, O_RDONLY);
        if (fd < 0) continue;
        fstat(fd, &found);
        if (found.st_ino == secret.st_ino) secrets++;
        else others++;
        close(fd);
    }
    stop = 1;
    pthread_join(thread, NULL);
    printf("%lu %ld %ld\n", (unsigned long)secret.st_ino, secrets, others);
    thread = begin(arguments[1], "absent", "amisss");
    // The other thread has to run at the same time for a quarter of the rounds.
    unsigned long together = 0, before = turns;
    for (long i = 0; i < rounds || (together < rounds / 4 && i < 200 * rounds); i++) {
        unlink(path);
        together += turns != before;
        before = turns;
    }
    stop = 1;
    pthread_join(thread, NULL);
    return 0;
}
