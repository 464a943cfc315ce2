// Prints every trade as it happens: cc -o subscribe subscribe.c -lzmq && ./subscribe [ENDPOINT [TOPIC]]
#include <stdio.h>
#include <string.h>
#include <zmq.h>

int main(int count, char **words) {
    const char *endpoint = count > 1 ? words[1] : "tcp://127.0.0.1:5561";
    const char *topic = count > 2 ? words[2] : "trade/";

    void *subscriber = zmq_socket(zmq_ctx_new(), ZMQ_SUB);
    zmq_connect(subscriber, endpoint);
    zmq_setsockopt(subscriber, ZMQ_SUBSCRIBE, topic, strlen(topic));

    for (;;) {
        zmq_msg_t frame;
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, subscriber, 0) < 0) return 1;
        printf("%.*s%c", (int)zmq_msg_size(&frame), (char *)zmq_msg_data(&frame), zmq_msg_more(&frame) ? ' ' : '\n');
        fflush(stdout);
        zmq_msg_close(&frame);
    }
}
