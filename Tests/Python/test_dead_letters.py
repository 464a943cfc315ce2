"""Dead letters as an operator meets them: the commands against a running stack, and the archive of its ledger."""
from __future__ import annotations

import json
import time
import unittest

import stack

try:
    import zmq
except ImportError as error:
    raise unittest.SkipTest(f"SKIP python: {error}") from error


def trade(number: int, source: str = "myrobot", **changes) -> dict:
    """Number 1, 2, 3 … of strategy `s`: 10 bought, then sold."""
    return {"type": "trade", "version": 1, "source": source, "trade_id": f"t{number}", "strategy_id": "s",
            "strategy_seq": number, "symbol": "ACME", "side": "buy" if number % 2 else "sell", "quantity": 10,
            "price": 20, "timestamp": 1_700_000_000 + number, **changes}


@unittest.skipUnless(stack.are_built(), stack.NO_EXECUTABLES)
class DeadLetterTests(unittest.TestCase):
    def setUp(self):
        self.up = stack.Stack(
            "--source", "myrobot", "--events", "3000", "--speed", "max", "--symbols", "ACME", "--strategy",
            "sma=sma-crossover:ACME:fast=2,slow=5")
        self.addCleanup(self.up.__exit__, None, None, None)
        self.up.start()
        self.up.wait("the run", lambda: self.up.is_done(1))
        context = zmq.Context()
        self.addCleanup(context.term)
        self.socket = context.socket(zmq.DEALER)
        self.addCleanup(self.socket.close, 0)
        self.socket.connect(self.up.endpoints["ingest-endpoint"])

    def send(self, *messages: dict | bytes) -> list[dict]:
        for message in messages:
            body = message if isinstance(message, bytes) else json.dumps(message).encode()
            self.socket.send_multipart([b"trade/s/ACME/", body])
        answers = []
        for _ in messages:
            self.assertTrue(self.socket.poll(30_000), "no answer in 30 s")
            answers.append(json.loads(self.socket.recv()))
        return answers

    def run_command(self, *arguments: str, code: int = 0) -> str:
        outcome = stack.robot(*arguments, "--data-dir", str(self.up.data))
        self.assertEqual(outcome.returncode, code, f"{arguments}: {outcome.stderr}")
        return outcome.stdout + (outcome.stderr if code else "")

    def letters(self, *arguments: str) -> list[dict]:
        return [json.loads(line) for line in
                self.run_command("dead-letters", "list", "--json", *arguments).splitlines()]

    def ours(self) -> list[str]:
        return [line for line in self.up.ledger() if '"strategy_id":"myrobot.s"' in line]

    def test_the_life_of_a_dead_letter(self):
        broken = json.dumps(trade(1)).replace('"buy"', '"by"').encode()
        self.assertEqual(self.send(broken)[0]["reason"], "schema_violation")
        letter, = self.letters("--reason", "schema_violation")
        self.assertEqual((letter["message"], letter["state"], letter["count"]), (broken.decode(), "open", 1))
        self.assertIn("schema_violation", self.run_command("dead-letters", "show", str(letter["id"])))
        name = str(letter["id"])
        # A text that is no trade is not taken; one that is stands beside the original.
        self.run_command("dead-letters", "edit", name, "--message", "{}", code=1)
        mended = json.dumps(trade(1))
        self.run_command("dead-letters", "edit", name, "--message", mended, "--by", "ann", "--why", "side")
        self.assertIn("would be requeued", self.run_command("dead-letters", "requeue", name, "--dry-run"))
        self.assertEqual(self.letters("--state", "requeued"), [])
        self.run_command("dead-letters", "requeue", name, "--by", "ann")
        self.up.wait("the requeued one", lambda: len(self.letters("--state", "booked")) == 1)
        self.run_command("dead-letters", "requeue", name, code=1)
        shown = json.loads(self.run_command("dead-letters", "show", name, "--json"))
        self.assertEqual((shown["message"], shown["edited"]), (broken.decode(), mended))
        self.assertEqual([(x["action"], x["by"]) for x in shown["history"]],
                         [("edited", "ann"), ("requeued", "ann"), ("booked", "tracker")])
        self.assertEqual(len(self.ours()), 1)

    def test_many_at_once(self):
        self.send(*[trade(n, source=f"stranger{n}") for n in range(1, 7)])
        self.send(*[b"nonsense %d" % n for n in range(3)])
        self.run_command("dead-letters", "requeue", code=2)  # Which ones?
        told = self.run_command("dead-letters", "requeue", "--reason", "unlisted_source", "--dry-run")
        self.assertEqual(told.count("would be requeued"), 6)
        began = time.monotonic()
        told = self.run_command("dead-letters", "requeue", "--reason", "unlisted_source", "--rate", "20")
        self.assertGreaterEqual(time.monotonic() - began, 5 / 20)
        self.assertEqual(told.count(": requeued"), 6)
        # Still not listed: open again, with one more attempt.
        self.up.wait("the refusals", lambda: [x["attempts"] for x in self.letters(
            "--reason", "unlisted_source")] == [1] * 6)
        self.run_command("dead-letters", "discard", "--reason", "malformed_json", code=2)
        self.run_command("dead-letters", "discard", "--reason", "malformed_json", "--why", "a test")
        self.assertEqual(len(self.letters("--state", "discarded")), 3)
        path = self.up.folder / "letters.jsonl"
        self.run_command("dead-letters", "export", "--state", "all", "--output", str(path))
        exported = [json.loads(line) for line in path.read_text().splitlines()]
        self.assertEqual(len(exported), 9)
        self.assertEqual({x["history"][-1]["why"] for x in exported if x["state"] == "discarded"}, {"a test"})

    def test_archive_of_a_run(self):
        self.send(*[trade(n) for n in range(1, 5)])
        before, metrics = self.up.ledger(), self.run_command("metrics", "--json")
        heads = self.run_command("ledger", "head")
        count = len(before)
        self.run_command("ledger", "archive", code=2)
        dry = self.run_command("ledger", "archive", "--before", "2100-01-01", "--dry-run")
        self.assertIn("would be archived", dry)
        done = [json.loads(line) for line in self.run_command(
            "ledger", "archive", "--before", "2100-01-01T00:00:00Z", "--json").splitlines()]
        self.assertEqual(sum(x["trades"] for x in done), count)
        self.assertEqual({x["strategy_id"] for x in done}, {"sma", "myrobot.s"})
        self.assertEqual(self.up.ledger(), before)
        self.assertEqual(self.run_command("metrics", "--json"), metrics)
        self.assertEqual(self.run_command("ledger", "head"), heads)
        self.assertIn(f"{count} trades of 2 strategies: whole", self.run_command("ledger", "check"))
        self.assertIn("The metrics follow", self.run_command("ledger", "rebuild", "--dry-run"))
        self.run_command("verify")
        # The tracker goes on, and knows what is archived.
        answers = self.send(trade(4), trade(5), trade(3, price=21))
        self.assertEqual([x["type"] for x in answers], ["duplicate", "booked", "dead_letter"])
        self.assertEqual(answers[2]["reason"], "conflicting_duplicate")
        # Orders and runs stand beside the ledger.
        orders = [json.loads(x) for x in self.run_command("ledger", "orders", "--strategy", "sma").splitlines()]
        filled = {x["order_id"] for x in orders if x["filled_quantity"] > 0}
        self.assertEqual(filled, {json.loads(x)["order_id"] for x in before if '"strategy_id":"sma"' in x})
        runs = [json.loads(x) for x in self.run_command("ledger", "runs").splitlines()]
        self.assertEqual([(x["strategy_id"], x["run"]) for x in runs], [("sma", 1)])
        self.assertIn("fast", runs[0]["parameters"])


if __name__ == "__main__":
    unittest.main()
