// Addresses that another thread changes while the kernel reads them. `addresses ROUNDS`: an address on this host whose port a thread
// switches between 4711 and 4712 all the time is connected to ROUNDS times, and something is sent to it as often.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in address;
static volatile int stop;

static void *change(void *unused) {
    (void)unused;
    volatile in_port_t *port = &address.sin_port;
    while (!stop) {
        *port = htons(4711);
        for (volatile int i = 0; i < 60; i++) {}
        *port = htons(4712);
        for (volatile int i = 0; i < 60; i++) {}
    }
    return NULL;
}

int main(int count, char **arguments) {
    if (count != 2) return 2;
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(4711);
    pthread_t thread;
    pthread_create(&thread, NULL, change, NULL);
    int connected = socket(AF_INET, SOCK_DGRAM, 0), sending = socket(AF_INET, SOCK_DGRAM, 0);
    for (long i = atol(arguments[1]); i > 0; i--) {
        connect(connected, (struct sockaddr *)&address, sizeof address);
        sendto(sending, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&address, sizeof address);
    }
    stop = 1;
    pthread_join(thread, NULL);
    return 0;
}
