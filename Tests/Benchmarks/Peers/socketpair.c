/* Round trips over a bare socket pair between two processes, with blocking calls: what a strategy in a
 * process of its own pays for every event at the least.
 *
 *     cc -O2 -o socketpair socketpair.c
 *     socketpair QUESTION-BYTES ANSWER-BYTES COUNT
 *
 * Prints one line of JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer.h"

static void take(int descriptor, char *bytes, size_t count)
{
    for (size_t got = 0; got < count;) {
        ssize_t more = read(descriptor, bytes + got, count - got);
        if (more <= 0)
            _exit(more == 0 ? 0 : 1);
        got += (size_t)more;
    }
}

static void give(int descriptor, const char *bytes, size_t count)
{
    if (write(descriptor, bytes, count) != (ssize_t)count)
        _exit(1);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    size_t question = (size_t)atol(argv[1]), answer = (size_t)atol(argv[2]);
    long count = atol(argv[3]), warm = count / 20;
    char *bytes = calloc(1, question + answer);
    int64_t *times = malloc(sizeof *times * (size_t)count);
    int pair[2];
    if (!bytes || !times || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        close(pair[0]);
        for (;;) {
            take(pair[1], bytes, question);
            give(pair[1], bytes, answer);
        }
    }
    close(pair[1]);
    int64_t begin = 0;
    for (long i = -warm; i < count; i++) {
        int64_t start = now();
        if (i == 0)
            begin = start;
        give(pair[0], bytes, question);
        take(pair[0], bytes, answer);
        if (i >= 0)
            times[i] = now() - start;
    }
    int64_t total = now() - begin;
    qsort(times, (size_t)count, sizeof *times, compare);
    printf("{\"bench\":\"socketpair\",\"count\":%ld,\"mean_us\":%.2f,\"p50_us\":%.2f,\"p99_us\":%.2f}\n",
           count, (double)total / 1e3 / (double)count, (double)times[count / 2] / 1e3,
           (double)times[count * 99 / 100] / 1e3);
    close(pair[0]);
    waitpid(child, NULL, 0);
    return 0;
}
