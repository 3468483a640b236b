#pragma once
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

// System calls and macros that Swift cannot import from Glibc: one function each, no logic.

// epoll(7), eventfd(2)
int smartc_epoll_create(void);
int smartc_epoll_add_readable(int epoll, int descriptor, uint64_t tag);
// Waits for at most `milliseconds` (-1: for ever) and writes the tags of what is readable.
int smartc_epoll_wait(int epoll, uint64_t *tags, int capacity, int milliseconds);
int smartc_eventfd_create(void);
void smartc_eventfd_signal(int descriptor);
void smartc_eventfd_clear(int descriptor);

// One message of a batch: what recvmmsg fills in and sendmmsg reads. The header has the layout of struct mmsghdr, which
// the C library shows with _GNU_SOURCE only.
struct smartc_message {
    struct {
        struct msghdr msg_hdr;
        unsigned int msg_len;
    } header;
    struct sockaddr_storage address;
    // Room for a segment size and for the packet information of either IP version.
    _Alignas(16) char control[96];
};

// Points the message at its own address and control buffers and at `count` pieces.
void smartc_message_prepare(struct smartc_message *message, struct iovec *pieces, size_t count);
// Sets the control messages of a message that leaves. `segment` other than 0: the kernel cuts the bytes into datagrams of
// that size (UDP_SEGMENT). `local` other than NULL: 16 bytes of the IPv6 or IPv4-mapped address to send from
// (IPV6_PKTINFO, IP_PKTINFO).
void smartc_message_set_control(struct smartc_message *message, uint16_t segment, const uint8_t *local, int is_ipv6);
// The size of the datagrams that UDP_GRO joined, or 0.
int smartc_message_segment(const struct smartc_message *message);
/// When the datagram arrived, nanoseconds of CLOCK_REALTIME; 0 if the kernel does not say.
int64_t smartc_message_timestamp(const struct smartc_message *message);

// Writes the 16 bytes of the address that a datagram was sent to; returns 0 if the kernel did not say.
int smartc_message_local(const struct smartc_message *message, uint8_t *local);

int smartc_receive(int descriptor, struct smartc_message *messages, int count);
int smartc_send(int descriptor, struct smartc_message *messages, int count);

// Socket options: 0 or -1 with errno.
int smartc_set_packet_info(int descriptor, int is_ipv6);
/// Lets the kernel note when datagrams arrive (SO_TIMESTAMPNS).
int smartc_set_timestamps(int descriptor);
int smartc_set_udp_gro(int descriptor);
int smartc_has_udp_segment(int descriptor);
int smartc_set_nonblocking(int descriptor);

// Sets the name of the calling thread.
void smartc_name_thread(const char *name);

// Makes the calling thread give way to others (setpriority).
void smartc_lower_priority(int nice_value);

// Lets the calling thread run soon after it has become ready: by short slices, which any thread may ask for (Linux 6.12), and
// ahead of others where the process may go there (CAP_SYS_NICE or RLIMIT_NICE). Threads that it starts are ordinary ones.
// Returns the nice value that it has then.
int smartc_raise_priority(int nice_value);
// What a thread of this process would have then, tried on one of its own.
int smartc_reachable_priority(int nice_value);

// The resident memory of this process in bytes, or 0.
uint64_t smartc_resident_memory(void);
// Gives memory that was freed back to the system.
void smartc_return_memory(void);
// How many files this process may have open.
uint64_t smartc_open_file_limit(void);
// CPU time of this process in nanoseconds.
uint64_t smartc_cpu_time(void);
