/* The messages that a tick and the order upon it cost, in bare C: gateway PUB -> runner DEALER -> simulator
 * ROUTER and PUB -> observer, all over ipc, each in a process of its own, gateway and simulator writing to a
 * file before they publish. Nothing is encoded, decoded, decided or matched: what is left is the least that
 * this shape can take.
 *
 *     cc -O2 -o orders orders.c -lzmq
 *     orders TICKS-PER-SECOND COUNT ORDER-EVERY
 *
 * Prints one line of JSON: microseconds from before the gateway's write to the receipt of the trade.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "peer.h"
#include "zeromq.h"

enum { TICK = 200, TICK_RECORD = 215, ORDER = 450, ORDER_RECORD = 2200, TRADE = 600, ANSWER = 1300 };

/* What every message begins with. */
struct head {
    int64_t sent;
    int64_t number; /* negative: the last */
};

static char folder[200], ticks[300], orders[300], trades[300];

static void sleep_until(int64_t due)
{
    struct timespec t = {due / 1000000000LL, due % 1000000000LL};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) != 0)
        ;
}

static void *made(void *context, int kind, const char *endpoint, int binds)
{
    void *socket = zmq_socket(context, kind);
    int none = 0;
    zmq_setsockopt(socket, ZMQ_SNDHWM, &none, sizeof none);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &none, sizeof none);
    if (kind == ZMQ_SUB)
        zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0);
    need(binds ? zmq_bind(socket, endpoint) : zmq_connect(socket, endpoint), endpoint);
    return socket;
}

static void publish(void *socket, const char *topic, const void *bytes, size_t count)
{
    need(zmq_send(socket, topic, strlen(topic), ZMQ_SNDMORE), "send");
    need(zmq_send(socket, bytes, count, 0), "send");
}

/* The second frame of two; 0 when there is none now. */
static int take(void *socket, char *bytes, size_t room, int flags)
{
    char first[256];
    if (zmq_recv(socket, first, sizeof first, flags) < 0)
        return 0;
    need(zmq_recv(socket, bytes, room, 0), "receive");
    return 1;
}

static int journal(const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int file = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
    need(file, "open");
    return file;
}

static void gateway(long rate, long count)
{
    void *out = made(zmq_ctx_new(), ZMQ_PUB, ticks, 1);
    char bytes[TICK_RECORD] = {0};
    struct head *head = (struct head *)bytes;
    int file = journal("ticks");
    int64_t start = now() + 500000000LL; /* until all are connected */
    for (long i = 0; i < count; i++) {
        sleep_until(start + i * 1000000000LL / rate);
        head->sent = now();
        head->number = i + 1 < count ? i + 1 : -1;
        need((int)pwrite(file, bytes, TICK_RECORD, (off_t)i * TICK_RECORD), "write");
        publish(out, "tick/TEST/", bytes, TICK);
    }
    sleep(2); /* so that the last tick leaves; the parent ends this process */
    _exit(0);
}

static void runner(long every)
{
    void *context = zmq_ctx_new();
    void *in = made(context, ZMQ_SUB, ticks, 0), *out = made(context, ZMQ_DEALER, orders, 0);
    zmq_pollitem_t items[] = {{in, 0, ZMQ_POLLIN, 0}, {out, 0, ZMQ_POLLIN, 0}};
    char bytes[ANSWER], order[ORDER] = {0};
    for (;;) {
        zmq_poll(items, 2, -1);
        while (zmq_recv(out, bytes, sizeof bytes, ZMQ_DONTWAIT) >= 0)
            ;
        while (take(in, bytes, sizeof bytes, ZMQ_DONTWAIT)) {
            struct head *head = (struct head *)bytes;
            if (head->number >= 0 && head->number % every != 0)
                continue;
            memcpy(order, head, sizeof *head);
            need(zmq_send(out, order, sizeof order, 0), "send");
        }
    }
}

static void simulator(void)
{
    void *context = zmq_ctx_new();
    void *in = made(context, ZMQ_SUB, ticks, 0), *entry = made(context, ZMQ_ROUTER, orders, 1);
    void *out = made(context, ZMQ_PUB, trades, 1);
    char peer[256], order[ORDER], tick[TICK], record[ORDER_RECORD] = {0};
    int file = journal("orders");
    for (off_t at = 0;; at += ORDER_RECORD) {
        int length = zmq_recv(entry, peer, sizeof peer, 0);
        need(length, "receive");
        need(zmq_recv(entry, order, sizeof order, 0), "receive");
        while (take(in, tick, sizeof tick, ZMQ_DONTWAIT))
            ;
        memcpy(record, order, sizeof(struct head));
        need((int)pwrite(file, record, ORDER_RECORD, at), "write");
        publish(out, "trade/s/TEST/", record, TRADE);
        need(zmq_send(entry, peer, (size_t)length, ZMQ_SNDMORE), "send");
        need(zmq_send(entry, record, ANSWER, 0), "send");
    }
}

static void observe(long most)
{
    void *in = made(zmq_ctx_new(), ZMQ_SUB, trades, 0);
    int64_t *times = malloc(sizeof *times * (size_t)most);
    char bytes[TRADE];
    long count = 0, seen = 0, warm = most / 10;
    for (;;) {
        if (!take(in, bytes, sizeof bytes, 0))
            continue;
        struct head *head = (struct head *)bytes;
        if (head->number < 0)
            break;
        if (seen++ >= warm && count < most)
            times[count++] = now() - head->sent;
    }
    if (count == 0)
        _exit(1);
    qsort(times, (size_t)count, sizeof *times, compare);
    printf("{\"bench\":\"orders\",\"count\":%ld,\"p50_us\":%.2f,\"p99_us\":%.2f}\n", count,
           (double)times[count / 2] / 1e3, (double)times[count * 99 / 100] / 1e3);
}

static pid_t children[3];

static pid_t begun(int which, long rate, long count, long every)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (which == 0)
        simulator();
    if (which == 1)
        runner(every);
    gateway(rate, count);
    _exit(0);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    long rate = atol(argv[1]), count = atol(argv[2]), every = atol(argv[3]);
    const char *temporary = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/orders-XXXXXX", temporary ? temporary : "/tmp");
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(ticks, sizeof ticks, "ipc://%s/t", folder);
    snprintf(orders, sizeof orders, "ipc://%s/o", folder);
    snprintf(trades, sizeof trades, "ipc://%s/x", folder);
    for (int i = 0; i < 3; i++)
        children[i] = begun(i, rate, count, every);
    alarm((unsigned)(count / rate + 20));
    observe(count / every + 1);
    for (int i = 0; i < 3; i++) {
        kill(children[i], 9);
        waitpid(children[i], NULL, 0);
    }
    const char *names[] = {"t", "o", "x", "ticks", "orders"};
    for (int i = 0; i < 5; i++) {
        char path[300];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
    return 0;
}
