"""What cannot be read is counted, kept with its bytes, shown by doctor and /metrics, and stops nothing (P3)."""
import base64
import json
import os
import pathlib
import signal
import tempfile
import unittest
import zipfile

import stack
from test_oracle import made_day

try:
    import zmq
except ImportError as error:
    raise unittest.SkipTest(f"SKIP python: {error}") from error

BAD_ROWS = ["{},18x,1,P,1,0", "{},1800000,1", "{},1800000,1,P,\x00\xff\"\\,0,9"]
BAD_LINES = [b"no json at all", b'{"type":"order","quantity":1e999}', b'{"type":"command"', bytes(range(11, 32))]


def day_with_bad_rows(root: pathlib.Path) -> "tuple[pathlib.Path, list[bytes]]":
    """A made LEAN day whose trades have some rows that are none, and these rows."""
    folder = made_day(root, seed=3, rows=2_000)
    path = folder / "20240102_trade.zip"
    with zipfile.ZipFile(path) as archive:
        name = archive.namelist()[0]
        rows = archive.read(name).decode().splitlines()
    made = []
    for number, bad in enumerate(BAD_ROWS):
        place = 100 * (number + 1)
        # At the time of the row before: nothing else is wrong with it.
        made.append(bad.format(rows[place - 1].split(",")[0]))
        rows.insert(place, made[-1])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, "\n".join(rows).encode("latin-1") + b"\n")
    return folder, [row.encode("latin-1") for row in made]


@unittest.skipUnless(stack.are_built(), stack.NO_EXECUTABLES)
class RejectedTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data, self.bad_rows = day_with_bad_rows(pathlib.Path(folder.name))
        self.flags = ("--data", str(self.data), "--strategy", "s=sma-crossover:ACME:fast=2,slow=5")

    def start(self, speed: str) -> stack.Stack:
        self.run_ = stack.Stack("--provider", "replay", "--speed", speed, *self.flags)
        self.addCleanup(self.run_.__exit__)
        self.run_.start()
        return self.run_

    def wait_for_the_end(self):
        self.run_.wait("the end of the data", lambda: self.run_.is_done(strategies=1))

    def kept(self, name: str) -> list[dict]:
        path = self.run_.data / "rejected" / f"{name}.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def doctor(self) -> str:
        outcome = stack.robot("doctor", "--data-dir", str(self.run_.data))
        self.assertEqual(outcome.returncode, 0, outcome.stdout)
        return outcome.stdout

    def expect_ledger_of_backtest(self):
        expected = stack.robot("backtest", "--ledger", "-", *self.flags).stdout.splitlines()
        self.assertGreater(len(expected), 50)
        self.assertTrue(self.run_.ledger() == expected, "the ledger is not the backtest's")

    def test_rows_that_are_none(self):
        # Three hours of market time: slow enough to be met in the middle.
        run = self.start("1500")
        run.wait("the rows", lambda: len(self.kept("market-data")) == len(BAD_ROWS))
        self.assertEqual(run.metrics("gateway")["rejected_rows_total"], len(BAD_ROWS))
        # A gateway that is started again reads the same rows again, and keeps them once.
        gateway, = stack.children(run.process.pid, "market-data-gateway")
        os.kill(gateway, signal.SIGKILL)
        run.wait("another gateway", lambda: stack.children(run.process.pid, "market-data-gateway") not in ([], [gateway]))
        run.wait("the rows again", lambda: run.metrics("gateway").get("rejected_rows_total") == len(BAD_ROWS))
        self.wait_for_the_end()
        kept = self.kept("market-data")
        self.assertEqual([base64.b64decode(row["base64"]) for row in kept], self.bad_rows)
        self.assertEqual([row["origin"].rpartition(", line ")[2] for row in kept], ["101", "201", "301"])
        self.assertEqual(
            [row["reason"] for row in kept],
            ["column 2 is not a number", "column 4 is missing", "column 7 is one too many"])
        self.assertIn(f"note: 3 rejected messages in {run.data}/rejected/market-data.jsonl", self.doctor())
        self.expect_ledger_of_backtest()

    def test_lines_that_are_none(self):
        self.start("max")
        self.wait_for_the_end()
        context = zmq.Context()
        self.addCleanup(context.destroy, 0)
        dealer = context.socket(zmq.DEALER)
        dealer.connect(self.run_.endpoints["order-entry-endpoint"])
        for line in BAD_LINES:
            dealer.send(line + b"\n")
        dealer.send_multipart([b"two", b"frames"])
        # What it says afterwards is heard: it is a ping, and answered.
        dealer.send(b'{"type":"ping"}\n')
        self.assertTrue(dealer.poll(10_000), "a ping is not answered")
        self.assertEqual(dealer.recv(), b'{"type":"pong"}\n')
        self.run_.wait("the lines", lambda: len(self.kept("order-entry")) >= len(BAD_LINES))
        kept = [base64.b64decode(line["base64"]) for line in self.kept("order-entry")]
        self.assertEqual(kept[:len(BAD_LINES)], BAD_LINES)
        self.assertTrue(all(line["reason"] for line in self.kept("order-entry")))
        self.assertGreaterEqual(self.run_.metrics("simulator")["malformed_lines_total"], len(BAD_LINES))
        self.assertIn("/rejected/order-entry.jsonl", self.doctor())
        self.expect_ledger_of_backtest()


if __name__ == "__main__":
    unittest.main()
