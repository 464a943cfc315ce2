"""A program that claims to be the owner of a strategy: what it says with a fence lower than was seen is refused
and counted, and so is what it says with the right fence on a connection that did not attach. Nothing of it is
traded."""
import json
import os
import pathlib
import signal
import tempfile
import unittest

import stack

try:
    import zmq
except ImportError:
    zmq = None


class Forger:
    """One connection to the order entry."""

    def __init__(self, endpoint: str):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RCVTIMEO, 20_000)
        self.socket.connect(endpoint)

    def ask(self, line: dict) -> dict:
        self.socket.send(json.dumps(line).encode() + b"\n")
        while True:
            for answer in self.socket.recv().splitlines():
                if answer.startswith(b"{"):
                    return json.loads(answer)

    def close(self) -> None:
        self.socket.close()
        self.context.term()


def command(fence: int) -> dict:
    return {
        "type": "command", "fence": fence,
        "command": {
            "type": "command", "version": 1, "strategy_id": "sma", "number": 1, "action": "submit", "order": 1,
            "symbol": "ACME", "side": "buy", "order_type": "market", "time_in_force": "gtc", "quantity": 77,
            "price": 0, "stop_price": 0, "after_event": 1, "after_report": 0, "decided": 1381239000.0}}


def records(folder: pathlib.Path, kind: str) -> list[dict]:
    lines = stack.robot("journal", "cat", str(folder / "orders")).stdout.splitlines()
    return [record for record in map(json.loads, lines) if record["type"] == kind]


@unittest.skipUnless(zmq, "SKIP python: pyzmq is not installed")
@unittest.skipUnless(stack.are_built(), stack.NO_EXECUTABLES)
class ForgedRunner(unittest.TestCase):
    def test_a_forged_owner_trades_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            rows = pathlib.Path(folder) / "rows.csv"
            rows.write_text(stack.made_rows(3_000, seed=4))
            flags = ["--provider", "replay", "--data", str(rows), "--strategy",
                     "sma=sma-crossover:ACME:fast=3,slow=9"]
            with stack.Stack(*flags, "--speed", "30") as run:
                run.start()
                run.wait("an order", lambda: records(run.data, "command"))
                # A runner that is killed claims anew, with a higher fence.
                for child in stack.children(run.process.pid, "strategy-runner"):
                    os.kill(child, signal.SIGKILL)
                run.wait("a second claim", lambda: [
                    record for record in records(run.data, "fence") if record["fence"] >= 2])
                self.forge(run)
                run.wait("the end", lambda: run.is_done(1))
                self.assertNotIn(77, {record["quantity"] for record in records(run.data, "command")})
                verified = stack.robot("verify", "--data-dir", str(run.data))
                self.assertEqual(verified.returncode, 0, verified.stderr)

    def forge(self, run: stack.Stack) -> None:
        session = records(run.data, "session")[0]
        before = run.metrics("simulator")["fenced_total"]
        forger = Forger(run.endpoints["order-entry-endpoint"])
        try:
            attach = {"type": "attach", "fence": 1, "attach_id": 1_000, "report": 0, "session": session}
            progress = {"type": "progress", "strategy_id": "sma", "fence": 1, "event": 3_000, "report": 9_999,
                        "last_command": 1}
            for line in (attach, command(1), progress):
                answer = forger.ask(line)
                self.assertEqual(answer["type"], "fenced", answer)
            # With the right fence, but on a connection that is not the owner's.
            fence = max(record["fence"] for record in records(run.data, "fence"))
            for line in (command(fence), {**progress, "fence": fence}):
                answer = forger.ask(line)
                self.assertEqual(answer["type"], "attach_again", answer)
        finally:
            forger.close()
        run.wait("the count of what was refused",
                 lambda: run.metrics("simulator").get("fenced_total", 0) >= before + 3)


if __name__ == "__main__":
    unittest.main()
