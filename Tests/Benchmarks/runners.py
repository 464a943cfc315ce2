"""Suites of `run.py` about several runners: how long strategies stand still after a runner is killed, and what more
runners bring. Their peers are their own goals: there is nothing to alternate with."""
import contextlib
import math
import os
import sqlite3
import statistics
import time

from measuring import Absent, Load, Stack, fact, start

TERM = 3  # seconds of a lease


def rows(stack):
    """Owner of each strategy whose lease has not run out."""
    with contextlib.closing(sqlite3.connect(f"file:{stack.data}/trading.db?mode=ro", uri=True, timeout=10)) as base:
        return dict(base.execute("SELECT id, owner FROM strategies WHERE lease_expires_us > ?",
                                 (int(time.time() * 1e6),)))


def wait(what, condition, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return
        time.sleep(0.02)
    raise Absent(f"{what} did not come in {seconds} s")


def second_runner(stack, options):
    """A runner beside those of `up`, which starts none of its own again."""
    names = ("market-data-endpoint", "market-data-replay-endpoint", "order-entry-endpoint")
    ends = [text for name in names for text in ("--" + name, stack.endpoint(name))]
    return start(options.bin / "strategy-runner", "--data-dir", stack.data, "--number", 40, "--health-endpoint",
                 "http://127.0.0.1:0", "--lease-term", f"{TERM}s", "--plugins", options.plugins,
                 "--isolation", "none", *ends,
                 log=stack.folder + "/up.log")


def takeover(options):
    """From `kill -9` of a runner to the next order of each of its strategies, which another runner takes over.

    They run in the runner and have no snapshots, so each is rebuilt from the start of the run.
    """
    wanted = [text for number in range(8) for text in ("--strategy", f"s{number}=every20th:ACME")]
    kills = []
    with Load() as load, Stack(options, "--provider", "synthetic", "--symbols", "ACME", "--rate", 1_000, "--speed",
                               "real", "--lease-term", f"{TERM}s", "--plugins", options.plugins, "--isolation", "none",
                               *wanted) as stack:
        for _ in range(max(5, options.pairs)):
            victim = second_runner(stack, options)
            try:
                wait("four strategies of the second runner", lambda: sum(
                    owner != "runner-1" for owner in rows(stack).values()) == 4)
                time.sleep(TERM * (0.5 + 0.1 * (len(kills) % 7)))  # at any moment between two renewals
                owned = [name for name, owner in rows(stack).items() if owner != "runner-1"]
            finally:
                victim.kill()
                victim.wait()
            kills.append((time.time(), owned))
            wait("all strategies of the first runner", lambda: sum(
                owner == "runner-1" for owner in rows(stack).values()) == len(wanted) // 2)
        wait("orders of all", lambda: all(last > kills[-1][0] + 0.5 for last in orders(stack)[1].values()))
        times, _ = orders(stack)
    # What the victim had sent is still answered in the moment of its death.
    taken = sorted(min(at for at in times[name] if at > moment + 0.1) - moment
                   for moment, owned in kills for name in owned)
    p99 = taken[math.ceil(len(taken) * 0.99) - 1]
    fact(f"takeover after kill -9, {len(kills)} kills, {len(taken)} strategies, lease term {TERM} s: "
         f"p50 {statistics.median(taken):.2f} s, p99 {p99:.2f} s, goal {TERM + 1} s: "
         f"{'reached' if p99 <= TERM + 1 else 'missed'} (other load {load.share:.0%})")


def orders(stack):
    """When the orders of each strategy were journalled, and the last time of each."""
    times = {}
    for record in stack.records("orders", "order"):
        times.setdefault(record["strategy_id"], []).append(record["published_at"])
    return times, {name: found[-1] for name, found in times.items()}


def throughput(options):
    """Sixteen strategies, half of them with orders all the time, on one, two, four and eight runners."""
    count, strategies = 100_000, 16
    wanted = [text for number in range(strategies)
              for text in ("--strategy", f"s{number}=" + ("every20th:ACME" if number % 2 else "sma-crossover:ACME"))]
    for runners in (1, 2, 4, 8):
        rates = []
        with Load() as load:
            for _ in range(max(3, options.pairs // 3)):
                with Stack(options, "--provider", "synthetic", "--symbols", "ACME", "--events", count, "--speed",
                           "max", "--runners", runners, "--plugins", options.plugins, "--isolation", "none",
                           *wanted) as stack:
                    stack.wait_done(300, sessions=strategies)
                    seconds, ticks = stack.span()
                    rates.append(ticks / seconds)
        fact(f"{strategies} strategies on {runners} runners: {statistics.median(rates) / 1e3:.1f} k ticks/s, "
             f"{statistics.median(rates) * strategies / 1e3:.0f} k events of strategies/s "
             f"({os.cpu_count()} cores, other load {load.share:.0%})")


SUITES = dict(takeover=takeover, runners=throughput)
