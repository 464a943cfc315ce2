#!/usr/bin/env python3
"""Runs our benchmarks and their peers in alternation, in one session, and prints the ratios.

    make bench                          everything, about ten minutes
    make bench ARGS="--only codec,backtest --pairs 5"
    make bench ARGS="--list"

Figures and ratios only: nothing passes or fails by time. A ratio is the median of those of the pairs, with the
smallest and the largest in brackets; machines move by 10 to 15 %, the 99th percentile of a latency by half.
`other load` is the share of one core that processes not started here took meanwhile: repeat on a quiet machine
what shows more than a few per cent.

The peers are built from ../shared/bench (or TRADING_ROBOT_PEERS) and from Peers/ beside this file, with cc and
g++; simdjson is Debian's libsimdjson-dev; hftbacktest goes into .build/venv-bench with pip. What cannot be had is
said in one line and left out. Our executables are those of this build (or TRADING_ROBOT_BIN).
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # modules are beside this file; no __pycache__ among the sources
from building import HERE, PEERS, ROOT, WORK, compile_peer
from measuring import (ROWS, Absent, Load, Stack, alternate, call, fact, lines, middle, named, row, start, stop,
                       table)
from recovery import recovery
from store import store, tracker
import runners

DATA = pathlib.Path(os.environ.get("TRADING_ROBOT_DATA", ROOT.parent / "shared" / "data"))
QUESTION_BYTES, ANSWER_BYTES = 440, 40  # of one quote in the plugin protocol
TICK_BYTES = 242  # mean length of the messages of `benchmarks messages`


# ---------------------------------------------------------------- building

def executables():
    given = os.environ.get("TRADING_ROBOT_BIN")
    if given:
        return pathlib.Path(given)
    shown = subprocess.run(["swift", "build", "-c", "release", "-Xswiftc", "-enable-testing", "--show-bin-path"],
                           cwd=ROOT, capture_output=True, text=True, check=True,
                           env=dict(os.environ, BENCH="1"))
    return pathlib.Path(shown.stdout.strip())


def plugin(name, *flags, source=None):
    return compile_peer(f"lib{name}.so", HERE / "Strategies" / f"{source or name}.c", "-O2", "-shared", "-fPIC",
                        "-I" + str(ROOT / "Shared" / "CStrategyABI" / "include"), *flags)


def zmqbench():
    return compile_peer("zmqbench", PEERS / "zmq" / "zmqbench.c", "-O2", "-lzmq", "-lpthread")


# ---------------------------------------------------------------- codec

def codec(options):
    peer = compile_peer("ticks_simdjson", HERE / "Peers" / "ticks_simdjson.cpp", "-O3", "-march=native",
                        "-lsimdjson", "-ldl")
    folder = WORK / "messages"
    call(options.bench, "messages", folder)
    with Load() as load:
        ours, theirs = alternate(options.pairs, lambda: named(lines(options.bench, "codec", folder, 7)),
                                 lambda: named(lines(peer, folder, 7)))
        slow = [named(lines(options.bench, "foundation", folder, 3)) for _ in range(3)]

    def compare(goal, name, against, floor=None, aim=None, note=""):
        row(goal, [a[name]["ns"] / b[against]["ns"] for a, b in zip(ours, theirs)], floor, aim,
            f"{middle([a[name]['ns'] for a in ours]):.0f} ns", f"{middle([b[against]['ns'] for b in theirs]):.0f} ns",
            load.share, note)

    any_order, in_order = "decode, keys in any order", "decode, keys in order"
    compare("tick decode, keys in any order, ÷ simdjson", any_order, any_order, 1.0, 0.5,
            "another order in each message")
    compare("tick decode, keys in the contract's order, ÷ simdjson", in_order, in_order, 1.0, 0.5,
            "both take any order")
    compare("tick decode, ÷ simdjson for this order only", in_order, "decode, this order only")
    compare("tick encode ÷ C++ to_chars", "encode", "encode", 2.5, 1.2)
    for name in (any_order, "encode"):
        row(f"tick {name.split(',')[0]}: times as fast as Foundation",
            [s[name]["ns"] / a[name]["ns"] for s, a in zip(slow, ours)], 20, 50,
            f"{middle([a[name]['ns'] for a in ours]):.0f} ns", f"{middle([s[name]['ns'] for s in slow]):.0f} ns",
            load.share, less_is_better=False)
    counter = compile_peer("libmcount.so", PEERS / "json" / "mcount.c", "-O2", "-shared", "-fPIC")
    for name, figures in named(lines(options.bench, "codec", folder, 1, env={"LD_PRELOAD": str(counter)})).items():
        fact(f"allocations a tick, {name}: {figures['allocations']:g}")


# ---------------------------------------------------------------- journal

def journal(options):
    peer = compile_peer("sqlite_bench", PEERS / "store" / "sqlite_bench.c", "-O2", "-lsqlite3")

    for durability, sync, batch, records in (("process", "NORMAL", 1, 100_000), ("process", "NORMAL", 100, 500_000),
                                             ("process", "NORMAL", 1000, 500_000), ("group", "FULL", 1, 5_000),
                                             ("group", "FULL", 100, 100_000), ("group", "FULL", 1000, 300_000)):
        def ours():
            with tempfile.TemporaryDirectory(dir=WORK) as folder:
                return lines(options.bench, "journal", folder + "/j", records, batch, durability)[0]

        def theirs():
            with tempfile.TemporaryDirectory(dir=WORK) as folder:
                return lines(peer, folder + "/t.db", records, batch, sync)[0]

        with Load() as load:
            a, b = alternate(options.pairs, ours, theirs)
        row(f"journal records/s ÷ SQLite {sync}, {batch} a batch",
            [x["records_per_s"] / y["rows_s"] for x, y in zip(a, b)], 1, 3,
            f"{middle([x['records_per_s'] for x in a]):,.0f}/s of {a[0]['bytes']:.0f} B",
            f"{middle([y['rows_s'] for y in b]):,.0f}/s", load.share, less_is_better=False)


# ---------------------------------------------------------------- backtest

def ticks_csv():
    path = WORK / "quotes" / "ticks.csv"
    if not path.exists():
        source = PEERS / "backtest" / "gen_data.py"
        if not source.exists():
            raise Absent(f"{source} is not there")
        call(sys.executable, source, path.parent, 1_000_000, 100)
    return path


def hftbacktest():
    folder = ROOT / ".build" / "venv-bench"
    python = folder / "bin" / "python"
    if not python.exists():
        call(sys.executable, "-m", "venv", folder)
    if subprocess.run([python, "-c", "import hftbacktest"], capture_output=True).returncode != 0:
        done = subprocess.run([python, "-m", "pip", "install", "-q", "hftbacktest"], capture_output=True, text=True)
        if done.returncode != 0:
            raise Absent(f"hftbacktest cannot be installed here: {done.stderr.strip()[-200:]}")
    script = PEERS / "backtest" / "peer_hftbacktest.py"
    if not script.exists():
        raise Absent(f"{script} is not there")
    return python, script


def is_equal(ours, oracle):
    """Fills, round trips, position, profit and fees to the last 1e-8; a sentence."""
    exact = {"fills": oracle["fills"], "trades": oracle["trades"], "position_e8": oracle["open_pos"] * 100_000_000,
             "pnl_e8": round(float(oracle["pnl"]) * 1e8), "fees_e8": round(float(oracle["fees"]) * 1e8)}
    wrong = [f"{name} {ours[name]}, not {value}" for name, value in exact.items() if ours[name] != value]
    return "EQUAL" if not wrong else "DIFFERENT: " + "; ".join(wrong)


def backtest(options):
    ticks = ticks_csv()
    reference = compile_peer("btref", PEERS / "backtest" / "reference.c", "-O2")
    oracle = lines(reference, ticks, "ticks", "now", 0, 100)[0]
    plugins = {"in C": plugin("crossover"), "sma-crossover": options.bin / "libsma-crossover.so"}
    for name, path in plugins.items():
        figures = lines(options.bench, "backtest", ticks, path, 1, 1)[0]
        fact(f"fills and profit of the strategy {name} against the integer oracle ({oracle['fills']} fills): "
             + is_equal(figures, oracle))

    def ours(path, laps=1):
        return lines(options.bench, "backtest", ticks, path, laps, 1)[0]

    try:
        python, script = hftbacktest()

        def peer(mode):
            return lines(python, "-W", "ignore", script, ticks, *mode)[0]

        modes = {"ROIVector": ["roi"], "HashMap": []}
        tried = {name: peer(mode) for name, mode in modes.items()}
        fastest = max(tried, key=lambda name: tried[name]["events_per_s"])
        same = tried[fastest]["fills"] == oracle["fills"] and abs(tried[fastest]["pnl"] - oracle["pnl"]) < 0.001
        fact(f"hftbacktest {tried[fastest]['version']}, the faster of its modes is {fastest}: "
             + ("the same fills" if same else "OTHER fills"))
        for name, path in plugins.items():
            with Load() as load:
                a, b = alternate(options.pairs, lambda: ours(path), lambda: peer(modes[fastest]))
            row(f"backtest quotes/s ÷ hftbacktest, strategy {name}",
                [x["events_per_s"] / y["events_per_s"] for x, y in zip(a, b)], 1, 4,
                f"{middle([x['events_per_s'] for x in a]) / 1e6:.2f} M/s",
                f"{middle([y['events_per_s'] for y in b]) / 1e6:.2f} M/s", load.share,
                f"by user time {middle([x['user_events_per_s'] for x in a]) / 1e6:.2f} M/s", less_is_better=False)
    except Absent as reason:
        fact(f"without hftbacktest: {reason}")
        a = [ours(plugins["in C"]) for _ in range(options.pairs)]
        fact(f"backtest quotes/s: {middle([x['events_per_s'] for x in a]) / 1e6:.2f} M/s")
    scaling(options, plugins["in C"], ours)


def scaling(options, path, ours):
    with Load() as load:
        ten, one = alternate(max(3, options.pairs // 2), lambda: ours(path, 10), lambda: ours(path))
    row("backtest rate at ten times the data", [x["events_per_s"] / y["events_per_s"] for x, y in zip(ten, one)],
        0.95, 0.95, f"{middle([x['events_per_s'] for x in ten]) / 1e6:.2f} M/s",
        f"{middle([y['events_per_s'] for y in one]) / 1e6:.2f} M/s", load.share, less_is_better=False)
    fact(f"memory grown in the run: {middle([y['growth_mb'] for y in one]):.1f} MB at {one[0]['events']:,} quotes, "
         f"{middle([x['growth_mb'] for x in ten]):.1f} MB at {ten[0]['events']:,}")
    peaks = {}
    for events in (200_000, 2_000_000):
        # An average over 100,000 prices hardly crosses, so that what grows with the trades does not show.
        command = [options.bin / "trading-robot", "backtest", "--provider", "synthetic", "--events", str(events),
                   "--symbols", "ACME", "--strategy", "s=sma-crossover:ACME:fast=50000,slow=100000"]
        process = subprocess.Popen([str(x) for x in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        peaks[events] = usage.ru_maxrss / 1024
    fact("peak memory of `trading-robot backtest` over synthetic data: "
         + ", ".join(f"{peak:.1f} MB at {events:,} events" for events, peak in peaks.items()))


# ---------------------------------------------------------------- metrics

def pyfolio():
    folder = ROOT / ".build" / "venv-bench"
    python = folder / "bin" / "python"
    if not python.exists():
        call(sys.executable, "-m", "venv", folder)
    if subprocess.run([python, "-c", "import pyfolio"], capture_output=True).returncode != 0:
        call(python, "-m", "pip", "install", "-q", "pyfolio-reloaded")
    return python


def metrics(options):
    python, script, data = pyfolio(), HERE / "Peers" / "metrics_pyfolio.py", WORK / "returns.f64"
    first = lines(python, script, data, 1)[0]
    ours = lines(options.bench, "metrics", data, 1)[0]
    apart = [name for name in first if name not in ("bench", "ms")
             and abs(ours[name] - first[name]) > 1e-9 * max(1, abs(first[name]))]
    fact("metrics of a million returns against pyfolio: " + (f"DIFFERENT: {apart}" if apart else "EQUAL within 1e-9"))
    with Load() as load:
        a, b = alternate(options.pairs, lambda: lines(options.bench, "metrics", data, 3)[-1],
                         lambda: lines(python, script, data, 1)[0])
    row("all metrics of a million returns ÷ pyfolio's perf_stats", [x["ms"] / y["ms"] for x, y in zip(a, b)],
        0.3, 0.07, f"{middle([x['ms'] for x in a]):.1f} ms", f"{middle([y['ms'] for y in b]):.0f} ms", load.share)


# ---------------------------------------------------------------- messaging

def feed(options):
    quiet = plugin("quiet", "-DQUIET", source="crossover")
    raw, ticks = zmqbench(), 1_000_000

    def ours():
        with tempfile.TemporaryDirectory(prefix="trp-") as folder:
            ends = [f"ipc://{folder}/p", f"ipc://{folder}/r"]
            publisher = start(options.bench, "publish", *ends, folder + "/journal", ticks, log=folder + "/log")
            try:
                return lines(options.bench, "follow", *ends, quiet, ticks, timeout=120)[0]
            finally:
                stop(publisher)

    with Load() as load:
        a, b = alternate(options.pairs, ours,
                         lambda: lines(raw, "thr", "pubsub", "ipc", TICK_BYTES, 2, ticks)[0])
    row("gateway→strategy ticks/s ÷ raw PUB→SUB of the same bytes",
        [x["ticks_per_s"] / y["recv_msg_s"] for x, y in zip(a, b)], 0.4, 0.7,
        f"{middle([x['ticks_per_s'] for x in a]) / 1e3:.0f} k/s",
        f"{middle([y['recv_msg_s'] for y in b]) / 1e3:.0f} k/s",
        load.share, f"replayed {max(x['replayed'] for x in a)}", less_is_better=False)


# ---------------------------------------------------------------- the services together

def market_csv(name, count, step_microseconds):
    """The oracle's quotes with sizes, at even times, in our own format."""
    path = WORK / "quotes" / f"{name}.csv"
    if not path.exists():
        with open(ticks_csv()) as source, open(path, "w") as out:
            next(source)
            out.write("timestamp,symbol,bid,ask,bid_size,ask_size\n")
            time_us = 1_700_000_000_000_000
            for _, line in zip(range(count), source):
                _, bid, ask, _, _ = line.split(",")
                out.write(f"{time_us // 1_000_000}.{time_us % 1_000_000:06d},TEST,{bid},{ask},1000,1000\n")
                time_us += step_microseconds
    return path


def path(options):
    raw, count = zmqbench(), 500_000
    data = market_csv("half-million", count, 1_000)
    plugin("every20th")

    def theirs():
        return max((lines(raw, "chain", "ipc", 200, rate, 400_000, "block", 3)[0]["rate_seen"]
                    for rate in (400_000, 1_000_000)))

    # The rarer the orders, the less each tick costs: about every 156th, 37th and 20th tick has one.
    for name, strategy in (("sma-crossover of 50 and 200 ticks", "s=sma-crossover:TEST:fast=50,slow=200"),
                           ("sma-crossover", "s=sma-crossover:TEST"), ("an order every 20th tick", "s=every20th:TEST")):
        def ours():
            with Stack(options, "--provider", "replay", "--data", data, "--speed", "max", "--plugins", WORK,
                       "--isolation", "none", "--strategy", strategy) as stack:
                stack.wait_done(180)
                seconds, ticks = stack.span()
                return ticks / seconds

        with Load() as load:
            a, b = alternate(max(3, options.pairs // 2), ours, theirs)
        row(f"lossless path ticks/s ÷ raw chain at its highest rate, {name}", [x / y for x, y in zip(a, b)], 0.3, 0.6,
            f"{middle(a) / 1e3:.0f} k/s", f"{middle(b) / 1e3:.0f} k/s", load.share, less_is_better=False)


def latency_of_ours(options, rate, seconds):
    """p50 and p99 in µs from a tick's publication to the receipt of its trade by a tool behind the simulator."""
    warm = 2.0
    data = market_csv(f"at-{rate}", int(rate * (seconds + warm)), 1_000_000 // rate)
    plugin("every20th")
    with Stack(options, "--provider", "replay", "--data", data, "--speed", "real", "--plugins", WORK, "--isolation",
               "none", "--strategy", "s=every20th:TEST") as stack:
        observer = start(options.bench, "observe", stack.endpoint("trades-endpoint"), 300, log=stack.folder + "/up.log",
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        time.sleep(seconds + warm)
        stack.wait_done(60)
        output, _ = observer.communicate("")
        received = [tuple(map(int, x.split()[:2])) for x in output.splitlines() if x != "ready"]
        published = {round(x["timestamp"] * 1e6): round(x["published_at"] * 1e6)
                     for x in stack.records("market-data", "tick")}
        begin = min(published.values()) + warm * 1e6
        taken = sorted(at - published[market] for at, market in received if published[market] >= begin)
    if len(taken) < 50:
        raise Absent(f"only {len(taken)} trades were seen at {rate}/s")
    return dict(p50=taken[len(taken) // 2], p99=taken[min(len(taken) - 1, int(len(taken) * 0.99))], count=len(taken))


def latency(options):
    raw = zmqbench()
    # One tick in twenty goes on as an order, so the last two hops are cold; what that alone costs is a figure too.
    shape = compile_peer("orders", HERE / "Peers" / "orders.c", "-O2", "-lzmq")
    for rate, count, seconds in ((1_000, 4_000, 6), (10_000, 40_000, 4)):
        pairs, bare, thrown = [], [], 0
        wanted = max(options.pairs, 9)
        with Load() as load:
            while len(pairs) < wanted and thrown <= 3 * wanted:
                # The raw chain says whether the machine is quiet enough for the pair to count.
                figures = lines(raw, "chain", "ipc", 200, rate, count, "block", 3)[0]
                if figures["lat_p99"] > 1_000_000:
                    thrown += 1
                    continue
                theirs = dict(p50=figures["lat_p50"] / 1e3, p99=figures["lat_p99"] / 1e3)
                pairs.append((latency_of_ours(options, rate, seconds), theirs))
                bare.append(lines(shape, rate, count, 20)[0])
        if len(pairs) < wanted:
            ours = latency_of_ours(options, rate, seconds)
            fact(f"tick→trade at {rate}/s: only {len(pairs)} of {wanted} pairs, because the raw chain's own p99 was "
                 f"above 1 ms in {thrown} runs: repeat on a quiet machine. Ours: {ours['p50']} µs, "
                 f"p99 {ours['p99']} µs")
        for name, floor, aim in (("p50", 1.5, 1.15), ("p99", 2, 1.3)) if pairs else ():
            row(f"tick→trade {name} at {rate}/s ÷ raw three-hop chain", [x[name] / y[name] for x, y in pairs], floor,
                aim, f"{middle([x[name] for x, _ in pairs]):.0f} µs", f"{middle([y[name] for _, y in pairs]):.0f} µs",
                load.share, f"{len(pairs)} pairs, {thrown} raw runs thrown away")
        if pairs:
            fact(f"the same messages and writes in bare C at {rate}/s ÷ raw three-hop chain: "
                 + ", ".join(f"{name} {middle([x[name + '_us'] / y[name] for x, (_, y) in zip(bare, pairs)]):.2f}"
                             for name in ("p50", "p99")))


def day(options):
    data = DATA / "lean" / "equity" / "usa" / "tick" / "ibm"
    if not data.exists():
        raise Absent(f"{data} is not there")
    common = ("--provider", "replay", "--data", data, "--hours", "all", "--speed", "max")

    def whole(*strategies):
        with Stack(options, *common, "--exit-when-done", *strategies) as stack:
            return stack.wait()

    with Load() as load:
        seconds = [whole("--strategy", "sma-ibm=sma-crossover:IBM") for _ in range(options.pairs)]
    row("IBM day, whole stack, sma-crossover: seconds from start to exit", seconds, 3, 1,
        f"{middle(seconds):.2f} s", "",
        load.share, f"{os.cpu_count()} cores")
    raw = compile_peer("roundtrips", HERE / "Peers" / "roundtrips.c", "-O2", "-lzmq")

    def quoter(parameters):
        with Stack(options, *common, "--strategy", "q=quoter:IBM" + parameters) as stack:
            stack.wait_done(300)
            trips = stack.metric("matched_total", "runner-0")
            return *stack.span(), trips

    # As it comes, quoter need not wait at every event; one that does not rest after a rejection sends an order at
    # every second one, and shows what a trip costs.
    for parameters, what in (("", "a raw ROUTER/DEALER round trip for each event"),
                             (":rest=0", "as many raw ROUTER/DEALER round trips as it makes")):
        with Load() as load:
            a, b = alternate(max(3, options.pairs // 3), lambda: quoter(parameters),
                             lambda: lines(raw, 200, 50_000)[0]["mean_us"] / 1e6)
        row(f"IBM day with quoter{parameters} ÷ {what}",
            [seconds / ((trips if parameters else events) * trip) for (seconds, events, trips), trip in zip(a, b)],
            1.5, 1.5, f"{middle([x[0] for x in a]):.2f} s", f"{middle(b) * 1e6:.1f} µs a trip", load.share,
            f"{middle([x[1] for x in a]):,.0f} events, {middle([x[2] for x in a]):,.0f} round trips")


# ---------------------------------------------------------------- strategies

def native(options):
    quiet = plugin("quiet", "-DQUIET", source="crossover")
    with Load() as load:
        runs = [named(lines(options.bench, "host", quiet, 5)) for _ in range(options.pairs)]
    row("an event of an in-process native strategy: ns above a direct call",
        [x["hosted"]["ns"] - x["direct"]["ns"] for x in runs], 100, 20,
        f"{middle([x['hosted']['ns'] for x in runs]):.1f} ns", f"{middle([x['direct']['ns'] for x in runs]):.1f} ns",
        load.share)
    many(options, symbols=200, rate=1_000, seconds=24)


def isolated(options):
    """Round trips to strategies in processes of their own, beside a bare socket pair with messages of their size."""
    raw = compile_peer("socketpair", HERE / "Peers" / "socketpair.c", "-O2")
    plugins = dict(native=plugin("quiet", "-DQUIET", source="crossover"), python=HERE / "Strategies" / "quiet.py")
    runs = []
    with Load() as load:
        for _ in range(options.pairs):
            trip = {name: lines(options.bench, "isolated", path, 20_000)[0] for name, path in plugins.items()}
            trip["bare"] = lines(raw, QUESTION_BYTES, ANSWER_BYTES, 20_000)[0]
            runs.append(trip)
    for name, goal in (("native", 1.3), ("python", 2)):
        for figure in ("p50_us", "mean_us"):
            row(f"round trip to an isolated {name} plugin ÷ bare socket pair, {figure[:-3]}",
                [run[name][figure] / run["bare"][figure] for run in runs], goal, goal,
                f"{middle([run[name][figure] for run in runs]):.1f} µs",
                f"{middle([run['bare'][figure] for run in runs]):.1f} µs", load.share)
    many(options, symbols=20, rate=100, seconds=24, isolation="process")


def many(options, symbols, rate, seconds, isolation="auto"):
    """One strategy a symbol in one runner, at the market's own speed: the lag must not grow."""
    names = [f"S{number:03}" for number in range(symbols)]
    strategies = [text for name in names for text in ("--strategy", f"s-{name}=sma-crossover:{name}:fast=500,slow=5000")]
    samples, began = [], None
    with Load() as load, Stack(options, "--provider", "synthetic", "--symbols", ",".join(names), "--rate",
                               symbols * rate, "--speed", "real", "--isolation", isolation, *strategies) as stack:
        until = time.monotonic() + seconds + 20
        while time.monotonic() < until and (began is None or time.monotonic() < began + seconds):
            taken, lag = (stack.metric(name, "runner-0") for name in ("messages_total", "lag_events"))
            if taken and lag is not None:
                began = began or time.monotonic()
                samples.append((time.monotonic() - began, taken, lag))
            time.sleep(0.2)
    if len(samples) < 20:
        raise Absent("the runner of many strategies said nothing")
    settled = [sample for sample in samples if sample[0] >= 4]
    half = len(settled) // 2
    early, late = (middle([lag for _, _, lag in part]) for part in (settled[:half], settled[half:]))
    seen = (settled[-1][1] - settled[0][1]) / (settled[-1][0] - settled[0][0])
    where = "isolated" if isolation == "process" else "in-process"
    fact(f"{symbols} {where} strategies over {symbols} symbols, {rate}/s each wanted: {seen:,.0f} events/s came, "
         f"events of lag {early:,.0f} in the first half and {late:,.0f} in the second, "
         f"at most {max(lag for _, _, lag in settled):,.0f} (other load {load.share:.0%})")


# ---------------------------------------------------------------- main

SUITES = dict(codec=codec, journal=journal, store=store, tracker=tracker, backtest=backtest, metrics=metrics,
              feed=feed, path=path, latency=latency, day=day, native=native, isolated=isolated, recovery=recovery,
              **runners.SUITES)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(SUITES), help="names, with commas between them")
    parser.add_argument("--pairs", type=int, default=9, help="pairs of each comparison (latency: never below 9)")
    parser.add_argument("--json", help="write all rows to this file too")
    parser.add_argument("--list", action="store_true", help="names of the suites")
    options = parser.parse_args()
    if options.list:
        print("\n".join(SUITES))
        return 0
    wanted = options.only.split(",")
    unknown = [name for name in wanted if name not in SUITES]
    if unknown or options.pairs < 1:
        parser.error(f"no suite {', '.join(unknown)}; there is {', '.join(SUITES)}" if unknown else "--pairs from 1")
    WORK.mkdir(parents=True, exist_ok=True)
    options.bin = executables()
    options.bench, options.plugins = options.bin / "benchmarks", WORK
    if not options.bench.exists():
        print(f"{options.bench} is not there: `make bench` builds it", file=sys.stderr)
        return 2
    if any(name in runners.SUITES for name in wanted):
        plugin("every20th")
    for name in wanted:
        print(f"{name} (load {os.getloadavg()[0]:.1f})", flush=True)
        try:
            SUITES[name](options)
        except (Absent, subprocess.TimeoutExpired) as reason:
            fact(f"left out: {reason}")
    table()
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(ROWS, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
