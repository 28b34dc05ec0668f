// Calls that 32-bit code makes in ways of its own. Prints what the kernel answered, for the comparison with the recording:
// "NAME RESULT OFFSET", the offset in bytes.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    int file = open("calls32.data", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (ftruncate(file, 16384)) return 1;
    // Above 2 GiB: an address, not an error.
    uint32_t high = (uint32_t)syscall(SYS_mmap2, 0xf0000000, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 2);
    printf("mmap %u 8192\n", high);
#ifdef SYS_mmap
    // The old form: everything in a structure.
    uint32_t old[6] = {0xe8000000, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 4096};
    printf("mmap %u 4096\n", (uint32_t)syscall(SYS_mmap, old));
#endif
    printf("mmap %d 0\n", (int)syscall(SYS_mmap2, 0, 4096, PROT_READ, MAP_PRIVATE, 999, 0) < 0 ? -9 : 0);
    uint64_t place;
    printf("lseek %ld %llu\n", syscall(SYS__llseek, file, 1, 0x40000000, &place, SEEK_SET), 5ull << 30);
    char text[4];
#ifdef __arm__
    // 64 bits begin in an even register.
    printf("pread %ld %llu\n", syscall(SYS_pread64, file, text, 4, 0, 0, 1), 1ull << 32);
#else
    printf("pread %ld %llu\n", syscall(SYS_pread64, file, text, 4, 0, 1), 1ull << 32);
#endif
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair)) return 1;
    struct iovec parts[2] = {{"one", 3}, {"three", 5}};
    struct mmsghdr messages[2];
    memset(messages, 0, sizeof messages);
    for (int i = 0; i < 2; i++) {
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int sent = syscall(SYS_sendmmsg, pair[0], messages, 2, 0);
    for (int i = 0; i < sent; i++) printf("sendmmsg %u 0\n", messages[i].msg_len);
    // Nothing is received; and an option that is a text, by the call and by `socketcall`.
    printf("recvmmsg %d 0\n", syscall(SYS_recvmmsg, 999, messages, 2, 0, 0) < 0 ? -errno : 0);
    printf("setsockopt %d 0\n", syscall(SYS_setsockopt, pair[0], SOL_SOCKET, SO_BINDTODEVICE, "none0", 6) < 0 ? -errno : 0);
    uint32_t option[5] = {pair[1], SOL_SOCKET, SO_BINDTODEVICE, (uint32_t)"none1", 6};
    printf("setsockopt %d 0\n", syscall(SYS_socketcall, 14, option) < 0 ? -errno : 0);
    printf("uselib %d 0\n", syscall(SYS_uselib, "none") < 0 ? -38 : 0);
    return 0;
}
