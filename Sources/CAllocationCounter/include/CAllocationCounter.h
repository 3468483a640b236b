#pragma once
#include <stdint.h>

// Counts heap allocations of the whole process by standing in front of the C library's allocator. Linked into
// measuring programs only.

// The number of allocations (malloc, calloc, realloc, aligned forms) by this thread so far.
uint64_t smartc_allocations(void);

// The bytes that this thread has allocated less those that it has freed: what something costs that is made and kept by
// one thread.
int64_t smartc_live_bytes(void);
