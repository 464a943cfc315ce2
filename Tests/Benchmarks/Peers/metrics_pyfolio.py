"""metrics_pyfolio.py FILE REPEATS: pyfolio's `perf_stats` over the returns in FILE (8-byte floats), which it makes when
it is not there (the seeded series of ../shared/bench/metrics). One JSON line a repeat; the first call warms up."""
import json
import os
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import numpy as np
import pandas as pd
from pyfolio import timeseries

path, repeats = sys.argv[1], int(sys.argv[2])
if not os.path.exists(path):
    made = np.random.Generator(np.random.PCG64(11)).normal(2e-6, 5e-4, 1_000_000)
    with open(path, "wb") as out:
        out.write(made.astype("<f8").tobytes())
returns = np.fromfile(path, "<f8")
series = pd.Series(returns, index=pd.date_range("1990-01-01", periods=len(returns), freq="min"))
timeseries.perf_stats(series[:1_000])
for _ in range(repeats):
    begin = time.perf_counter()
    stats = timeseries.perf_stats(series)
    taken = (time.perf_counter() - begin) * 1e3
    values = {"annual_return": "Annual return", "sharpe": "Sharpe ratio", "calmar": "Calmar ratio",
              "max_drawdown": "Max drawdown", "sortino": "Sortino ratio", "volatility": "Annual volatility"}
    print(json.dumps(dict(bench="pyfolio", ms=taken, **{name: float(stats[key]) for name, key in values.items()})))
