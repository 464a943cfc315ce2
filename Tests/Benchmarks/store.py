"""The benchmarks of the tracker and its store: trades booked beside C loops, a backlog, the latency of a booking, and
queries over a million trades."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request

from building import HERE, WORK, compile_peer
from measuring import Absent, Load, alternate, call, fact, lines, middle, named, row, start, stop


class Server:
    """A PostgreSQL server of its own, from Debian's package, in a temporary folder."""

    def __enter__(self):
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda x: int(x.parent.parent.name))
        if not found:
            raise Absent("PostgreSQL is not installed: apt-get install postgresql")
        self.bin = found[-1].parent
        self.folder = tempfile.mkdtemp(dir=WORK)
        # As root the server belongs to the user of the package: initdb refuses root.
        self.owner = []
        if os.geteuid() == 0:
            self.owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            for folder in [self.folder] + [str(x) for x in pathlib.Path(self.folder).parents if x != pathlib.Path("/")]:
                os.chmod(folder, os.stat(folder).st_mode | 0o011)
            shutil.chown(self.folder, "postgres", "postgres")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.run("initdb", "-D", self.folder + "/data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale")
        self.run("pg_ctl", "-D", self.folder + "/data", "-w", "-l", self.folder + "/log", "-o",
                 f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}", "start")
        return self

    def run(self, name, *arguments):
        done = subprocess.run([*self.owner, str(self.bin / name), *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", timeout=120)
        if done.returncode != 0:
            raise Absent(f"{name} failed")

    def fresh(self):
        """The URL of an empty database."""
        name = f"b{time.monotonic_ns()}"
        self.run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", name)
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def __exit__(self, *_):
        self.run("pg_ctl", "-D", self.folder + "/data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


def store(options):
    trades = WORK / "trades.tsv"
    call(options.bench, "trades", trades, 400_000)
    peer = compile_peer("store_sqlite", HERE / "Peers" / "store_sqlite.c", "-O2", "-lsqlite3")
    for durability, sync, batch, count in (("process", "NORMAL", 1, 20_000), ("process", "NORMAL", 100, 200_000),
                                           ("process", "NORMAL", 1000, 400_000), ("power", "FULL", 1000, 200_000)):
        def ours():
            with tempfile.TemporaryDirectory(dir=WORK) as folder:
                return lines(options.bench, "store", folder + "/t.db", count, batch, durability)[0]

        def theirs():
            with tempfile.TemporaryDirectory(dir=WORK) as folder:
                call(options.bench, "make-store", folder + "/t.db")
                return lines(peer, folder + "/t.db", trades, count, batch, sync)[0]

        booked(options, f"trades/s booked into SQLite {sync} ÷ C loop, {batch} a batch", ours, theirs)
    peer = compile_peer("store_postgresql", HERE / "Peers" / "store_postgresql.c", "-O2", "-I/usr/include/postgresql",
                        "-lpq")
    with Server() as server:
        for batch, count in ((100, 50_000), (1000, 200_000)):
            def make():
                url = server.fresh()
                call(options.bench, "make-store", url)
                return url

            booked(options, f"trades/s booked into PostgreSQL ÷ C loop, {batch} a batch",
                   lambda: lines(options.bench, "store", make(), count, batch, "process")[0],
                   lambda: lines(peer, make(), trades, count, batch)[0])


def booked(options, goal, ours, theirs):
    with Load() as load:
        a, b = alternate(options.pairs, ours, theirs)
    row(goal, [x["rows_s"] / y["rows_s"] for x, y in zip(a, b)], 0.6, 0.85, f"{middle([x['rows_s'] for x in a]):,.0f}/s",
        f"{middle([y['rows_s'] for y in b]):,.0f}/s", load.share, less_is_better=False)


class Tracker:
    """A tracker that follows `benchmarks simulate`."""

    def __init__(self, options, backlog, rate=0, seconds=10, database=None):
        self.folder = tempfile.mkdtemp(prefix="trp-")
        self.database = database or self.folder + "/trading.db"
        self.ends = [f"ipc://{self.folder}/t", f"ipc://{self.folder}/r"]
        call(options.bench, "make-store", self.database)
        self.simulator = start(options.bench, "simulate", *self.ends, self.folder + "/orders", backlog, rate,
                               self.database, seconds, log=self.folder + "/log", stdout=subprocess.PIPE)
        self.last = json.loads(self.simulator.stdout.readline())["last"]
        self.began = time.monotonic()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.health = f"http://127.0.0.1:{probe.getsockname()[1]}"
        self.process = start(options.bin / "performance-tracker", "--data-dir", self.folder, "--database-url",
                             self.database, "--trades-endpoint", self.ends[0], "--trade-replay-endpoint", self.ends[1],
                             "--performance-endpoint", f"ipc://{self.folder}/p", "--ingest-endpoint",
                             f"ipc://{self.folder}/i", "--health-endpoint", self.health, log=self.folder + "/log")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.process)
        stop(self.simulator)
        shutil.rmtree(self.folder, ignore_errors=True)

    def caught_up(self, patience=300):
        """Seconds from the start of the tracker until all of the backlog was booked."""
        while time.monotonic() < self.began + patience:
            try:
                text = urllib.request.urlopen(self.health + "/metrics", timeout=5).read().decode()
            except OSError:
                text = ""
            found = re.search(r"^checkpoint_seq ([0-9.e+]+)$", text, re.MULTILINE)
            if found and float(found.group(1)) >= self.last:
                fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(") ", 1)[1].split()
                self.cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
                return time.monotonic() - self.began
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise Absent("the tracker did not catch up: " + open(self.folder + "/log").read()[-300:])


def tracker(options):
    taken = []

    def backlog(database=None):
        with Tracker(options, 100_000, database=database) as running:
            seconds = running.caught_up()
            taken.append(running.cpu)
            return seconds

    with Load() as load:
        seconds = [backlog() for _ in range(max(3, options.pairs // 3))]
    row("backlog of 100,000 trades into SQLite: seconds", seconds, 10, 10, f"{middle(seconds):.2f} s", "", load.share,
        f"with as many orders; {middle(taken):.2f} s of a processor")
    try:
        with Server() as server, Load() as load:
            taken.clear()
            seconds = [backlog(server.fresh()) for _ in range(max(3, options.pairs // 3))]
        row("backlog of 100,000 trades into PostgreSQL: seconds", seconds, 10, 10, f"{middle(seconds):.2f} s", "",
            load.share, f"with as many orders; {middle(taken):.2f} s of the tracker's processor")
    except Absent as reason:
        fact(f"without PostgreSQL: {reason}")
    with Load() as load:
        for rate in (100, 1_000):
            with Tracker(options, 1_000, rate, 10) as running:
                running.caught_up()
                output, _ = running.simulator.communicate(timeout=120)
                figures = named([json.loads(x) for x in output.splitlines()])["latency"]
            fact(f"published→booked at {rate} trades/s: p50 {figures['p50'] / 1e3:.2f} ms, p99 "
                 f"{figures['p99'] / 1e3:.2f} ms of {figures['count']} (looked for every 0.1 ms)")
    with Load() as load, tempfile.TemporaryDirectory(dir=WORK) as folder:
        queries = named(lines(options.bench, "query", folder + "/t.db", 1_000_000))
    for name, figures in queries.items():
        row(f"over a million trades, {name}: ms", [figures["ms"]], 5, 5, f"{figures['ms']:.2f} ms",
            f"at most {figures['ms_max']:.2f}", load.share)
