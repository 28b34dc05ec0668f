// Fds that come without a name: the other end of a terminal by TIOCGPTPEER, and files that recvmmsg receives, in the first of its messages
// one, in the second twelve, in the third after credentials. Of each the first byte is read, or one is written.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void terminal(void) {
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) || unlockpt(master)) fail("posix_openpt");
    int peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
    if (peer < 0 || write(peer, "x", 1) != 1) fail("TIOCGPTPEER");
}

static void send_file(int to, const char *path, int count) {
    char data[] = "x", control[CMSG_SPACE(12 * sizeof(int))] = {0};
    struct iovec vector = {data, 1};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control};
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(count * sizeof(int));
    int files[12];
    for (int i = 0; i < count; i++) {
        files[i] = open(path, O_RDONLY);
        memcpy(CMSG_DATA(head) + i * sizeof(int), &files[i], sizeof(int));
    }
    if (sendmsg(to, &message, 0) != 1) fail("sendmsg");
    for (int i = 0; i < count; i++) close(files[i]);
}

static void receive(int credentials, int messages) {
    int ends[2], one = 1;
    static struct mmsghdr received[2];
    static char data[2][8], control[2][512];
    struct iovec vectors[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends)) fail("socketpair");
    if (credentials) setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof one);
    send_file(ends[0], "/etc/passwd", 1);
    if (messages > 1) send_file(ends[0], "/etc/group", 12);
    memset(received, 0, sizeof received);
    for (int i = 0; i < messages; i++) {
        vectors[i] = (struct iovec){data[i], sizeof data[i]};
        received[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1, .msg_control = control[i]};
        received[i].msg_hdr.msg_controllen = sizeof control[i];
    }
    if (recvmmsg(ends[1], received, messages, 0, NULL) != messages) fail("recvmmsg");
    for (int i = 0; i < messages; i++)
        for (struct cmsghdr *head = CMSG_FIRSTHDR(&received[i].msg_hdr); head; head = CMSG_NXTHDR(&received[i].msg_hdr, head))
            for (int k = 0; head->cmsg_type == SCM_RIGHTS && CMSG_LEN((k + 1) * sizeof(int)) <= head->cmsg_len; k++) {
                int file;
                memcpy(&file, CMSG_DATA(head) + k * sizeof(int), sizeof file);
                if (read(file, data[i], 1) != 1) fail("read");
                close(file);
            }
}

int main(void) {
    terminal();
    receive(0, 2);
    receive(1, 1);
    return 0;
}
