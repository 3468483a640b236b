#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/udp.h>
#include <malloc.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif
#ifndef SOL_UDP
#define SOL_UDP 17
#endif

int smartc_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int smartc_epoll_add_readable(int epoll, int descriptor, uint64_t tag) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = tag};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

int smartc_epoll_wait(int epoll, uint64_t *tags, int capacity, int milliseconds) {
    struct epoll_event events[16];
    int count = epoll_wait(epoll, events, capacity < 16 ? capacity : 16, milliseconds);
    for (int i = 0; i < count; i++) tags[i] = events[i].data.u64;
    return count;
}

int smartc_eventfd_create(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

void smartc_eventfd_signal(int descriptor) {
    uint64_t one = 1;
    ssize_t written = write(descriptor, &one, sizeof one);
    (void)written;
}

void smartc_eventfd_clear(int descriptor) {
    uint64_t count;
    ssize_t read_bytes = read(descriptor, &count, sizeof count);
    (void)read_bytes;
}

void smartc_message_prepare(struct smartc_message *message, struct iovec *pieces, size_t count) {
    struct msghdr *header = &message->header.msg_hdr;
    header->msg_name = &message->address;
    header->msg_namelen = sizeof message->address;
    header->msg_iov = pieces;
    header->msg_iovlen = count;
    header->msg_control = message->control;
    header->msg_controllen = sizeof message->control;
    header->msg_flags = 0;
    message->header.msg_len = 0;
}

static size_t put_control(struct smartc_message *message, size_t at, int level, int type, const void *data, size_t size) {
    struct cmsghdr *control = (struct cmsghdr *)(message->control + at);
    control->cmsg_level = level;
    control->cmsg_type = type;
    control->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(control), data, size);
    return at + CMSG_SPACE(size);
}

void smartc_message_set_control(struct smartc_message *message, uint16_t segment, const uint8_t *local, int is_ipv6) {
    size_t used = 0;
    if (segment) used = put_control(message, used, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment);
    if (local && is_ipv6) {
        struct in6_pktinfo info = {0};
        memcpy(&info.ipi6_addr, local, 16);
        used = put_control(message, used, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    } else if (local) {
        struct in_pktinfo info = {0};
        memcpy(&info.ipi_spec_dst, local + 12, 4);
        memcpy(&info.ipi_addr, local + 12, 4);
        used = put_control(message, used, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    }
    message->header.msg_hdr.msg_control = used ? message->control : NULL;
    message->header.msg_hdr.msg_controllen = used;
}

int smartc_message_local(const struct smartc_message *message, uint8_t *local) {
    struct msghdr *header = (struct msghdr *)&message->header.msg_hdr;
    for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control; control = CMSG_NXTHDR(header, control)) {
        if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(control), sizeof info);
            memcpy(local, &info.ipi6_addr, 16);
            return 1;
        }
        if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(control), sizeof info);
            memset(local, 0, 10);
            memset(local + 10, 0xFF, 2);
            memcpy(local + 12, &info.ipi_addr, 4);
            return 1;
        }
    }
    return 0;
}

int smartc_message_segment(const struct smartc_message *message) {
    struct msghdr *header = (struct msghdr *)&message->header.msg_hdr;
    for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control; control = CMSG_NXTHDR(header, control)) {
        if (control->cmsg_level == SOL_UDP && control->cmsg_type == UDP_GRO) {
            int size = 0;
            memcpy(&size, CMSG_DATA(control), sizeof size);
            return size;
        }
    }
    return 0;
}

int64_t smartc_message_timestamp(const struct smartc_message *message) {
    struct msghdr *header = (struct msghdr *)&message->header.msg_hdr;
    for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control; control = CMSG_NXTHDR(header, control)) {
        if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec time;
            memcpy(&time, CMSG_DATA(control), sizeof time);
            return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
        }
    }
    return 0;
}

// A struct smartc_message begins with its mmsghdr but is larger: the kernel wants an array of mmsghdr alone.
enum { BATCH = 64 };

int smartc_receive(int descriptor, struct smartc_message *messages, int count) {
    struct mmsghdr headers[BATCH];
    if (count > BATCH) count = BATCH;
    for (int i = 0; i < count; i++) headers[i].msg_hdr = messages[i].header.msg_hdr;
    int received = recvmmsg(descriptor, headers, (unsigned)count, MSG_DONTWAIT, NULL);
    for (int i = 0; i < received; i++) {
        messages[i].header.msg_hdr = headers[i].msg_hdr;
        messages[i].header.msg_len = headers[i].msg_len;
    }
    return received < 0 ? -errno : received;
}

int smartc_send(int descriptor, struct smartc_message *messages, int count) {
    struct mmsghdr headers[BATCH];
    if (count > BATCH) count = BATCH;
    for (int i = 0; i < count; i++) headers[i].msg_hdr = messages[i].header.msg_hdr;
    int sent = sendmmsg(descriptor, headers, (unsigned)count, MSG_DONTWAIT);
    return sent < 0 ? -errno : sent;
}

int smartc_set_packet_info(int descriptor, int is_ipv6) {
    int on = 1;
    return is_ipv6 ? setsockopt(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on)
                   : setsockopt(descriptor, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
}

int smartc_set_timestamps(int descriptor) {
    int on = 1;
    return setsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
}

int smartc_set_udp_gro(int descriptor) {
    int on = 1;
    return setsockopt(descriptor, SOL_UDP, UDP_GRO, &on, sizeof on);
}

int smartc_has_udp_segment(int descriptor) {
    int size = 0;
    return setsockopt(descriptor, SOL_UDP, UDP_SEGMENT, &size, sizeof size) == 0;
}

int smartc_set_nonblocking(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    return flags < 0 ? -1 : fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
}

void smartc_lower_priority(int nice_value) {
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), nice_value);
}

// As in linux/sched/types.h, which not every libc has.
struct thread_schedule {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    // Of an ordinary thread: how long it runs at a time, in nanoseconds.
    uint64_t runtime, deadline, period;
};

#define RESET_ON_FORK 1
#define SHORT_SLICE 200000

int smartc_raise_priority(int nice_value) {
    pid_t thread = (pid_t)syscall(SYS_gettid);
    struct thread_schedule schedule = {
        .size = sizeof schedule, .policy = SCHED_OTHER, .flags = RESET_ON_FORK, .nice = nice_value, .runtime = SHORT_SLICE};
    if (syscall(SYS_sched_setattr, thread, &schedule, 0) != 0) {
        schedule.nice = getpriority(PRIO_PROCESS, (id_t)thread);
        syscall(SYS_sched_setattr, thread, &schedule, 0);
    }
    return getpriority(PRIO_PROCESS, (id_t)thread);
}

static void *try_priority(void *nice_value) {
    *(int *)nice_value = smartc_raise_priority(*(int *)nice_value);
    return NULL;
}

int smartc_reachable_priority(int nice_value) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, try_priority, &nice_value) != 0) return 0;
    pthread_join(thread, NULL);
    return nice_value;
}

void smartc_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

uint64_t smartc_resident_memory(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file) return 0;
    unsigned long size = 0, resident = 0;
    int fields = fscanf(file, "%lu %lu", &size, &resident);
    fclose(file);
    return fields == 2 ? (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

void smartc_return_memory(void) { malloc_trim(0); }

uint64_t smartc_open_file_limit(void) {
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

uint64_t smartc_cpu_time(void) {
    struct timespec time;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0) return 0;
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}
