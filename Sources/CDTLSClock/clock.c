#include "CDTLSClock.h"

#include <sys/time.h>
#include <time.h>

static _Thread_local int64_t injected;
static _Thread_local int is_injected;

void smartc_dtls_clock_set(int64_t nanoseconds) {
    injected = nanoseconds;
    is_injected = 1;
}

void smartc_dtls_clock_clear(void) { is_injected = 0; }

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    (void)zone;
    if (is_injected) {
        time->tv_sec = injected / 1000000000;
        time->tv_usec = injected % 1000000000 / 1000;
        return 0;
    }
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}
