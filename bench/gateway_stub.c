/* The model server of bench/gateway.py: it answers at once, or as the body says, and tells when clients leave.
 *
 * gateway_stub PORT. Bodies are counted, not kept: "max_tokens", "seed", "stream" and a wish are looked for in their
 * first and last bytes. "stream": true gives as many events as "max_tokens", one each "seed" microseconds (0: at once).
 * A wish is a text like "bench:WORD;". The word may be mark-N (a plain request is never answered; when its client
 * leaves before the answer is whole, "left N NANOSECONDS" is printed), error-STATUS, or die (half of an answer, then a
 * reset). Nanoseconds are of the machine's steady clock.
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

enum { MOST = 4096, HEAD = 16384, EDGE = 512, PIECE = 1 << 18, AT_ONCE = 64 };

typedef struct {
    int fd, in_body, streaming, busy, chunked;
    long left, events, sent;
    long long due, tick;
    size_t head_size, first_size, last_size;
    char head[HEAD], first[EDGE + 1], last[2 * EDGE + 1];
    char wish[64];
} Client;

static Client *clients[MOST];
static char piece[PIECE], answer[4096], event_chunk[512];
static int answer_size, event_size, top;
static const char BEGIN[] = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
static const char END[] = "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n";

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void prepare(void) {
    char body[2200], text[1701], event[256], words[81];
    memset(text, 'x', 1700), text[1700] = 0;
    memset(words, 'y', 80), words[80] = 0;
    int size = snprintf(body, sizeof body,
        "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"org/bench\",\"choices\":"
        "[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"%s\"},\"finish_reason\":\"stop\"}],"
        "\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":10,\"total_tokens\":20}}", text);
    answer_size = snprintf(answer, sizeof answer,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s", size, body);
    size = snprintf(event, sizeof event,
        "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"org/bench\","
        "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"}}]}\n\n", words);
    event_size = snprintf(event_chunk, sizeof event_chunk, "%x\r\n%s\r\n", size, event);
}

static void drop(Client *c, int reset) {
    if (c->busy && !strncmp(c->wish, "mark-", 5)) {
        printf("left %s %lld\n", c->wish + 5, now());
        fflush(stdout);
    }
    if (reset) {
        struct linger hard = {1, 0};
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    }
    clients[c->fd] = NULL;
    close(c->fd);
    free(c);
}

/* Small against the socket's buffer; a client that does not read is given up. */
static int say(Client *c, const char *data, int size) {
    while (size > 0) {
        ssize_t sent = send(c->fd, data, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            usleep(200);
            continue;
        }
        if (sent < 0) {
            drop(c, 0);
            return 0;
        }
        data += sent, size -= sent;
    }
    return 1;
}

static const char *find(Client *c, const char *name) {
    char *at = strstr(c->first, name);
    if (!at) at = strstr(c->last, name);
    if (!at) return NULL;
    at += strlen(name);
    while (*at == ':' || *at == ' ') at++;
    return at;
}

static void look(Client *c) {
    const char *at = find(c, "bench:");
    size_t size = at ? strcspn(at, ";") : 0;
    c->wish[0] = 0;
    if (at && at[size] == ';' && size < sizeof c->wish) memcpy(c->wish, at, size), c->wish[size] = 0;
}

static void finish(Client *c) {
    c->busy = c->streaming = c->in_body = 0;
    c->head_size = c->first_size = c->last_size = 0;
}

static int stream_on(Client *c) {
    for (int count = 0; c->sent < c->events; c->sent++, count++) {
        if (c->tick && now() < c->due) return 1;
        if (count == AT_ONCE) return 1;
        if (!say(c, event_chunk, event_size)) return 0;
        c->due += c->tick;
    }
    if (!say(c, END, sizeof END - 1)) return 0;
    finish(c);
    return 1;
}

static int fail(Client *c, int status, int stream) {
    char body[256], whole[1024];
    int size = snprintf(body, sizeof body,
        "{\"error\":{\"message\":\"Refused %s, on purpose.\",\"type\":\"Refusal\",\"param\":null,\"code\":%d}}",
        stream ? "while streaming" : "plainly", status);
    size = snprintf(whole, sizeof whole,
        "HTTP/1.1 %d Refused\r\ncontent-type: application/json\r\nretry-after: 7\r\nx-request-id: req-%d\r\n"
        "content-length: %d\r\n\r\n%s", status, status, size, body);
    if (!say(c, whole, size)) return 0;
    finish(c);
    return 1;
}

static int reply(Client *c) {
    const char *stream = find(c, "\"stream\""), *count = find(c, "\"max_tokens\""), *tick = find(c, "\"seed\"");
    int streams = stream && !strncmp(stream, "true", 4);
    look(c);
    c->in_body = 0;
    if (!strncmp(c->wish, "error-", 6)) return fail(c, atoi(c->wish + 6), streams);
    if (!strcmp(c->wish, "die")) {
        if (streams ? say(c, BEGIN, sizeof BEGIN - 1) && say(c, event_chunk, event_size) : say(c, answer, 900)) {
            usleep(50000);
            drop(c, 1);
        }
        return 0;
    }
    if (!streams) {
        if (!strncmp(c->wish, "mark-", 5)) return 1; /* silent: it is to be left */
        if (!say(c, answer, answer_size)) return 0;
        finish(c);
        return 1;
    }
    c->streaming = 1, c->sent = 0;
    c->events = count ? atol(count) : 1;
    c->tick = tick ? atoll(tick) * 1000 : 0;
    c->due = now() + c->tick;
    /* The first event comes with the head, as fast as a server can be. */
    char both[1024];
    int size = snprintf(both, sizeof both, "%s%s", BEGIN, event_chunk);
    c->sent = 1;
    return say(c, both, size) && stream_on(c);
}

/* Keeps the first and the last bytes of a body. */
static void keep(Client *c, const char *data, size_t size) {
    if (c->first_size < EDGE) {
        size_t part = EDGE - c->first_size < size ? EDGE - c->first_size : size;
        memcpy(c->first + c->first_size, data, part);
        c->first_size += part;
        c->first[c->first_size] = 0;
    }
    if (size > EDGE) data += size - EDGE, size = EDGE;
    if (c->last_size + size > 2 * EDGE) {
        memmove(c->last, c->last + c->last_size - EDGE, EDGE);
        c->last_size = EDGE;
    }
    memcpy(c->last + c->last_size, data, size);
    c->last_size += size;
    c->last[c->last_size] = 0;
}

static int body(Client *c, const char *data, size_t size) {
    keep(c, data, size);
    if (!c->wish[0]) look(c);
    c->left -= size;
    if (c->chunked ? c->last_size >= 5 && !memcmp(c->last + c->last_size - 5, "0\r\n\r\n", 5) : c->left <= 0)
        return reply(c);
    return 1;
}

static int take(Client *c, const char *data, size_t size) {
    if (c->in_body) return body(c, data, size);
    if (c->head_size + size >= HEAD) size = HEAD - 1 - c->head_size;
    memcpy(c->head + c->head_size, data, size);
    c->head_size += size;
    c->head[c->head_size] = 0;
    char *end = strstr(c->head, "\r\n\r\n");
    if (!end) return 1;
    size_t before = c->head_size - size, head = end + 4 - c->head;
    *end = 0;
    char *length = strcasestr(c->head, "\ncontent-length:");
    c->chunked = strcasestr(c->head, "\ntransfer-encoding:") != NULL;
    c->left = length ? atol(length + 16) : 0;
    c->in_body = c->busy = 1, c->wish[0] = 0;
    c->first_size = c->last_size = 0, c->first[0] = c->last[0] = 0;
    /* What follows the head lies in what came now. */
    return c->left || c->chunked ? body(c, data + (head - before), size - (head - before)) : reply(c);
}

static void readable(Client *c) {
    for (;;) {
        ssize_t got = recv(c->fd, piece, c->in_body ? PIECE : 4096, 0);
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0) {
            drop(c, 0);
            return;
        }
        if (!take(c, piece, got)) return;
    }
}

static void welcome(int listener, int poll) {
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (fd >= MOST) {
            close(fd);
            continue;
        }
        Client *c = clients[fd] = calloc(1, sizeof *c);
        c->fd = fd;
        if (fd > top) top = fd;
        struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = fd};
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
    }
}

int main(int count, char **words) {
    if (count < 2) return 0;
    signal(SIGPIPE, SIG_IGN);
    prepare();
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1, poll = epoll_create1(0);
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&where, sizeof where) || listen(listener, 1024)) return 1;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, found[256];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        long long next = -1, at = now();
        for (int fd = 0; fd <= top; fd++)
            if (clients[fd] && clients[fd]->streaming && (next < 0 || clients[fd]->due < next)) next = clients[fd]->due;
        long long wait = next - at > 0 ? next - at : 0;
        struct timespec pause = {wait / 1000000000LL, wait % 1000000000LL};
        int ready = epoll_pwait2(poll, found, 256, next < 0 ? NULL : &pause, NULL);
        for (int i = 0; i < ready; i++) {
            if (found[i].data.fd == listener) welcome(listener, poll);
            else if (clients[found[i].data.fd]) readable(clients[found[i].data.fd]);
        }
        if (next >= 0)
            for (int fd = 0; fd <= top; fd++)
                if (clients[fd] && clients[fd]->streaming) stream_on(clients[fd]);
    }
}
