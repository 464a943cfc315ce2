"""The ledger of `trading-robot` against one that is calculated independently, by oracle_sma.py."""
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest
import zipfile

import stack

ORACLE = pathlib.Path(__file__).with_name("oracle_sma.py")


def calculated(folder: pathlib.Path, *flags: str) -> str:
    command = [sys.executable, ORACLE, folder, *flags]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def made_day(root: pathlib.Path, seed: int, rows: int = 4_000) -> pathlib.Path:
    """One day of LEAN ticks on a random walk, with everything that real files have: one-sided and crossed
    quotes, quotes that repeat, sizes of 0, trades before the first quote, suspicious rows, rows outside of
    the hours."""
    walk, mid, moment = random.Random(seed), 500_000, 34_000_000
    quotes, trades = [], []
    for number in range(rows):
        moment += walk.randrange(12_000)
        mid += 100 * walk.randrange(-4, 5)
        bad = "1" if walk.random() < 0.01 else "0"
        if number < 20 or walk.random() < 0.3:
            trades.append(f"{moment},{mid},{walk.choice([0, 40, 100, 700])},P,0,{bad}")
            continue
        bid, ask = mid - 100 * walk.randrange(-1, 4), mid + 100 * walk.randrange(-1, 4)
        sizes = [walk.choice([0, 10, 60, 100, 300]) for _ in range(2)]
        sides = walk.choice(["both", "bid", "ask", "again"])
        if sides == "again" and quotes:
            quotes.append(f"{moment},{quotes[-1].split(',', 1)[1]}")
            continue
        bid, ask = (0 if sides == "ask" else bid), (0 if sides == "bid" else ask)
        quotes.append(f"{moment},{bid},{sizes[0] if bid else 0},{ask},{sizes[1] if ask else 0},P,1,{bad}")
    folder = root / "equity" / "usa" / "tick" / "acme"
    folder.mkdir(parents=True)
    for kind, lines in (("quote", quotes), ("trade", trades)):
        with zipfile.ZipFile(folder / f"20240102_{kind}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"20240102_acme_{kind.capitalize()}_Tick.csv", "\n".join(lines) + "\n")
    return folder


@unittest.skipUnless(stack.are_built(), stack.NO_EXECUTABLES)
class OracleTest(unittest.TestCase):
    def compare(self, folder: pathlib.Path, simulation: dict, parameters: dict) -> int:
        """Both ledgers under the same settings; the number of trades."""
        symbol = folder.name.upper()
        settings = [text for name, value in simulation.items() for text in (f"--{name}", str(value))]
        choices = [text for name, value in parameters.items() for text in (f"--{name}", str(value))]
        terms = ",".join(f"{name}={value}" for name, value in parameters.items())
        strategy = f"sma-{symbol.lower()}=sma-crossover:{symbol}" + (f":{terms}" if terms else "")
        expected = calculated(folder, "--id", f"sma-{symbol.lower()}", *settings, *choices)
        outcome = stack.robot(
            "backtest", "--data", str(folder), "--ledger", "-", "--strategy", strategy, *settings)
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        if outcome.stdout != expected:
            pairs = enumerate(zip(outcome.stdout.splitlines(), expected.splitlines()), 1)
            place = next(((n, a, b) for n, (a, b) in pairs if a != b), "their lengths")
            self.fail(f"{simulation} {parameters}: the ledgers differ in {place}")
        return expected.count("\n")

    def test_made_days(self):
        trades = 0
        for seed in range(8):
            choice = random.Random(seed)
            fast = choice.randrange(1, 12)
            parameters = {
                "fast": fast, "slow": fast + choice.randrange(1, 40),
                "quantity": choice.choice([1, 35, 100, 430]), "direction": choice.choice(["both", "long"])}
            simulation = {
                "cash": choice.choice([3_000, 30_000, "123456.789"]),
                "fee": choice.choice(["per-share", "none"]), "hours": choice.choice(["regular", "all"])}
            with self.subTest(seed=seed), tempfile.TemporaryDirectory() as root:
                trades += self.compare(made_day(pathlib.Path(root), seed), simulation, parameters)
        self.assertGreater(trades, 1_000, "the made days trade too little to prove anything")

    @unittest.skipUnless(stack.IBM.exists(), stack.NO_DATA)
    def test_ibm_day(self):
        table = [
            ({"hours": "all"}, {}),
            ({}, {}),
            ({"fee": "none", "cash": 1_000_000}, {"fast": 3, "slow": 7, "quantity": 530}),
            ({"hours": "all", "cash": 30_000}, {"fast": 20, "slow": 200, "direction": "long"}),
            ({"cash": 20_000}, {"fast": 1, "slow": 2}),
            ({"cash": "123456.789"}, {"fast": 17, "slow": 101, "quantity": 333}),
        ]
        for simulation, parameters in table if stack.IS_FULL else table[:3]:
            with self.subTest(simulation=simulation, parameters=parameters):
                self.assertGreater(self.compare(stack.IBM, simulation, parameters), 100)

    @unittest.skipUnless(stack.IBM.exists(), stack.NO_DATA)
    def test_ibm_day_through_the_stack(self):
        flags = ["--provider", "replay", "--data", str(stack.IBM), "--hours", "all", "--speed", "max",
                 "--strategy", "sma-ibm=sma-crossover:IBM", "--exit-when-done"]
        with stack.Stack(*flags) as running:
            running.start()
            self.assertEqual(running.process.wait(60), 0)
            expected = calculated(stack.IBM, "--hours", "all").splitlines()
            self.assertEqual(len(running.ledger()), len(expected))
            self.assertTrue(running.ledger() == expected, "the tracker's ledger is not the calculated one")


if __name__ == "__main__":
    unittest.main()
