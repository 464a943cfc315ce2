"""Running, measuring and the table of `run.py`: processes, the load of others, one stack of our services."""
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
import urllib.request


class Absent(Exception):
    """Something that this machine does not have; the benchmark is left out with this sentence."""


# ---------------------------------------------------------------- running and measuring

def busy():
    fields = [int(x) for x in open("/proc/stat").readline().split()[1:]]
    return (sum(fields[:3]) + sum(fields[5:8])) / os.sysconf("SC_CLK_TCK")


class Load:
    """What other processes took of the machine while it was open."""

    def __enter__(self):
        self.start, self.busy, self.own = time.monotonic(), busy(), self.ours()
        return self

    def __exit__(self, *_):
        wall = time.monotonic() - self.start
        self.share = max(0.0, (busy() - self.busy - (self.ours() - self.own)) / wall) if wall > 0 else 0.0

    @staticmethod
    def ours():
        total = 0.0
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
            usage = resource.getrusage(who)
            total += usage.ru_utime + usage.ru_stime
        return total


def call(*command, env=None, timeout=600):
    done = subprocess.run([str(x) for x in command], capture_output=True, text=True, timeout=timeout,
                          env=dict(os.environ, **(env or {})))
    if done.returncode != 0:
        raise Absent(f"{' '.join(map(str, command[:3]))} … failed: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout


def lines(*command, **options):
    return [json.loads(x) for x in call(*command, **options).splitlines() if x.startswith("{")]


def named(figures):
    return {x["bench"]: x for x in figures}


def start(*command, log, **options):
    return subprocess.Popen([str(x) for x in command], stdout=options.pop("stdout", subprocess.DEVNULL),
                            stderr=open(log, "ab"), text=True, **options)


def stop(process, how=signal.SIGTERM, patience=15):
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def alternate(pairs, ours, theirs):
    """Both once a pair, in turn the one and the other first."""
    a, b = [], []
    for index in range(pairs):
        for which in ((0, 1) if index % 2 == 0 else (1, 0)):
            (a if which == 0 else b).append((ours if which == 0 else theirs)())
    return a, b


# ---------------------------------------------------------------- the table

ROWS = []


def row(goal, ratios, floor, aim, ours="", theirs="", load=None, note="", less_is_better=True):
    ratios = sorted(ratios)
    middle = statistics.median(ratios)

    def meets(mark):
        return mark is not None and (middle <= mark if less_is_better else middle >= mark)

    verdict = "aim" if meets(aim) else "floor" if meets(floor) else "below" if floor is not None else ""
    sign = "≤" if less_is_better else "≥"
    ROWS.append(dict(goal=goal, ratio=middle, least=ratios[0], most=ratios[-1], floor=floor, aim=aim,
                     verdict=verdict, ours=ours, theirs=theirs, load=load, note=note))
    marks = f", floor {sign} {floor}, aim {sign} {aim}: {verdict}" if floor is not None else ""
    print(f"  {goal}: {middle:.3g} ({ratios[0]:.3g}–{ratios[-1]:.3g}){marks}  {ours} | {theirs}"
          + (f"  [other load {load:.0%}]" if load is not None else "") + (f"  {note}" if note else ""), flush=True)


def fact(text):
    ROWS.append(dict(fact=text))
    print(f"  {text}", flush=True)


def middle(values):
    return statistics.median(values)


def table():
    print("\n| goal | ratio, median (least–most) | floor | aim | reached | ours | peer | other load |")
    print("|-|-|-|-|-|-|-|-|")
    for item in ROWS:
        if "fact" in item:
            continue
        load = "" if item["load"] is None else f"{item['load']:.0%}"
        marks = [f"{x:g}" if x is not None else "" for x in (item["floor"], item["aim"])]
        print(f"| {item['goal']} | {item['ratio']:.3g} ({item['least']:.3g}–{item['most']:.3g}) "
              f"| {marks[0]} | {marks[1]} | {item['verdict']} | {item['ours']} | {item['theirs']} | {load} |")
    for item in ROWS:
        if "fact" in item:
            print("- " + item["fact"])


# ---------------------------------------------------------------- the whole stack

class Stack:
    """One `up` in a folder of its own."""

    def __init__(self, options, *arguments, transport="ipc"):
        self.folder = tempfile.mkdtemp(prefix="trp-")
        self.data = self.folder + "/d"
        self.bin = options.bin
        self.began = time.monotonic()
        self.process = start(options.bin / "trading-robot", "up", "--data-dir", self.data, "--base-port", "0",
                             "--transport", transport, *arguments, log=self.folder + "/up.log")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.process, signal.SIGINT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def wait(self, timeout=300):
        self.process.wait(timeout)
        if self.process.returncode != 0:
            raise Absent("`up` failed: " + open(self.folder + "/up.log").read()[-400:])
        return time.monotonic() - self.began

    def endpoint(self, name, patience=20):
        path = pathlib.Path(self.data) / "endpoints.json"
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if path.exists():
                return json.loads(path.read_text())[name]
            time.sleep(0.02)
        raise Absent("`up` wrote no endpoints: " + open(self.folder + "/up.log").read()[-400:])

    def metric(self, name, service):
        address = self.endpoint(service + "-health-endpoint") + "/metrics"
        try:
            text = urllib.request.urlopen(address, timeout=5).read().decode()
        except OSError:
            return None
        found = re.search(rf"^\w*{name}(?:{{[^}}]*}})? ([0-9.e+]+)$", text, re.MULTILINE)
        return float(found.group(1)) if found else None

    def wait_done(self, timeout, every=0.25, sessions=1):
        """Until the simulator's sessions have handled the end of the data."""
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            if self.metric("sessions_done", "simulator") == sessions:
                return
            if self.process.poll() is not None:
                raise Absent("`up` ended early: " + open(self.folder + "/up.log").read()[-400:])
            time.sleep(every)
        raise Absent(f"the run was not done after {timeout} s")

    def records(self, journal, kind):
        """The records of one type, in order."""
        wanted = f'{{"type":"{kind}"'
        for path in sorted(pathlib.Path(self.data, journal).glob("*.journal")):
            with open(path) as file:
                for line in file:
                    if line[9:].startswith(wanted):
                        yield json.loads(line[9:])

    def span(self):
        """Seconds from the first tick's publication to the end of the session, and how many ticks there were."""
        first = next(self.records("market-data", "tick"))["published_at"]
        last = list(self.records("orders", "session_end"))[-1]["published_at"]
        end = list(self.records("market-data", "end"))[-1]["seq"]
        return last - first, end
