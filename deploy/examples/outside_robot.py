#!/usr/bin/env python3
"""A robot of your own that reports its trades to the ledger: pip install pyzmq, start
`trading-robot up --source myrobot`, then run this. Each trade is sent until it is answered, so none is lost
and none is booked twice.

    python3 outside_robot.py [ENDPOINT [SOURCE [COUNT]]]

Run it again and every trade is a duplicate: the ledger stays as it is.
"""
import json
import sys

import zmq


class Ledger:
    """Sends trades and waits for their answers. One at a time: no answer means send again."""

    def __init__(self, endpoint: str, source: str, seconds: float = 5):
        self.context, self.endpoint, self.source = zmq.Context.instance(), endpoint, source
        self.milliseconds, self.socket = int(seconds * 1000), None

    def report(self, **trade) -> dict:
        """The answer: booked, duplicate, or dead_letter with the reason."""
        message = {"type": "trade", "version": 1, "source": self.source, **trade}
        topic = f"trade/{trade['strategy_id']}/{trade['symbol']}/"
        while True:
            if self.socket is None:
                self.socket = self.context.socket(zmq.REQ)
                self.socket.setsockopt(zmq.LINGER, 0)
                self.socket.connect(self.endpoint)
            self.socket.send_multipart([topic.encode(), json.dumps(message).encode()])
            if self.socket.poll(self.milliseconds):
                return json.loads(self.socket.recv())
            self.socket.close()  # A REQ that got no answer is used up.
            self.socket = None


def main(endpoint: str = "tcp://127.0.0.1:5571", source: str = "myrobot", count: str = "4") -> int:
    ledger, refused = Ledger(endpoint, source), 0
    for number in range(1, int(count) + 1):
        is_buy = number % 2 == 1
        answer = ledger.report(
            trade_id=f"t{number}", strategy_id="swing", strategy_seq=number, symbol="IBM",
            side="buy" if is_buy else "sell", quantity=100, price=181.5 if is_buy else 182.25,
            timestamp=1_766_658_600 + number, fee=1)
        print(answer["trade_id"], answer["type"], answer["reason"] or "")
        refused += answer["type"] == "dead_letter"
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
