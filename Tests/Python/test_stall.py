"""A reader that stands still for longer than ten seconds is left behind, repairs itself, and loses nothing."""
import os
import signal
import unittest

import stack

# More than the pacing window (65,536) and the window of events of a process (131,072) together.
EVENTS = 300_000


@unittest.skipUnless(stack.are_built(), stack.NO_EXECUTABLES)
class StallTest(unittest.TestCase):
    def test_a_runner_that_is_stopped(self):
        strategy = ("--strategy", "s=sma-crossover:ACME:fast=40,slow=160")
        with stack.Stack(
                "--symbols", "ACME", "--events", str(EVENTS), "--speed", "max", "--lease-term", "60s",
                *strategy) as run:
            run.start()
            run.wait("trades", lambda: run.metrics("simulator").get("trades_total", 0) > 20)
            runner, = stack.children(run.process.pid, "strategy-runner")
            os.kill(runner, signal.SIGSTOP)
            try:
                published = 0.0

                def is_held() -> bool:
                    # Two looks that see the same: the gateway waits.
                    nonlocal published
                    before, published = published, run.metrics("gateway").get("messages_total", 0)
                    return published == before > 0

                run.wait("the gateway waits for the runner", is_held)
                self.assertLess(published, EVENTS, "the gateway was through before the runner was stopped")
                self.assertEqual(run.metrics("gateway")["readers_left_behind_total"], 0)
                run.wait(
                    "the runner is left behind",
                    lambda: run.metrics("gateway").get("readers_left_behind_total", 0) > 0, seconds=30)
                run.wait("the gateway goes on", lambda: run.metrics("gateway")["messages_total"] > published)
            finally:
                os.kill(runner, signal.SIGCONT)
            run.wait("the end of the data", lambda: run.is_done(strategies=1), seconds=120)
            # It was left behind by more than is queued for it: what it lacked was asked for.
            self.assertEqual(stack.children(run.process.pid, "strategy-runner"), [runner])
            backtest = stack.robot(
                "backtest", "--data", str(run.data / "market-data"), "--ledger", "-", *strategy)
            self.assertGreater(len(run.ledger()), 100)
            self.assertTrue(run.ledger() == backtest.stdout.splitlines(), "the ledger is not the backtest's")
            self.assertEqual(stack.robot("verify", "--data-dir", str(run.data)).returncode, 0)


if __name__ == "__main__":
    unittest.main()
