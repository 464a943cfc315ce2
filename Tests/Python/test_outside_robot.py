"""The example of a robot of one's own, run as a user runs it, against the real stack."""
import subprocess
import sys
import unittest

import stack

try:
    import zmq  # noqa: F401  The example needs it.
except ImportError as error:
    raise unittest.SkipTest(f"SKIP python: {error}") from error

EXAMPLE = stack.ROOT / "deploy" / "examples" / "outside_robot.py"


@unittest.skipUnless(stack.are_built(), stack.NO_EXECUTABLES)
class OutsideRobotTests(unittest.TestCase):
    def report(self, up: stack.Stack, *arguments: str) -> list[str]:
        outcome = subprocess.run(
            [sys.executable, EXAMPLE, up.endpoints["ingest-endpoint"], *arguments], capture_output=True,
            text=True, timeout=120, stdin=subprocess.DEVNULL)
        return [outcome.returncode, *outcome.stdout.split("\n")[:-1]]

    def test_reports_trades(self):
        with stack.Stack("--source", "myrobot", "--events", "1") as up:
            up.start()
            up.wait("the tracker", lambda: up.metrics("tracker") != {})
            self.assertEqual(self.report(up), [0, "t1 booked ", "t2 booked ", "t3 booked ", "t4 booked "])
            self.assertEqual(self.report(up, "myrobot", "2"), [0, "t1 duplicate ", "t2 duplicate "])
            self.assertEqual(self.report(up, "stranger", "1"), [1, "t1 dead_letter unlisted_source"])
            lines = [line for line in up.ledger() if '"strategy_id":"myrobot.swing"' in line]
            self.assertEqual(len(lines), 4)
            self.assertIn('"event_type":"close"', lines[3])
            self.assertIn('"realized_pnl":75,', lines[3])
            letters = stack.robot("dead-letters", "list", "--json", "--data-dir", str(up.data)).stdout
            self.assertEqual(letters.count('"reason":"unlisted_source"'), 1)


if __name__ == "__main__":
    unittest.main()
