"""`make install` into a folder of its own, and the services as the units start them, one by one, on free ports."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import stack

UNITS = stack.ROOT / "deploy" / "systemd"
ENDPOINTS = (
    "market-data-endpoint", "market-data-replay-endpoint", "order-entry-endpoint", "trades-endpoint",
    "trade-replay-endpoint", "performance-endpoint", "ingest-endpoint")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@unittest.skipUnless(stack.are_built(), stack.NO_EXECUTABLES)
class InstallTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.prefix = cls.folder / "usr"
        cls.home = cls.prefix / "lib" / "trading-robot"
        done = subprocess.run(
            [stack.ROOT / "deploy" / "install.sh", stack.EXECUTABLES], capture_output=True, text=True, timeout=120,
            check=False, env={**os.environ, "PREFIX": str(cls.prefix), "DESTDIR": "", "UNITS": str(cls.folder / "units")})
        assert done.returncode == 0, done.stderr

    def test_what_is_installed_needs_no_compiler(self):
        # Where the compiler is, its libraries come first; all of them are beside the executables too.
        searched = {**os.environ, "LD_LIBRARY_PATH": str(self.home)}
        for program in ("trading-robot", "plugin-host", "order-simulator"):
            self.assertIn(b"$ORIGIN", (self.home / program).read_bytes(), "it looks beside itself")
            listing = subprocess.run(
                ["ldd", self.home / program], capture_output=True, text=True, check=True, env=searched).stdout
            swift = re.findall(r"(libswift\w+\.so|lib_?Foundation\w*\.so) => (\S+)", listing)
            self.assertGreater(len(swift), 0)
            for name, place in swift:
                self.assertEqual(pathlib.Path(place), self.home / name, f"{program} loads {name} elsewhere")

    def test_a_backtest_runs_in_python_and_swift_from_where_it_is_installed(self):
        plugins = self.folder / "plugins"
        plugins.mkdir()
        example = stack.ROOT / "Shared" / "Python" / "examples" / "sma-crossover-python.py"
        (plugins / example.name).write_bytes(example.read_bytes())
        done = subprocess.run(
            [self.prefix / "bin" / "trading-robot", "backtest", "--events", "3000", "--plugins", plugins,
             "--strategy", "a=sma-crossover:IBM:fast=3,slow=9", "--strategy", "b=sma-crossover-python:IBM:fast=3,slow=9"],
            capture_output=True, text=True, timeout=120, check=False, cwd=self.folder,
            env={"PATH": os.environ["PATH"]})
        self.assertEqual(done.returncode, 0, done.stderr)
        trades = re.findall(r"^[ab]: (\d+) trades", done.stdout, re.MULTILINE)
        self.assertEqual(len(trades), 2)
        self.assertEqual(trades[0], trades[1])

    def command(self, name: str) -> "list[str]":
        """What a unit starts, as it is installed."""
        text = (self.folder / "units" / f"trading-robot-{name}.service").read_text()
        line = re.search(r"^ExecStart=(.*)$", text, re.MULTILINE)[1].replace("%i", "1")
        self.assertTrue(line.startswith(str(self.home)), line)
        return line.split()

    def test_the_units_make_a_stack(self):
        data = self.folder / "data"
        data.mkdir()
        ports = {name.upper().replace("-", "_"): f"tcp://127.0.0.1:{free_port()}" for name in ENDPOINTS}
        settings = {"PATH": os.environ["PATH"], "DATA_DIR": str(data), "RATE": "500", "LOG_FORMAT": "json", **ports}
        prepared = subprocess.run(
            self.command("prepare"), env=settings, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(prepared.returncode, 0, prepared.stderr)
        self.assertIn("sma-ibm: sma-crossover on IBM", prepared.stderr)
        health = {}
        for name in ("gateway", "simulator", "tracker", "runner@"):
            health[name] = f"http://127.0.0.1:{free_port()}"
            log = open(self.folder / f"{name}.log", "wb")
            self.addCleanup(log.close)
            process = subprocess.Popen(
                self.command(name), env={**settings, "HEALTH_ENDPOINT": health[name]}, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
            self.addCleanup(process.wait, 10)
            self.addCleanup(process.send_signal, signal.SIGTERM)
        robot = self.prefix / "bin" / "trading-robot"
        for name, address in health.items():
            self.wait(f"{name} to be ready", [robot, "health", address], lambda out: '"status":"ready"' in out)
        self.wait("trades", [robot, "ledger", "--data-dir", data], lambda out: out.count("\n") > 10)

    def wait(self, what: str, command: list, is_there) -> None:
        end = time.monotonic() + 60
        while True:
            done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
            if done.returncode == 0 and is_there(done.stdout):
                return
            logs = "".join(path.read_text()[-2000:] for path in self.folder.glob("*.log"))
            self.assertLess(time.monotonic(), end, f"{what}: {done.stdout}{done.stderr}{logs}")
            time.sleep(0.1)


if __name__ == "__main__":
    unittest.main()
