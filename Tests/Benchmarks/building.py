"""Where the benchmarks find their things, and how peers are compiled."""
import os
import pathlib
import shutil

from measuring import Absent, call

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = pathlib.Path(os.environ.get("TRADING_ROBOT_PEERS", ROOT.parent / "shared" / "bench"))
WORK = ROOT / ".build" / "bench"


def compile_peer(name, source, *flags):
    out = WORK / name
    if not source.exists():
        raise Absent(f"{source} is not there")
    newest = max(x.stat().st_mtime for x in (source, *source.parent.glob("*.h")))
    if out.exists() and out.stat().st_mtime > newest:
        return out
    compiler = ["g++", "-std=c++17"] if source.suffix == ".cpp" else ["cc"]
    if not shutil.which(compiler[0]):
        raise Absent(f"{compiler[0]} is not installed")
    before = [x for x in flags if not x.startswith("-l")]
    after = [x for x in flags if x.startswith("-l")]
    call(*compiler, *before, "-o", out, source, *after)
    return out
