"""Prints every trade as it happens. Needs pyzmq. Usage: subscribe.py [ENDPOINT [TOPIC]]"""
import sys

import zmq

endpoint = sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:5561"
topic = sys.argv[2] if len(sys.argv) > 2 else "trade/"

subscriber = zmq.Context().socket(zmq.SUB)
subscriber.connect(endpoint)
subscriber.subscribe(topic)

while True:
    name, event = subscriber.recv_multipart()
    print(name.decode(), event.decode(), flush=True)
