// libzmq's public header, and nothing else: every call goes through it one to one.
#include <zmq.h>
