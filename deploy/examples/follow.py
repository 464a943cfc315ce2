#!/usr/bin/env python3
"""Keeps a copy of all trades in an SQLite file and misses none: pip install pyzmq, start the stack, run this.

    python3 follow.py [--trades ENDPOINT] [--replay ENDPOINT] [--file FILE] [--until SEQ]

Stop it, kill it, start it a day later: it goes on from its checkpoint. A message that the network lost is noticed
(its `prev` is not the last that was seen on its topic, or a heartbeat names it) and asked for again. The checkpoint
is one number: everything up to it is in the file. It is written in the transaction of the trades, so that both
are true or neither.
"""
import argparse
import json
import sqlite3
import sys

import zmq

PREFIX = "trade/"
TABLES = """
CREATE TABLE IF NOT EXISTS trades (seq INTEGER PRIMARY KEY, trade_id TEXT UNIQUE, event TEXT);
CREATE TABLE IF NOT EXISTS checkpoint (one INTEGER PRIMARY KEY CHECK (one = 1), epoch TEXT, seq INTEGER);
"""


class Copy:
    """The trades in a file, and how far they are complete."""

    def __init__(self, path: str):
        self.database = sqlite3.connect(path)
        self.database.executescript(TABLES)
        row = self.database.execute("SELECT epoch, seq FROM checkpoint").fetchone()
        self.epoch, self.complete = row or (None, 0)

    def add(self, event: dict, message: bytes) -> None:
        # Twice is once: a trade that was seen live may come again in a replay.
        self.database.execute(
            "INSERT OR IGNORE INTO trades VALUES (?, ?, ?)", (event["seq"], event["trade_id"], message.decode()))

    def commit(self, complete: int) -> None:
        self.complete = complete
        self.database.execute("REPLACE INTO checkpoint VALUES (1, ?, ?)", (self.epoch, complete))
        self.database.commit()


class Follower:
    """Takes what a publisher sends on one prefix, in order of each topic, and mends what is missing."""

    def __init__(self, copy: Copy, trades: str, replay: str):
        self.copy, self.seen, self.repairs = copy, {}, 0
        context = zmq.Context.instance()
        self.live = context.socket(zmq.SUB)
        self.live.subscribe(PREFIX)
        self.live.subscribe("heartbeat/")
        self.live.connect(trades)
        self.context, self.replay_endpoint, self.replay = context, replay, None

    def run(self, until: "int | None" = None) -> None:
        # Subscribed first, then asked for what was missed: nothing can fall in between.
        self.repair()
        while until is None or self.copy.complete < until:
            topic, message = self.live.recv_multipart()
            event = json.loads(message)
            if event["epoch"] != self.copy.epoch:
                sys.exit(f"the publisher has begun a new journal ({event['epoch']}): start with a new --file")
            if not (self.heard(event) if event["type"] == "heartbeat" else self.took(topic, event, message)):
                self.repair()

    def took(self, topic: bytes, event: dict, message: bytes) -> bool:
        """Takes a live message, unless one before it is missing."""
        seen = max(self.seen.get(topic, 0), self.copy.complete)
        if event["seq"] <= seen:
            return True
        if event["prev"] > seen:
            return False
        self.seen[topic] = event["seq"]
        self.copy.add(event, message)
        return True

    def heard(self, heartbeat: dict) -> bool:
        """Moves the checkpoint when a heartbeat shows that nothing is missing."""
        if heartbeat["last"] <= self.copy.complete:
            return True
        ours = {name.encode(): seq for name, seq in heartbeat["topics"].items() if name.startswith(PREFIX)}
        if heartbeat.get("since", 0) > self.copy.complete:
            return False
        if any(seq > max(self.seen.get(name, 0), self.copy.complete) for name, seq in ours.items()):
            return False
        self.copy.commit(heartbeat["last"])
        return True

    def repair(self) -> None:
        """Asks for everything behind the checkpoint, until there is no more."""
        self.repairs += 1
        while True:
            if self.replay is None:
                self.replay = self.context.socket(zmq.DEALER)
                self.replay.setsockopt(zmq.LINGER, 0)
                self.replay.connect(self.replay_endpoint)
            request = {"type": "replay", "from": self.copy.complete + 1, "topics": [PREFIX]}
            self.replay.send(json.dumps(request).encode())
            end = self.answer()
            if end is None:  # Nobody answers: the simulator is being restarted. A new socket, then again.
                self.replay.close()
                self.replay = None
                continue
            self.copy.epoch = self.copy.epoch or end["epoch"]
            if end["epoch"] != self.copy.epoch:
                sys.exit(f"the publisher has begun a new journal ({end['epoch']}): start with a new --file")
            if end["kept_last"] < self.copy.complete:
                sys.exit("the publisher has lost what was seen here: it was put back to an older journal")
            if end["first"] > self.copy.complete + 1:
                sys.exit(f"the journal begins with {end['first']} only: what lies before is gone")
            self.copy.commit(max(end["last"], self.copy.complete))
            if end["last"] >= end["kept_last"]:
                return

    def answer(self) -> "dict | None":
        """Takes the trades of one answer; the frame that ends it, or None when it does not come."""
        while self.replay.poll(5_000):
            frames = self.replay.recv_multipart()
            event = json.loads(frames[-1])
            if len(frames) == 1:
                if event["type"] == "replay_end":
                    return event
                sys.exit(f"the replay was refused: {event}")
            self.seen[frames[0]] = max(event["seq"], self.seen.get(frames[0], 0))
            self.copy.add(event, frames[1])
        return None


def main() -> None:
    reader = argparse.ArgumentParser(description="Keeps a copy of all trades.")
    reader.add_argument("--trades", default="tcp://127.0.0.1:5561", metavar="ENDPOINT")
    reader.add_argument("--replay", default="tcp://127.0.0.1:5562", metavar="ENDPOINT")
    reader.add_argument("--file", default="trades.sqlite")
    reader.add_argument("--until", type=int, metavar="SEQ", help="end when everything up to this is in the file")
    given = reader.parse_args()
    copy = Copy(given.file)
    follower = Follower(copy, given.trades, given.replay)
    try:
        follower.run(given.until)
    except KeyboardInterrupt:
        pass
    count = copy.database.execute("SELECT count(*) FROM trades").fetchone()[0]
    print(f"{count} trades, complete up to {copy.complete}, {follower.repairs} ranges asked for")


if __name__ == "__main__":
    main()
