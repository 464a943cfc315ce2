"""A running stack for the Python tests: the real executables, in a folder of their own."""
from __future__ import annotations

import json
import os
import pathlib
import random
import re
import signal
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXECUTABLES = pathlib.Path(os.environ.get("TRADING_ROBOT_BIN", ROOT / ".build" / "release"))
DATA = pathlib.Path(os.environ.get("TRADING_ROBOT_DATA", ROOT.parent / "shared" / "data"))
IBM = DATA / "lean" / "equity" / "usa" / "tick" / "ibm"
# The whole forms of the long tests.
IS_FULL = os.environ.get("FULL") == "1"
NO_DATA = "SKIP data: no recorded market data; TRADING_ROBOT_DATA names their folder"
NO_EXECUTABLES = f"SKIP executables: {EXECUTABLES} holds no trading-robot; build it first"
ENVELOPE = re.compile(
    r'("version":1),"source":"[^"]*","epoch":"[^"]*","seq":\d+,"prev":\d+,"published_at":[\d.]+')


def are_built() -> bool:
    return (EXECUTABLES / "trading-robot").exists()


def robot(*arguments: str) -> subprocess.CompletedProcess:
    """Runs trading-robot to its end."""
    return subprocess.run(
        [EXECUTABLES / "trading-robot", *arguments], capture_output=True, text=True, timeout=120,
        stdin=subprocess.DEVNULL)


def children(parent: int, name: str) -> list[int]:
    """The processes that this one has started, by the beginning of their executable's name."""
    found = []
    for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            number, rest = status.read_text().split(" (", 1)
        except OSError:  # It has ended meanwhile.
            continue
        command, _, fields = rest.rpartition(") ")
        if int(fields.split()[1]) == parent and name.startswith(command):
            found.append(int(number))
    return found


def canonical(message: bytes) -> str:
    """The canonical line of a trade as it was published: the same bytes without the envelope."""
    return ENVELOPE.sub(r"\1", message.decode(), count=1)


def made_rows(count: int, seed: int) -> str:
    """CSV rows of one symbol on a random walk."""
    walk, mid, moment = random.Random(seed), 18_200, 1_381_239_000_000
    lines = ["timestamp,symbol,bid,bid_size,ask,ask_size,price,size"]
    for _ in range(count):
        moment += walk.randrange(400)
        mid += walk.randrange(-3, 4)
        levels = mid - walk.randrange(3), mid + walk.randrange(1, 4), mid
        bid, ask, price = (f"{cents / 100:.2f}" for cents in levels)
        size = 20 * walk.randrange(1, 10)
        quote = f"{bid},{size},{ask},{size + 20},," if walk.random() < 0.7 else f",,,,{price},{size}"
        lines.append(f"{moment / 1000:.3f},ACME,{quote}")
    return "\n".join(lines) + "\n"


class Stack:
    """One `up`. As a context it is stopped at the end, whatever happens."""

    def __init__(self, *flags: str):
        self._folder = tempfile.TemporaryDirectory(prefix="trading-robot-")
        self.folder = pathlib.Path(self._folder.name)
        self.data = self.folder / "data"
        self.errors = open(self.folder / "errors", "w+", encoding="utf-8")
        self.process: subprocess.Popen | None = None
        self.flags = flags

    def __enter__(self) -> Stack:
        return self

    def start(self) -> None:
        self.process = subprocess.Popen(
            [EXECUTABLES / "trading-robot", "up", "--data-dir", self.data, "--base-port", "0", *self.flags],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.errors)
        self.wait("the endpoints", lambda: (self.data / "endpoints.json").exists())

    @property
    def endpoints(self) -> dict[str, str]:
        return json.loads((self.data / "endpoints.json").read_text())

    def metrics(self, service: str) -> dict[str, float]:
        """The figures of a service; empty while it does not answer."""
        address = self.endpoints[f"{service}-health-endpoint"] + "/metrics"
        try:
            with urllib.request.urlopen(address, timeout=2) as page:
                lines = page.read().decode().splitlines()
        except OSError:
            return {}
        rows = (line.split() for line in lines if not line.startswith("#"))
        return {row[0]: float(row[1]) for row in rows if len(row) == 2}

    def wait(self, what: str, condition, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not condition():
            self.errors.seek(0)
            assert self.process.poll() is None, f"up has ended before {what}: {self.errors.read()}"
            assert time.monotonic() < end, f"{what} did not come in {seconds} s: {self.errors.read()}"
            time.sleep(0.01)

    def is_done(self, strategies: int) -> bool:
        """Whether everything is traded and booked."""
        simulator = self.metrics("simulator")
        booked = self.metrics("tracker").get("checkpoint_seq", -1)
        return simulator.get("sessions_done") == strategies and booked >= simulator.get("last_seq", 0) > 0

    def ledger(self) -> list[str]:
        return robot("ledger", "--data-dir", str(self.data)).stdout.splitlines()

    def __exit__(self, *_) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.errors.close()
        self._folder.cleanup()
