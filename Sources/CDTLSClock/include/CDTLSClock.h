#pragma once
#include <stdint.h>

// OpenSSL's DTLS timers ask the C library for the time of day and offer no hook for another clock. This target
// answers that question: on a thread that has handed in an instant, gettimeofday() returns that instant, elsewhere
// the real time. So retransmission runs on the injected clock, in a simulation as in a worker.

// Makes `nanoseconds` the time of day of this thread until smartc_dtls_clock_clear().
void smartc_dtls_clock_set(int64_t nanoseconds);
void smartc_dtls_clock_clear(void);
