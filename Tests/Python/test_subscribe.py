"""The example subscriber, run as a user runs it, against the real stack on synthetic data."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "deploy" / "examples" / "subscribe.py"
ROBOT = pathlib.Path(os.environ.get("TRADING_ROBOT_BIN", ROOT / ".build" / "release")) / "trading-robot"
# How long anything may take before the test gives up.
SECONDS = 30


def first_line(pipe):
    """The first line of a pipe, or nothing when none comes in time."""
    found = []
    reader = threading.Thread(target=lambda: found.append(pipe.readline()), daemon=True)
    reader.start()
    reader.join(SECONDS)
    return found[0] if found else ""


class SubscribeTests(unittest.TestCase):
    def start(self, command, **pipes):
        words = [str(word) for word in command]
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, text=True, **pipes)
        self.addCleanup(self.stop, process)
        return process

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()

    def test_prints_topics_and_trades_of_the_running_stack(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        data = pathlib.Path(folder.name) / "data"
        stack = self.start(
            [ROBOT, "up", "--data-dir", data, "--base-port", "0", "--rate", "2000", "--strategy",
             "sma=sma-crossover:IBM:fast=2,slow=5"], stderr=subprocess.PIPE)
        while "Ctrl-C" not in (line := first_line(stack.stderr)):
            self.assertTrue(line, "up says when it runs")
        endpoint = json.loads((data / "endpoints.json").read_text())["trades-endpoint"]
        example = self.start([sys.executable, EXAMPLE, endpoint], stdout=subprocess.PIPE)
        topic, _, event = first_line(example.stdout).partition(" ")
        self.assertEqual(topic, "trade/sma/IBM/")
        trade = json.loads(event)
        self.assertEqual((trade["type"], trade["strategy_id"], trade["symbol"]), ("trade", "sma", "IBM"))

    def test_the_three_lines_are_those_of_the_readme(self):
        lines = [line for line in EXAMPLE.read_text().splitlines() if line.startswith("subscriber")]
        self.assertEqual(len(lines), 3)
        shown = "\n".join(lines).replace("endpoint", '"tcp://127.0.0.1:5561"').replace("topic", '"trade/"')
        self.assertIn(shown, (ROOT / "README.md").read_text())


if __name__ == "__main__":
    unittest.main()
