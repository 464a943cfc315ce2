"""What a person at a terminal sees, and that a pipe gets none of it."""
import os
import pty
import re
import select
import signal
import tempfile
import time
import unittest

import stack

# Moving the cursor and clearing a line: what must never reach a pipe.
CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\r(?!\n)")
STATUS = r"{} +\d+ messages/s  lag +\d+(  last event \d{{4}}-\d\d-\d\dT[\d:.]+Z)?\r?\n"
SERVICES = ("market-data-gateway", "order-simulator", "performance-tracker", "strategy-runner 1")


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, *arguments: str):
        self.text = ""
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.execv(stack.EXECUTABLES / "trading-robot", ["trading-robot", *arguments])

    def read(self, seconds: float) -> bool:
        """Takes what was printed; false at the end."""
        if select.select([self.terminal], [], [], seconds)[0]:
            try:
                piece = os.read(self.terminal, 65_536)
            except OSError:  # what Linux says when nobody holds the other end any more
                return False
            self.text += piece.decode()
            return piece != b""
        return True

    def read_until(self, condition, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not condition(self.text):
            assert time.monotonic() < end, f"it did not come in {seconds} s: {self.text!r}"
            assert self.read(0.1), f"ended before: {self.text!r}"

    def key(self, byte: bytes) -> None:
        os.write(self.terminal, byte)

    def end(self, seconds: float = 60) -> int:
        """The exit code."""
        end = time.monotonic() + seconds
        while self.read(0.1):
            assert time.monotonic() < end, f"it did not end in {seconds} s: {self.text!r}"
        _, status = os.waitpid(self.process, 0)
        self.process = 0
        return os.waitstatus_to_exitcode(status) if hasattr(os, "waitstatus_to_exitcode") else status >> 8

    def close(self) -> None:
        if self.process:
            os.kill(self.process, signal.SIGTERM)
            self.end()
        os.close(self.terminal)


@unittest.skipUnless(stack.are_built(), stack.NO_EXECUTABLES)
class TerminalTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.up = ("up", "--data-dir", folder.name + "/data", "--base-port", "0", "--rate", "500")

    def at_terminal(self, *arguments: str) -> Terminal:
        terminal = Terminal(*arguments)
        self.addCleanup(terminal.close)
        return terminal

    def test_up_shows_one_status_line_a_service_and_ends_at_control_c(self):
        terminal = self.at_terminal(*self.up)
        patterns = [re.compile(STATUS.format(re.escape(name))) for name in SERVICES]

        def shows_all(text: str) -> bool:
            # A second drawing moves back over the first.
            drawings = text.split("\x1b[4A")[1:]
            return any(all(pattern.search(CONTROL.sub("", one)) for pattern in patterns) for one in drawings)

        terminal.read_until(shows_all)
        terminal.key(b"\x03")
        self.assertEqual(terminal.end(), 130)
        self.assertIn("`trading-robot verify", terminal.text)

    def test_up_says_when_it_starts_a_service_again_and_goes_on_drawing_below(self):
        terminal = self.at_terminal(*self.up)
        terminal.read_until(lambda text: text.count("order-simulator ") > 2 and "\x1b[4A" in text)
        simulator, = stack.children(terminal.process, "order-simulator")
        before = len(terminal.text)
        os.kill(simulator, signal.SIGKILL)
        sentence = "order-simulator was ended by signal 9; it is started again"
        terminal.read_until(lambda text: sentence in text and "\x1b[4A" in text.split(sentence)[-1])
        # Nothing was drawn over the sentence: the first drawing after it goes nowhere up.
        after = terminal.text[before:].split(sentence)[1]
        self.assertNotIn("\x1b[4A", after[:after.index("messages/s")])
        terminal.key(b"\x03")
        self.assertEqual(terminal.end(), 130)

    def test_a_backtest_shows_how_far_it_is_and_clears_the_line(self):
        arguments = ("backtest", "--events", "400000", "--strategy", "s=sma-crossover:IBM")
        terminal = self.at_terminal(*arguments)
        self.assertEqual(terminal.end(), 0)
        self.assertRegex(terminal.text, r"\r\d+ %")
        self.assertRegex(terminal.text, r"\r +\r400004 events from ")
        piped = stack.robot(*arguments)
        self.assertEqual(piped.returncode, 0)
        self.assertNotIn("%", piped.stderr)
        self.assertIsNone(CONTROL.search(piped.stderr + piped.stdout))

    def test_a_pipe_gets_sentences_only(self):
        with stack.Stack("--events", "20000", "--speed", "max", "--exit-when-done") as run:
            run.start()
            self.assertEqual(run.process.wait(60), 0)
            run.errors.seek(0)
            said = run.errors.read()
        self.assertIsNone(CONTROL.search(said), said)
        self.assertNotIn("messages/s", said)


if __name__ == "__main__":
    unittest.main()
