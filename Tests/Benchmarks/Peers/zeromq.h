/* A failed call of libzmq ends the process and says what failed. */
#include <stdio.h>
#include <unistd.h>
#include <zmq.h>

static inline void need(int result, const char *what)
{
    if (result >= 0)
        return;
    fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
    _exit(1);
}
