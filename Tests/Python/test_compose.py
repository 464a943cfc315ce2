"""docker-compose.yml, .env.example, the Dockerfile and the units, as far as they can be held without an engine."""
import pathlib
import re
import shutil
import subprocess
import unittest

import stack

COMPOSE = stack.ROOT / "docker-compose.yml"
SERVICES = ("market-data-gateway", "order-simulator", "performance-tracker", "strategy-runner")
# What is not for a user of the containers: places inside, names, and the files of `--config`.
FIXED = {
    "config", "data-dir", "database-url", "health-endpoint", "ingest-endpoint", "market-data-endpoint",
    "market-data-replay-endpoint", "number", "order-entry-endpoint", "parent-pid", "performance-endpoint",
    "more-simulators", "plugins", "simulator", "source", "trade-replay-endpoint", "trades-endpoint", "command-name",
    "expected-readers", "help", "orders-from",
    # The container of the simulator has neither the market data nor the database.
    "journal-keep",
}


def assignments(text: str) -> "dict[str, str]":
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))


def flags(*command: str) -> "set[str]":
    """The settings that a program says it has."""
    done = subprocess.run(
        [stack.EXECUTABLES / command[0], *command[1:], "--help"], capture_output=True, text=True, timeout=60,
        stdin=subprocess.DEVNULL, check=True)
    return set(re.findall(r"^\s+--(?:\[no-\])?([a-z-]+)", done.stdout, re.MULTILINE))


class ComposeTests(unittest.TestCase):
    def setUp(self):
        self.text = COMPOSE.read_text()
        self.example = assignments((stack.ROOT / ".env.example").read_text())

    def test_the_example_lists_every_setting_with_its_default(self):
        used = re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", self.text)
        for name, default in used:
            self.assertEqual(self.example.get(name), default, f"{name} of docker-compose.yml in .env.example")
        self.assertEqual(set(self.example), {name for name, _ in used})

    @unittest.skipUnless(stack.are_built(), stack.NO_EXECUTABLES)
    def test_every_setting_of_every_service_can_be_given(self):
        programs = [(service,) for service in SERVICES] + [("trading-robot", "strategies", "prepare")]
        known = set.union(*(flags(*program) for program in programs))
        self.assertGreater(len(known), 30)
        missing = {flag for flag in known - FIXED if flag.upper().replace("-", "_") not in self.example}
        self.assertEqual(missing, set(), "settings that .env.example does not list")

    def test_what_is_published_is_published_on_this_machine_only(self):
        ports = re.findall(r"^\s+- \"([0-9.]*):?\$\{[A-Z_]+_PORT", self.text, re.MULTILINE)
        self.assertEqual(ports, ["127.0.0.1", "127.0.0.1"])
        self.assertNotIn("container_name", self.text)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "SKIP systemd: there is no systemd-analyze")
    def test_systemd_understands_the_units(self):
        units = sorted(str(path) for path in (stack.ROOT / "deploy" / "systemd").iterdir())
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, timeout=60,
            check=False)
        # What is wrong with the machine's own units, and that nothing is installed here, is not of interest.
        lines = [line for line in done.stderr.splitlines()
                 if "trading-robot" in line and "is not executable" not in line]
        self.assertEqual(lines, [])


if __name__ == "__main__":
    unittest.main()
