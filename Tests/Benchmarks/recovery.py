"""How long a stack needs to stand again after a crash, by the length of its history, with and without snapshots.

A run of made data is traded to its end, and the snapshots of the orderly end are taken away, as if everything
had been killed there; then the same data folder is started again, and the time is taken until every session has
handled the end of the data once more: start of all services, restoring, rebuilding the strategies. Ours against
ours: no peer has this.
"""
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import time

from measuring import Absent, Load, fact

STRATEGIES = [text for number in range(3) for text in
              ("--strategy", f"s{number}=sma-crossover:ACME:fast={50 * (number + 1)},slow={500 * (number + 1)}")]


def up(options, folder, events, every):
    command = [options.bin / "trading-robot", "up", "--data-dir", folder, "--base-port", "0", "--transport", "ipc",
               "--symbols", "ACME", "--events", events, "--speed", "max", "--snapshot-every", every,
               "--exit-when-done", *STRATEGIES]
    began = time.monotonic()
    with open(folder + ".log", "a") as log:
        done = subprocess.run([str(x) for x in command], stdout=log, stderr=log, timeout=3_600)
    if done.returncode != 0:
        raise Absent("`up` failed: " + pathlib.Path(folder + ".log").read_text()[-400:])
    return time.monotonic() - began


def without_last(folder):
    """As a crash would have left it: the snapshots of the orderly end are not there."""
    files = sorted(pathlib.Path(folder, "snapshots").glob("*.snapshot"))
    if len(files) > 1:
        files[-1].unlink()
    database = sqlite3.connect(pathlib.Path(folder, "trading.db"))
    with database:
        database.execute("DELETE FROM strategy_snapshots WHERE id IN "
                         "(SELECT max(id) FROM strategy_snapshots GROUP BY strategy_id HAVING count(*) > 1)")
    database.close()


def recovery(options):
    sizes = [int(x) for x in os.environ.get("RECOVERY_EVENTS", "1000000,10000000").split(",")]
    for events in sizes:
        for every, name in ((0, "without snapshots"), (100_000, "with a snapshot every 100,000 events")):
            home = tempfile.mkdtemp(prefix="trp-")
            try:
                folder = home + "/d"
                with Load() as load:
                    made = up(options, folder, events, every)
                    without_last(folder)
                    again = up(options, folder, events, every)
                size = sum(x.stat().st_size for x in pathlib.Path(folder, "snapshots").glob("*.snapshot"))
                fact(f"recovery at {events:,} events of history, {name}: {again:.2f} s from start to all sessions at "
                     f"the end (the run itself took {made:.1f} s; snapshots of {size / 1e3:,.0f} kB; other load "
                     f"{load.share:.0%})")
            finally:
                shutil.rmtree(home, ignore_errors=True)
