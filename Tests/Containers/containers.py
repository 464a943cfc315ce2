"""The real compose file, run as a user runs it, and everything done to it that may happen to it. See run.sh.

In the end the ledger of the stack, the backtest of its market data and the ledger of a restored backup are the same
bytes. Every step prints a line; the first thing that is not as it should be ends the test with a sentence.
"""
from __future__ import annotations

import contextlib
import json
import os
import pathlib
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import jsonschema
import referencing
import zmq

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "Shared" / "Contracts" / "Schemas"
COMPOSE = os.environ.get("COMPOSE", "docker-compose").split()
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1_000_000)))
KILLS = int(os.environ.get("KILLS", "5"))
OURS = ["market-data-gateway", "order-simulator", "performance-tracker", "strategy-runner"]
FIELDS = {"time", "level", "service", "instance", "message", "metadata"}
# How long anything may take before the test gives up; a busy machine is no reason to fail.
SECONDS = 600
STRATEGIES = [
    "sma-ibm=sma-crossover:IBM:fast=5,slow=20", "sma-aapl=sma-crossover:AAPL:fast=3,slow=9",
    "sma-btc=sma-crossover:BTCUSD:fast=8,slow=30", "quoter-ibm=quoter:IBM:half_spread=0.02",
    "quoter-aapl=quoter:AAPL:half_spread=0.01", "python-ibm=swing:IBM:every=40",
    "sma-ibm-slow=sma-crossover:IBM:fast=20,slow=60", "quoter-btc=quoter:BTCUSD:half_spread=0.05",
]
PYTHON_PLUGIN = '''
from tradingrobotplug import Parameter, TradeSignal, TradingStrategyPlugin


class Swing(TradingStrategyPlugin):
    """Buys and sells in turn, every so many events."""
    parameters = {"every": Parameter(10, minimum=1, description="events between two orders")}

    def initialize(self, config):
        self.every, self.seen = config["every"], 0

    def on_market_data(self, market_data):
        self.seen += 1
        if self.seen % self.every == 0:
            side = "sell" if self.context.position() else "buy"
            return TradeSignal(market_data.symbol, side, 10, market_data.price, market_data.timestamp)
'''
STARTED = time.monotonic()


def say(*words: object) -> None:
    print(f"{time.monotonic() - STARTED:6.0f}s ", *words, flush=True)


def check(condition: object, sentence: object) -> None:
    if not condition:
        raise SystemExit(f"NOT AS IT SHOULD BE: {sentence}")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=SECONDS, check=False)
    check(done.returncode == 0, f"docker {' '.join(words)}: {done.stderr}")
    return done.stdout


class Project:
    """One compose project, with settings of its own."""

    def __init__(self, name: str, settings: dict[str, str], *files: str):
        self.name = name
        self.words = [*COMPOSE, *(word for file in files for word in ("-f", file)), "-p", name]
        self.environment = {**os.environ, **settings}

    def compose(self, *words: str, accept: bool = False, **pipes) -> subprocess.CompletedProcess:
        options = {"stdout": subprocess.PIPE, "stdin": subprocess.DEVNULL, **pipes}
        done = subprocess.run(
            [*self.words, *words], cwd=ROOT, env=self.environment, stderr=subprocess.PIPE, timeout=SECONDS * 2,
            check=False, **options)
        if not accept:
            check(done.returncode == 0, f"{' '.join(words)} ended with {done.returncode}: {done.stderr.decode()}")
        return done

    def robot(self, *words: str, accept: bool = False) -> subprocess.CompletedProcess:
        """The command line, as the README calls it; without a terminal."""
        words = ("run", "--rm", "-T", "trading-robot", *words)
        for _ in range(3):
            # An engine that is busy does not always answer for the names of its containers.
            done = self.compose(*words, accept=True)
            if accept or b"name resolution" not in done.stderr:
                break
        check(accept or done.returncode == 0, f"{' '.join(words)} ended with {done.returncode}: {done.stderr.decode()}")
        return done

    def containers(self, service: str) -> list[str]:
        return self.compose("ps", "-q", service).stdout.decode().split()

    def inspect(self, container: str) -> dict:
        return json.loads(docker("inspect", container))[0]

    def is_ready(self, service: str, count: int = 1) -> bool:
        states = [self.inspect(one)["State"] for one in self.containers(service)]
        ready = [one for one in states if one["Running"] and one.get("Health", {}).get("Status") == "healthy"]
        return len(ready) == count == len(states)

    def wait_ready(self, *services: str, count: int = 1) -> None:
        for service in services or OURS:
            wait(f"{service} to be healthy", lambda: self.is_ready(service, count))

    def metrics(self, service: str, port: int) -> dict[str, float]:
        """The figures of a service, asked from inside; empty while it does not answer."""
        url = f"http://{service}:{port}/metrics"
        script = f"import urllib.request as r; print(r.urlopen('{url}', timeout=2).read().decode())"
        done = self.compose("exec", "-T", "performance-tracker", "python3", "-c", script, accept=True)
        rows = (line.split() for line in done.stdout.decode().splitlines() if not line.startswith("#"))
        return {row[0]: float(row[1]) for row in rows if len(row) == 2}

    def strategies(self) -> list[dict]:
        words = ["exec", "-T", "performance-tracker", "trading-robot", "strategies", "list", "--json"]
        # None when the tracker or the database is not there at the moment.
        return [json.loads(line) for line in self.compose(*words, accept=True).stdout.splitlines()]

    def owners(self) -> set[str]:
        return {row["owner"] for row in self.strategies() if row["owner"]}

    def has_one_owner(self) -> bool:
        owners = {row["owner"] for row in self.strategies()}
        return len(owners) == 1 and None not in owners

    def trades(self) -> int:
        return int(self.metrics("performance-tracker", 9103).get("checkpoint_seq", 0))

    def is_done(self, strategies: int) -> bool:
        simulator = self.metrics("order-simulator", 9102)
        return simulator.get("sessions_done") == strategies and self.trades() >= simulator["last_seq"]

    def ledger(self) -> bytes:
        return self.robot("ledger").stdout


def wait(what: str, condition, seconds: float = SECONDS) -> float:
    begun = time.monotonic()
    while not condition():
        check(time.monotonic() - begun < seconds, f"{what} did not come in {seconds:.0f} s")
        time.sleep(0.5)
    return time.monotonic() - begun


class Listener(threading.Thread):
    """An outside tool: pyzmq on the published port, every message held against its schema."""

    def __init__(self, port: int):
        super().__init__(daemon=True)
        self.counts: dict[str, int] = {}
        self.mistakes: list[str] = []
        self.port, self.stopping = port, threading.Event()
        documents = [json.loads(path.read_text()) for path in sorted(SCHEMAS.glob("*.schema.json"))]
        resources = [(one["$id"], referencing.Resource.from_contents(one)) for one in documents]
        registry = referencing.Registry().with_resources(resources)
        self.validators = {
            one["properties"]["type"]["const"]: jsonschema.Draft202012Validator(one, registry=registry)
            for one in documents if "const" in one.get("properties", {}).get("type", {})}

    def run(self) -> None:
        with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
            subscriber.linger = 0
            subscriber.connect(f"tcp://127.0.0.1:{self.port}")
            subscriber.subscribe("")
            while not self.stopping.is_set():
                if not subscriber.poll(200):
                    continue
                _, message = subscriber.recv_multipart()
                event = json.loads(message)
                self.counts[event["type"]] = self.counts.get(event["type"], 0) + 1
                # Not each one: the validator is slower than the stack.
                if self.counts[event["type"]] <= 500:
                    self.mistakes += [error.message for error in self.validators[event["type"]].iter_errors(event)]


@contextlib.contextmanager
def removed(project: Project):
    """Nothing of the project is left, whatever happens."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(Exception):
            for line in project.compose("logs", "--no-color", "--tail=15", accept=True).stdout.decode().splitlines():
                print("   |", line)
        raise
    finally:
        if os.environ.get("KEEP") != "1":
            project.compose("down", "-v", "--remove-orphans", "--timeout", "10", accept=True)


def check_hardening(project: Project) -> None:
    """What the containers may not do, asked of them from inside."""
    script = (
        "id -u; grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/1/status | tr '\\t\\n' '  '; echo;"
        "touch /usr/local/x 2>&1 | grep -c 'Read-only file system'; touch /tmp/x && echo writable;"
        "awk '$2 == \"00000000\"' /proc/net/route | wc -l")
    for service in OURS:
        for container in project.containers(service):
            words = project.compose("exec", "-T", service, "sh", "-c", script, accept=True).stdout.decode().split("\n")
            check(words[0] == "10001", f"{service} runs as user {words[0]}")
            check("CapEff: 0000000000000000" in words[1] and "CapBnd: 0000000000000000" in words[1], words[1])
            check("NoNewPrivs: 1" in words[1], f"{service}: {words[1]}")
            check(words[2:4] == ["1", "writable"], f"{service} can write its root, or not /tmp: {words}")
            has_way_out = service == "order-simulator"
            check(has_way_out or words[4] == "0", f"{service} has a way out of the internal network")
            facts = project.inspect(container)
            limits = facts["HostConfig"]
            check(limits["Memory"] > 0 and limits["PidsLimit"] > 0, f"{service} has no limits")
            check(limits["ReadonlyRootfs"], f"{service} may write its root")
            published = {port: rows for port, rows in (limits["PortBindings"] or {}).items() if rows}
            check(set(published) == ({"5561/tcp", "5562/tcp"} if has_way_out else set()), f"{service}: {published}")
            check(all(row["HostIp"] == "127.0.0.1" for rows in published.values() for row in rows), published)
    doctor = project.compose("exec", "-T", "strategy-runner", "trading-robot", "doctor", accept=True).stdout.decode()
    isolated = [line for line in doctor.splitlines() if "isolated" in line]
    for line in isolated:
        say("doctor:", line)
    check(sum(line.startswith("ok: plugins are isolated by the kernel") for line in isolated) >= 2, doctor)


def check_plugins(project: Project) -> None:
    listing = project.robot("plugins", "list", accept=True).stdout.decode()
    check("/plugins/libquoter.so" in listing, f"the plugin that was built outside is not listed: {listing}")
    check("/plugins/swing.py" in listing, f"the plugin in Python is not listed: {listing}")
    wait("the strategy in Python to run", lambda: any(
        row["id"] == "python-ibm" and row["state"] == "running" for row in project.strategies()))


def scale(project: Project) -> None:
    project.compose("up", "-d", "--no-build", "--no-recreate", "--scale", "strategy-runner=4")
    # Two for each. On a machine that is too slow for the term of a lease they come and go, so each runner must have
    # been seen with one.
    seen: set[str] = set()
    wait("strategies for each of 4 runners", lambda: seen.update(project.owners()) or len(seen) >= 4)
    say(f"4 runners hold {len(STRATEGIES)} strategies")
    project.compose("up", "-d", "--no-build", "--no-recreate", "--scale", "strategy-runner=1")
    wait("all strategies with one runner", lambda: project.has_one_owner())
    say("1 runner holds them")


def kill_some(project: Project, dice: random.Random) -> None:
    say(f"seed {SEED}: {KILLS} kills")
    for _ in range(KILLS):
        service = dice.choice(OURS)
        time.sleep(dice.random() * 3)
        before = project.trades()
        for container in project.containers(service):
            docker("kill", "--signal", "KILL", container)
        project.compose("up", "-d", "--no-build", "--no-recreate")
        project.wait_ready(service)
        wait("more trades", lambda: project.trades() > before)
        say(f"killed {service}; it goes on")


def disturb(project: Project) -> None:
    """The database is restarted, a runner is cut off for 10 s, every service is restarted in turn."""
    before = project.trades()
    project.compose("restart", "postgresql")
    wait("more trades", lambda: project.trades() > before)
    say("the database was restarted")
    runner, network = project.containers("strategy-runner")[0], f"{project.name}_core"
    docker("network", "disconnect", network, runner)
    time.sleep(10)
    docker("network", "connect", network, runner)
    before = project.trades()
    wait("more trades", lambda: project.trades() > before)
    say("a runner was cut off for 10 s")
    for service in OURS:
        project.compose("up", "-d", "--no-build", "--no-deps", "--force-recreate", service)
        project.wait_ready(service)
    before = project.trades()
    wait("more trades", lambda: project.trades() > before)
    say("every service was replaced in turn")


def measure(project: Project) -> None:
    """For the README: sizes of the image and of what runs."""
    size = json.loads(docker("image", "inspect", "tradingrobotplug:latest"))[0]["Size"]
    say(f"image: {size / 1e6:.0f} MB")
    for service in [*OURS, "postgresql"]:
        used = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", project.containers(service)[0]).strip()
        say(f"memory of {service}: {used}")


def check_logs(project: Project) -> None:
    """JSON lines with the same fields in every service."""
    services: dict[str, int] = {}
    for service in ["prepare", *OURS]:
        lines = project.compose("logs", "--no-color", "--no-log-prefix", service).stdout.decode().splitlines()
        for line in lines:
            if not line or line.startswith("Attaching to"):
                continue
            try:
                entry = json.loads(line)
            except ValueError:
                raise SystemExit(f"NOT AS IT SHOULD BE: {service} logs no JSON: {line}") from None
            check(set(entry) == FIELDS, f"{service} logs other fields: {line}")
            services[entry["service"]] = services.get(entry["service"], 0) + 1
    check(len(services) == 5, f"five programs log, not {services}")
    say(f"JSON lines with the same fields: {services}")


def follow(folder: pathlib.Path, ports: tuple[int, int], until: int, ledger: bytes) -> None:
    """The complete client ends with every trade of the ledger."""
    file = folder / "follow.sqlite"
    words = [sys.executable, ROOT / "deploy" / "examples" / "follow.py", "--trades", f"tcp://127.0.0.1:{ports[0]}",
             "--replay", f"tcp://127.0.0.1:{ports[1]}", "--file", file, "--until", str(until)]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=SECONDS, check=False)
    check(done.returncode == 0, f"follow.py: {done.stderr}")
    with contextlib.closing(sqlite3.connect(file)) as copy:
        seen = {row[0] for row in copy.execute("SELECT trade_id FROM trades")}
    booked = {json.loads(line)["trade_id"] for line in ledger.splitlines()}
    check(seen == booked, f"follow.py has {len(seen)} trades, the ledger {len(booked)}")
    say(f"follow.py: {done.stdout.strip()}")


def backtest(project: Project) -> bytes:
    flags = " ".join(f"--strategy {one}" for one in STRATEGIES)
    script = f"trading-robot backtest --data /data/market-data {flags} --ledger /tmp/ledger >&2 && cat /tmp/ledger"
    return project.compose("run", "--rm", "-T", "--entrypoint", "sh", "trading-robot", "-c", script).stdout


def check_same(one: bytes, other: bytes, what: str) -> None:
    check(one, "the ledger is empty")
    if one != other:
        pairs = zip(one.splitlines(), other.splitlines())
        first = next((pair for pair in pairs if pair[0] != pair[1]), ("one of them is longer", ""))
        raise SystemExit(f"NOT AS IT SHOULD BE: {what} differ: {first[0]!r} and {first[1]!r}")
    say(f"{what}: {len(one.splitlines())} trades, the same")


def main() -> None:
    folder = pathlib.Path(tempfile.mkdtemp(prefix="trading-robot-"))
    plugins = folder / "plugins"
    plugins.mkdir()
    shutil.copy(ROOT / ".build" / "release" / "libquoter.so", plugins)
    (plugins / "swing.py").write_text(PYTHON_PLUGIN)
    folder.chmod(0o755)
    ports = free_port(), free_port()
    settings = {
        "TRADES_PORT": str(ports[0]), "TRADE_REPLAY_PORT": str(ports[1]), "PLUGINS_FOLDER": str(plugins),
        "STRATEGY": ";".join(STRATEGIES), "EVENTS": "60000", "RATE": "50", "SEED": "7", "LEASE_TERM": "15s",
    }
    try:
        backup = run(Project(f"robot{os.getpid()}", settings), folder, ports)
        restore(folder, settings, *backup)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say("all as it should be")


def run(project: Project, folder: pathlib.Path, ports: tuple[int, int]) -> tuple[pathlib.Path, bytes]:
    """A finite run with everything done to it; the backup from its middle, and its ledger."""
    with removed(project):
        project.compose("up", "-d", "--no-build")
        waited = wait("the first trades", lambda: project.trades() > 0, 60)
        say(f"up; the first trades {waited:.0f} s after the containers' start")
        project.wait_ready()
        listener = Listener(ports[0])
        listener.start()
        check_hardening(project)
        check_plugins(project)
        scale(project)
        backup = folder / "backup.tar"
        with open(backup, "wb") as file:
            done = project.compose("run", "--rm", "-T", "trading-robot", "backup", stdout=file)
        say(done.stderr.decode().strip().splitlines()[-1])
        kill_some(project, random.Random(SEED))
        disturb(project)
        measure(project)
        before = project.ledger()
        project.compose("down", "--timeout", "10")
        # The same data, as fast as they go from here on.
        project.environment["SPEED"] = "max"
        project.compose("up", "-d", "--no-build")
        project.wait_ready()
        kept = set(before.splitlines()) - set(project.ledger().splitlines())
        check(not kept, f"down and up has lost {len(kept)} trades")
        say(f"down and up: all of {len(before.splitlines())} trades are there")
        wait("the end of the data", lambda: project.is_done(len(STRATEGIES)), SECONDS * 3)
        ledger = project.ledger()
        follow(folder, ports, project.trades(), ledger)
        listener.stopping.set()
        listener.join(10)
        check(not listener.mistakes, f"messages do not keep to their schema: {listener.mistakes[:3]}")
        check(listener.counts.get("trade", 0) > 100, f"outside was heard {listener.counts}")
        say(f"heard outside, by their schemas: {listener.counts}")
        check_same(ledger, backtest(project), "ledger and backtest")
        for line in project.robot("verify").stdout.decode().splitlines():
            say("verify:", line)
        letters = project.compose("exec", "-T", "performance-tracker", "trading-robot", "dead-letters", "list", "--json")
        check(not letters.stdout.strip(), f"there are dead letters: {letters.stdout}")
        return backup, ledger


def restore(folder: pathlib.Path, settings: dict[str, str], backup: pathlib.Path, ledger: bytes) -> None:
    """Elsewhere, from the backup, with JSON logs and the database's location in a file: the same ledger."""
    secret = folder / "database"
    secret.write_text("postgresql://trading:word@postgresql:5432/trading\n")
    secret.chmod(0o644)
    given = {
        **settings, "TRADES_PORT": str(free_port()), "TRADE_REPLAY_PORT": str(free_port()), "LOG_FORMAT": "json",
        "POSTGRES_PASSWORD": "word", "DATABASE_URL_SECRET": str(secret), "SPEED": "max"}
    project = Project(
        f"robot{os.getpid()}restored", given, "docker-compose.yml", "Tests/Containers/secrets.yml")
    with removed(project):
        with open(backup, "rb") as file:
            done = project.compose("run", "--rm", "-T", "restore", stdin=file)
        say(done.stderr.decode().strip().splitlines()[-1])
        project.compose("up", "-d", "--no-build")
        wait("the end of the data", lambda: project.is_done(len(STRATEGIES)), SECONDS * 3)
        check_same(project.ledger(), ledger, "ledger of the restored stack and of the first")
        with open(backup, "rb") as file:
            again = project.compose("run", "--rm", "-T", "restore", stdin=file, accept=True)
        check(again.returncode == 1 and b"already" in again.stderr, f"restored over a journal: {again.stderr}")
        project.robot("verify")
        check_logs(project)


if __name__ == "__main__":
    main()
