"""A frame that is too large ends a SUB's connection for good, without an error (libzmq); the watchdog mends it.

The publisher here is a rogue of our own making; the reader is the shipped `trading-robot tail`."""
import json
import pathlib
import queue
import subprocess
import tempfile
import threading
import time
import unittest

import stack

try:
    import zmq
except ImportError as error:
    raise unittest.SkipTest(f"SKIP python: {error}") from error

LARGEST_FRAME = 4 << 20


def tick(seq: int) -> bytes:
    event = {
        "type": "tick", "version": 1, "source": "rogue", "epoch": "r0gue1", "seq": seq, "prev": seq - 1,
        "published_at": 1_381_239_000.0 + seq, "symbol": "IBM", "timestamp": 1_381_239_000.0 + seq,
        "kind": "trade", "price": 180, "size": 1}
    return json.dumps(event).encode()


@unittest.skipUnless(stack.are_built(), stack.NO_EXECUTABLES)
class RoguePublisherTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        context = zmq.Context()
        self.addCleanup(context.destroy, 0)
        self.publisher = context.socket(zmq.XPUB)
        port = self.publisher.bind_to_random_port("tcp://127.0.0.1")
        endpoint = f"tcp://127.0.0.1:{port}"
        data = pathlib.Path(folder.name)
        (data / "endpoints.json").write_text(json.dumps({"market-data-endpoint": endpoint}))
        self.tail = subprocess.Popen(
            [stack.EXECUTABLES / "trading-robot", "tail", "tick/", "--data-dir", data],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.stop)
        self.lines: queue.Queue = queue.Queue()
        threading.Thread(target=lambda: [self.lines.put(line) for line in self.tail.stdout], daemon=True).start()

    def stop(self):
        self.tail.terminate()
        self.tail.wait(10)
        self.tail.stdout.close()
        self.tail.stderr.close()

    def subscribed(self) -> None:
        """Waits until somebody subscribes to the ticks."""
        end = time.monotonic() + 30
        while self.publisher.poll(max(0, int((end - time.monotonic()) * 1000))):
            if self.publisher.recv() == b"\x01tick/":
                return
        self.fail("nobody subscribes (again)")

    def expect(self, seq: int) -> None:
        self.publisher.send_multipart([b"tick/IBM/", tick(seq)])
        topic, _, event = self.lines.get(timeout=30).partition(" ")
        self.assertEqual((topic, json.loads(event)["seq"]), ("tick/IBM/", seq))

    def test_an_oversize_frame_is_survived_again_and_again(self):
        self.subscribed()
        self.expect(1)
        for seq in (2, 3):
            self.publisher.send_multipart([b"tick/IBM/", b" " * (LARGEST_FRAME + 1)])
            # libzmq has cut the connection and does not mend it: the next subscription is the watchdog's.
            self.subscribed()
            self.expect(seq)
        self.assertIsNone(self.tail.poll())


if __name__ == "__main__":
    unittest.main()
