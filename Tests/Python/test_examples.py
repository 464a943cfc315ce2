"""The examples for other languages and the complete client, run as a user runs them, against the real stack."""
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import stack

try:
    import zmq
except ImportError as error:
    raise unittest.SkipTest(f"SKIP python: {error}") from error

EXAMPLES = stack.ROOT / "deploy" / "examples"
SECONDS = 60


class Lossy(threading.Thread):
    """A network that loses messages between a publisher and its subscribers."""

    def __init__(self, endpoint: str, seed: int):
        super().__init__(daemon=True)
        self.context = zmq.Context()
        self.source = self.context.socket(zmq.SUB)
        self.source.subscribe("")
        self.source.connect(endpoint)
        self.sink = self.context.socket(zmq.PUB)
        self.endpoint = f"tcp://127.0.0.1:{self.sink.bind_to_random_port('tcp://127.0.0.1')}"
        self.dice, self.lost, self.stopping = random.Random(seed), 0, threading.Event()

    def run(self) -> None:
        while not self.stopping.is_set():
            if not self.source.poll(50):
                continue
            message = self.source.recv_multipart()
            if self.dice.random() < 0.3:
                self.lost += 1
            else:
                self.sink.send_multipart(message)

    def stop(self) -> None:
        self.stopping.set()
        self.join()
        self.context.destroy(0)


@unittest.skipUnless(stack.are_built(), stack.NO_EXECUTABLES)
class ExampleTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def running(self, *flags: str) -> stack.Stack:
        up = stack.Stack("--rate", "2000", "--strategy", "sma=sma-crossover:IBM:fast=2,slow=5", *flags)
        self.addCleanup(up.__exit__)
        up.start()
        return up

    def first_line(self, *command: object) -> str:
        process = subprocess.Popen(
            [str(word) for word in command], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        timer = threading.Timer(SECONDS, process.kill)
        timer.start()
        try:
            return process.stdout.readline()
        finally:
            timer.cancel()
            process.kill()
            process.wait()
            process.stdout.close()

    def check(self, line: str) -> None:
        topic, _, event = line.partition(" ")
        self.assertEqual(topic, "trade/sma/IBM/")
        self.assertEqual(json.loads(event)["strategy_id"], "sma")

    @unittest.skipUnless(shutil.which("cc"), "SKIP cc: there is no C compiler")
    def test_the_subscriber_in_c_prints_trades(self):
        program = self.folder / "subscribe"
        subprocess.run(
            ["cc", "-Wall", "-Wextra", "-Werror", "-o", program, EXAMPLES / "subscribe.c", "-lzmq"], check=True)
        self.check(self.first_line(program, self.running().endpoints["trades-endpoint"]))

    @unittest.skipUnless(shutil.which("node"), "SKIP node: there is no Node.js")
    def test_the_subscriber_in_node_prints_trades(self):
        # As npm would install it, with the same names over the same protocol.
        package = self.folder / "node_modules" / "zeromq"
        package.mkdir(parents=True)
        shutil.copy(stack.ROOT / "Tests" / "Node" / "zeromq.mjs", package)
        (package / "package.json").write_text('{"name":"zeromq","main":"zeromq.mjs"}')
        shutil.copy(EXAMPLES / "subscribe.mjs", self.folder)
        endpoint = self.running().endpoints["trades-endpoint"]
        self.check(self.first_line("node", self.folder / "subscribe.mjs", endpoint))

    def follow(self, *flags: object) -> subprocess.Popen:
        words = [sys.executable, EXAMPLES / "follow.py", "--file", self.folder / "copy.sqlite", *flags]
        process = subprocess.Popen(
            [str(word) for word in words], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def copied(self) -> "list[str]":
        copy = sqlite3.connect(self.folder / "copy.sqlite")
        try:
            rows = copy.execute("SELECT event FROM trades ORDER BY seq").fetchall()
        finally:
            copy.close()
        return [stack.canonical(row[0].encode()) for row in rows]

    def test_the_complete_client_mends_losses_and_goes_on_from_its_checkpoint(self):
        up = self.running("--events", "12000", "--speed", "5")
        seed = random.SystemRandom().randrange(1 << 32)
        print(f"seed {seed}", file=sys.stderr)
        network = Lossy(up.endpoints["trades-endpoint"], seed)
        network.start()
        self.addCleanup(network.stop)
        flags = ["--trades", network.endpoint, "--replay", up.endpoints["trade-replay-endpoint"]]
        first = self.follow(*flags)
        up.wait("trades in the copy", lambda: (self.folder / "copy.sqlite").exists() and self.has_trades())
        first.kill()
        first.wait()
        up.wait("the end", lambda: up.is_done(1), 120)
        until = int(up.metrics("simulator")["last_seq"])
        second = self.follow(*flags, "--until", until)
        said, _ = second.communicate(timeout=SECONDS)
        self.assertEqual(second.returncode, 0, said)
        self.assertGreater(network.lost, 0)
        self.assertEqual(self.copied(), up.ledger())

    def has_trades(self) -> bool:
        try:
            return len(self.copied()) > 20
        except sqlite3.OperationalError:
            return False

    def test_the_complete_client_refuses_a_new_journal(self):
        with sqlite3.connect(self.folder / "copy.sqlite") as copy:
            copy.execute("CREATE TABLE checkpoint (one INTEGER PRIMARY KEY, epoch TEXT, seq INTEGER)")
            copy.execute("INSERT INTO checkpoint VALUES (1, 'another', 0)")
        copy.close()
        endpoints = self.running().endpoints
        words = [sys.executable, EXAMPLES / "follow.py", "--file", self.folder / "copy.sqlite", "--trades",
                 endpoints["trades-endpoint"], "--replay", endpoints["trade-replay-endpoint"]]
        done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("has begun a new journal", done.stderr)


if __name__ == "__main__":
    unittest.main()
