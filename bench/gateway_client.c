/* The client of bench/gateway.py: closed loops on some connections, one request at a time on each.
 *
 * gateway_client PORT CONNECTIONS REQUESTS WARM < request. Sends the bytes of standard input REQUESTS times on each
 * connection, after WARM times that do not count. Prints one line of JSON: microseconds until an answer is whole and
 * until its first event, at the middle and at 99 %; requests, events and seconds of all together; a checksum of the
 * first answer's bytes behind its head; how many answers were not 200 and how many ended early.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 4096, HEAD = 65536, PIECE = 1 << 18, LARGEST = 64 << 20 };

typedef struct {
    int fd, chunked, in_body, number;
    long left;
    size_t written, head_size, tail_size;
    long long begun, first;
    char head[HEAD], tail[8];
} Loop;

static Loop *loops[MOST];
static char *request, piece[PIECE];
static size_t request_size;
static int poll_fd, warm, requests, going;
static double *whole, *firsts;
static long counted, first_counted, events, odd, early;
static unsigned long sum = 5381;
static int summed;
static long long window_begun, window_ended;

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void watch(Loop *l, int writing) {
    struct epoll_event event = {.events = EPOLLIN | (writing ? EPOLLOUT : 0), .data.ptr = l};
    epoll_ctl(poll_fd, EPOLL_CTL_MOD, l->fd, &event);
}

static void give_up(Loop *l) {
    early++, going--;
    close(l->fd);
    l->fd = -1;
}

static void push(Loop *l) {
    while (l->written < request_size) {
        ssize_t sent = send(l->fd, request + l->written, request_size - l->written, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            watch(l, 1);
            return;
        }
        if (sent < 0) {
            give_up(l);
            return;
        }
        l->written += sent;
    }
    watch(l, 0);
}

static void ask(Loop *l) {
    if (l->number == warm && !window_begun) window_begun = now();
    l->written = l->head_size = l->tail_size = 0;
    l->in_body = 0, l->first = 0;
    l->begun = now();
    push(l);
}

static void answered(Loop *l) {
    long long at = now();
    summed = 1;
    if (l->number >= warm) {
        whole[counted++] = (at - l->begun) / 1e3;
        if (l->first) firsts[first_counted++] = (l->first - l->begun) / 1e3;
        window_ended = at;
    }
    if (++l->number < warm + requests) ask(l);
    else going--;
}

static void event_seen(Loop *l) {
    if (!l->first) l->first = now();
    if (l->number >= warm) events++;
}

static void body(Loop *l, const char *data, size_t size) {
    if (!summed) for (size_t i = 0; i < size; i++) sum = sum * 33 + (unsigned char)data[i];
    if (l->chunked) {
        /* A word may lie across two reads. */
        char joint[10];
        size_t old = l->tail_size < 5 ? l->tail_size : 5, new = size < 5 ? size : 5;
        memcpy(joint, l->tail + l->tail_size - old, old), memcpy(joint + old, data, new);
        if (memmem(joint, old + new, "data: ", 6)) event_seen(l);
        for (const char *at = data; (at = memmem(at, data + size - at, "data: ", 6)); at += 6)
            event_seen(l);
        size_t part = size < 7 ? size : 7;
        if (part < 7) {
            size_t stay = l->tail_size + part > 7 ? 7 - part : l->tail_size;
            memmove(l->tail, l->tail + l->tail_size - stay, stay);
            memcpy(l->tail + stay, data, part);
            l->tail_size = stay + part;
        } else memcpy(l->tail, data + size - 7, 7), l->tail_size = 7;
        if (l->tail_size == 7 && !memcmp(l->tail, "\r\n0\r\n\r\n", 7)) answered(l);
        return;
    }
    l->left -= size;
    if (l->left <= 0) answered(l);
}

static void take(Loop *l, const char *data, size_t size) {
    if (l->in_body) {
        body(l, data, size);
        return;
    }
    if (l->head_size + size >= HEAD) size = HEAD - 1 - l->head_size;
    memcpy(l->head + l->head_size, data, size);
    l->head_size += size, l->head[l->head_size] = 0;
    char *end = strstr(l->head, "\r\n\r\n");
    if (!end) return;
    size_t rest = l->head_size - (end + 4 - l->head);
    *end = 0;
    if (strncmp(l->head + 9, "200", 3)) odd++;
    char *length = strcasestr(l->head, "\ncontent-length:");
    l->chunked = !length, l->left = length ? atol(length + 16) : 0, l->in_body = 1;
    if (rest || (!l->chunked && !l->left)) body(l, end + 4, rest);
}

static void readable(Loop *l) {
    while (l->fd >= 0) {
        ssize_t got = recv(l->fd, piece, PIECE, 0);
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0) {
            give_up(l);
            return;
        }
        int number = l->number;
        take(l, piece, got);
        if (l->number != number) return;
    }
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double at(double *values, long count, double part) {
    return count ? values[(long)(part * (count - 1))] : 0;
}

int main(int count, char **words) {
    if (count < 5) return 0;
    int connections = atoi(words[2]);
    requests = atoi(words[3]), warm = atoi(words[4]), going = connections;
    request = malloc(LARGEST);
    request_size = fread(request, 1, LARGEST, stdin);
    whole = calloc((size_t)connections * requests, sizeof *whole);
    firsts = calloc((size_t)connections * requests, sizeof *firsts);
    poll_fd = epoll_create1(0);
    signal(SIGPIPE, SIG_IGN);
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < connections; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
        if (connect(fd, (struct sockaddr *)&where, sizeof where)) return 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        Loop *l = loops[i] = calloc(1, sizeof *l);
        l->fd = fd;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = l};
        epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event);
    }
    for (int i = 0; i < connections; i++) {
        /* From here on nothing blocks. */
        fcntl(loops[i]->fd, F_SETFL, O_NONBLOCK);
        ask(loops[i]);
    }
    struct epoll_event found[256];
    while (going > 0) {
        int ready = epoll_wait(poll_fd, found, 256, 120000);
        if (ready == 0) break;
        for (int i = 0; i < ready; i++) {
            Loop *l = found[i].data.ptr;
            if (l->fd >= 0 && found[i].events & EPOLLOUT) push(l);
            if (l->fd >= 0 && found[i].events & ~EPOLLOUT) readable(l);
        }
    }
    qsort(whole, counted, sizeof *whole, compare);
    qsort(firsts, first_counted, sizeof *firsts, compare);
    printf("{\"p50\": %.1f, \"p99\": %.1f, \"first_p50\": %.1f, \"first_p99\": %.1f, \"requests\": %ld, \"events\": %ld, "
           "\"seconds\": %.6f, \"sum\": %lu, \"odd\": %ld, \"early\": %ld}\n",
           at(whole, counted, .5), at(whole, counted, .99), at(firsts, first_counted, .5), at(firsts, first_counted, .99),
           counted, events, (window_ended - window_begun) / 1e9, sum, odd, early + going);
    return 0;
}
