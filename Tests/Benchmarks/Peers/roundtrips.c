/* Round trips between a raw ROUTER and a raw DEALER over ipc, in two processes: what a strategy that always
 * has orders working pays for every event at the least.
 *
 *     cc -O2 -o roundtrips roundtrips.c -lzmq
 *     roundtrips PAYLOAD-BYTES COUNT
 *
 * Prints one line of JSON.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "peer.h"
#include "zeromq.h"

static void serve(const char *endpoint, size_t size, long count)
{
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_ROUTER);
    char peer[256], *payload = malloc(size + 1);
    need(zmq_bind(socket, endpoint), "bind");
    for (long i = 0; i < count; i++) {
        int length = zmq_recv(socket, peer, sizeof peer, 0);
        need(length, "receive");
        int bytes = zmq_recv(socket, payload, size + 1, 0);
        need(bytes, "receive");
        need(zmq_send(socket, peer, (size_t)length, ZMQ_SNDMORE), "send");
        need(zmq_send(socket, payload, (size_t)bytes, 0), "send");
    }
    zmq_close(socket);
    zmq_ctx_term(context);
    _exit(0);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    size_t size = (size_t)atol(argv[1]);
    long count = atol(argv[2]), warm = count / 20;
    const char *folder = getenv("TMPDIR");
    char endpoint[300];
    snprintf(endpoint, sizeof endpoint, "ipc://%s/roundtrips-%d", folder ? folder : "/tmp", (int)getpid());
    pid_t child = fork();
    if (child == 0)
        serve(endpoint, size, count + warm);
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_DEALER);
    char *payload = malloc(size + 1);
    int64_t *times = malloc(sizeof *times * (size_t)count);
    memset(payload, 'x', size);
    need(zmq_connect(socket, endpoint), "connect");
    int64_t begin = 0;
    for (long i = -warm; i < count; i++) {
        int64_t start = now();
        if (i == 0)
            begin = start;
        need(zmq_send(socket, payload, size, 0), "send");
        need(zmq_recv(socket, payload, size + 1, 0), "receive");
        if (i >= 0)
            times[i] = now() - start;
    }
    int64_t total = now() - begin;
    qsort(times, (size_t)count, sizeof *times, compare);
    printf("{\"bench\":\"roundtrips\",\"count\":%ld,\"mean_us\":%.2f,\"p50_us\":%.2f,\"p99_us\":%.2f}\n",
           count,
           (double)total / 1e3 / (double)count, (double)times[count / 2] / 1e3,
           (double)times[count * 99 / 100] / 1e3);
    zmq_close(socket);
    waitpid(child, NULL, 0);
    zmq_ctx_term(context);
    unlink(endpoint + 6);
    return 0;
}
